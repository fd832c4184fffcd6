"""Offers, requests and answers over the store; consent, reporting lines, places and what others learn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ascertain.domain.consent import Purpose
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.mentoring import Mentorship, Offer, PairState, Word
from ascertain.domain.notifications import MENTORING, Delivered, NotificationState, Outcome
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.retention import SINCE_THEN, Kind
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, ForbiddenError, InputError
from ascertain.pipeline import mentoring, views
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.mentoring import Desk
from ascertain.pipeline.mentoring_file import read_mentoring
from ascertain.pipeline.mentoring_find import Seek, find
from ascertain.pipeline.mentoring_view import found_view, mentoring_of
from ascertain.pipeline.notify import Notifier
from ascertain.pipeline.permit import operator, permitted_learner, principal_of
from tests.integration.pipeline.world import ANN, BOB, CHI, World, exam

BY = operator("test")


class Room:
    """Ann and Bob are experts in SQL, Chi leads both."""

    def __init__(self, world: World) -> None:
        self.world = world
        for owner in ("E1", "E2"):
            proofs = [
                exam(f"m-{owner}-{i}", owner, 1.0, EvidenceKind.CERTIFICATION, level=Level.EXPERT, content_id=None)
                for i in range(4)
            ]
            world.add(*proofs)
            world.assess(owner)
        world.person(replace(BOB, id="E9", name="Zoe Zimmer", email="zoe@example.org", manager_id=None))

    @property
    def desk(self) -> Desk:
        return Desk(Seek(read_mentoring(), self.world.clock.today()), self.world.clock)

    def offer(self, who: Learner = ANN, **said: object) -> Offer:
        with self.world.store.units() as uow:
            made = Offer(who.id, **{"places": 1, **said})  # type: ignore[arg-type]
            person = uow.people.get(who.id)
            assert person is not None
            done = mentoring.offer(uow, self.world.taxonomy, made, person, self.desk, actor=BY)
            uow.commit()
        return done

    def seen(self, who: str = "E9") -> list[str]:
        with self.world.store.units(write=False) as uow:
            person = uow.people.get(who)
            assert person is not None
            return [p.id for p, _ in find(uow, person, ["sql"], self.desk.seek)]

    def ask(self, who: str = "E9", mentor: str = "E1", words: str = "Help!") -> Mentorship:
        with self.world.store.units() as uow:
            person = uow.people.get(who)
            assert person is not None
            done = mentoring.ask(uow, person, mentor, "sql", words, self.desk, actor=BY)
            uow.commit()
        return done

    def answer(self, ident: str, yes: bool = True) -> Mentorship:
        with self.world.store.units() as uow:
            row = uow.mentoring.get(ident)
            assert row is not None
            done = mentoring.answer(uow, row, yes=yes, said="", desk=self.desk, actor=BY)
            uow.commit()
        return done

    def end(self, ident: str, by: str) -> Mentorship:
        with self.world.store.units() as uow:
            row = uow.mentoring.get(ident)
            assert row is not None
            done = mentoring.end(uow, row, by=by, said="", desk=self.desk, actor=BY)
            uow.commit()
        return done

    def state(self, ident: str) -> tuple[PairState, str]:
        with self.world.store.units(write=False) as uow:
            row = uow.mentoring.get(ident)
            assert row is not None
            return row.state, row.ended_by


@pytest.fixture
def room(world: World) -> Room:
    return Room(world)


def test_only_who_offers_is_shown_and_with_no_more_than_they_agreed_to(room: Room) -> None:
    assert room.seen() == []
    room.offer(note="Ask me about joins.")
    assert room.seen() == ["E1"]
    world = room.world
    with world.store.units(write=False) as uow:
        zoe = uow.people.get("E9")
        assert zoe is not None
        (row,) = found_view(uow, find(uow, zoe, ["sql"], room.desk.seek), world.taxonomy)
        assert (row["level"], row["note"], row["name"]) == (None, "Ask me about joins.", "Ann Archer")
        assert "5" not in " ".join(row["reasons"])
        named = views.mentors(uow, zoe, world.taxonomy, ["sql"], room.desk.seek)
        assert named == [{"skill": "sql", "label": row["label"], "name": "Ann Archer", "level": None}]
    room.offer(level_shown=True)
    with world.store.units(write=False) as uow:
        (shown,) = found_view(uow, find(uow, zoe, ["sql"], room.desk.seek), world.taxonomy)
    assert shown["level"] == 5
    assert shown["reasons"][0] == "Level 5, 5 above yours."


def test_never_along_a_reporting_line_without_leave(room: Room) -> None:
    room.offer()
    assert room.seen("E3") == []  # Chi leads Ann
    with pytest.raises(ConflictError, match="cannot be asked"):
        room.ask("E3")
    world = room.world
    hr = Principal("hr@example.org", grants=(Grant(Role.HRBP, frozenset({"Data"})),), today=world.clock.today())
    with world.store.units() as uow:
        chi = permitted_learner(uow, hr, Action.MENTOR_ALLOW, "E3")
        ann = permitted_learner(uow, hr, Action.MENTOR_ALLOW, "E1")
        with pytest.raises(InputError, match="reason"):
            mentoring.allow(uow, chi, ann, " ", room.desk, actor=hr)
        made = mentoring.allow(uow, chi, ann, "Both asked for it.", room.desk, actor=hr)
        assert mentoring.allow(uow, chi, ann, "Both asked for it.", room.desk, actor=hr) == made
        uow.commit()
    assert room.seen("E3") == ["E1"]
    asked = room.ask("E3")
    with world.store.units() as uow:
        assert mentoring.lift(uow, Word.LEAVE, CHI, "E1", actor=hr)
        uow.commit()
    with pytest.raises(ConflictError, match="leads the other"):
        room.answer(asked.id)
    for who in (principal_of_ann(world), Principal("hr@example.org", "E3", hr.grants, today=world.clock.today())):
        with world.store.units() as uow, pytest.raises(ForbiddenError):
            permitted_learner(uow, who, Action.MENTOR_ALLOW, "E3")
    assert world.actions().count("mentoring.said") == 2


def principal_of_ann(world: World) -> Principal:
    with world.store.units(write=False) as uow:
        return principal_of(uow, "ann@example.org", today=world.clock.today())


def test_a_request_is_answered_once_and_places_bound_it(room: Room) -> None:
    room.offer(places=1)
    first = room.ask()
    assert room.ask() == first
    assert room.answer(first.id).state is PairState.ACCEPTED
    assert room.answer(first.id).answered_at == room.answer(first.id).answered_at
    assert room.ask() == room.answer(first.id)
    assert room.seen("E2") == []  # no place is left
    with pytest.raises(ConflictError, match="cannot be asked"):
        room.ask("E2")
    with pytest.raises(ConflictError, match="does not wait"):
        room.answer(first.id, yes=False)
    assert room.end(first.id, "mentor").ended_by == "mentor"
    again = room.ask()
    assert again.id != first.id
    assert room.answer(again.id, yes=False).state is PairState.DECLINED
    with pytest.raises(ConflictError, match="cannot be asked"):
        room.ask()  # not the same again so soon
    counts = room.world.actions()
    assert [counts.count(f"mentoring.{a}") for a in ("asked", "answered", "ended")] == [2, 2, 1]


def test_two_requests_for_one_place_end_with_one_mentee(room: Room) -> None:
    room.offer(ANN, places=1)
    room.world.person(replace(BOB, id="E8", name="Yan Young", email="yan@example.org", manager_id=None))
    one, two = room.ask("E9"), room.ask("E8")
    room.answer(one.id)
    with pytest.raises(ConflictError, match="places are taken"):
        room.answer(two.id)
    room.world.clock.at += timedelta(days=22)
    with pytest.raises(ConflictError, match="lapsed"):
        room.answer(two.id)


def test_a_withdrawn_consent_ends_everything_at_once(room: Room) -> None:
    room.offer(places=3)
    accepted = room.answer(room.ask().id)
    room.world.says(ANN, False, Purpose.MENTORING)
    assert room.seen() == []
    assert room.state(accepted.id) == (PairState.ENDED, "consent")
    with room.world.store.units(write=False) as uow:
        assert uow.mentoring.offer_of("E1") is None
    with pytest.raises(ConflictError, match="may not be named"):
        room.offer()
    room.world.says(ANN, False, Purpose.MENTORING)
    assert room.world.actions().count("mentoring.stopped") == 1
    room.world.says(ANN, True, Purpose.MENTORING)
    assert room.seen() == []  # a yes is no offer


def test_an_objection_parts_two_people_without_telling(room: Room) -> None:
    room.offer(places=2)
    asked = room.ask()
    with room.world.store.units() as uow:
        ann, zoe = uow.people.get("E1"), uow.people.get("E9")
        assert ann is not None
        assert zoe is not None
        assert mentoring.acquainted(uow, ann, "E9", room.desk.seek) == zoe
        mentoring.object_to(uow, ann, zoe, room.desk, actor=BY)
        uow.commit()
    assert room.state(asked.id) == (PairState.ENDED, "mentor")
    assert room.seen() == []
    with pytest.raises(ConflictError, match="cannot be asked"):
        room.ask()
    with room.world.store.units(write=False) as uow:
        theirs = mentoring_of(uow, zoe, room.world.taxonomy, room.desk, own=True)
        assert (theirs["objections"], theirs["asked"][0]["said"]) == ([], "")
        mine = mentoring_of(uow, ann, room.world.taxonomy, room.desk, own=True)
        assert mine["objections"] == [{"id": "E9", "name": "Zoe Zimmer"}]
        others = mentoring_of(uow, ann, room.world.taxonomy, room.desk, own=False)
        assert (others["objections"], others["mentees"][0]["words"]) == ([], "")


def test_what_is_contested_makes_nobody_a_mentor(room: Room) -> None:
    room.offer()
    world = room.world
    with world.store.units() as uow:
        found = world.assertions()["sql"].id
        contest(uow, found, reason="No.", actor="ann", clock=world.clock, due_days=30, masker=world.pseudonyms)
        uow.commit()
    assert room.seen() == []


class Box:
    """A mailer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, message_id: str, to: str, subject: str, text: str) -> Outcome:
        self.sent.append((to, text))
        return Outcome(Delivered.YES)


