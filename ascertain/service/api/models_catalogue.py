"""Roles, learning content, skills and audit records, as they are exchanged. Nobody is named in them."""

from __future__ import annotations

from typing import Any

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import LevelNumber, Probability, Time
from ascertain.service.api.schemas import published


class Requirement(Exchanged):
    """A skill that a role asks for."""

    skill: str
    label: str
    level: LevelNumber
    importance: Probability
    essential: bool
    critical: bool
    """A human confirms it the first time."""
    compliance: bool
    """A human confirms it every time."""
    why: str


@published("role")
class Role(Exchanged):
    """A job profile."""

    id: str
    title: str
    department: str
    summary: str
    requirements: list[Requirement]
    references: dict[str, str]
    """Other schemes' ids of it, such as those of ESCO and O*NET."""


@published("role-proposal")
class RoleProposal(Exchanged):
    """A job as a connected system describes it; it asks nothing of anybody until it is accepted."""

    ref: str
    connection: str
    code: str
    title: str
    summary: str
    department: str
    skills: list[str]
    active: bool
    accepted_as: str | None


class Tag(Exchanged):
    """A skill that an item teaches, as the mapper reads its text."""

    skill: str
    label: str
    probability: Probability
    level: LevelNumber
    quote: str


@published("content")
class Content(Exchanged):
    """A catalogue item."""

    id: str
    title: str
    summary: str
    category: str
    system: str
    code: str
    level: LevelNumber
    hours: float
    modality: str
    language: str
    prerequisites: list[str]
    mandatory: bool
    external: bool
    tags: list[Tag]


@published("skill")
class Skill(Exchanged):
    """A skill of the taxonomy in use."""

    id: str
    label: str
    kind: str
    family: str
    definition: str
    synonyms: list[str]
    broader: list[str]
    related: list[str]
    references: dict[str, str]


@published("audit-record")
class AuditRecord(Exchanged):
    """A step on the chain. Its hash covers all of it, and the payload's digest."""

    seq: int
    at: Time
    action: str
    actor: str
    """What kind of actor; who it was is in the sealed payload."""
    subject: str
    """A pseudonym, or empty."""
    header: dict[str, Any]
    payload_digest: str
    prev_hash: str
    hash: str


@published("audit-payload")
class AuditPayload(Exchanged):
    """A record's payload in clear."""

    seq: int
    payload: Any
    """Null when there is none, or its key was erased."""
