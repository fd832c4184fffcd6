"""The end-to-end fixtures, for the tests of the command line."""

from tests.e2e.conftest import demo, fresh, own, synced

__all__ = ["demo", "fresh", "own", "synced"]
