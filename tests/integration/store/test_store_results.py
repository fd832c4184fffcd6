"""Runs, assertions, reviews: the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.runs import DecisionKind, RunState
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.store import SqlUnitOfWork, Store
from tests.integration.store.samples import START, assertion, content, review, run


def test_a_run_comes_back_as_stored_with_aware_utc_times(store: Store) -> None:
    far = datetime(2026, 7, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-7)))
    given = run(started_at=far)
    with store.units() as uow:
        uow.runs.put(given)
        uow.commit()
    with store.units(write=False) as uow:
        kept = uow.runs.get("r-1")
        assert kept == given == uow.runs.find("l-1", "f-1")
        assert kept is not None
        assert kept.started_at.isoformat() == "2026-07-01T08:02:03.000004+00:00"
        assert uow.runs.get("r-2") is None
        assert uow.runs.find("l-2", "f-1") is None


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with store.units() as uow, pytest.raises(Exception, match="no time zone"):
        uow.runs.put(run(started_at=START.replace(tzinfo=None)))


def test_put_replaces_the_same_run_and_refuses_a_second_one_of_the_same_case(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run(state=RunState.STARTED, finished_at=None))
        uow.runs.put(run())
        uow.runs.put(run("r-2", "l-2"))
        assert uow.runs.states() == {"done": 2}
        uow.commit()
        with pytest.raises(ConflictError, match="fingerprint"):
            uow.runs.put(run("r-3"))


def test_the_latest_run_is_the_newest_that_is_done(store: Store) -> None:
    late = START + timedelta(days=9)
    with store.units() as uow:
        uow.runs.put(run("r-new", fingerprint="f-2", finished_at=START + timedelta(days=2)))
        uow.runs.put(run("r-old", fingerprint="f-1"))
        uow.runs.put(run("r-bad", fingerprint="f-3", state=RunState.BRAIN_FAILED, finished_at=late))
        uow.runs.put(run("r-now", fingerprint="f-4", state=RunState.STARTED, finished_at=None, started_at=late))
        uow.runs.put(run("r-two", "l-2"))
        latest = uow.runs.latest("l-1")
        assert latest is not None
        assert latest.id == "r-new"
        assert uow.runs.latest("l-3") is None
        assert uow.runs.latest_stamps() == {"l-1": "stamp-r-new", "l-2": "stamp-r-two"}
        uow.runs.set_stamp("r-new", "fresh")
        assert uow.runs.latest_stamps()["l-1"] == "fresh"
        with pytest.raises(NotFoundError, match="r-9"):
            uow.runs.set_stamp("r-9", "x")


def test_documents_are_kept_by_run_and_name(store: Store) -> None:
    documents = {"claims": [{"quote": "Grüße \x00 \ud83d", "p": 0.1 + 0.2}], "item": content().item, "none": None}
    with store.units() as uow:
        uow.runs.put(run())
        uow.runs.put_documents("r-1", documents)
        uow.runs.put_documents("r-1", {"none": {"day": date(2026, 1, 2), "levels": [Level.EXPERT]}})
        uow.commit()
        assert uow.runs.document("r-1", "claims") == documents["claims"]
        assert uow.runs.document("r-1", "item")["prerequisites"] == ["c-0"]
        assert uow.runs.document("r-1", "none") == {"day": "2026-01-02", "levels": [5]}
        assert uow.runs.document("r-1", "other") is None
        with pytest.raises(ConflictError):
            uow.runs.put_documents("r-9", {"claims": []})


def test_an_assertion_comes_back_byte_for_byte(store: Store) -> None:
    given = [assertion("a-1"), assertion("a-2", skill_id="s-2", level=None, confidence=None, human_reviewed=True)]
    with store.units() as uow:
        uow.runs.put(run())
        uow.assertions.add(given)
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.assertions.of("l-1") == uow.assertions.all() == given
        assert uow.assertions.of("l-2") == []
        kept = uow.assertions.get("a-1")
        assert kept is not None
        assert (kept.result, kept.inputs) == (given[0].result, given[0].inputs)


def test_a_skill_is_asserted_once_a_run(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run())
        uow.assertions.add([assertion("a-1")])
        with pytest.raises(ConflictError, match=r"assertions.*skill_id"):
            uow.assertions.add([assertion("a-2")])


def test_an_assertion_is_found_by_a_prefix_that_fits_no_other(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run())
        names = ["ab", "abc1", "abc2", "aBc9", "a%", "a_x"]
        uow.assertions.add([assertion(n, skill_id=f"s-{n}") for n in names])

        def found(prefix: str) -> str | None:
            row = uow.assertions.get(prefix)
            return row.id if row else None

        assert [found(p) for p in ("abc1", "ab", "aB", "a_", "a%", "abc3", "", "ABC1")] == [
            *("abc1", "ab", "aBc9", "a_x", "a%"),
            *(None, None, None),
        ]
        with pytest.raises(ConflictError, match="'abc' fits more than one assertion: abc1, abc2"):
            uow.assertions.get("abc")
        with pytest.raises(ConflictError, match="…"):
            uow.assertions.get("a")


def test_state_moves_and_a_human_review_stays(store: Store) -> None:
    with store.units() as uow:
        uow.runs.put(run())
        uow.assertions.add([assertion("a-1")])
        uow.assertions.set_state("a-1", AssertionState.ACCEPTED, level=2, human_reviewed=True)
        uow.assertions.set_state("a-1", AssertionState.CONTESTED)
        kept = uow.assertions.get("a-1")
        assert kept == replace(
            assertion("a-1"), state=AssertionState.CONTESTED, level=Level.FOUNDATION, human_reviewed=True
        )
        with pytest.raises(NotFoundError):
            uow.assertions.set_state("a", AssertionState.ACCEPTED)
        with pytest.raises(ValueError, match="9"):
            uow.assertions.set_state("a-1", AssertionState.ACCEPTED, level=9)


def reviewed(uow: SqlUnitOfWork) -> None:
    uow.runs.put(run())
    uow.runs.put(run("r-2", fingerprint="f-2"))
    uow.assertions.add([assertion("a-1"), assertion("a-2", skill_id="s-2"), assertion("a-3", "r-2")])
    uow.reviews.add(
        [
            review("v-1", "a-1", priority=3),
            review("v-2", "a-2", due_on=date(2026, 3, 20), assignee="l-9"),
            review("v-3", "a-3"),
        ]
    )


def test_text_that_postgresql_cannot_keep_is_told_as_such(store: Store) -> None:
    with store.units() as uow:
        reviewed(uow)
        item = replace(review("v-1", "a-1"), decision_reason="a\x00b")
        if store._own().write.dialect.name == "sqlite":
            uow.reviews.put(item)
            assert uow.reviews.get("v-1") == item
            return
        with pytest.raises(InputError, match="NUL"):
            uow.reviews.put(item)


def test_a_new_run_supersedes_and_withdraws_what_the_others_left_open(store: Store) -> None:
    with store.units() as uow:
        reviewed(uow)
        assert uow.assertions.supersede("l-1", keep_run="r-2") == 2
        assert uow.assertions.supersede("l-1", keep_run="r-2") == 0
        assert [a.id for a in uow.assertions.of("l-1")] == ["a-3"]
        assert [a.id for a in uow.assertions.of("l-1", current_only=False)] == ["a-1", "a-3", "a-2"]
        assert [a.id for a in uow.assertions.all()] == ["a-3"]
        assert uow.reviews.close_for("l-1", keep_run="r-2") == 2
        assert uow.reviews.close_for("l-1", keep_run="r-2") == 0
        assert [i.id for i in uow.reviews.open()] == ["v-3"]
        with pytest.raises(ConflictError, match="withdrawn"):
            uow.reviews.put(replace(review("v-1", "a-1"), decision=DecisionKind.ACCEPT, decided_at=START))


def test_open_items_come_most_urgent_first(store: Store) -> None:
    with store.units() as uow:
        reviewed(uow)
        assert [i.id for i in uow.reviews.open()] == ["v-3", "v-2", "v-1"]
        assert [i.id for i in uow.reviews.open(assignee="l-3")] == ["v-3", "v-1"]
        assert uow.reviews.open(learner_id="l-2") == []
        with pytest.raises(ConflictError, match="assertion_id"):
            uow.reviews.add([review("v-4", "a-1")])


def test_a_decision_is_final_until_the_item_is_opened_again(store: Store) -> None:
    decided = replace(
        review("v-1", "a-1"),
        decision=DecisionKind.ADJUST,
        decided_level=Level.FOUNDATION,
        decided_by="l-3",
        decision_reason="saw it",
        decided_at=START,
    )
    with store.units() as uow:
        reviewed(uow)
        uow.reviews.put(decided)
        uow.reviews.put(decided)
        assert uow.reviews.get("v-1") == decided
        assert uow.reviews.decided("l-1") == [decided]
        assert [i.id for i in uow.reviews.open()] == ["v-3", "v-2"]
        with pytest.raises(ConflictError, match="decided already: adjust by l-3"):
            uow.reviews.put(replace(decided, decision=DecisionKind.REJECT, decided_by="l-9"))
        uow.reviews.put(review("v-1", "a-1"))
        assert uow.reviews.decided("l-1") == []
        with pytest.raises(NotFoundError):
            uow.reviews.put(review("v-9", "a-1"))
        assert uow.reviews.get("v-9") is None
        with pytest.raises(ConflictError, match="review item"):
            uow.reviews.get("v")
