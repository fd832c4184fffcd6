"""Events of other systems: whatever their order and number, the store ends as the systems stand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.connector import Capabilities
from ascertain.domain.evidence import Evidence
from ascertain.domain.inbox import MAX_TRIES, InboxEvent, wait_after
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.domain.webhooks import Event
from ascertain.errors import AscertainError, ConflictError, PermanentConnectorError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.receive import InboxReport, work_off
from ascertain.store import Store
from tests.unit.pipeline.ingest_world import (
    FixedClock,
    ListConnector,
    badge,
    course,
    enrolment,
    evidence_of,
    hris,
    new_store,
    user,
    worker,
)


class Telling(ListConnector):
    """A list that also gives single records, and counts how often it is asked."""

    def __init__(self, entities: Collection[Entity]) -> None:
        super().__init__("lms", entities)
        self.now: dict[str, Record] = {}
        self.fetched: list[str] = []
        self.trouble: AscertainError | None = None
        self.broken: dict[str, Exception] = {}

    def has(self, *records: Record) -> None:
        self.now |= {str(r.ref): r for r in records}

    def lacks(self, *records: Record) -> None:
        for r in records:
            del self.now[str(r.ref)]

    def fetch(self, ref: SourceRef) -> Record | None:
        self.fetched.append(str(ref))
        if self.trouble is not None:
            raise self.trouble
        if str(ref) in self.broken:
            raise self.broken[str(ref)]
        short = ref.entity is Entity.ENROLMENT and ref.id.count("-") == 1
        found = [r for k, r in self.now.items() if k == str(ref) or (short and k.startswith(f"{ref}-"))]
        return found[-1] if found else None


class Desk:
    """A store, a system, and who was handed on."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = new_store(folder)
        self.system = Telling((Entity.USER, Entity.COURSE, Entity.ENROLMENT, Entity.AWARD))
        self.handed: list[str] = []
        self._number = 0

    def know(self, *records: Record) -> None:
        """Pulled before, and still there."""
        self.system.has(*records)
        self.system.put(*records)
        assert sync([self.system], self.store.units, clock=FixedClock()).ok

    def tell(self, *records: Record | SourceRef, deleted: bool = False, key: str = "") -> Event:
        self._number += 1
        refs = tuple(r if isinstance(r, SourceRef) else r.ref for r in records)
        event = Event(key or f"k{self._number}", "changed", refs, deleted=deleted)
        self.record(event)
        return event

    def record(self, *events: Event) -> int:
        with self.store.units() as uow:
            new = uow.inbox.record("lms", events)
            uow.commit()
        return new

    def work(self, hand_on: Callable[[Collection[str]], None] | None = None) -> InboxReport:
        return work_off(
            self.system,
            self.store.units,
            hand_on or self.handed.extend,
            clock=FixedClock(),
            budget=self.store.budget(),
        )

    @property
    def evidence(self) -> list[Evidence]:
        return [e for rows in evidence_of(self.store).values() for e in rows]

    @property
    def open(self) -> list[InboxEvent]:
        with self.store.units(write=False) as uow:
            return uow.inbox.unfinished()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def test_a_completion_becomes_evidence_and_its_learner_is_handed_on(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7))
    done = enrolment(1, 7)
    desk.system.has(done)
    desk.tell(done)
    report = desk.work()
    assert (report.done, report.failed) == (1, 0)
    assert [(e.source_ref, e.score) for e in desk.evidence] == [("lms:enrolment:7-1-1", 0.8)]
    assert desk.handed == ["lms-1"]
    assert desk.open == []


def test_the_record_counts_and_not_what_the_event_said(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7, score=0.3))
    desk.system.has(enrolment(1, 7, score=0.9))
    desk.tell(SourceRef("lms", Entity.ENROLMENT, "7-1"))
    desk.work()
    assert [e.score for e in desk.evidence] == [0.9]


def test_somebody_and_something_new_come_with_it(desk: Desk) -> None:
    desk.system.has(user(5, "new@x.example"), course(9), enrolment(5, 9))
    desk.tell(enrolment(5, 9))
    desk.work()
    assert [e.learner_id for e in desk.evidence] == ["lms-5"]
    with desk.store.units(write=False) as uow:
        assert uow.sync.quarantined() == []


