"""Coverage on confirmed skills, and places that ranges leave open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.belief import believe
from ascertain.domain.consent import Answers, Consents, Purpose
from ascertain.domain.gaps import Coverage
from ascertain.domain.matching import Confirmed, Match, MatchCheck, confirmed_gaps, match, may_appear, placed
from ascertain.domain.people import Learner
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.domain.wishes import Want
from ascertain.policy import read_policy
from tests.unit.domain.makers import observation

RULES = read_policy()[0].belief
PROFILE = JobProfile(
    "o",
    "Opening",
    (
        Requirement("sql", Level.PRACTITIONER, 1.0),
        Requirement("python", Level.FOUNDATION, 0.5, essential=False),
        Requirement("kubernetes", Level.FOUNDATION, 0.5),
    ),
)
NOTHING = believe((), RULES)
MUCH = believe(tuple(observation(f"o{i}", level=Level.PRACTITIONER, outcome=0.95) for i in range(6)), RULES)


def at(ident: str, low: float, high: float, **changes: object) -> Match:
    made = Match(ident, "o", Coverage(low, (low + high) / 2, high), (), ())
    return replace(made, **changes)  # type: ignore[arg-type]


def test_what_nobody_confirmed_is_unknown_and_widens_the_range() -> None:
    nothing = match("E1", PROFILE, {}, RULES)
    some = match("E1", PROFILE, {"sql": Confirmed("a1", Level.PRACTITIONER, MUCH)}, RULES)
    assert nothing.covered.high - nothing.covered.low > 0.9
    assert some.covered.low > nothing.covered.low
    assert some.covered.point > nothing.covered.point
    assert some.met == ("sql",)
    assert [m.skill_id for m in some.missing] == ["kubernetes", "python"]
    assert [m.essential for m in some.missing] == [True, False]
    assert some.rests_on == ("a1",)


@pytest.mark.parametrize("belief", [NOTHING, MUCH])
def test_a_humans_word_bounds_the_chance_in_both_directions(belief: object) -> None:
    line = 1 - RULES.level_support
    for said in Level:
        confirmed = {"sql": Confirmed("a1", said, belief)}  # type: ignore[arg-type]
        gap, _ = confirmed_gaps(PROFILE, confirmed, RULES)["sql"]
        assert gap.low <= gap.p_below <= gap.high
        assert gap.current is said
        if said >= Level.PRACTITIONER:
            assert gap.high <= line
        else:
            assert gap.low >= line


def test_a_level_that_was_set_lower_covers_less_than_one_that_was_accepted() -> None:
    points = [
        match("E1", PROFILE, {"sql": Confirmed("a1", level, MUCH)}, RULES).covered.point
        for level in (Level.FOUNDATION, Level.PRACTITIONER)
    ]
    assert points[0] < points[1]


def test_places_are_told_apart_only_where_ranges_do_not_touch() -> None:
    rows = placed([at("low", 0.0, 0.3), at("wide", 0.2, 0.9), at("high", 0.5, 0.8)])
    assert {p.match.learner_id: (p.best, p.worst) for p in rows} == {"low": (2, 3), "wide": (1, 3), "high": (1, 2)}


def test_within_shared_places_interest_then_wishes_then_what_is_confirmed() -> None:
    rows = placed(
        [
            at("a-none", 0.1, 0.9),
            at("b-met", 0.1, 0.9, met=("sql",)),
            at("c-wants", 0.1, 0.9, wishes={"sql": Want.LEARN}),
            at("d-interested", 0.1, 0.9, interest=Want.INTERESTED),
            at("e-avoids", 0.1, 0.9, wishes={"sql": Want.AVOID}),
        ]
    )
    assert [p.match.learner_id for p in rows] == ["d-interested", "c-wants", "b-met", "a-none", "e-avoids"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=12))
def test_a_place_is_a_range_within_the_list_whatever_the_order(ranges: list[tuple[float, float]]) -> None:
    rows = [at(f"p{i:02}", min(r), max(r)) for i, r in enumerate(ranges)]
    found = placed(rows)
    assert found == placed(rows[::-1])
    for p in found:
        assert 1 <= p.best <= p.worst <= len(rows)
    for one in found:
        for other in found:
            if one.match.covered.low > other.match.covered.high:
                assert one.best <= other.best
                assert one.worst < other.worst or one.worst < other.best or one.worst <= other.worst


def test_silence_is_no_yes() -> None:
    silent = Learner("E1", "Ann", "ann@example.org")
    yes = replace(silent, consents=Consents(Answers(frozenset({Purpose.MOBILITY}))))
    against = replace(yes, consents=replace(yes.consents, organisation=Answers(refused=frozenset({Purpose.MOBILITY}))))
    assert not may_appear(silent)
    assert may_appear(yes)
    assert not may_appear(replace(yes, active=False))
    assert not may_appear(replace(yes, restricted=True))
    assert not may_appear(against)


def test_a_check_never_says_pass() -> None:
    from datetime import UTC, datetime

    made = MatchCheck("o", "d", datetime(2026, 4, 7, tzinfo=UTC), 0, 0, 4)
    assert made.outcome == "too few people to compare"
    assert replace(made, comparisons=3).outcome == "no difference shown"
    assert replace(made, comparisons=3, flagged=1).outcome == "groups come out differently"
