"""The catalogue crew's look at the library: each text once, safe to interrupt, under people's votes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.content_weighing import KeptTag, LibraryItem, RefusedTag, TaggingFindings, Weighing
from ascertain.domain.ports import CrewServices
from ascertain.domain.skills import Level
from ascertain.errors import BrainError, BudgetError
from ascertain.pipeline.library import coverage
from ascertain.pipeline.tagging import tag_contents
from ascertain.pipeline.weighing import WeighReport, weigh_contents
from tests.crews import world as tiny
from tests.integration.pipeline.test_content_tags import rows, say, tags
from tests.integration.pipeline.world import COURSES, World, course


@dataclass
class Reading:
    """A crew that holds ``refuses`` back and says that the rest is of ``level``."""

    refuses: str = "nothing"
    level: Level | None = None
    version: str = "reading-1"
    batch: int = 2
    seen: list[list[str]] = field(default_factory=list)
    fails_at: int = 99
    error: Exception = field(default_factory=lambda: BrainError("no answer"))

    def preload(self) -> None: ...

    def weigh(self, items: Sequence[LibraryItem], services: CrewServices) -> TaggingFindings:
        self.seen.append([i.content_id for i in items])
        if len(self.seen) > self.fails_at:
            raise self.error
        return TaggingFindings(tuple(self._one(i) for i in items))

    def _one(self, i: LibraryItem) -> Weighing:
        kept = tuple(KeptTag(t.skill_id, self.level) for t in i.candidates if t.skill_id != self.refuses)
        refused = tuple(
            RefusedTag(t.skill_id, "tag_reviewer", "No.") for t in i.candidates if t.skill_id == self.refuses
        )
        return Weighing(i.content_id, i.text_hash, kept, refused, () if i.candidates else ("beekeeping",))


def weigh(world: World, crew: Reading, **more: object) -> WeighReport:
    return weigh_contents(world.store.units, crew, tiny.services(), world.tagger, **more)  # type: ignore[arg-type]


def test_each_text_is_weighed_once_by_a_crew(world: World) -> None:
    crew = Reading()
    assert weigh(world, crew).contents == len(COURSES)
    before = world.counts()
    assert weigh(world, crew).contents == 0
    assert world.counts() == before
    with world.store.units() as uow:
        uow.contents.upsert([course("sql-101", "SQL anew")])
        uow.commit()
    tag_contents(world.store.units, world.mapper, world.policy.mapping, world.tagger)
    assert weigh(world, crew).contents == 1
    assert weigh(world, Reading(version="reading-2")).contents == len(COURSES)


def test_what_is_held_back_is_out_of_runs_until_somebody_says_yes(world: World) -> None:
    assert "sql" in tags(world)["sql-101"]
    report = weigh(world, Reading(refuses="sql"))
    assert report.refused >= 2
    assert "sql" not in tags(world)["sql-101"]
    (row,) = rows(world, content="sql-101")
    assert (row.state, row.held) == (TagState.HELD_BACK, "tag reviewer: No.")
    say(world, "sql-101", "sql", Vote.ACCEPT)
    assert "sql" in tags(world)["sql-101"]
    assert rows(world, content="sql-101")[0].state is TagState.ACCEPTED
    weigh(world, Reading(refuses="sql", version="reading-2"))
    assert "sql" in tags(world)["sql-101"], "people stand above the crew"


def test_the_probability_stays_the_mappers_and_the_level_is_the_texts(world: World) -> None:
    probability, _ = tags(world)["sql-101"]["sql"]
    weigh(world, Reading(level=Level.EXPERT))
    assert tags(world)["sql-101"]["sql"] == (probability, 5)


def test_an_interrupted_look_goes_on_where_it_stopped(world: World) -> None:
    with pytest.raises(BrainError):
        weigh(world, Reading(fails_at=1))
    crew = Reading()
    assert weigh(world, crew).contents == len(COURSES) - 2
    spent = weigh(world, Reading(version="reading-2", fails_at=1, error=BudgetError("the day's money is spent")))
    assert (spent.contents, spent.spent) == (2, "the day's money is spent")
    turns = iter((True, False))
    assert weigh(world, Reading(version="reading-3"), go_on=lambda: next(turns)).contents == 2


def test_a_text_that_changed_meanwhile_is_not_said_to_be_weighed(world: World) -> None:
    class Slow(Reading):
        def weigh(self, items: Sequence[LibraryItem], services: CrewServices) -> TaggingFindings:
            with world.store.units() as uow:
                uow.contents.upsert([course(i.content_id, "Another title") for i in items])
                uow.commit()
            return super().weigh(items, services)

    weigh(world, Slow(refuses="sql"))
    with world.store.units(write=False) as uow:
        assert uow.weighings.of(world.tagger) == {}


def test_items_with_the_same_text_are_read_once_and_terms_are_counted(world: World) -> None:
    with world.store.units() as uow:
        one = course("bees-1", "Beekeeping")
        uow.contents.upsert([one, replace(one, item=replace(one.item, content_id="bees-2"))])
        uow.commit()
    tag_contents(world.store.units, world.mapper, world.policy.mapping, world.tagger)
    crew = Reading()
    assert weigh(world, crew).contents == len(COURSES) + 1
    with world.store.units(write=False) as uow:
        found = coverage(uow, world.tagger, crew.version)
        other = coverage(uow, world.tagger, "reading-2")
    assert found["weighed"] == found["mapped"] == found["contents"] == len(COURSES) + 2
    assert found["terms"] == {"beekeeping": 1}
    assert other["weighed"] == 0
