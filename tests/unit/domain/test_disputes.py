"""The state machine of disputes, and what an assertion may be used for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import AssertionState
from ascertain.domain.casefile import Versions
from ascertain.domain.disputes import (
    Dispute,
    DisputeState,
    Outcome,
    decide,
    open_dispute,
    standing_after,
    with_evidence,
    withdraw,
)
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.usage import Use, refused_for, usable_for
from ascertain.errors import ConflictError, InputError

NOW = datetime(2026, 4, 7, 9, 0, tzinfo=UTC)
ROW = StoredAssertion(
    "a1",
    "r1",
    "E1",
    "sql",
    "SQL",
    Level.FOUNDATION,
    0.97,
    0.8,
    1.0,
    4.0,
    AssertionState.ACCEPTED,
    (),
    Versions("p", "t", "b", "x"),
    date(2026, 4, 1),
    "{}",
    "{}",
    NOW,
)


def made(**changes: object) -> Dispute:
    dispute = open_dispute(ROW, reason="Not mine.", opened_by="Ann", now=NOW, due_days=30, earlier=())
    return replace(dispute, **changes)  # type: ignore[arg-type]


def test_a_new_dispute_is_due_in_time_and_keeps_what_was() -> None:
    dispute = made()
    assert (dispute.state, dispute.due_on, dispute.before) == (DisputeState.OPEN, date(2026, 5, 7), ROW.state)
    assert dispute.id == made().id
    again = open_dispute(
        ROW, reason="x", opened_by="Ann", now=NOW, due_days=1, earlier=[withdraw(dispute, by="A", now=NOW)]
    )
    assert again.id != dispute.id


def test_only_a_present_assertion_is_contested_once_with_a_reason() -> None:
    with pytest.raises(InputError, match="reason"):
        open_dispute(ROW, reason=" ", opened_by="Ann", now=NOW, due_days=30, earlier=())
    with pytest.raises(ConflictError, match="contested already"):
        open_dispute(ROW, reason="x", opened_by="Ann", now=NOW, due_days=30, earlier=[made()])
    gone = replace(ROW, state=AssertionState.SUPERSEDED)
    with pytest.raises(ConflictError, match="newer assessment"):
        open_dispute(gone, reason="x", opened_by="Ann", now=NOW, due_days=30, earlier=())


def test_a_decision_needs_its_level_a_reason_and_somebody_else() -> None:
    for outcome, level in ((Outcome.AMEND, None), (Outcome.UPHOLD, Level.EXPERT), (Outcome.CORRECT, Level.EXPERT)):
        with pytest.raises(InputError, match="level"):
            decide(made(), outcome, reason="r", by="Zoe", now=NOW, level=level)
    with pytest.raises(InputError, match="reason"):
        decide(made(), Outcome.UPHOLD, reason=" ", by="Zoe", now=NOW)
    with pytest.raises(InputError, match="neither the learner"):
        decide(made(), Outcome.UPHOLD, reason="r", by="ZOE", now=NOW, involved=["zoe"])


@given(
    st.sampled_from(list(Outcome)), st.sampled_from(list(Outcome)), st.sampled_from(list(AssertionState)), st.booleans()
)
def test_a_closed_dispute_never_changes(first: Outcome, second: Outcome, was: AssertionState, taken_back: bool) -> None:
    def close(dispute: Dispute, outcome: Outcome) -> Dispute:
        level = Level.EXPERT if outcome is Outcome.AMEND else None
        return decide(dispute, outcome, reason="seen", by="Zoe", now=NOW, level=level)

    closed = withdraw(made(), by="Ann", now=NOW) if taken_back else close(made(), first)
    if first is second and not taken_back:
        assert close(closed, second) == closed
    else:
        with pytest.raises(ConflictError):
            close(closed, second)
    with pytest.raises(ConflictError):
        with_evidence(closed, ["e"])
    if taken_back:
        assert withdraw(closed, by="Bob", now=NOW) == closed
    else:
        with pytest.raises(ConflictError):
            withdraw(closed, by="Ann", now=NOW)
        state, level = standing_after(closed, was, Level.FOUNDATION)
        expected = {
            Outcome.UPHOLD: (was, Level.FOUNDATION),
            Outcome.AMEND: (AssertionState.ACCEPTED, Level.EXPERT),
            Outcome.CORRECT: (AssertionState.REJECTED, Level.FOUNDATION),
        }
        assert (state, level) == expected[first]


@given(st.sampled_from(list(AssertionState)), st.booleans(), st.sampled_from([None, 0.4, 0.99]))
def test_a_decision_rests_on_what_a_human_reviewed_and_nobody_contests(
    state: AssertionState, reviewed: bool, confidence: float | None
) -> None:
    row = replace(ROW, state=state, human_reviewed=reviewed, confidence=confidence)
    fit = state is AssertionState.ACCEPTED and reviewed and confidence is not None
    assert usable_for(row, Use.DECISION) is fit
    assert (refused_for(row, Use.DECISION) == "") is fit
    assert usable_for(row, Use.INFORMATION)