def test_the_same_delivery_is_recorded_and_fetched_once(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7))
    event = desk.tell(enrolment(1, 7))
    assert desk.record(event) == 0
    desk.tell(enrolment(1, 7))  # another event about the same record
    desk.work()
    assert desk.system.fetched == ["lms:enrolment:7-1-1"]
    assert desk.record(event) == 0
    assert desk.work().done == 0


def test_a_deletion_is_believed_once_the_system_confirms_it(desk: Desk) -> None:
    first, second = enrolment(1, 7, 1, score=0.2), enrolment(1, 7, 2)
    desk.know(user(1, "a@x.example"), course(7), course(8), first, second, enrolment(1, 8), badge(3, 1, 7))
    short = SourceRef("lms", Entity.ENROLMENT, "7-1")
    desk.tell(short, deleted=True)
    assert desk.work().removed == 0, "it is still there"
    assert len(desk.evidence) == 4
    desk.system.lacks(first, second)
    desk.tell(short, deleted=True)
    assert desk.work().removed == 2
    left = {e.source_ref: e for e in desk.evidence}
    assert set(left) == {"lms:enrolment:8-1-1", "lms:award:3"}
    assert left["lms:award:3"].origin == "course:lms:7:lms-1", "the badge lost the attempt that it told of"
    assert set(desk.handed) == {"lms-1"}


def test_an_update_after_the_deletion_brings_nothing_back(desk: Desk) -> None:
    done = enrolment(1, 7)
    desk.know(user(1, "a@x.example"), course(7), done)
    desk.system.lacks(done)
    desk.tell(done, deleted=True)
    desk.work()
    desk.tell(done)  # sent before the deletion, here after it
    assert desk.work().failed == 0
    assert desk.evidence == []
    assert desk.open == []


def test_deleted_courses_and_accounts_are_set_inactive(desk: Desk) -> None:
    person, lesson = user(1, "a@x.example"), course(7)
    desk.know(person, lesson, enrolment(1, 7))
    desk.system.lacks(person, lesson)
    desk.tell(lesson, deleted=True)
    desk.tell(person, deleted=True)
    desk.work()
    with desk.store.units(write=False) as uow:
        content, learner = uow.contents.get("lms:7"), uow.people.get("lms-1")
        assert content is not None
        assert not content.active
        assert learner is not None
        assert not learner.active
    assert len(desk.evidence) == 1, "what was completed stays what it was"


def test_the_end_of_an_account_is_not_the_end_of_a_worker(desk: Desk) -> None:
    staff = hris()
    staff.put(worker("E1", email="a@x.example"))
    assert sync([staff], desk.store.units, clock=FixedClock()).ok
    account = user(1, "a@x.example")
    desk.know(account)
    desk.system.lacks(account)
    desk.tell(account, deleted=True)
    desk.work()
    with desk.store.units(write=False) as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        assert learner.active


def test_an_event_without_a_record_pulls_what_changed(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7))
    desk.system.put(enrolment(1, 7))
    desk.record(Event("e1", "something", pull=(Entity.ENROLMENT,)))
    assert desk.work().done == 1
    assert len(desk.evidence) == 1
    assert desk.handed == ["lms-1"]


def test_a_system_that_is_away_is_waited_for(desk: Desk) -> None:
    from ascertain.errors import RetryableConnectorError

    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7))
    for what in (7, 8):
        desk.tell(SourceRef("lms", Entity.ENROLMENT, f"{what}-1"))
    desk.system.trouble = RetryableConnectorError("no answer", retry_after=120)
    report = desk.work()
    assert (report.away, report.done) == (True, 0)
    assert len(desk.system.fetched) == 1, "the second is not even tried"
    waits = [e.due_at - datetime.now(UTC) for e in desk.open]
    assert [e.tries for e in desk.open] == [0, 0]
    assert all(timedelta(seconds=100) < w <= timedelta(seconds=120) for w in waits)


def test_one_bad_record_does_not_stop_the_others_and_is_given_up_in_the_end(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7))
    desk.system.broken["lms:enrolment:8-1-1"] = PermanentConnectorError("score: 'n/a' is not a number")
    desk.tell(enrolment(1, 8))
    desk.tell(enrolment(1, 7))
    report = desk.work()
    assert (report.done, report.failed) == (1, 1)
    (bad,) = desk.open
    assert (bad.tries, bad.error) == (1, "score: 'n/a' is not a number")
    assert bad.due_at > datetime.now(UTC)
    with desk.store.units() as uow:
        for _ in range(MAX_TRIES - 1):
            uow.inbox.failed(bad.id, "again", timedelta(0))
        uow.commit()
    assert desk.work().failed == 0
    assert [e.given_up for e in desk.open] == [True]
    desk.system.broken.clear()
    desk.system.has(course(8), enrolment(1, 8))
    with desk.store.units() as uow:
        assert uow.inbox.retry([bad.id]) == 1
        uow.commit()
    assert desk.work().done == 1