def test_mails_say_that_there_is_news_once_and_name_nobody(room: Room) -> None:
    box = Box()
    notifier = Notifier(room.world.store.units, room.world.clock, mailer=box)
    room.offer(places=2)
    asked = room.ask()
    notifier.run()
    notifier.run()
    (to, text), *more = [m for m in box.sent if "mentoring" in m[1]]
    assert (to, more) == ("ann@example.org", [])
    assert "1 waiting for your answer" in text
    assert not any(word in text for word in ("Zoe", "sql", "SQL", "Help"))
    room.answer(asked.id)
    notifier.run()
    assert [m[0] for m in box.sent if "mentoring" in m[1]] == ["ann@example.org", "zoe@example.org"]
    with room.world.store.units(write=False) as uow:
        assert set(uow.notifications.latest_mails(NotificationState.SENT, MENTORING)) == {"E1", "E9"}


def test_what_ended_goes_after_a_year_and_what_holds_stays(room: Room) -> None:
    room.offer(places=2)
    ended = room.end(room.answer(room.ask().id).id, "learner")
    held = room.answer(room.ask().id)
    later = room.world.clock.now() + timedelta(days=1)
    with room.world.store.units() as uow:
        assert SINCE_THEN[Kind.MENTORSHIPS] == 365
        assert uow.retention.purge(Kind.MENTORSHIPS, later, (), 10) == [ended.id]
        assert uow.mentoring.get(held.id) == held
