from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.pipeline.world import World, migrated, open_world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture
def new_world(template: Path) -> Iterator[Callable[[], World]]:
    """Makes filled worlds that share nothing."""
    with ExitStack() as stack:

        def make() -> World:
            folder = stack.enter_context(TemporaryDirectory())
            world = open_world(template, Path(folder))
            stack.callback(world.store.close)
            return world.fill()

        yield make


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()
