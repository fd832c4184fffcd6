"""The fixtures of the end-to-end tests; see :mod:`tests.e2e.harness`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import harness
from tests.e2e.harness import Demo, Place


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demonstration, run once. Read only."""
    return harness.demonstration(harness.shared_folder(tmp_path_factory))


@pytest.fixture(scope="session")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Pulled, nobody assessed. Read only."""
    return harness.synchronised(harness.shared_folder(tmp_path_factory))


@pytest.fixture
def own(demo: Demo, tmp_path: Path) -> Place:
    """A copy of the demonstration's state to write in."""
    return harness.copy(demo.place, tmp_path / "own")


@pytest.fixture
def fresh(synced: Place, tmp_path: Path) -> Place:
    """A copy of the pulled state to write in."""
    return harness.copy(synced, tmp_path / "fresh")
