"""Beliefs of another day, means with intervals, effects against those who did not, and tendencies."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from ascertain.domain.belief import Observation, believe, recency
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import LEVELS, Level, SkillFamily
from ascertain.domain.trends import (
    LEAST,
    Effect,
    Piece,
    Tendency,
    Verdict,
    chance_on,
    effect,
    mean_interval,
    tendency,
)
from ascertain.policy import read_policy

RULES = read_policy()[0].belief
TODAY = date(2026, 6, 1)
FAMILY = SkillFamily.TECHNICAL


def piece(ident: str, on: date | None, outcome: float = 0.95, content: str | None = None) -> Piece:
    kind = EvidenceKind.ASSESSMENT
    made = Observation(f"o-{ident}", ident, "c", "sql", kind, Level.FOUNDATION, 0.9, 1.0, 0.123, outcome, outcome > 0.5)
    return Piece(made, on, content)


def test_the_belief_of_a_day_knows_nothing_of_later_evidence_and_fades_from_that_day() -> None:
    early, late = piece("a", date(2025, 1, 1)), piece("b", date(2026, 5, 1))
    none = chance_on([], Level.FOUNDATION, TODAY, FAMILY, RULES)
    on = date(2025, 6, 1)
    alone = chance_on([early, late], Level.FOUNDATION, on, FAMILY, RULES)
    assert alone == chance_on([early], Level.FOUNDATION, on, FAMILY, RULES) > none
    assert chance_on([early, late], Level.FOUNDATION, TODAY, FAMILY, RULES) > alone
    assert chance_on([early], Level.FOUNDATION, TODAY, FAMILY, RULES) < alone, "it fades"
    expected = believe(
        [
            Observation(
                "o-a", "a", "c", "sql", EvidenceKind.ASSESSMENT, Level.FOUNDATION, 0.9, 1.0,
                recency(date(2025, 1, 1), on, FAMILY, RULES), 0.95, True,
            )
        ],
        RULES,
    )  # fmt: skip
    assert alone == 1.0 - expected.below(Level.FOUNDATION, RULES)[1]


@pytest.mark.parametrize("level", LEVELS)
def test_the_chance_below_is_the_point_of_its_range(level: Level) -> None:
    for pieces in ((), (piece("a", TODAY),), (piece("a", TODAY), piece("b", TODAY, 0.1))):
        belief = believe([p.observation for p in pieces], RULES)
        assert belief.chance_below(level, RULES) == belief.below(level, RULES)[1]


def test_what_is_about_the_content_itself_is_left_out_with_its_repeats() -> None:
    own = piece("a", TODAY, content="sql-101")
    badge = Piece(own.observation, TODAY)  # of the same origin
    other = piece("b", TODAY)
    assert chance_on([own, badge], Level.FOUNDATION, TODAY, FAMILY, RULES, without="sql-101") == chance_on(
        [], Level.FOUNDATION, TODAY, FAMILY, RULES
    )
    assert chance_on([own, badge, other], Level.FOUNDATION, TODAY, FAMILY, RULES, without="sql-101") == chance_on(
        [other], Level.FOUNDATION, TODAY, FAMILY, RULES
    )


def test_the_interval_of_a_mean_is_students() -> None:
    low, mean, high = mean_interval([0.1, 0.2, 0.3, 0.4, 0.5])
    assert mean == pytest.approx(0.3)
    assert (low, high) == pytest.approx((0.3 - 0.19632432, 0.3 + 0.19632432))  # t(0.975, 4) = 2.776445
    with pytest.raises(ValueError, match="two values"):
        mean_interval([0.1])


def rises(share: float, of: set[str]):  # type: ignore[no-untyped-def]
    """Those people's chance rises by so much in all, from the year's beginning to its end; the others' by a tenth."""

    def chance(who: str, on: date) -> float:
        years = (on - date(2025, 1, 1)).days / 365
        return 0.3 + years * (share * (1 + int(who[1:]) / 100) if who in of else 0.1)

    return chance


DONE = {f"d{i}": date(2025, 3, 1) + timedelta(days=9 * i) for i in range(8)}
OTHERS = [f"o{i}" for i in range(6)]


def test_who_finished_is_compared_with_who_did_not_over_the_same_time() -> None:
    found = effect(DONE, OTHERS, rises(0.5, set(DONE)), TODAY)
    assert (found.finished, found.others, found.verdict) == (8, 6, Verdict.HIGHER)
    assert found.moved is not None
    assert found.moved_others is not None
    assert found.difference == pytest.approx(found.moved - found.moved_others)
    assert found.moved == pytest.approx(0.5 * 181 / 365 * 1.035, abs=0.001)
    assert effect(DONE, OTHERS, rises(0.02, set(DONE)), TODAY).verdict is Verdict.LOWER


def test_too_few_on_either_side_and_too_early_say_nothing() -> None:
    few = dict(list(DONE.items())[: LEAST - 1])
    none = (None, None, None, None, None)
    assert effect(few, OTHERS, rises(0.5, set(DONE)), TODAY) == Effect(LEAST - 1, 6, *none)
    assert effect(DONE, OTHERS[: LEAST - 1], rises(0.5, set(DONE)), TODAY).verdict is Verdict.TOO_FEW
    fresh = dict.fromkeys(DONE, TODAY - timedelta(days=30))
    assert effect(fresh, OTHERS, rises(0.5, set(DONE)), TODAY) == Effect(0, 6, *none)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(0, 0, "about the same"), (4, 0, "more"), (5, 4, "about the same"), (2, 12, "less"), (30, 10, "more")],
)
def test_a_tendency_needs_more_than_chance(now: int, before: int, expected: str) -> None:
    assert tendency(now, before) is Tendency(expected)
