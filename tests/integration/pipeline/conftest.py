from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from tests.integration.databases import clean
from tests.integration.pipeline.world import World, migrated, open_world, world_at


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


@pytest.fixture(params=["sqlite", "postgresql"])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A filled world on each database."""
    if request.param == "sqlite":
        made = open_world(request.getfixturevalue("template"), tmp_path)
    else:
        engine: Engine = request.getfixturevalue("migrated_schema")
        clean(engine)
        made = world_at(engine.url.render_as_string(hide_password=False), tmp_path)
    yield made.fill()
    made.store.close()
