"""The figure in the menu is the length of the queue, without reading the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ascertain.domain.reviewing import CheckKind, ReviewCheck
from ascertain.domain.skills import Level
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.review_queue import waiting
from ascertain.pipeline.team_view import coverage_risks
from tests.integration.pipeline.world import ANN, BOB, World, exam


def agree(world: World) -> Counter[str]:
    with world.store.units(write=False) as uow:
        queue = Counter(i.assignee for i in waiting(uow))
        assert uow.reviews.waiting_for() == dict(queue)
    return queue


def test_the_count_is_that_of_the_queue(new_world: Callable[[], World]) -> None:
    world = new_world().fill()
    assert agree(world) == Counter()
    world.add(exam("e-bobs", "E2", 0.2))
    for who in ("E1", "E2"):
        world.assess(who)
    first = agree(world)
    assert first.total() >= 2
    mine = world.assertions("E1")["sql"]
    check = ReviewCheck(
        id="v0", assertion_id=mine.id, learner_id="E1", skill_id="sql", kind=CheckKind.KNOWN,
        suggested=Level.FOUNDATION, confidence=0.9, truth=2, altered=False, reasons=(), priority=1, assignee="E3",
        due_on=world.clock.today(), created_at=world.clock.now(),
    )  # fmt: skip
    with world.store.units() as uow:
        uow.checks.add(check)
        uow.commit()
    assert agree(world).total() == first.total() + 1
    with world.store.units(write=False) as uow:
        item = next(i for i in uow.reviews.open(learner_id="E1"))
    with world.store.units() as uow:
        contest(
            uow, item.assertion_id, reason="Not so.", actor="ann@example.org", clock=world.clock,
            due_days=30, masker=world.pseudonyms,
        )  # fmt: skip
        uow.commit()
    assert agree(world).total() == first.total()
    with world.store.units() as uow:
        restrict(uow, BOB, reason="a request", actor="E3", clock=world.clock)
        uow.commit()
    left = agree(world)
    assert 0 < left.total() < first.total()
    world.sql("UPDATE assertions SET state = 'superseded' WHERE learner_id = 'E1'")
    agree(world)


def test_cover_counts_accepted_skills_at_the_level_of_those_in_the_team(new_world: Callable[[], World]) -> None:
    world = new_world().fill()
    world.assess()
    world.sql("UPDATE assertions SET state = 'accepted', level = 2 WHERE skill_id = 'sql'")
    with world.store.units(write=False) as uow:
        both = {r["skill"]: r for r in coverage_risks(uow, [ANN, BOB], world.taxonomy)}
        bob = {r["skill"]: r for r in coverage_risks(uow, [BOB], world.taxonomy)}
    assert (both["sql"]["holders"], both["sql"]["risk"]) == (
        [{"id": "E1", "name": "Ann Archer", "level": 2}],
        "one person",
    )
    assert bob["sql"]["risk"] == "nobody", "she is not in that team"
    world.sql("UPDATE assertions SET level = 1 WHERE skill_id = 'sql'")
    with world.store.units(write=False) as uow:
        (sql,) = [r for r in coverage_risks(uow, [ANN, BOB], world.taxonomy) if r["skill"] == "sql"]
    assert sql["risk"] == "nobody"
