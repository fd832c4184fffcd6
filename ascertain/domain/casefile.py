"""The case file: everything a crew may know about one learner, pseudonymised and frozen for one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ascertain.domain.calibration import NONE
from ascertain.domain.canonical import digest, plain
from ascertain.domain.evidence import Evidence
from ascertain.domain.path_wishes import NO_WISHES, PathWishes
from ascertain.domain.skills import ContentTag, JobProfile, Level


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A piece of learning content that a path may use. ``hours`` is study time; ``prerequisites`` are
    content ids; ``external`` marks what does not come from the customer's own catalogue; ``cost`` is in the policy's
    currency, ``None`` where the catalogue names none; ``url`` is where an external item is found."""

    content_id: str
    title: str
    summary: str
    level: Level
    hours: float
    modality: str = "elearning"
    language: str = "en"
    prerequisites: tuple[str, ...] = ()
    mandatory: bool = False
    external: bool = False
    cost: float | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Mentor:
    """A colleague, under a pseudonym, whose accepted assertions cover a skill at ``level``."""

    pseudonym: str
    skill_id: str
    level: Level


@dataclass(frozen=True, slots=True)
class Versions:
    """What a result rests on besides the evidence: content hashes or version strings. ``mapper`` read the free text;
    it is empty in results from before it was kept. ``calibration`` is "none" where none was applied."""

    policy: str
    taxonomy: str
    brain: str
    prompts: str
    mapper: str = ""
    calibration: str = NONE


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Read-only view of one learner.

    Attributes:
        pseudonym: stands for the learner everywhere in the run; the learner's id is not in here.
        as_of: the day recency is measured from (first of the month, so that a month's runs agree).
        hours_per_week: working hours, for the path's budget.
        tags: accepted content tags by content id, for evidence and for the catalogue; by evidence id the skills that
            approved crosswalks lead its codes to.
        completed: content ids finished successfully.
        withheld: what was left out and why, in plain words ("messages: the person has said no").
        withdrawals: how often a source was taken back before: a run from before a withdrawal has lost its quotes, so
            it cannot stand for a case after it.
        wishes: what the path has to keep to, by what the person or whoever approves has said.
        promised: content ids of the path that stands, in its order: another path is to differ from it little.
        domain: ids of the skills in question, where a pilot limits them; ``None`` for all.
    """

    pseudonym: str
    as_of: date
    evidence: tuple[Evidence, ...]
    versions: Versions
    role: JobProfile | None = None
    hours_per_week: float = 40.0
    language: str = "en"
    tags: Mapping[str, tuple[ContentTag, ...]] = field(default_factory=dict)
    catalogue: tuple[CatalogueItem, ...] = ()
    completed: frozenset[str] = frozenset()
    mentors: tuple[Mentor, ...] = ()
    withheld: tuple[str, ...] = ()
    withdrawals: int = 0
    wishes: PathWishes = NO_WISHES
    promised: tuple[str, ...] = ()
    domain: frozenset[str] | None = None

    def in_question(self, skill_id: str) -> bool:
        """Whether a skill may be concluded about."""
        return self.domain is None or skill_id in self.domain

    def fingerprint(self) -> str:
        """Hex SHA-256 over everything that a stored result rests on: equal inputs, equal fingerprint, no new work.

        Mentors are left out: they are other people, and nothing about this learner follows from them. So is what was
        promised: a path that stands is no reason for another run.
        """
        # Codes count by what they lead to, which is among the tags: fingerprints from before there were any hold.
        ordered = [{n: v for n, v in plain(e).items() if n != "codes"} for e in sorted(self.evidence, key=_by_id)]
        later: dict[str, object] = {"withdrawals": self.withdrawals} if self.withdrawals else {}
        if self.wishes != NO_WISHES:
            later["wishes"] = self.wishes
        if self.domain is not None:
            later["domain"] = self.domain
        return digest(
            {
                **later,
                "person": self.pseudonym,
                "as_of": self.as_of,
                "evidence": ordered,
                "versions": self.versions,
                "role": self.role,
                "hours": self.hours_per_week,
                "language": self.language,
                "tags": self.tags,
                "catalogue": sorted(self.catalogue, key=lambda c: c.content_id),
                "completed": self.completed,
                "withheld": self.withheld,
            }
        )

    def tags_of(self, evidence: Evidence) -> tuple[ContentTag, ...]:
        """Skills that hold for a piece of evidence without anybody reading it: accepted tags of its content, and what
        crosswalks lead its codes to; of a skill that both name, the likelier."""
        own, taught = self.tags.get(evidence.id, ()), self.tags.get(evidence.content_id or "", ())
        if not own or not taught:
            return tuple(own or taught)
        found: dict[str, ContentTag] = {}
        for t in (*taught, *own):
            if t.skill_id not in found or found[t.skill_id].probability < t.probability:
                found[t.skill_id] = t
        return tuple(found.values())

    def evidence_by_id(self) -> dict[str, Evidence]:
        """The evidence keyed by id."""
        return {e.id: e for e in self.evidence}


def _by_id(e: Evidence) -> str:
    return e.id
