"""A calibration is monotone, stays in [0, 1], is never "not a number", and keeps its version through the archive."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.assertion import assert_skill, contributions
from ascertain.domain.belief import Observation
from ascertain.domain.calibration import NONE, Calibration, Method, calibration_from, named, rounded
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.rules import calibrated
from ascertain.domain.skills import Level
from ascertain.policy import read_policy

POLICY, _ = read_policy()
probabilities = st.floats(0.0, 1.0)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    decisions = draw(st.integers(50, 5000))
    if draw(st.booleans()):
        slope, offset = draw(st.floats(0.0, 50.0)), draw(st.floats(-50.0, 50.0))
        return rounded(Calibration(1, Method.PLATT, decisions, slope=slope, offset=offset))
    places = sorted(draw(st.sets(probabilities.map(lambda p: round(p, 9)), min_size=1, max_size=12)))
    values = sorted(draw(st.lists(probabilities, min_size=len(places), max_size=len(places))))
    return rounded(Calibration(1, Method.ISOTONIC, decisions, tuple(zip(places, values, strict=True))))


@given(calibrations(), probabilities, probabilities)
def test_it_is_monotone_within_bounds_and_always_a_number(made: Calibration, p: float, q: float) -> None:
    low, high = made(min(p, q)), made(max(p, q))
    assert math.isfinite(low)
    assert 0.0 <= low <= high <= 1.0


@given(calibrations())
def test_the_archive_gives_back_the_same_one_under_the_same_version(made: Calibration) -> None:
    again = calibration_from(json.loads(made.document()))
    assert again == made
    assert again.version == made.version


@given(calibrations(), st.floats())
def test_what_is_no_probability_is_refused(made: Calibration, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        with pytest.raises(ValueError, match="no probability"):
            made(value)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"slope": -0.1}, "no monotone map"),
        ({"slope": math.nan}, "no monotone map"),
        ({"offset": math.inf}, "no monotone map"),
        ({"method": Method.ISOTONIC}, "must be there"),
        ({"method": Method.ISOTONIC, "knots": ((0.1, 1.1),)}, "within 0 and 1"),
        ({"method": Method.ISOTONIC, "knots": ((0.1, math.nan),)}, "within 0 and 1"),
        ({"method": Method.ISOTONIC, "knots": ((0.1, 0.1), (0.1, 0.2))}, "must rise"),
        ({"method": Method.ISOTONIC, "knots": ((0.1, 0.3), (0.2, 0.2))}, "must not fall"),
        ({"number": 0}, "has a number"),
        ({"decisions": 0}, "rests on decisions"),
    ],
    ids=lambda v: v if isinstance(v, str) else "-".join(v),
)
def test_one_that_would_turn_an_order_round_cannot_be_made(parts: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Calibration(**({"number": 1, "method": Method.PLATT, "decisions": 50} | parts))  # type: ignore[arg-type]


def test_between_knots_lie_straight_lines_and_outside_the_ends_hold() -> None:
    made = Calibration(2, Method.ISOTONIC, 1000, ((0.4, 0.2), (0.8, 0.6)))
    assert [made(p) for p in (0.0, 0.4, 0.6, 0.8, 1.0)] == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])


def test_the_line_is_one_in_log_odds() -> None:
    assert Calibration(1, Method.PLATT, 50)(0.9) == pytest.approx(0.9)
    half = Calibration(1, Method.PLATT, 50, slope=0.5)
    assert half(0.9) == pytest.approx(0.75)  # odds 9 become odds 3
    assert half(0.5) == pytest.approx(0.5)


def test_versions_have_a_name_that_people_say() -> None:
    made = Calibration(3, Method.PLATT, 812, slope=0.9)
    assert named(made.version) == "calibration 3"
    assert named(NONE) == "no calibration"
    assert Calibration(3, Method.PLATT, 812, slope=0.8).version != made.version


def _observations(outcome: float = 1.0) -> tuple[Observation, ...]:
    return tuple(
        Observation(f"o{i}", f"e{i}", f"c{i}", "sql", EvidenceKind.ASSESSMENT, Level(3), 0.9, 3.0, 1.0, outcome, True)
        for i in range(2)
    )


def test_an_assertion_keeps_posterior_and_confidence_apart() -> None:
    plain = assert_skill("sql", _observations(), POLICY.belief)
    rules = calibrated(POLICY, Calibration(1, Method.PLATT, 50, slope=0.5)).belief
    found = assert_skill("sql", _observations(), rules)
    assert plain.raw is None
    assert found.raw == plain.confidence
    assert found.confidence is not None
    assert plain.confidence is not None
    assert found.confidence < plain.confidence
    assert (found.level, found.low, found.high, found.amount) == (plain.level, plain.low, plain.high, plain.amount)


def test_without_a_level_or_enough_evidence_there_is_nothing_to_calibrate() -> None:
    rules = calibrated(POLICY, Calibration(1, Method.PLATT, 50, slope=0.5)).belief
    failed = assert_skill("sql", _observations(0.0), rules)
    assert (failed.level, failed.raw) == (None, None)
    assert failed == assert_skill("sql", _observations(0.0), POLICY.belief)
    assert assert_skill("sql", (), rules).confidence is None


def test_effects_in_a_receipt_are_effects_on_the_calibrated_confidence() -> None:
    rules = calibrated(POLICY, Calibration(1, Method.ISOTONIC, 1000, ((0.0, 0.8), (1.0, 0.8)))).belief
    flat = contributions(assert_skill("sql", _observations(), rules), rules)
    assert [c.delta for c in flat] == [0.0, 0.0]
    assert all(c.delta > 0 for c in contributions(assert_skill("sql", _observations(), POLICY.belief), POLICY.belief))
