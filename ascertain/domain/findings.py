"""What a crew may say. Every field is an id that was offered, a verbatim quote, an order, or plain words:
never a number that is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ascertain.domain.skills import Level

IMPLIED = "implied"
"""``Pick.via`` of a skill that an agent read into words which do not name it."""


class Stance(StrEnum):
    """Whether a quote speaks for or against the skill."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"


class Verdict(StrEnum):
    """The reviewer agent's finding on one assertion."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Claim:
    """A verbatim ``quote`` out of one piece of evidence that says something about a skill."""

    id: str
    evidence_id: str
    quote: str
    stance: Stance = Stance.SUPPORTS


@dataclass(frozen=True, slots=True)
class Pick:
    """The mapper's choice among the offered skills for a claim. ``probability`` is the mapper port's figure for
    that offer, looked up by code; ``level`` is set only from a level word in the quote or from the tag."""

    claim_id: str
    skill_id: str
    probability: float
    level: Level | None = None
    via: str = "search"

    @property
    def implied(self) -> bool:
        """Whether an agent read it into words that do not name the skill."""
        return self.via == IMPLIED


@dataclass(frozen=True, slots=True)
class NeedReason:
    """Why a gap matters, in the analyst's words; ``rank`` 1 is the most urgent."""

    skill_id: str
    rank: int
    reason: str


@dataclass(frozen=True, slots=True)
class PathChoice:
    """Which of the solver's feasible plans the curator chose, and why."""

    plan_id: str
    summary: str
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssertionVerdict:
    """The reviewer agent's finding on the assertion about ``skill_id``; ``flags`` name policy concerns."""

    skill_id: str
    verdict: Verdict
    note: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """Something an agent said that was refused: counted and logged, never stored as a finding."""

    stage: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """One agent's task as it happened, for the audit trail.

    ``prompt_hash`` and ``output_hash`` are SHA-256 hex; ``output`` is the checked answer (JSON text);
    ``tools`` lists the tool names in call order; ``tokens`` is (prompt, completion); ``usd`` what they cost in US
    dollars, ``None`` where no price is known; ``reused`` counts answers to questions that had been asked before, which
    are no calls.
    """

    agent: str
    model: str
    prompt_hash: str
    output_hash: str
    output: str
    tools: tuple[str, ...] = ()
    calls: int = 0
    tokens: tuple[int, int] = (0, 0)
    usd: float | None = 0.0
    reused: int = 0


@dataclass(frozen=True, slots=True)
class CrewFindings:
    """All that one run of the learner crew found."""

    claims: tuple[Claim, ...] = ()
    picks: tuple[Pick, ...] = ()
    proposals: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    needs: tuple[NeedReason, ...] = ()
    path: PathChoice | None = None
    verdicts: tuple[AssertionVerdict, ...] = ()
    summary: str = ""
    warnings: tuple[str, ...] = ()
    drops: tuple[Drop, ...] = ()
    steps: tuple[Step, ...] = ()
