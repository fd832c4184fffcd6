"""The end-to-end fixtures, for the tests of packaging and documentation; the test bench of the connectors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.bench import Bench
from tests.e2e.conftest import demo, own

__all__ = ["bench", "benches", "demo", "own"]


@pytest.fixture(scope="module")
def benches() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.stop()


@pytest.fixture
def bench(benches: Bench) -> Iterator[Bench]:
    yield benches
    benches.calm()
