"""What votes on content tags come to, and whether finishing predicts the assessment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain import content_tags
from ascertain.domain.content_tags import (
    Graded,
    Outcomes,
    Prediction,
    Ruling,
    Says,
    TagRules,
    TagState,
    TagVote,
    Vote,
    decided,
    on_notice,
    outcomes,
    prediction,
    ruling,
    worth_a_look,
)
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import ContentTag, Level

RULES = TagRules(prior_votes=2, too_few=10, least_lift=0.1, notice_below=0.5, notice_days=30, least_learners=5)
START = datetime(2026, 4, 7, tzinfo=UTC)


def vote(
    what: Vote, voter: str = "ann", *, after: int = 0, level: int | None = None, suggested: float | None = 0.7
) -> TagVote:
    return TagVote(
        f"t{after}-{voter}", "c", "h", "sql", "tiny", what, Level(level) if level else None, suggested,
        Level.FOUNDATION, voter, "because", START + timedelta(minutes=after),
    )  # fmt: skip


def test_one_yes_raises_and_one_no_lowers_by_the_stated_formula() -> None:
    yes = ruling([vote(Vote.ACCEPT)], RULES)
    assert (yes.state, yes.probability) == (TagState.ACCEPTED, 0.8)
    no = ruling([vote(Vote.REJECT)], RULES)
    assert (no.state, no.probability) == (TagState.REJECTED, round(1.4 / 3, 6))


def test_of_each_voter_the_newest_counts_and_a_tie_goes_to_the_newest() -> None:
    changed = ruling([vote(Vote.REJECT), vote(Vote.ACCEPT, "ANN", after=1)], RULES)
    assert (changed.state, changed.yes, changed.no) == (TagState.ACCEPTED, 1, 0)
    tie = ruling([vote(Vote.ACCEPT, "bob", after=1), vote(Vote.REJECT, "ann", after=2)], RULES)
    assert tie.state is TagState.REJECTED
    assert ruling([vote(Vote.REJECT, "ann"), vote(Vote.ACCEPT, "bob", after=1)], RULES).state is TagState.ACCEPTED


def test_the_level_is_the_lower_median_of_those_who_said_yes() -> None:
    votes = [vote(Vote.ADJUST, "a", level=4), vote(Vote.ACCEPT, "b", after=1), vote(Vote.REJECT, "c", after=2)]
    assert ruling(votes, RULES).level is Level.FOUNDATION
    assert ruling([*votes, vote(Vote.ADJUST, "d", after=3, level=3)], RULES).level is Level.PRACTITIONER


def test_a_skill_that_was_not_suggested_begins_at_one_half() -> None:
    assert ruling([vote(Vote.ACCEPT, suggested=None)], RULES).probability == round(2 / 3, 6)
    with pytest.raises(ValueError, match="no votes"):
        ruling([], RULES)


def test_decisions_take_out_change_and_add() -> None:
    tags = (ContentTag("c", "sql", 0.7, Level.FOUNDATION, "SQL"), ContentTag("c", "python", 0.65, Level.FOUNDATION))
    rulings = [
        Ruling("h", "sql", "tiny", TagState.ACCEPTED, Level.ADVANCED, 0.8, 1, 0),
        Ruling("h", "python", "tiny", TagState.REJECTED, Level.FOUNDATION, 0.4, 0, 1),
        Ruling("h", "go", "tiny", TagState.ACCEPTED, Level.FOUNDATION, 0.9, 1, 0),
    ]
    found = decided("c", tags, rulings)
    assert [(t.skill_id, t.probability, int(t.level), t.quote) for t in found] == [
        ("go", 0.9, 2, ""),
        ("sql", 0.8, 4, "SQL"),
    ]


def test_worth_is_use_times_uncertainty() -> None:
    assert worth_a_look(9, 0.5) == 10.0
    assert worth_a_look(9, 1.0) == 0.0
    assert worth_a_look(0, 0.6) < worth_a_look(5, 0.6)


def test_too_few_of_either_is_said_and_nothing_else() -> None:
    assert prediction(Outcomes(9, 9, 100, 10), RULES) == Prediction(Says.TOO_FEW)
    assert prediction(Outcomes(100, 10, 9, 9), RULES).lift is None


def test_the_interval_is_newcombes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newcombe 1998, table II, example (a), method 10: 56 of 70 and 48 of 80 have (0.0524, 0.3339) at 95 %."""
    monkeypatch.setattr(content_tags, "CONFIDENCE", 0.95)
    found = prediction(Outcomes(70, 56, 80, 48), RULES)
    assert found.says is Says.YES
    assert (found.lift, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_what_predicts_nothing_is_on_notice() -> None:
    flat = prediction(Outcomes(400, 200, 400, 200), RULES)
    assert flat.says is Says.NO
    assert "does not predict" in on_notice(0.9, flat, TagState.ACCEPTED, RULES)
    assert on_notice(0.9, flat, TagState.REJECTED, RULES) == ""
    assert "less than 0.5" in on_notice(0.4, Prediction(Says.TOO_FEW), TagState.SUGGESTED, RULES)
    assert prediction(Outcomes(12, 6, 12, 6), RULES).says is Says.UNCLEAR


@given(st.integers(10, 300), st.floats(0, 1), st.integers(10, 300), st.floats(0, 1))
def test_the_interval_holds_the_difference_and_stays_within_its_range(n: int, p: float, m: int, q: float) -> None:
    found = prediction(Outcomes(n, int(n * p), m, int(m * q)), RULES)
    low, lift, high = (-2.0 if x is None else x for x in (found.low, found.lift, found.high))
    assert -1.000001 <= low <= lift <= high <= 1.000001


def graded(who: str, content: str, day: int, *, finished: bool = True, well: bool | None = None) -> Graded:
    return Graded(who, content, EvidenceKind.ASSESSMENT, date(2026, 1, day), finished, well)


def test_only_an_assessment_in_other_content_after_finishing_counts() -> None:
    teaches = {"a": ["sql"], "b": ["sql"], "c": ["python"]}
    records = [
        graded("ann", "a", 1, well=True),  # its own grade is no test of itself
        graded("ann", "b", 5, well=True),
        graded("bob", "b", 2, well=False),  # never finished a
        graded("chi", "b", 2, well=True),
        graded("chi", "a", 9),  # finished it only after
        graded("dov", "c", 3, well=True),  # another skill
    ]
    found = outcomes(records, teaches)
    assert found["a", "sql"] == Outcomes(1, 1, 2, 1)
    assert found["b", "sql"] == Outcomes(0, 0, 1, 1)
    assert found["c", "python"] == Outcomes()
