"""Development needs of a person, a team, a cohort, everybody in a role: in one form, with ranges and reasons.

A need is a skill that roles ask for, summed over the people of whom it is asked. Pure; the gaps are those of
``ascertain.domain.gaps``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ascertain.domain.gaps import Coverage, Gap, GapStatus, coverage

UNKNOWN = (GapStatus.UNKNOWN, GapStatus.NOT_SHOWN)
"""Nothing is shown at the level asked for: what the figure says is the prior's."""


class Act(StrEnum):
    """What a need calls for first."""

    DEVELOP = "develop"
    FIND_OUT = "find out"
    KEEP = "keep"


class Reason(StrEnum):
    """Why a need stands where it stands."""

    ESSENTIAL = "essential"
    SHOWN_BELOW = "shown below"
    NOT_KNOWN = "not known"
    WIDE = "wide"
    OPEN = "open"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Need:
    """One skill over people.

    Attributes:
        people: of whom it is asked; ``unknown`` of them show nothing at the level asked for, ``below`` of them are more
            likely below it than not, of those who show something.
        importance: Σ importance; ``essential`` counts people whose role calls it essential.
        weighted, low, high: Σ importance · P(below) with its range: the people's ranges added, so the truth may lie
            nearer to the middle than the ends say.
        levels: lowest and highest level asked for.
    """

    skill_id: str
    people: int
    unknown: int
    below: int
    importance: float
    essential: int
    low: float
    weighted: float
    high: float
    levels: tuple[int, int]

    @property
    def mean(self) -> float:
        """P(below), weighted by importance."""
        return self.weighted / self.importance if self.importance else 0.0

    @property
    def act(self) -> Act:
        """Find out first where most people show nothing: training somebody who can do it already helps nobody."""
        if 2 * self.unknown > self.people:
            return Act.FIND_OUT
        return Act.DEVELOP if self.mean > KEPT else Act.KEEP

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What a human should know about it, most weighty first; never empty. ``OPEN`` is between the others: nobody is
        more likely below than not, and yet it is not likely met."""
        found = [
            (Reason.SHOWN_BELOW, self.below > 0),
            (Reason.ESSENTIAL, self.essential > 0 and self.act is not Act.KEEP),
            (Reason.NOT_KNOWN, self.unknown > 0),
            (Reason.WIDE, self.high - self.low > WIDE * self.importance and self.act is Act.DEVELOP),
            (Reason.OPEN, self.act is Act.DEVELOP and not self.below and not self.unknown),
            (Reason.MET, self.act is Act.KEEP),
        ]
        told = [reason for reason, holds in found if holds]
        return tuple(sorted(told, key=lambda r: r is not Reason.NOT_KNOWN) if self.act is Act.FIND_OUT else told)


KEPT = 0.35
"""A mean P(below) up to here is "likely met", as in ``gaps``."""
WIDE = 0.5
"""A range wider than this share of what could be missing says little about how large a need is."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Coverage of all that is asked of all these people together, and the needs, the largest first."""

    people: int
    coverage: Coverage
    needs: tuple[Need, ...]


def development_needs(gaps: Mapping[str, Sequence[Gap]]) -> Needs:
    """Sum up gaps by skill.

    Ordered by Σ importance · P(below); where two are equal the one whose least is larger comes first.

    Args:
        gaps: by person.
    """
    found: dict[str, list[Gap]] = defaultdict(list)
    for rows in gaps.values():
        for g in rows:
            found[g.skill_id].append(g)
    needs = [_need(skill, rows) for skill, rows in found.items()]
    every = [g for rows in gaps.values() for g in rows]
    return Needs(len(gaps), coverage(every), tuple(sorted(needs, key=lambda n: (-n.weighted, -n.low, n.skill_id))))


def _need(skill: str, rows: Sequence[Gap]) -> Need:
    known = [g for g in rows if g.status not in UNKNOWN]
    return Need(
        skill_id=skill,
        people=len(rows),
        unknown=len(rows) - len(known),
        below=sum(g.p_below > 0.5 for g in known),
        importance=sum(g.importance for g in rows),
        essential=sum(g.essential for g in rows),
        low=sum(g.weighted_low for g in rows),
        weighted=sum(g.weighted for g in rows),
        high=sum(g.weighted_high for g in rows),
        levels=(min(int(g.required) for g in rows), max(int(g.required) for g in rows)),
    )
