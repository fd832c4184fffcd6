"""What the belief is compared with on OULAD: simple rules, logistic regressions and Bayesian knowledge tracing.

All are fitted on the given file, on other students than those they predict (five folds over students), which the
belief as shipped is not. Rules have no probability of their own: a logistic regression on the rule's figure gives it.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from importlib import import_module

import numpy as np
from scipy.special import expit

from ascertain.domain.odds import log_odds
from benchmarks.belief_adapter import MARKS, Array, Question
from benchmarks.belief_figures import Places, Prediction
from benchmarks.oulad import Submission, Task

FOLDS = 5
RIDGE = 1.0
"""Penalty on standardised coefficients: as much as one student's worth, against separation."""

REGRESSIONS = {"logistic on successes and failures": [3, 4], "logistic on all of these": [0, 1, 2, 3, 4]}
RULES = {"completion rule": 0, "last score": 1, "mean so far": 2}
BKT = "BKT (pyBKT)"


class Absent(Exception):
    """A baseline that cannot be run here, and why."""


def folds(student: Places) -> Places:
    """Which fold each row is in: never the same student in two."""
    fold = np.arange(int(student.max()) + 1) % FOLDS
    np.random.default_rng(0).shuffle(fold)
    return np.asarray(fold[student], dtype=np.int64)


def history(asked: Sequence[Question], mark: str) -> Array:
    """Columns: share handed in of what was due, last score, mean score, successes, failures.

    Without a past: as if everything had been handed in, with the course's typical score.
    """
    at = MARKS[mark]
    due = _due({q.of.task for q in asked} | {p.task for q in asked for p in q.past})
    rows = []
    for q in asked:
        scores = [p.score for p in q.past]
        n = bisect_left(due[q.of.task.module, q.of.task.presentation], q.of.day)
        handed_in = sum(p.task.due < q.of.day and _same_course(p, q.of) for p in q.past)
        good = sum(x >= at for x in scores)
        rows.append(
            (
                handed_in / n if n else 1.0,
                scores[-1] if scores else q.course,
                float(np.mean(scores)) if scores else q.course,
                good,
                len(scores) - good,
            )
        )
    return np.array(rows, dtype=float).reshape(-1, 5)


def baselines(asked: Sequence[Question], mark: str, y: Array, fold: Places) -> dict[str, Prediction]:
    """Rules and regressions by name, in the order in which they are shown."""
    x = history(asked, mark)
    found = {name: Prediction(x[:, i], by_folds(x[:, [i]], y, fold)) for name, i in RULES.items()}
    for name, columns in REGRESSIONS.items():
        p = by_folds(x[:, columns], y, fold)
        found[name] = Prediction(p, p)
    return found


def informed(asked: Sequence[Question], mark: str, y: Array, fold: Places) -> dict[str, Prediction]:
    """The same regressions when they too are told how many reach the mark in the task."""
    x = np.column_stack([history(asked, mark), [log_odds(q.base[mark]) for q in asked]])
    found = {}
    for name, columns in (
        ("task's base rate alone", [5]),
        ("successes, failures and base rate", [3, 4, 5]),
        ("all of these and base rate", [0, 1, 2, 3, 4, 5]),
    ):
        p = by_folds(x[:, columns], y, fold)
        found[name] = Prediction(p, p)
    return found


def by_folds(x: Array, y: Array, fold: Places) -> Array:
    """Probabilities of a logistic regression fitted without the row's student."""
    p = np.empty(len(y))
    for k in np.unique(fold):
        mean, spread = x[fold != k].mean(axis=0), x[fold != k].std(axis=0)
        scaled = (x - mean) / np.where(spread > 0, spread, 1.0)
        w = logistic(scaled[fold != k], y[fold != k])
        p[fold == k] = expit(w[0] + scaled[fold == k] @ w[1:])
    return p


def logistic(x: Array, y: Array, ridge: float = RIDGE) -> Array:
    """Intercept and coefficients by Newton's method; the intercept is not penalised."""
    full = np.column_stack([np.ones(len(x)), x])
    penalty = ridge * np.eye(full.shape[1])
    penalty[0, 0] = 1e-9  # keeps the matrix invertible when all outcomes are the same
    w = np.zeros(full.shape[1])
    for _ in range(50):
        p = expit(full @ w)
        step = np.linalg.solve(
            full.T @ (full * np.maximum(p * (1 - p), 1e-9)[:, None]) + penalty, full.T @ (y - p) - penalty @ w
        )
        w += step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(w)


def tracing(submissions: Sequence[Submission], asked: Sequence[Question], mark: str, fold: Places) -> Prediction:
    """Knowledge tracing, a skill per module, fitted on the other half of the students.

    A day's earlier rows count as past, to its advantage.

    Raises:
        Absent: when pyBKT is not installed or does not run here.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models, pandas = import_module("pyBKT.models"), import_module("pandas")
    except (ImportError, AttributeError) as e:  # it reads private parts of scikit-learn when imported
        raise Absent(f"pyBKT does not load: {e}; install the group `benchmarks` in an environment of its own") from None
    half = fold % 2  # fitting is slow, and a module's four parameters need no more
    of_student = {q.of.student: int(k) for q, k in zip(asked, half, strict=True)}
    rows = [s for s in submissions if s.student in of_student]
    place = {id(q.of): i for i, q in enumerate(asked)}
    table = pandas.DataFrame(
        {
            "user_id": [s.student for s in rows],
            "skill_name": [s.task.module for s in rows],
            "correct": [int(s.score >= MARKS[mark]) for s in rows],
            "order_id": range(len(rows)),
        }
    )
    in_half = np.array([of_student[s.student] for s in rows])
    p = np.full(len(asked), np.nan)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for k in range(2):
                model = models.Model(seed=0, num_fits=1, parallel=False)
                model.fit(data=table[in_half != k])
                told = model.predict(data=table[in_half == k])
                for i, chance in zip(told["order_id"], told["correct_predictions"], strict=True):
                    if (at := place.get(id(rows[int(i)]))) is not None:
                        p[at] = chance
    except Exception as e:  # a foreign library's, which breaks with some releases of NumPy
        raise Absent(f"pyBKT fails here: {type(e).__name__}: {e}") from None
    return Prediction(p, p)


def _due(tasks: set[Task]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for t in tasks:
        found[t.module, t.presentation].append(t.due)
    return {k: sorted(v) for k, v in found.items()}


def _same_course(a: Submission, b: Submission) -> bool:
    return (a.task.module, a.task.presentation) == (b.task.module, b.task.presentation)
