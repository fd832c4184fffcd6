"""How the last pull of each kind of record went is kept, failures too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ascertain.domain.records import Entity
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.sync_attempts import note_attempt
from tests.integration.pipeline.world import World

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)


def test_failures_in_a_row_are_counted_and_end_with_the_first_that_goes_well(new_world: Callable[[], World]) -> None:
    world = new_world()

    def tried(hours: int, **row: object) -> None:
        made = EntityReport("lms", Entity.COURSE, **row)  # type: ignore[arg-type]
        note_attempt(world.store.units, made, AT + timedelta(hours=hours))

    def kept() -> tuple[object, ...]:
        with world.store.units(write=False) as uow:
            (a,) = uow.sync.attempts()
        return a.failures, a.error, a.ok_at, a.retry_at, dict(a.figures), dict(a.totals)

    tried(0, pulled=5, new=5)
    assert kept() == (0, "", AT, None, {"pulled": 5, "new": 5}, {"pulled": 5, "new": 5})
    tried(1, error="no answer in time", remedy="look", retry_after=60.0)
    tried(2, error="no answer in time" * 100)
    failures, error, ok_at, retry_at, figures, totals = kept()
    assert (failures, ok_at, retry_at, figures) == (2, AT, None, {})
    assert len(str(error)) == 500
    assert totals == {"pulled": 5, "new": 5}
    tried(3, pulled=1, unchanged=1)
    assert kept() == (
        0,
        "",
        AT + timedelta(hours=3),
        None,
        {"pulled": 1, "unchanged": 1},
        {"pulled": 6, "new": 5, "unchanged": 1},
    )
