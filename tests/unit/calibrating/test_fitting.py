"""Fitting on simulated organisations: a known distortion is found, and a good calibration is left alone."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from ascertain.calibrating import ScikitFitter
from ascertain.domain.calibration import Calibration, Method
from ascertain.domain.calibration_figures import Judged, compare, measure, wilson
from ascertain.domain.calibration_fit import FitOutcome, Fitted, method_for
from ascertain.domain.rules import CalibrationRules
from benchmarks.simulated_decisions import Truth, decisions, exact, stepped, too_modest, too_sure

RULES = CalibrationRules()


def _fit(judged: list[Judged], rules: CalibrationRules = RULES) -> Fitted:
    return ScikitFitter().fit(judged, rules, 1)


def _error(made: Calibration, truth: Truth) -> float:
    grid = np.linspace(0.3, 0.98, 50)
    return float(np.abs(np.array([made(p) for p in grid]) - truth(grid)).mean())


@pytest.mark.parametrize(
    ("n", "people", "method"),
    [
        (49, 40, None),
        (50, 20, Method.PLATT),
        (50, 19, None),
        (999, 200, Method.PLATT),
        (1000, 200, Method.ISOTONIC),
    ],
)
def test_the_amount_decides_on_the_method(n: int, people: int, method: Method | None) -> None:
    assert method_for(n, people, RULES) is method


@pytest.mark.parametrize("truth", [too_sure, too_modest])
def test_platt_finds_a_known_distortion(truth: Truth) -> None:
    found = _fit(decisions(900, truth, seed=1))
    assert (found.outcome, found.method) == (FitOutcome.KEPT, Method.PLATT)
    assert found.before is not None
    assert found.after is not None
    assert found.calibration is not None
    assert found.after.ece < found.before.ece
    assert found.after.brier < found.before.brier
    slope, offset = (0.6, -0.5) if truth is too_sure else (2.0, 0.0)
    assert found.calibration.slope == pytest.approx(slope, abs=0.35)
    assert found.calibration.offset == pytest.approx(offset, abs=0.4)
    assert _error(found.calibration, truth) < 0.05


@pytest.mark.parametrize("truth", [too_sure, stepped])
def test_isotonic_finds_what_is_no_line_too(truth: Truth) -> None:
    found = _fit(decisions(4000, truth, seed=2))
    assert (found.outcome, found.method) == (FitOutcome.KEPT, Method.ISOTONIC)
    assert found.before is not None
    assert found.after is not None
    assert found.calibration is not None
    assert found.after.ece < found.before.ece / 2
    assert found.after.ece < 2 * found.after.perfect_ece
    assert _error(found.calibration, truth) < 0.06


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [200, 1500])
def test_a_good_calibration_is_left_alone(n: int, seed: int) -> None:
    found = _fit(decisions(n, exact, seed=seed))
    assert found.outcome is FitOutcome.NOT_BETTER
    assert found.calibration is None
    assert "no sure gain" in found.why


def test_too_few_and_one_sided_decisions_fit_nothing() -> None:
    few = _fit(decisions(49, too_sure))
    assert (few.outcome, few.calibration, few.after) == (FitOutcome.TOO_FEW, None, None)
    assert few.before is not None
    assert _fit([]).before is None
    yes = [replace(j, right=True) for j in decisions(300, exact)]
    assert _fit(yes).outcome is FitOutcome.ONE_SIDED
    assert _fit([replace(j, right=i < 4) for i, j in enumerate(yes)]).outcome is FitOutcome.ONE_SIDED


def test_order_changes_nothing_and_people_are_never_split() -> None:
    judged = decisions(600, too_sure, seed=3)
    mixed = judged[:]
    random.Random(1).shuffle(mixed)
    assert _fit(judged) == _fit(mixed)
    # Of people who each say the same thing five times over, whoever saw four of them knows the fifth: folds must not.
    noise = np.random.default_rng(4)
    person_truth = {f"E{i}": bool(noise.random() < 0.5) for i in range(120)}
    place = {p: float(noise.uniform(0.05, 0.95)) for p in person_truth}
    alike = [
        Judged(f"v{i:05}", p, place[p], place[p], person_truth[p]) for i, p in enumerate(sorted(person_truth) * 10)
    ]
    found = _fit(alike, replace(RULES, isotonic_from=200))
    assert found.after is not None
    assert found.after.brier > 0.2  # a coin cannot be foreseen, however often the same coin was seen


def test_a_line_that_would_fall_is_level() -> None:
    turned = [replace(j, right=not j.right) for j in decisions(800, too_modest, seed=5)]
    found = _fit(turned)
    assert found.calibration is not None
    assert found.calibration.slope == 0.0


def test_what_was_drawn_counts_for_what_was_not() -> None:
    judged = decisions(3000, exact, seed=6)
    high = [j for j in judged if j.posterior > 0.9]
    # Code accepted what is over 0.9, and a tenth of it was drawn; of the others, doubtful ones with the same posterior.
    doubtful = [replace(j, item=f"x{j.item}", right=False) for j in high[: len(high) // 10]]
    weighted = [replace(j, weight=10.0) for j in high[::10]] + doubtful
    plain = measure([replace(j, weight=1.0) for j in weighted], lambda j: j.posterior)
    right = measure(weighted, lambda j: j.posterior)
    truth = measure([*high, *doubtful], lambda j: j.posterior)
    assert abs(right.right - truth.right) < 0.05 < abs(plain.right - truth.right)


def test_the_brier_score_is_the_sum_of_its_parts_and_intervals_hold_it() -> None:
    r = measure(decisions(700, too_sure, seed=7), lambda j: j.posterior)
    assert r.brier == pytest.approx(r.reliability - r.resolution + r.uncertainty + r.within)
    assert r.brier_95[0] <= r.brier <= r.brier_95[1]
    assert r.ece > 2 * r.perfect_ece
    assert sum(b.n for b in r.bins) == r.n == 700
    for b in r.bins:
        assert 0.0 <= b.right_95[0] <= b.right <= b.right_95[1] <= 1.0


def test_a_perfect_model_shows_what_is_said_of_a_perfect_model() -> None:
    shown = [measure(decisions(300, exact, seed=s), lambda j: j.posterior) for s in range(20)]
    mean = float(np.mean([r.ece for r in shown]))
    assert mean == pytest.approx(float(np.mean([r.perfect_ece for r in shown])), rel=0.15)


def test_figures_worked_by_hand() -> None:
    judged = [
        Judged("v1", "a", 0.95, 0.95, True),
        Judged("v2", "b", 0.95, 0.95, False),
        Judged("v3", "c", 0.55, 0.55, True),
        Judged("v4", "d", 0.55, 0.55, False, weight=3.0),
    ]
    r = measure(judged, lambda j: j.posterior)
    # Over 0.9: two, said 0.95, right 1/2. Over 0.5: weight four, said 0.55, right 1/4.
    assert r.ece == pytest.approx((2 * 0.45 + 4 * 0.30) / 6)
    assert r.brier == pytest.approx((0.05**2 + 0.95**2 + 0.45**2 + 3 * 0.55**2) / 6)
    assert r.right == pytest.approx(2 / 6)
    assert r.within == pytest.approx(0.0)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    with pytest.raises(ValueError, match="no decisions"):
        measure([], lambda j: j.posterior)


def test_a_difference_is_drawn_in_pairs() -> None:
    judged = decisions(400, exact, seed=8)
    said = [j.posterior for j in judged]
    same = compare(judged, said, said)
    assert (same.brier, same.brier_95, same.ece_95) == (0.0, (0.0, 0.0), (0.0, 0.0))


def test_scikit_learn_is_imported_when_something_is_fitted_and_not_before() -> None:
    """Applying one must not wait for it: workers start, and commands answer, without."""
    code = (
        "import sys, ascertain.runtime, ascertain.calibrating, ascertain.pipeline.calibration_view\n"
        "from ascertain.domain.calibration import Calibration, Method\n"
        "Calibration(1, Method.PLATT, 50)(0.5)\n"
        "assert 'sklearn' not in sys.modules, 'imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
