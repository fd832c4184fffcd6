"""The product's belief on OULAD: submissions as observations, and the question whether the next reaches a mark.

A course is one skill at one level. The level follows from how well people do in its assessments; what tells one
assessment from another within it is equated away (``ascertain.domain.belief.equated``). The prior is the population's:
what people typically reach in the course, at the strength of the policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from ascertain.domain.belief import Observation, believe, equated, recency
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.readout import features
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import LEVELS, Level, SkillFamily
from benchmarks.oulad import Known, Submission

Array = npt.NDArray[np.float64]

MARKS = {"pass": 0.4, "merit": 0.7}
START = {"typical": 0.75, "pass": 0.97, "merit": 0.7}
"""Before the first submission of a file: the 2013J presentations' own, rounded."""

LEVEL_FROM = (0.9, 0.8, 0.7, 0.6)
"""Typical outcome from which a course is at level 1, 2, 3, 4; under the last it is at level 5."""

EDGE = 0.05
"""Typical outcomes are taken within this and 1 − this."""


@dataclass(frozen=True)
class Question:
    """One submission to be predicted. ``typical`` and ``base`` (by mark) are what was known of the task before its day;
    ``course`` is what people typically reach in the course's tasks of that type."""

    of: Submission
    past: tuple[Submission, ...]
    past_typical: tuple[float, ...]
    typical: float
    course: float
    base: dict[str, float]

    @property
    def level(self) -> Level:
        """By the course's difficulty."""
        return Level(1 + sum(self.course < x for x in LEVEL_FROM))


def questions(submissions: Sequence[Submission]) -> list[Question]:
    """One for each submission that was not banked, with what the same student submitted on earlier days."""
    typical = Known(submissions, lambda s: s.score, START["typical"])
    bases = {name: Known(submissions, reaching(at), START[name]) for name, at in MARKS.items()}
    mine: dict[str, list[Submission]] = defaultdict(list)
    for s in submissions:
        mine[s.student].append(s)
    found = []
    for s in submissions:
        if s.banked:
            continue
        past = tuple(p for p in mine[s.student] if p.day < s.day)
        found.append(
            Question(
                s,
                past,
                tuple(_bounded(typical.of(p.task, s.day)) for p in past),
                _bounded(typical.of(s.task, s.day)),
                _bounded(typical.of_kind(s.task, s.day)),
                {name: known.of(s.task, s.day) for name, known in bases.items()},
            )
        )
    return found


def reaching(mark: float) -> Callable[[Submission], float]:
    """1 where a submission's score reaches the mark, else 0."""
    return lambda s: float(s.score >= mark)


def observations(q: Question, rules: BeliefRules, *, equating: bool = True) -> tuple[Observation, ...]:
    """The student's past as the product would see it: one assessment each, on the scale of the course."""
    today = date.fromordinal(q.of.day)
    return tuple(
        Observation(
            origin=p.task.id,
            evidence_id=p.task.id,
            claim_id=p.task.id,
            skill_id=q.of.task.module,
            kind=EvidenceKind.ASSESSMENT,
            level=q.level,
            mapping=1.0,
            reliability=rules.reliability[EvidenceKind.ASSESSMENT],
            recency=recency(date.fromordinal(p.day), today, SkillFamily.PROFESSIONAL, rules),
            outcome=equated(p.score, typical, q.course) if equating else p.score,
            supports=True,
        )
        for p, typical in zip(q.past, q.past_typical, strict=True)
    )


def readings(asked: Sequence[Question], rules: BeliefRules) -> dict[str, Array]:
    """By mark, the readout's features of each question (rows: standing, chance, base)."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in MARKS}
    for q in asked:
        local = replace(rules, prior_mean=(q.course,) * len(LEVELS))
        belief = believe(observations(q, rules), local)
        for name, mark in MARKS.items():
            at = equated(mark, q.typical, q.course)
            found[name].append(features(belief, q.level, at, local, q.base[name]))
    return {name: np.array(rows).reshape(-1, 3) for name, rows in found.items()}


def posteriors(asked: Sequence[Question], rules: BeliefRules, *, equating: bool) -> dict[str, Array]:
    """By mark, P(θ > mark) of each question: with the policy's prior and scores as they are (which is how it was before
    the third formula), or with the course's prior and all on one scale."""
    found: dict[str, list[float]] = {name: [] for name in MARKS}
    for q in asked:
        local = replace(rules, prior_mean=(q.course,) * len(LEVELS)) if equating else rules
        belief = believe(observations(q, rules, equating=equating), local)
        for name, mark in MARKS.items():
            at = equated(mark, q.typical, q.course) if equating else mark
            found[name].append(belief.performs(q.level, at))
    return {name: np.array(p) for name, p in found.items()}


def _bounded(share: float) -> float:
    return min(max(share, EDGE), 1 - EDGE)
