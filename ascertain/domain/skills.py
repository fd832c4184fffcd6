"""Skills, proficiency levels and job profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """The five-level proficiency scale that every source is brought to."""

    AWARENESS = 1
    FOUNDATION = 2
    PRACTITIONER = 3
    ADVANCED = 4
    EXPERT = 5


LEVELS: tuple[Level, ...] = tuple(Level)


class SkillFamily(StrEnum):
    """Groups skills by how fast they fade without use; the half-lives stand in the policy."""

    FAST = "fast"
    TECHNICAL = "technical"
    PROFESSIONAL = "professional"
    DURABLE = "durable"


@dataclass(frozen=True, slots=True)
class Skill:
    """One concept of a taxonomy. ``id`` is the taxonomy's own URI or key; ``references`` maps a foreign
    scheme (``esco``, ``onet``) to its identifier."""

    id: str
    label: str
    kind: str = "skill"
    family: SkillFamily = SkillFamily.PROFESSIONAL
    synonyms: tuple[str, ...] = ()
    definition: str = ""
    broader: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a job profile asks: ``importance`` in (0, 1]. A ``critical`` skill is confirmed by a human the first time;
    one that ``compliance`` asks for (a law, a regulator, a contract) every time."""

    skill_id: str
    level: Level
    importance: float
    essential: bool = True
    critical: bool = False
    why: str = ""
    compliance: bool = False


@dataclass(frozen=True, slots=True)
class JobProfile:
    """A role and its skill requirements."""

    id: str
    title: str
    requirements: tuple[Requirement, ...]
    department: str = ""
    summary: str = ""
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A skill offered for a text: calibrated ``probability`` that the text expresses it, and the ``quote``
    (a verbatim part of the text) that shows it."""

    skill_id: str
    label: str
    probability: float
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ContentTag:
    """A skill that a piece of content teaches, with the probability and the level it teaches to."""

    content_id: str
    skill_id: str
    probability: float
    level: Level
    quote: str = ""
