"""What the demonstration company's managers think of their people: invented, and the same on every machine.

Each person has a hidden standing in each skill. It is drawn as the scores of the demonstration's courses are
(:mod:`ascertain.sandbox.history`): from the person's hidden ability, with the same spread and the same step between
levels, once for each person and skill, without a look at any confidence. Managers know it imperfectly; one of them does
not look at all.

How often the product is found right is therefore an assumption, not a finding: it follows from ``ENOUGH``. No figure
made from these decisions (calibration, thresholds, agreement) says anything about the product.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Protocol

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.reviewing import NO_LEVEL
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError
from ascertain.sandbox.company import DEMO_DIR, SEED, build_company

STEPS: Mapping[Level, float] = {
    Level.AWARENESS: 17.0,
    Level.FOUNDATION: 8.0,
    Level.PRACTITIONER: 0.0,
    Level.ADVANCED: -9.0,
    Level.EXPERT: -18.0,
}
"""Points that the expected score differs at each level; 2 to 4 are those of beginners', intermediate and advanced
courses."""
SPREAD = 9.5
"""Standard deviation of scores, and so of a person's standing from skill to skill."""
ENOUGH = 68.0
"""Expected score from which somebody is said to perform at a level. Chosen by hand, knowing the confidences that the
demonstration has: with 60 (the pass mark) 94 of 100 suggestions would be found right, with 68 83, with 76 65, where the
product says 82 on average."""
_LEVELS = {"Beginner": Level.FOUNDATION, "Intermediate": Level.PRACTITIONER, "Advanced": Level.ADVANCED}
_WORK = frozenset({EvidenceKind.PROJECT, EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK})
"""What tells of work at any level; the level of anything else is its course's, or the foundation."""


class Seen(Protocol):
    """A piece of evidence as it lies on the desk."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One who decides. ``rubber_stamp``: accepts whatever is suggested, in no time."""

    id: str
    trained_on: date
    rubber_stamp: bool = False
    learning_and_development: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A decision as it is made at the desk."""

    decision: DecisionKind
    reason: str
    level: Level | None = None
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Managers:
    """``config/demo/managers.json``: who decides, how much and how well."""

    reviewers: tuple[Reviewer, ...]
    decided_share: float
    right_share: float
    unsure_share: float
    reasons: Mapping[str, Sequence[str]]
    needs: str
    withdrawn: Mapping[str, str]
    disputed: Mapping[str, str]
    approved: Mapping[str, str]
    asked: Mapping[str, str]
    hr_partner: str
    fairness_auditor: str

    def comes_to(self, learner_id: str, skill_id: str) -> bool:
        """Whether somebody finds the time for it; the rest goes on waiting."""
        return _dice("time", learner_id, skill_id).random() < self.decided_share

    def judge(self, who: Reviewer, learner_id: str, skill_id: str, seen: Iterable[Seen]) -> int:
        """The level that a reviewer finds the evidence to show, 0 for none, before they see what is suggested.

        It is what they know of the person, but no more than this evidence can show.
        """
        if who.rubber_stamp:
            return int(Level.FOUNDATION)
        dice = _dice(who.id, learner_id, skill_id)
        right = min(true_level(learner_id, skill_id), max(map(_shows, seen), default=NO_LEVEL))
        if dice.random() < self.right_share:
            return right
        return min(int(max(Level)), max(NO_LEVEL, right + dice.choice((-1, 1))))

    def decide(self, who: Reviewer, learner_id: str, skill_id: str, own: int, suggested: Level | None) -> Said:
        """What a reviewer does with a suggestion, once they have judged."""
        dice = _dice("words", who.id, learner_id, skill_id)
        if who.rubber_stamp and suggested is not None:
            return Said(DecisionKind.ACCEPT, dice.choice(self.reasons["rubber_stamp"]))
        if dice.random() < self.unsure_share:
            return Said(DecisionKind.MORE_EVIDENCE, dice.choice(self.reasons["more_evidence"]), needs=self.needs)
        if own == NO_LEVEL:
            return Said(DecisionKind.REJECT, dice.choice(self.reasons["reject"]))
        if suggested is None or own < suggested:
            return Said(DecisionKind.ADJUST, dice.choice(self.reasons["adjust"]), Level(own))
        return Said(DecisionKind.ACCEPT, dice.choice(self.reasons["accept" if own == suggested else "above"]))

    def seconds(self, who: Reviewer, learner_id: str, skill_id: str, words: int) -> float:
        """How long they have the evidence before them: reading at 240 words a minute, and thinking."""
        dice = _dice("pace", who.id, learner_id, skill_id)
        if who.rubber_stamp:
            return round(dice.uniform(1.5, 4.0), 1)
        return round(12.0 + words / 4.0 + dice.lognormvariate(3.2, 0.5), 1)


def true_level(learner_id: str, skill_id: str) -> int:
    """The level that somebody has, 0 for none."""
    standing = 100.0 * _abilities()[learner_id] - 5.0 + _dice("standing", learner_id, skill_id).gauss(0.0, SPREAD)
    return max((int(x) for x, step in STEPS.items() if standing + step >= ENOUGH), default=NO_LEVEL)


def _shows(seen: Seen) -> int:
    """The highest level that one piece of evidence can show to somebody who reads it."""
    if seen.kind in _WORK:
        return int(max(Level))
    return int(_courses().get(seen.title, Level.FOUNDATION))


@cache
def managers() -> Managers:
    """
    Raises:
        ConfigError: the file cannot be read.
    """
    path: Path = DEMO_DIR / "managers.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = found.pop("reviewers")
        who = tuple(Reviewer(**(r | {"trained_on": date.fromisoformat(r["trained_on"])})) for r in rows)
        return Managers(reviewers=who, **found)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"config/demo/{path.name}: {error}", remedy="restore the file from the repository") from error


@cache
def _abilities() -> dict[str, float]:
    return {p.id: p.ability for p in build_company().people}


@cache
def _courses() -> dict[str, Level]:
    return {c.name: _LEVELS[c.level] for c in build_company().courses}


def _dice(*parts: str) -> Random:
    return Random(":".join((str(SEED), "managers", *parts)))
