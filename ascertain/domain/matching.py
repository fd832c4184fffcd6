"""How much of what an opening asks for is confirmed of somebody, as a range, and which places that leaves open.

Only assertions that a human reviewed and nobody contests count (:func:`ascertain.domain.usage.usable_for`). What nobody
confirmed is unknown, which widens the range; it is not zero skill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from ascertain.domain.belief import Belief
from ascertain.domain.consent import Purpose
from ascertain.domain.gaps import Coverage, Gap, coverage, gaps_for
from ascertain.domain.people import Learner
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import JobProfile, Level
from ascertain.domain.wishes import Want


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A skill that a human confirmed: the level that they confirmed, and the belief behind it."""

    assertion_id: str
    level: Level
    belief: Belief


@dataclass(frozen=True, slots=True)
class Missing:
    """A requirement that is not confirmed at the level asked for; ``confirmed`` is the level that is, if any."""

    skill_id: str
    required: Level
    confirmed: Level | None
    essential: bool


@dataclass(frozen=True, slots=True)
class Match:
    """One person beside one opening.

    Attributes:
        covered: share of the opening's importance that is covered (0 to 1), with its range.
        met: ids of the skills that are confirmed at the level asked for or above, by importance.
        missing: the others, by importance.
        wishes: what the person wants of the skills asked for.
        interest: what they said of the opening itself.
        hours: working hours in common with the opening's time zone; ``None`` where it names none.
        rests_on: ids of the assertions that count.
    """

    learner_id: str
    opening_id: str
    covered: Coverage
    met: tuple[str, ...]
    missing: tuple[Missing, ...]
    wishes: Mapping[str, Want] = field(default_factory=dict)
    interest: Want | None = None
    hours: float | None = None
    rests_on: tuple[str, ...] = ()

    @property
    def wanted(self) -> int:
        """How many of the skills asked for the person wants to use or learn, less those they would rather not use."""
        return sum(-1 if w is Want.AVOID else 1 for w in self.wishes.values())


@dataclass(frozen=True, slots=True)
class Placed:
    """A match with the places it may take, 1 being the first: ``best`` where every range that touches its own falls
    below it, ``worst`` where all of them come out above."""

    match: Match
    best: int
    worst: int


def may_appear(learner: Learner) -> bool:
    """Whether somebody may stand in a list for an opening: here, not restricted, and they have said yes themselves to
    being found for other roles. Silence is no yes."""
    agreed = Purpose.MOBILITY in learner.consents.person.given
    return learner.active and not learner.restricted and agreed and learner.consents.allows(Purpose.MOBILITY)


def confirmed_gaps(
    profile: JobProfile, confirmed: Mapping[str, Confirmed], rules: BeliefRules
) -> dict[str, tuple[Gap, Confirmed | None]]:
    """One gap per requirement by skill id, resting on confirmed skills alone.

    A human's word bounds the chance in both directions by s = ``level_support``, the chance from which code itself
    would assert a level: up to the confirmed level P(below) is at most 1 − s, above it at least 1 − s.
    """
    gaps = gaps_for(profile, {s: c.belief for s, c in confirmed.items()}, rules)
    return {g.skill_id: (_bounded(g, confirmed.get(g.skill_id), rules), confirmed.get(g.skill_id)) for g in gaps}


def _bounded(gap: Gap, said: Confirmed | None, rules: BeliefRules) -> Gap:
    if said is None:
        return gap
    line = 1.0 - rules.level_support
    bound = min if said.level >= gap.required else max
    low, point, high = (bound(v, line) for v in (gap.low, gap.p_below, gap.high))
    return replace(gap, current=said.level, low=low, p_below=point, high=high)


def match(
    learner_id: str,
    profile: JobProfile,
    confirmed: Mapping[str, Confirmed],
    rules: BeliefRules,
    *,
    wishes: Mapping[str, Want] | None = None,
    interest: Want | None = None,
    hours: float | None = None,
) -> Match:
    """Compare a person with an opening. ``wishes``: what they want, by skill id; skills that are not asked for are left
    out."""
    gaps = confirmed_gaps(profile, confirmed, rules)
    ordered = sorted(profile.requirements, key=lambda r: (-r.importance, r.skill_id))
    met, missing = [], []
    for r in ordered:
        said = confirmed.get(r.skill_id)
        if said is not None and said.level >= r.level:
            met.append(r.skill_id)
        else:
            missing.append(Missing(r.skill_id, r.level, said.level if said else None, r.essential))
    asked = {r.skill_id for r in ordered}
    return Match(
        learner_id,
        profile.id,
        coverage([g for g, _ in gaps.values()]),
        tuple(met),
        tuple(missing),
        {s: w for s, w in (wishes or {}).items() if s in asked},
        interest,
        hours,
        tuple(sorted(c.assertion_id for s, c in confirmed.items() if s in asked)),
    )


def placed(matches: Sequence[Match]) -> list[Placed]:
    """Every match with the places that its range leaves open, by these places.

    i comes certainly before j only where i's whole range lies above j's (an interval order, Fishburn 1985): best =
    1 + number whose low end is above i's high end, worst = n − number whose high end is below i's low end. Matches that
    share places are not told apart by coverage: those who said that they are interested stand first, then by how many
    of the skills they want, by how many are confirmed, and by id.
    """
    found = []
    for m in matches:
        above = sum(o.covered.low > m.covered.high for o in matches)
        below = sum(o.covered.high < m.covered.low for o in matches)
        found.append(Placed(m, 1 + above, len(matches) - below))
    return sorted(found, key=_order)


def _order(p: Placed) -> tuple[int, int, int, int, int, str, str]:
    m = p.match
    interest = {Want.INTERESTED: 0, None: 1}.get(m.interest, 2)
    return (p.best, p.worst, interest, -m.wanted, -len(m.met), m.learner_id, m.opening_id)


@dataclass(frozen=True, slots=True)
class MatchList:
    """The list of one opening as it was last made.

    Attributes:
        digest: over everybody who is listed, with places and ranges: what a bias check is of.
        considered: how many people it was made of: all who may appear.
    """

    opening_id: str
    digest: str
    made_at: datetime
    considered: int
    rows: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchCheck:
    """What a bias check of a list came to, without groups and their figures: these are the fairness auditor's.

    Attributes:
        digest: of the list that was checked.
        comparisons: how many comparisons between groups could be made.
        flagged: how many of them ask for a look.
        too_few: how many groups were too small to compare.
    """

    opening_id: str
    digest: str
    at: datetime
    comparisons: int
    flagged: int
    too_few: int

    @property
    def outcome(self) -> str:
        """In words. There is no "pass"."""
        if self.flagged:
            return "groups come out differently"
        return "no difference shown" if self.comparisons else "too few people to compare"


class MatchLists(Protocol):
    """``ascertain.store.matches``."""

    def get(self, opening_id: str) -> MatchList | None: ...
    def put(self, made: MatchList) -> None:
        """Replace the list of its opening."""

    def drop(self, opening_id: str) -> bool:
        """Take away the list of an opening, and its check; false where there was none."""

    def made_for(self) -> list[str]:
        """Ids of openings that have a list."""

    def check(self, opening_id: str) -> MatchCheck | None:
        """The newest."""

    def put_check(self, check: MatchCheck) -> None: ...
