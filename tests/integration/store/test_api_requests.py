"""Answers under idempotency keys and requests for runs, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ascertain.domain.api_requests import Answer, ApiRequest
from ascertain.domain.people import Learner
from ascertain.domain.retention import Kind
from ascertain.domain.run_requests import Member, MemberState, RunRequest
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline import idempotency
from ascertain.store import Store

AT = datetime(2026, 4, 7, 9, tzinfo=UTC)
ANN, BOB = Learner("E1", "Ann Archer", "ann@example.org"), Learner("E2", "Bob Baker", "bob@example.org")


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.date()


@pytest.fixture
def filled(bare_store: Store) -> Store:
    with bare_store.units() as uow:
        uow.people.upsert([ANN, BOB])
        uow.commit()
    return bare_store


def test_the_same_request_gets_the_same_answer_and_another_one_none(filled: Store) -> None:
    units, clock = filled.units, Clock()
    assert idempotency.begin(units, clock, "me", "k", "d1") is None
    with pytest.raises(ConflictError, match="being worked on"):
        idempotency.begin(units, clock, "me", "k", "d1")
    answer = Answer(202, {"id": "q1"}, {"Location": "/v1/runs/q1"}, "E1")
    idempotency.finish(units, "me", "k", answer)
    assert idempotency.begin(units, clock, "me", "k", "d1") == answer
    with pytest.raises(InputError, match="another request"):
        idempotency.begin(units, clock, "me", "k", "d2")
    assert idempotency.begin(units, clock, "you", "k", "d2") is None, "a key means something to its caller alone"


def test_a_request_whose_process_died_is_taken_over_once(filled: Store) -> None:
    units, clock = filled.units, Clock()
    idempotency.begin(units, clock, "me", "k", "d")
    clock.at += timedelta(minutes=6)
    assert idempotency.begin(units, clock, "me", "k", "d") is None
    with pytest.raises(ConflictError):
        idempotency.begin(units, clock, "me", "k", "d")
    idempotency.give_up(units, "me", "k")
    assert idempotency.begin(units, clock, "me", "k", "other") is None


def test_answers_and_requests_go_with_time(filled: Store) -> None:
    with filled.units() as uow:
        for number, day in enumerate((0, 10)):
            at = AT + timedelta(days=day)
            uow.api_requests.begin(ApiRequest("me", f"k{number}", "d", at))
            members = [Member("E1", MemberState.WAITING), Member("E2", MemberState.WAITING)]
            uow.run_requests.add(RunRequest(f"q{number}", "all", "ann", at), members)
        uow.commit()
    before = AT + timedelta(days=5)
    with filled.units() as uow:
        assert uow.retention.count(Kind.API_REQUESTS, before, ()) == 1
        assert uow.retention.purge(Kind.API_REQUESTS, before, (), 10) == ["me|k0"]
        assert uow.retention.purge(Kind.RUN_REQUESTS, before, {"E2"}, 10) == ["q0|E1"], "a legal hold keeps its own"
        assert uow.run_requests.get("q0") is not None
        assert uow.retention.purge(Kind.RUN_REQUESTS, before, (), 10) == ["q0|E2"]
        assert uow.run_requests.get("q0") is None
        assert [m.learner_id for m in uow.run_requests.members("q1")] == ["E1", "E2"]
        uow.commit()


def test_cancelled_is_by_run_until_somebody_asks_again(filled: Store) -> None:
    with filled.units() as uow:
        uow.run_requests.add(RunRequest("q1", "", "ann", AT), [Member("E1", MemberState.QUEUED, "r1")])
        assert uow.run_requests.cancelled(["r1"]) == {}
        uow.run_requests.set_members("q1", [Member("E1", MemberState.CANCELLED, "r1")])
        assert list(uow.run_requests.cancelled(["r1", "r2", ""])) == ["r1"]
        uow.run_requests.uncancel("r1")
        assert uow.run_requests.cancelled(["r1"]) == {}
        uow.commit()


def test_what_is_about_somebody_goes_with_them(filled: Store) -> None:
    with filled.units() as uow:
        uow.api_requests.begin(ApiRequest("me", "k", "d", AT))
        uow.api_requests.finish("me", "k", Answer(200, {"learner": "E1"}, {}, "E1"))
        members = [Member("E1", MemberState.WAITING), Member("E2", MemberState.WAITING)]
        uow.run_requests.add(RunRequest("q1", "all", "ann@example.org", AT), members)
        uow.commit()
    filled.erase("E1", None, {"actor": "test"})
    with filled.units(write=False) as uow:
        assert uow.api_requests.get("me", "k") is None
        assert [m.learner_id for m in uow.run_requests.members("q1")] == ["E2"]
        found = uow.run_requests.get("q1")
        assert found is not None
        assert "ann" not in found.asked_by
