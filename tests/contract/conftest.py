"""The end-to-end fixtures, for the tests of packaging and documentation."""

from tests.e2e.conftest import demo, own

__all__ = ["demo", "own"]
