"""Gaps and coverage: ranges that hold the point, sorted, bounded, and never a verdict without evidence."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.belief import Observation, believe
from ascertain.domain.gaps import Gap, GapStatus, coverage, gaps_for
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import JobProfile, Level
from tests.unit.domain.makers import RULES, belief_rules, observation, observations, role

SKILLS = ("a", "b", "c", "d")


@st.composite
def roles(draw: st.DrawFn) -> JobProfile:
    """Up to four requirements, importance 0 to 1."""
    return role(
        *(
            (s, draw(st.integers(1, 5)), draw(st.floats(0, 1)))
            for s in draw(st.lists(st.sampled_from(SKILLS), unique=True))
        )
    )


@given(roles(), st.dictionaries(st.sampled_from(SKILLS), observations()), belief_rules())
def test_sorted_bounded_one_a_requirement(
    profile: JobProfile, seen: dict[str, tuple[Observation, ...]], rules: BeliefRules
) -> None:
    gaps = gaps_for(profile, {s: believe(rows, rules) for s, rows in seen.items()}, rules)
    assert sorted(g.skill_id for g in gaps) == sorted(r.skill_id for r in profile.requirements)
    assert [g.weighted for g in gaps] == sorted((g.weighted for g in gaps), reverse=True)
    for g in gaps:
        assert 0 <= g.low <= g.p_below <= g.high <= 1
        assert 0 <= g.weighted_low <= g.weighted <= g.weighted_high <= g.importance
    c = coverage(gaps)
    assert -1e-12 <= c.low <= c.point + 1e-12
    assert c.point <= c.high + 1e-12
    assert c.high <= 1 + 1e-12


@given(roles())
def test_no_evidence_is_unknown_and_never_a_level(profile: JobProfile) -> None:
    for g in gaps_for(profile, {}, RULES):
        assert g.status is GapStatus.UNKNOWN
        assert g.current is None
        assert g.high - g.low > 0.99


@given(observations(), st.integers(1, 5))
def test_a_new_success_never_widens_a_gap(rows: tuple[Observation, ...], required: int) -> None:
    profile = role(("s", required, 0.8))
    (before,) = gaps_for(profile, {"s": believe(rows, RULES)}, RULES)
    better = (*rows, observation("new", level=Level.EXPERT))
    (after,) = gaps_for(profile, {"s": believe(better, RULES)}, RULES)
    assert after.weighted <= before.weighted + 1e-9


@given(observations())
def test_a_harder_requirement_is_never_a_smaller_gap(rows: tuple[Observation, ...]) -> None:
    belief = {"s": believe(rows, RULES)}
    sizes = [gaps_for(role(("s", lv, 1.0)), belief, RULES)[0].p_below for lv in range(1, 6)]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(sizes))


def test_evidence_at_easier_levels_alone_is_called_so() -> None:
    easy = believe([observation(f"c{i}", level=Level.FOUNDATION, outcome=0.9) for i in range(4)], RULES)
    (gap,) = gaps_for(role(("s", 4, 1.0)), {"s": easy}, RULES)
    assert gap.status is GapStatus.NOT_SHOWN
    (unread,) = gaps_for(role(("s", 4, 1.0)), {}, RULES)
    assert gap.high - gap.low < unread.high - unread.low - 0.05
    assert gap.p_below < unread.p_below


def test_failing_at_easier_levels_is_not_called_unshown() -> None:
    poor = believe([observation(f"c{i}", level=Level.FOUNDATION, outcome=0.1) for i in range(6)], RULES)
    (gap,) = gaps_for(role(("s", 4, 1.0)), {"s": poor}, RULES)
    assert gap.status is GapStatus.BELOW


@pytest.mark.parametrize(
    ("successes", "failures", "status"),
    [
        (6, 0, GapStatus.MET),
        (2, 0, GapStatus.LIKELY_MET),
        (2, 2, GapStatus.UNSURE),
        (0, 3, GapStatus.BELOW),
        (0, 0, GapStatus.UNKNOWN),
    ],
)
def test_status_in_words(successes: int, failures: int, status: GapStatus) -> None:
    rows = [observation(f"+{i}") for i in range(successes)]
    rows += [observation(f"-{i}", outcome=0.0, supports=False) for i in range(failures)]
    (gap,) = gaps_for(role(("s", 3, 1.0)), {"s": believe(rows, RULES)}, RULES)
    assert gap.status is status


def test_a_status_never_improves_as_the_gap_grows() -> None:
    order = [GapStatus.MET, GapStatus.LIKELY_MET, GapStatus.UNSURE, GapStatus.BELOW]
    found = []
    for failures in range(12):
        rows = [observation(f"+{i}") for i in range(6)]
        rows += [observation(f"-{i}", outcome=0.0, supports=False) for i in range(failures)]
        found.append(gaps_for(role(("s", 3, 1.0)), {"s": believe(rows, RULES)}, RULES)[0].status)
    ranks = [order.index(s) for s in found]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3}


def test_the_current_level_is_the_belief_s() -> None:
    (gap,) = gaps_for(role(("s", 5, 1.0)), {"s": believe((observation(reliability=2.0),), RULES)}, RULES)
    assert gap.current is Level.PRACTITIONER
    assert gap.required is Level.EXPERT


def test_coverage_by_hand() -> None:
    def gap(skill: str, importance: float, low: float, point: float, high: float) -> Gap:
        return Gap(skill, Level.FOUNDATION, None, importance, True, point, low, high, GapStatus.UNSURE)

    c = coverage([gap("a", 1.0, 0.0, 0.5, 1.0), gap("b", 0.5, 0.2, 0.4, 0.6)])
    assert (c.low, c.point, c.high) == pytest.approx(((0 + 0.5 * 0.4) / 1.5, (0.5 + 0.5 * 0.6) / 1.5, 1.4 / 1.5))


def test_a_role_that_asks_nothing_is_covered() -> None:
    c = coverage(gaps_for(role(), {}, RULES))
    assert (c.low, c.point, c.high) == (1.0, 1.0, 1.0)
