"""A rollout: pilots that say whom, which skills and which sources the product may touch, phase by phase.

Without a rollout everything is in reach. With one, only what a running pilot names is. Which phase a pilot is in is
stored, not configured: a human moves it, with a reason, on a report that is there to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.reach import EVERYTHING, NOWHERE, Reach
from ascertain.domain.skills import Skill


@dataclass(frozen=True, slots=True)
class CohortRule:
    """Who is in a pilot: whoever any of the four names. All are compared without regard to case.

    Attributes:
        units: departments.
        locations: as the HR system words them.
        roles: job profile ids or job titles.
        people: learner ids or e-mail addresses.
    """

    units: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()

    def holds(self, p: Learner) -> bool:
        """Whether somebody is in it."""
        return (
            _key(p.department) in self.units
            or _key(p.location) in self.locations
            or not self.roles.isdisjoint((_key(p.job_profile_id or ""), _key(p.job_title)))
            or not self.people.isdisjoint((_key(p.id), _key(p.email)))
        )


def keyed(names: Collection[str]) -> frozenset[str]:
    """Names as :class:`CohortRule` compares them."""
    return frozenset(_key(n) for n in names if n.strip())


def _key(text: str) -> str:
    # An empty field of a person is no name: it must never fit an empty entry.
    return text.strip().casefold() or "\0"


@dataclass(frozen=True, slots=True)
class SkillDomain:
    """The skills of a pilot: ``under`` with all that is narrower, and ``skills`` themselves; both empty means all."""

    under: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """Whether no skill is left out."""
        return not (self.under or self.skills)


@dataclass(frozen=True, slots=True)
class Phase:
    """Sources that count from this phase on. ``None`` stands for every one."""

    name: str
    connections: frozenset[str] | None = None
    kinds: frozenset[EvidenceKind] | None = None


@dataclass(frozen=True, slots=True)
class Pilot:
    """One pilot. It runs from ``starts`` to ``ends`` (both days included), once a human has begun its first phase."""

    id: str
    title: str
    cohort: CohortRule
    domain: SkillDomain
    phases: tuple[Phase, ...]
    starts: date | None = None
    ends: date | None = None

    def in_time(self, today: date) -> bool:
        """Whether its days include this one."""
        return (self.starts is None or self.starts <= today) and (self.ends is None or today <= self.ends)


@dataclass(frozen=True, slots=True)
class VerdictRules:
    """What a pilot's report has to show. Shares in 0..1; hours and counts as they are.

    Attributes:
        least_decisions: human decisions under which the report says "hold" and nothing else.
        go_accuracy: the lower end of the interval of the share right from which accuracy speaks for going on.
        stop_accuracy: the upper end under which it speaks for stopping.
        go_coverage: share of the cohort with something accepted from which coverage speaks for going on.
        stop_disputes: share of assertions contested from which on it speaks for stopping.
        manual_minutes: least and most minutes that somebody takes to establish one skill by hand: an estimate of the
            organisation's, and shown as one.
        most_seconds: a review that was open longer counts as so many seconds: the reviewer was away.
    """

    least_decisions: int = 30
    go_accuracy: float = 0.8
    stop_accuracy: float = 0.6
    go_coverage: float = 0.5
    stop_disputes: float = 0.2
    manual_minutes: tuple[float, float] = (10.0, 25.0)
    most_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class Rollout:
    """All pilots. Not ``enabled``: no rollout is in force, and everything is in reach."""

    enabled: bool = False
    pilots: tuple[Pilot, ...] = ()
    rules: VerdictRules = field(default_factory=VerdictRules)

    def pilot(self, pilot_id: str) -> Pilot | None:
        """By id."""
        return next((p for p in self.pilots if p.id == pilot_id), None)

    def running(self, phases: Mapping[str, int], today: date) -> tuple[Pilot, ...]:
        """Pilots that were begun, and whose days include ``today``; none where no rollout is in force."""
        return tuple(p for p in self.pilots if self.enabled and phases.get(p.id, 0) > 0 and p.in_time(today))

    def reach(self, person: Learner, phases: Mapping[str, int], today: date) -> Reach:
        """How far the product may reach at somebody.

        Whoever is in two pilots is in the first of the file: what two pilots allow is never added up, since one's
        sources with the other's skills would be a third pilot that nobody has described.

        Args:
            phases: by pilot id the present phase, from 1; 0 or absent for one that was not begun.
        """
        if not self.enabled:
            return EVERYTHING
        for pilot in self.running(phases, today):
            if pilot.cohort.holds(person):
                # A file with fewer phases than were begun: the last one is as far as it goes.
                phase = pilot.phases[min(phases[pilot.id], len(pilot.phases)) - 1]
                return Reach(pilot.id, connections=phase.connections, kinds=phase.kinds)
        return NOWHERE


NONE = Rollout()
"""No rollout: everything is in reach."""


def skills_of(domain: SkillDomain, taxonomy: Iterable[Skill]) -> frozenset[str] | None:
    """Ids of all skills of a domain in a taxonomy; ``None`` for all. What the taxonomy does not know is left out."""
    if domain.everything:
        return None
    narrower: dict[str, list[str]] = {}
    known = set()
    for skill in taxonomy:
        known.add(skill.id)
        for above in skill.broader:
            narrower.setdefault(above, []).append(skill.id)
    found: set[str] = set()
    todo = list(domain.under)
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += narrower.get(at, [])
    return frozenset((found | domain.skills) & known)


@dataclass(frozen=True, slots=True)
class Advance:
    """A human moved a pilot to a phase (0: it rests). ``report`` is the one it rests on; empty for beginning and for
    stepping back, which need none."""

    pilot: str
    phase: int
    reason: str
    report: str
    by: str
    at: datetime
    number: int = 0


class Verdict(StrEnum):
    """What a report says of the next phase. A suggestion: a human moves the pilot."""

    GO = "go"
    HOLD = "hold"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was made. ``figures`` tells of nobody by name."""

    id: str
    pilot: str
    phase: int
    verdict: Verdict
    figures: Mapping[str, Any]
    by: str
    at: datetime


class Rollouts(Protocol):
    """``ascertain.store.rollout``."""

    def phases(self) -> Mapping[str, int]:
        """By pilot id the phase it is in now."""

    def advances(self, pilot: str | None = None) -> list[Advance]:
        """Oldest first."""

    def advance(self, made: Advance) -> None:
        """Append; reach follows from it at once."""

    def keep(self, report: StoredReport) -> None: ...
    def report(self, report_id: str) -> StoredReport | None:
        """By full id or an unambiguous prefix."""

    def reports(self, pilot: str) -> Sequence[StoredReport]:
        """Newest first."""

    def reader(self) -> Callable[[Learner], Reach]:
        """How far somebody is reached, as the phases are now: for many people at once."""

    def outside(self, learner_ids: Collection[str]) -> frozenset[str]:
        """Those whom the rollout does not reach; nobody where none is in force."""

    def allows(self, learner_id: str, skill_id: str) -> bool:
        """Whether a skill of a person is within reach."""
