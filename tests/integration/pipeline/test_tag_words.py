"""Learners' words put a tag on notice, code retires it, and a yes of somebody who decides brings it back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ascertain.domain.content_tags import TagState, Vote
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.permission import Principal
from ascertain.domain.tag_words import Heard
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.content_tags import Desk
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.tag_rows import TagRow
from ascertain.pipeline.tag_words import say as say_of
from tests.agreed import tell_everybody
from tests.integration.pipeline.test_content_tags import RULES, rows, say, tags
from tests.integration.pipeline.world import ANN, World, exam


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


def word(world: World, learner: str, said: str, skill: str = "sql", content: str = "sql-101") -> object:
    with world.store.units() as uow:
        person = uow.people.get(learner)
        assert person is not None
        who = Principal(person.email or learner, learner)
        found = say_of(uow, world.tagger, person, content, skill, said, actor=who, clock=world.clock)
        uow.commit()
    return found


def hold(world: World, learner: str) -> None:
    with world.store.units() as uow:
        person = uow.people.get(learner)
        assert person is not None
        restrict(uow, person, reason="asked", actor="hr", clock=world.clock)
        uow.commit()


def watch(world: World) -> tuple[int, int]:
    with world.store.units() as uow:
        found = Desk(uow, world.tagger, world.taxonomy, RULES, world.clock).watch()
        uow.commit()
    return len(found.put), len(found.retired)


def row(world: World) -> TagRow:
    return rows(world, content="sql-101", skill="sql")[0]


def finishers(world: World, n: int) -> list[str]:
    ids = [f"L{i}" for i in range(n)]
    for i in ids:
        world.person(ANN, id=i, name=f"Learner {i}", email=f"{i}@example.org", manager_id=None)
    tell_everybody(world.store.units)
    world.add(*(exam(f"done-{i}", i, kind=EvidenceKind.COMPLETION) for i in ids))
    return ids


def test_one_person_moves_nothing_and_many_put_it_on_notice(world: World) -> None:
    before = row(world)
    people = finishers(world, 5)
    for _ in range(3):
        word(world, people[0], "no")
    assert world.actions().count("content.tag_said") == 1, "saying it again changes nothing"
    for i in people[1:4]:
        word(world, i, "no")
    word(world, "E2", "no")  # has an assessment of it, and never finished it
    assert (row(world).notice, row(world).learners, row(world).probability) == ("", None, before.probability)
    word(world, people[4], "no")
    doubted = row(world)
    assert (doubted.learners, doubted.state) == (Heard(0, 5), TagState.SUGGESTED)
    assert "does not teach it" in doubted.notice
    assert doubted.probability == before.probability, "a word of a learner is no vote"
    assert doubted.worth > before.worth, "it is put before people first"
    assert "sql" in tags(world)["sql-101"]
    hold(world, people[0])
    assert row(world).learners is None, "whoever is restricted is not counted"


def test_retired_in_time_out_of_runs_and_back_with_a_yes(world: World) -> None:
    for i in finishers(world, 5):
        word(world, i, "no")
    assert watch(world) == (1, 0)
    assert watch(world) == (0, 0)
    assert row(world).since is not None
    before = world.fingerprint()
    world.clock.at += timedelta(days=RULES.notice_days)
    assert watch(world) == (1, 1)
    assert watch(world) == (0, 0), "once"
    gone = row(world)
    assert (gone.state, gone.notice) == (TagState.RETIRED, "")
    assert "retired on" in gone.held
    assert "sql" not in tags(world)["sql-101"]
    assert world.fingerprint() != before, "whoever it concerns is due"
    assert world.actions().count("content.tag_retired") == 1
    assert say(world, "sql-101", "sql", Vote.ACCEPT).state is TagState.ACCEPTED
    assert "sql" in tags(world)["sql-101"]
    assert watch(world) == (1, 0), "what speaks against it has not gone: it is on notice from today"
    world.clock.at += timedelta(days=RULES.notice_days)
    watch(world)
    assert row(world).state is TagState.RETIRED
    assert say(world, "sql-101", "sql", Vote.ACCEPT).state is TagState.ACCEPTED, "the same yes again is a new one then"


def test_what_cannot_be_said_and_what_is_taken_back(world: World) -> None:
    word(world, "E1", "yes")
    assert word(world, "E1", "nothing") is None
    with world.store.units(write=False) as uow:
        assert uow.tag_words.of("E1") == []
    with pytest.raises(NotFoundError, match="no tag"):
        word(world, "E1", "yes", skill="negotiation")
    with pytest.raises(NotFoundError, match="no content"):
        word(world, "E1", "yes", content="nothing")
    with pytest.raises(InputError, match="cannot be said"):
        word(world, "E1", "perhaps")
    hold(world, "E1")
    with pytest.raises(ConflictError, match="restricted"):
        word(world, "E1", "yes")
