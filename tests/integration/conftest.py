"""The end-to-end fixtures, for the tests of the command line."""

from tests.e2e.conftest import demo, own

__all__ = ["demo", "own"]
