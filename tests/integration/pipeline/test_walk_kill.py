"""kill -9 at each named step of the walk: after another process has gone on, everything exists exactly once."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.audit import verify
from tests.integration.pipeline import walk_child
from tests.integration.pipeline.walk_child import STEPS, FileBoard, walk
from tests.integration.pipeline.world import World, open_world

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([walk_child.__name__])
"""Each process is a fork of one that has imported everything and opened nothing."""
ONCE = ("run.concluded", "review.decided", "writeback.planned", "writeback.written", "writeback.finished")


def ready(world: World) -> World:
    with world.store.units() as uow:
        uow.people.link("board:user:1", "E1")
        uow.commit()
    return world


def killed(world: World, board: Path, step: str) -> int | None:
    process = PROCESSES.Process(target=walk_child.main, args=(str(world.file), str(board), step))
    process.start()
    process.join(120)
    return process.exitcode


def held(world: World, board: Path) -> dict[str, Any]:
    """What there is, without times and the ids that follow from them."""
    with world.store.units(write=False) as uow:
        rows = sorted(
            (a.skill_id, a.id, str(a.state), a.human_reviewed) for a in uow.assertions.of("E1", current_only=False)
        )
        runs = [str(r.state) for r in [uow.runs.latest("E1")] if r is not None]
        items = sorted(
            (i.id, str(i.decision)) for i in [*uow.reviews.decided("E1"), *uow.reviews.open(learner_id="E1")]
        )
        outbox = sorted((r.target, r.value, str(r.state)) for run in uow.outbox.runs() for r in uow.outbox.rows(run.id))
        faults = verify(uow.audit.records(), (), uow.audit.ciphertexts())
    assert faults == ()
    counts = {t: n for t, n in world.counts().items() if t != "audit_records"}
    return {
        "assertions": rows,
        "runs": runs,
        "reviews": items,
        "outbox": outbox,
        "written": FileBoard(file=board).lines(),
        "recorded": {a: n for a, n in Counter(world.actions()).items() if a in ONCE},
        "rows": counts,
    }


@pytest.fixture(scope="module")
def undisturbed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("calm")
    world, board = ready(open_world(template, folder).fill()), folder / "calm"
    walk(world, board)
    calm = held(world, board)
    assert calm["recorded"] == dict.fromkeys(ONCE, 1)
    assert len(calm["written"]) == 1
    assert {s for s, *_ in calm["assertions"]} >= {"sql", "kubernetes"}
    yield calm
    world.store.close()


@pytest.mark.parametrize("step", STEPS, ids=lambda s: s.replace(" ", "-"))
def test_killed_at_a_step_everything_exists_once(
    world: World, undisturbed: dict[str, Any], tmp_path: Path, step: str
) -> None:
    board = tmp_path / "board"
    ready(world)
    assert killed(world, board, step) == -9
    for _ in range(2):  # the second time on purpose
        walk(world, board)
        assert held(world, board) == undisturbed
