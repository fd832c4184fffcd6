"""Tags that people decide about are what runs use, and a rejected one comes back only with another text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from ascertain.domain.content_tags import Outcomes, Says, TagState, Vote
from ascertain.domain.people import Learner
from ascertain.domain.permission import Grant, Principal, Role
from ascertain.domain.skills import Candidate, Level
from ascertain.errors import ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.charter import read_charter
from ascertain.pipeline.content_tags import Desk
from ascertain.pipeline.tag_rows import TagRow, summary
from crews.learner import build
from tests.agreed import tell_everybody
from tests.crews.world import TinyMapper
from tests.integration.pipeline.world import COURSES, World, course, exam

LND = Principal("lnd@example.org", grants=(Grant(Role.L_AND_D, frozenset({"all"})),))
OTHER = replace(LND, name="other@example.org")
OWNER = Principal("owner@example.org", grants=(Grant(Role.SKILL_OWNER, skills=frozenset({"sql"})),))
RULES = read_charter().tags


def say(world: World, content: str, skill: str, vote: Vote, who: Principal = LND, level: int | None = None) -> TagRow:
    with world.store.units() as uow:
        desk = Desk(uow, world.tagger, world.taxonomy, RULES, world.clock)
        row = desk.vote(who, content, skill, vote, reason="I know the course", level=Level(level) if level else None)
        uow.commit()
    return row


def rows(world: World, **asked: object) -> list[TagRow]:
    with world.store.units(write=False) as uow:
        return Desk(uow, world.tagger, world.taxonomy, RULES, world.clock).rows(**asked)  # type: ignore[arg-type]


def tags(world: World) -> dict[str, dict[str, tuple[float, int]]]:
    with world.store.units(write=False) as uow:
        found = uow.contents.tags(world.tagger)
    return {c: {t.skill_id: (t.probability, int(t.level)) for t in some} for c, some in found.items()}


def test_a_rejected_tag_is_out_of_runs_and_stays_out_until_the_text_changes(world: World) -> None:
    before = world.fingerprint()
    world.assess("E1")
    assert "sql" in world.assertions()
    say(world, "sql-101", "sql", Vote.REJECT)
    assert "sql" not in tags(world)["sql-101"]
    assert world.fingerprint() != before, "whoever did the course is due again"
    assert "E1" in world.due()
    case = world.case()
    assert not [t for t in case.tags.get("sql-101", ()) if t.skill_id == "sql"]
    world.tag()
    world.content(replace(COURSES[0], item=replace(COURSES[0].item, hours=9.0)))  # other hours are no other text
    assert "sql" not in tags(world)["sql-101"]
    assert [r.state for r in rows(world, content="sql-101", skill="sql")] == [TagState.REJECTED]
    world.content(course("sql-101", "SQL anew"))
    assert "sql" in tags(world)["sql-101"]
    assert [r.state for r in rows(world, content="sql-101", skill="sql")] == [TagState.SUGGESTED]


def test_an_accepted_tag_counts_with_its_level_under_another_mapper_too(world: World) -> None:
    (before,) = rows(world, content="sql-101", skill="sql")
    row = say(world, "sql-101", "sql", Vote.ADJUST, level=4)
    assert (row.state, int(row.level), row.yes) == (TagState.ACCEPTED, 4, 1)
    assert row.probability == pytest.approx((2 * before.probability + 1) / 3)
    assert tags(world)["sql-101"]["sql"] == (row.probability, 4)
    world.mapper.version = "tiny-2"
    try:
        world.tag()
        assert tags(world)["sql-101"]["sql"] == (row.probability, 4)
    finally:
        world.mapper.version = "tiny-1"


def test_a_person_adds_what_the_mapper_did_not_see(world: World) -> None:
    row = say(world, "py-101", "negotiation", Vote.ACCEPT)
    assert row.suggested is None
    assert tags(world)["py-101"]["negotiation"][0] == pytest.approx(2 / 3, abs=1e-6)
    with pytest.raises(NotFoundError, match="no skill 'charm'"):
        say(world, "py-101", "charm", Vote.ACCEPT)
    with pytest.raises(NotFoundError, match="no content"):
        say(world, "nothing", "sql", Vote.ACCEPT)


def test_saying_it_again_changes_nothing_and_two_people_outvote_one(world: World) -> None:
    say(world, "sql-101", "sql", Vote.REJECT)
    say(world, "sql-101", "sql", Vote.REJECT)
    assert world.actions().count("content.tag_voted") == 1
    say(world, "sql-101", "sql", Vote.ACCEPT, OTHER)
    row = say(world, "sql-101", "sql", Vote.ACCEPT, OWNER)
    assert (row.state, row.yes, row.no) == (TagState.ACCEPTED, 2, 1)
    with world.store.units(write=False) as uow:
        told = Desk(uow, world.tagger, world.taxonomy, RULES, world.clock).votes("sql-101", "sql")
    assert [(v.voter, v.vote) for v in told] == [
        (LND.name, Vote.REJECT),
        (OTHER.name, Vote.ACCEPT),
        (OWNER.name, Vote.ACCEPT),
    ]


def test_who_may_and_what_a_vote_needs(world: World) -> None:
    with pytest.raises(ForbiddenError):
        say(world, "sql-101", "sql", Vote.ACCEPT, Principal("chi@example.org", "E3", (Grant(Role.MANAGER),)))
    with pytest.raises(ForbiddenError, match="do not own"):
        say(world, "k8s-101", "kubernetes", Vote.ACCEPT, OWNER)
    with pytest.raises(InputError, match="needs a level"):
        say(world, "sql-101", "sql", Vote.ADJUST)
    with pytest.raises(InputError, match="takes no level"):
        say(world, "sql-101", "sql", Vote.ACCEPT, level=3)
    with world.store.units() as uow, pytest.raises(InputError, match="needs a reason"):
        Desk(uow, world.tagger, world.taxonomy, RULES, world.clock).vote(LND, "sql-101", "sql", Vote.ACCEPT, reason=" ")


def test_many_of_a_skill_and_source_at_once(world: World) -> None:
    say(world, "sql-201", "sql", Vote.REJECT)
    with world.store.units() as uow:
        desk = Desk(uow, world.tagger, world.taxonomy, RULES, world.clock)
        assert desk.vote_on_all(LND, "sql", "elsewhere", Vote.ACCEPT, reason="all fine") == 0
        assert desk.vote_on_all(LND, "sql", "lms", Vote.ACCEPT, reason="all fine") == 1  # decided ones are left alone
        assert desk.vote_on_all(LND, "sql", "lms", Vote.ACCEPT, reason="all fine") == 0
        with pytest.raises(InputError, match="one by one"):
            desk.vote_on_all(LND, "sql", "lms", Vote.ADJUST, reason="all fine")
        with pytest.raises(InputError, match="give both"):
            desk.vote_on_all(LND, "sql", "", Vote.ACCEPT, reason="all fine")
        with pytest.raises(ForbiddenError):
            desk.vote_on_all(OWNER, "kubernetes", "lms", Vote.ACCEPT, reason="all fine")
        uow.commit()
    assert [r.state for r in rows(world, skill="sql")] == [TagState.ACCEPTED, TagState.REJECTED]


def test_what_people_rest_on_comes_first(world: World) -> None:
    found = rows(world)
    assert found[0].content.item.content_id == "sql-101"
    assert found[0].people == 2
    assert summary(found)["suggested"] == len(found) == 4


def test_finishing_is_measured_over_everybody_but_those_who_do_not_allow_it(world: World) -> None:
    people = [Learner(f"P{i}", f"Pat {i}", f"p{i}@example.org", "Data") for i in range(24)]
    with world.store.units() as uow:
        uow.people.upsert(people)
        uow.commit()
    tell_everybody(world.store.units)
    for i, p in enumerate(people):
        if i < 12:
            world.add(exam(f"a{i}", p.id, 0.9, occurred_on=date(2026, 1, 1)))
        done_well = i < 11 or i > 21
        world.add(exam(f"b{i}", p.id, 0.9 if done_well else 0.2, content_id="sql-201", occurred_on=date(2026, 2, 1)))
    with world.store.units() as uow:
        desk = Desk(uow, world.tagger, world.taxonomy, RULES, world.clock)
        assert desk.measure() > 0
        assert desk.measure() == 0, "nothing has changed"
        uow.commit()
    (row,) = rows(world, content="sql-101", skill="sql")
    assert row.outcomes == Outcomes(12, 11, 12, 2)
    assert row.prediction.says is Says.YES
    assert row.notice == ""
    assert world.actions().count("content.measured") == 1
    (other,) = rows(world, content="k8s-101")
    assert other.prediction.says is Says.TOO_FEW


def test_a_second_learners_run_maps_no_content_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real crew under rules: what was read of a course once serves everybody who did it."""
    world.crew = build()  # type: ignore[assignment]
    asked: list[str] = []
    known = type(world.mapper).map

    def listened(self: TinyMapper, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        asked.extend(texts)
        return known(self, texts, top=top)

    say(world, "sql-101", "sql", Vote.ACCEPT)
    monkeypatch.setattr(type(world.mapper), "map", listened)
    world.assess("E1")
    assert asked, "her ticket is read"
    asked.clear()
    world.assess("E2")
    assert "sql" in world.assertions("E2"), "by the tag of the course"
    world.tag()
    assert not [t for t in asked if "SQL first steps" in t], "neither by the run nor by another look at the library"
