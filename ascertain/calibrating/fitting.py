"""Isotonic and Platt calibration with scikit-learn, judged out of fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ascertain.domain.calibration import Calibration, Method, rounded
from ascertain.domain.calibration_figures import Array, Judged, compare, measure
from ascertain.domain.calibration_fit import FitOutcome, Fitted, better, method_for
from ascertain.domain.canonical import digest
from ascertain.domain.odds import log_odds
from ascertain.domain.rules import CalibrationRules

_WEAK = 1e6
"""Inverse strength of the penalty: next to none. Smoothed targets keep the coefficients finite."""


class ScikitFitter:
    """Implements ``domain.calibration_fit.CalibrationFitter``. Imports scikit-learn when it fits, not before."""

    def fit(self, judged: Sequence[Judged], rules: CalibrationRules, number: int) -> Fitted:
        """See the port. Below the policy's numbers nothing is fitted; what is not better out of fold is not kept."""
        rows = sorted(judged, key=lambda j: j.item)
        people = len({j.person for j in rows})
        before = measure(rows, lambda j: j.posterior) if rows else None
        method = method_for(len(rows), people, rules)
        if method is None:
            why = (
                f"{len(rows)} decisions about {people} people: a calibration needs {rules.platt_from} about "
                f"{rules.least_people}"
            )
            return Fitted(FitOutcome.TOO_FEW, why, len(rows), people, before=before)
        minority = min(Counter(j.right for j in rows).get(side, 0) for side in (True, False))
        if minority < rules.folds:
            why = f"only {minority} of {len(rows)} decisions differ from the others: nothing can be learned from them"
            return Fitted(FitOutcome.ONE_SIDED, why, len(rows), people, method, before)
        said = [j.posterior for j in rows]
        folded = _out_of_fold(rows, method, rules.folds, number)
        after, difference = measure(rows, folded), compare(rows, said, folded)
        low, high = difference.brier_95
        found = f"the Brier score out of fold changes by {difference.brier:+.4f} [{low:+.4f}, {high:+.4f}]"
        if not better(difference):
            why = f"{found}: that is no sure gain, so nothing is kept"
            return Fitted(FitOutcome.NOT_BETTER, why, len(rows), people, method, before, after, difference)
        made = _fit(rows, method, number)
        return Fitted(FitOutcome.KEPT, found, len(rows), people, method, before, after, difference, made)


def _out_of_fold(rows: Sequence[Judged], method: Method, folds: int, number: int) -> list[float]:
    """Each confidence by a calibration fitted without that person. People fall into folds by a hash of their name, so
    that another person more moves nobody else; folds are filled evenly."""
    people = sorted({j.person for j in rows}, key=lambda p: digest(p))
    fold = {p: i % folds for i, p in enumerate(people)}
    found: dict[str, float] = {}
    for k in range(folds):
        seen = [j for j in rows if fold[j.person] != k]
        one_sided = len({j.right for j in seen}) < 2
        made = None if one_sided else _fit(seen, method, number)
        for j in rows:
            if fold[j.person] == k:
                found[j.item] = made(j.posterior) if made else j.posterior
    return [found[j.item] for j in rows]


def _fit(rows: Sequence[Judged], method: Method, number: int) -> Calibration:
    p = np.array([j.posterior for j in rows])
    y = np.array([j.right for j in rows], float)
    w = np.array([j.weight for j in rows])
    if method is Method.ISOTONIC:
        return rounded(Calibration(number, method, len(rows), _knots(p, y, w)))
    slope, offset = _line(p, y, w)
    return rounded(Calibration(number, method, len(rows), slope=slope, offset=offset))


def _knots(p: Array, y: Array, w: Array) -> tuple[tuple[float, float], ...]:
    """Pool adjacent violators; never surer than so many decisions allow (Laplace: 1 / (n + 2) from 0 and 1)."""
    from sklearn.isotonic import IsotonicRegression

    margin = 1.0 / (len(p) + 2)
    model = IsotonicRegression(y_min=margin, y_max=1.0 - margin, out_of_bounds="clip").fit(p, y, sample_weight=w)
    found = zip(model.X_thresholds_.tolist(), model.y_thresholds_.tolist(), strict=True)
    values: list[tuple[float, float]] = []
    for x, v in found:
        v = min(max(v, values[-1][1] if values else margin), 1.0 - margin)
        values.append((min(max(x, 0.0), 1.0), v))
    return tuple(values)


def _line(p: Array, y: Array, w: Array) -> tuple[float, float]:
    """Platt's logistic regression on the log-odds, with his smoothed targets (Platt 1999): (n₊ + 1) / (n₊ + 2) for
    what was right, 1 / (n₋ + 2) for what was wrong. A line that would fall is level: no order is turned round."""
    from sklearn.linear_model import LogisticRegression

    x = np.array([log_odds(v) for v in p])[:, None]
    right, wrong = float((w * y).sum()), float((w * (1 - y)).sum())
    target = np.where(y > 0, (right + 1) / (right + 2), 1 / (wrong + 2))
    twice = np.concatenate([x, x])
    sides = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    model = LogisticRegression(C=_WEAK, max_iter=1000).fit(
        twice, sides, sample_weight=np.concatenate([w * target, w * (1 - target)])
    )
    slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope >= 0:
        return slope, offset
    return 0.0, log_odds(float(np.average(target, weights=w)))
