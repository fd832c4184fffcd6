"""What a plan is drafted from: what the role asks and the new hire has not shown, who in the team could help, and what
the catalogue offers. People are pseudonyms here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding import Given
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement of the role that no accepted assertion meets.

    Attributes:
        shown: level of the accepted assertion, if there is one below the required level.
        named: the manager gave it as a priority.
        holders: people of the team whose accepted level meets the requirement.
    """

    skill_id: str
    required: Level
    shown: Level | None
    importance: float
    essential: bool
    critical: bool
    compliance: bool
    named: bool
    holders: int
    why: str = ""

    @property
    def pressing(self) -> bool:
        """Wanted in the first phase: the manager named it, or it may not be missing."""
        return self.named or self.critical or self.compliance

    def weight(self, rules: OnboardingRules) -> float:
        """importance × share of the level that is missing × what the manager and the team's cover make of it."""
        missing = (int(self.required) - int(self.shown or 0)) / int(self.required)
        factor = (rules.named_factor if self.named else 1.0) * (1.0 if self.holders else rules.uncovered_factor)
        return self.importance * missing * factor


@dataclass(frozen=True, slots=True)
class Helper:
    """A colleague in the team, under a pseudonym, whose accepted level meets a need and who agreed to be named."""

    pseudonym: str
    skill_id: str
    level: Level


@dataclass(frozen=True, slots=True)
class OnboardingCase:
    """Read-only and pseudonymised: all that the agents may know of one new hire.

    Attributes:
        met: skills of the role that are shown already.
        hours_per_week: of learning.
        catalogue: items that teach a need, mandatory ones, and their prerequisites.
        given: the manager's words, masked; ``buddy`` is a pseudonym.
    """

    pseudonym: str
    role: JobProfile
    starts_on: date
    hours_per_week: float
    needs: tuple[Need, ...]
    met: tuple[str, ...] = ()
    helpers: tuple[Helper, ...] = ()
    catalogue: tuple[CatalogueItem, ...] = ()
    tags: Mapping[str, tuple[ContentTag, ...]] = field(default_factory=dict)
    completed: frozenset[str] = frozenset()
    language: str = "en"
    given: Given = field(default_factory=Given)

    def helpers_for(self, skill_id: str) -> tuple[Helper, ...]:
        """Who could help with a skill, the highest level first."""
        return tuple(h for h in self.helpers if h.skill_id == skill_id)

    def need(self, skill_id: str) -> Need | None:
        """By skill."""
        return next((n for n in self.needs if n.skill_id == skill_id), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the agents chose among what was offered.

    Attributes:
        order: needs by importance; those that are not named come after, in code's order.
        helpers: by skill the pseudonym of whom to meet.
        reasons: by skill, in plain words.
    """

    order: tuple[str, ...] = ()
    helpers: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)


def needs_of(
    role: JobProfile,
    shown: Mapping[str, Level],
    holders: Mapping[str, int],
    priorities: Sequence[str],
    rules: OnboardingRules,
) -> tuple[Need, ...]:
    """What the role asks for and is not shown, in code's own order: what the manager named, in that order, then what
    may not be missing, then by weight."""
    found = [
        _need(r, shown.get(r.skill_id), r.skill_id in priorities, holders.get(r.skill_id, 0))
        for r in role.requirements
        if (shown.get(r.skill_id) or 0) < r.level
    ]
    place = {s: i for i, s in enumerate(priorities)}
    last = len(priorities)
    return tuple(
        sorted(found, key=lambda n: (place.get(n.skill_id, last), not n.pressing, -n.weight(rules), n.skill_id))
    )


def _need(r: Requirement, shown: Level | None, named: bool, holders: int) -> Need:
    return Need(r.skill_id, r.level, shown, r.importance, r.essential, r.critical, r.compliance, named, holders, r.why)


def wanted_phases(needs: Sequence[Need]) -> dict[str, int]:
    """By skill the index of the phase by whose end it is wanted, of needs in their order: in the first what is
    pressing, and in any case the first quarter; the others in halves, so that no phase has them all."""
    first = {n.skill_id for n in needs if n.pressing} | {n.skill_id for n in needs[: -(-len(needs) // 4)]}
    rest = [n.skill_id for n in needs if n.skill_id not in first]
    return dict.fromkeys(first, 0) | {s: 1 if i < -(-len(rest) // 2) else 2 for i, s in enumerate(rest)}


def ordered_needs(case: OnboardingCase, choice: Choice, most: int) -> tuple[Need, ...]:
    """At most ``most`` needs as the plan works on them. The agents' order stands among equals only: what the manager
    named comes first, then what may not be missing."""
    rank = {s: i for i, s in enumerate(choice.order)}
    named = {s: i for i, s in enumerate(case.given.priorities)}
    code = {n.skill_id: i for i, n in enumerate(case.needs)}
    return tuple(
        sorted(
            case.needs,
            key=lambda n: (
                named.get(n.skill_id, len(named)),
                not n.pressing,
                rank.get(n.skill_id, len(rank)),
                code[n.skill_id],
            ),
        )
    )[:most]