def test_a_bug_that_one_record_brings_out_stops_no_other(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7))
    desk.system.broken["lms:enrolment:8-1-1"] = KeyError("a@x.example")
    desk.tell(enrolment(1, 8))
    desk.tell(enrolment(1, 7))
    assert desk.work().done == 1
    assert [(e.tries, e.error) for e in desk.open] == [(1, "unexpected KeyError")]
    assert "KeyError" in caplog.text
    assert "a@x.example" not in caplog.text


def test_nothing_is_done_before_its_learners_are_handed_on(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"), course(7), enrolment(1, 7))
    desk.tell(enrolment(1, 7))

    def no_queue(learners: Collection[str]) -> None:
        raise ConflictError("the queue is away")

    assert desk.work(no_queue).done == 0
    (event,) = desk.open
    assert event.tries == 0
    with desk.store.units() as uow:
        uow.inbox.retry([event.id])
        uow.commit()
    assert desk.work().done == 1
    assert desk.handed == ["lms-1"], "though its evidence was stored the first time"


def test_a_connection_in_use_is_left_alone(desk: Desk) -> None:
    desk.tell(enrolment(1, 7))
    other = ConnectionLeases(desk.store.budget())
    assert other.take("lms")
    report = desk.work()
    assert (report.busy, report.done) == (True, 0)
    assert desk.system.fetched == []
    other.give_back()
    assert not desk.work().busy


def test_what_cannot_be_pulled_is_not_asked_for(desk: Desk) -> None:
    desk.system.capabilities = lambda: Capabilities({})  # type: ignore[method-assign]
    desk.tell(enrolment(1, 7))
    assert desk.work().done == 1
    assert desk.system.pulls == []


def test_waits_grow_and_end() -> None:
    waits = [wait_after(n) for n in range(1, 200)]
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=6)


STEPS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(7, 8), st.sampled_from((None, 0.2, 0.9))), min_size=1, max_size=6
)


@settings(max_examples=10)
@given(steps=STEPS, data=st.data())
def test_any_order_and_any_repetition_ends_where_a_sync_ends(
    steps: list[tuple[int, int, float | None]], data: st.DataObject
) -> None:
    """``None`` deletes the enrolment."""
    people, lessons = [user(n, f"u{n}@x.example") for n in (1, 2, 3)], [course(7), course(8)]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        desk, other = Desk(Path(one)), Desk(Path(two))
        desk.know(*people, *lessons, *(enrolment(who, what, score=0.5) for who in (1, 2, 3) for what in (7, 8)))
        events = []
        for number, (who, what, score) in enumerate(steps):
            record = enrolment(who, what, score=score)
            if score is None:
                desk.system.now.pop(str(record.ref), None)
            else:
                desk.system.has(record)
            events.append(Event(f"e{number}", "changed", (record.ref,), deleted=score is None))
        delivered = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4))))
        for event in delivered:
            desk.record(event)
            if data.draw(st.booleans()):
                desk.work()
        desk.work()
        other.know(*people, *lessons, *(r for r in desk.system.now.values() if r.ref.entity is Entity.ENROLMENT))
        assert evidence_of(desk.store) == evidence_of(other.store)
        assert desk.open == []
        desk.store.close()
        other.store.close()


def test_the_inbox_forgets_what_was_done_long_ago(desk: Desk) -> None:
    desk.tell(user(1, "a@x.example"))
    desk.work()
    later = datetime.now(UTC) + timedelta(days=1)
    with desk.store.units() as uow:
        assert uow.inbox.has_done(later)
        assert uow.inbox.forget(later) == 1
        assert not uow.inbox.has_done(later)


def test_a_changed_account_is_a_changed_learner(desk: Desk) -> None:
    desk.know(user(1, "a@x.example"))
    desk.system.has(replace(user(1, "a@x.example"), language="de"))
    desk.tell(user(1, "a@x.example"))
    desk.work()
    assert desk.handed == ["lms-1"]
    with desk.store.units(write=False) as uow:
        learner = uow.people.get("lms-1")
        assert learner is not None
        assert learner.language == "de"
