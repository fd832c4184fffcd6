"""Ascertain: skills intelligence for an enterprise LMS."""

__version__ = "0.1.0"
