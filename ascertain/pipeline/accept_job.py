"""Makes a job profile out of a job that an HRIS describes, when somebody says so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ascertain.domain.activity import JobProposal
from ascertain.domain.denied import DenyList
from ascertain.domain.ports import Mapper, UnitOfWork
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.errors import ConflictError, InputError, NotFoundError

IMPORTANCE = 0.5
"""An HRIS lists skills without saying how much each matters."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The profile, the names for which the taxonomy in use has no skill, and those that can never be one."""

    profile: JobProfile
    unknown: tuple[str, ...]
    denied: tuple[str, ...] = ()


def draft(
    proposal: JobProposal,
    mapper: Mapper,
    floor: float,
    level: Level,
    profile_id: str | None = None,
    *,
    deny: DenyList,
) -> Accepted:
    """What accepting would make: each skill name mapped on its own, all equally important, none essential. A name that
    is denied is not mapped: it would ask for the skill that merely sounds like it."""
    denied = tuple(n for n in proposal.skills if deny.refuses(n))
    named = [n for n in proposal.skills if n not in denied]
    found = mapper.map(named, top=1)
    chosen: dict[str, str] = {}
    unknown: list[str] = []
    for name, candidates in zip(named, found, strict=True):
        if candidates and candidates[0].probability >= floor:
            chosen.setdefault(candidates[0].skill_id, name)
        else:
            unknown.append(name)
    # The code itself, so that whoever has it is measured without a mapping in the connections file.
    key = profile_id or proposal.code or re.sub(r"[^a-z0-9]+", "-", proposal.title.casefold()).strip("-")
    why = f"{proposal.connection} lists it for {proposal.title}"
    asked = tuple(
        Requirement(skill_id=s, level=level, importance=IMPORTANCE, essential=False, critical=False, why=why)
        for s in sorted(chosen)
    )
    profile = JobProfile(key, proposal.title, asked, department=proposal.department, summary=proposal.summary)
    return Accepted(profile, tuple(unknown), denied)


def accept(uow: UnitOfWork, proposal: JobProposal, made: Accepted, *, actor: str) -> None:
    """Keep the profile; the caller commits.

    Raises:
        InputError: when no skill would be asked for.
        ConflictError: when the proposal was accepted before, or another profile has that id.
        NotFoundError: when the proposal is gone.
    """
    if proposal.accepted_as is not None:
        raise ConflictError(f"{proposal.ref} was accepted before, as {proposal.accepted_as!r}")
    if not made.profile.id or uow.roles.get(made.profile.id) is not None:
        raise ConflictError(f"there is a job profile {made.profile.id!r} already", remedy="give another id: --id ID")
    if not made.profile.requirements:
        raise InputError("names no skill of the taxonomy in use", where=proposal.ref, field="skills")
    uow.roles.upsert([made.profile])
    if not uow.proposals.accept(proposal.ref, made.profile.id):
        raise NotFoundError(f"there is no proposal {proposal.ref}")
    header = {
        "proposal": proposal.ref,
        "profile": made.profile.id,
        "by": actor,
        "skills": len(made.profile.requirements),
    }
    uow.audit.append("role.accepted", actor="cli", header=header)
