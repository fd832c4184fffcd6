"""Makes a job profile out of a job that an HRIS describes, when somebody says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ascertain.domain.activity import JobProposal
from ascertain.domain.crosswalks import SAME, Link
from ascertain.domain.denied import DenyList
from ascertain.domain.ports import Mapper, UnitOfWork
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.errors import ConflictError, InputError, NotFoundError

IMPORTANCE = 0.5
"""An HRIS lists skills without saying how much each matters."""
Led = Callable[[str], Link | None]
"""Where a crosswalk leads the id of another taxonomy's skill, the nearest link; ``None`` where none knows it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The profile, the names for which the taxonomy in use has no skill, those that can never be one, and the ids of
    another taxonomy with the link that a crosswalk has for each."""

    profile: JobProfile
    unknown: tuple[str, ...]
    denied: tuple[str, ...] = ()
    led: tuple[Link, ...] = ()


def draft(
    proposal: JobProposal,
    mapper: Mapper,
    floor: float,
    level: Level,
    profile_id: str | None = None,
    *,
    deny: DenyList,
    led: Led = lambda ident: None,
) -> Accepted:
    """What accepting would make: each skill name mapped on its own, all equally important, none essential. A name that
    is denied is not mapped: it would ask for the skill that merely sounds like it. What a crosswalk knows is led over
    it where the skill there is the same or close, and is unknown where it is a wider or narrower one."""
    denied = tuple(n for n in proposal.skills if deny.refuses(n))
    links = {n: link for n in proposal.skills if n not in denied and (link := led(n)) is not None}
    named = [n for n in proposal.skills if n not in denied and n not in links]
    found = mapper.map(named, top=1)
    same = {link.target: link for link in links.values() if link.relation in SAME}
    chosen: dict[str, str] = {link.target: n for n, link in links.items() if link.relation in SAME}
    unknown = [n for n, link in links.items() if link.relation not in SAME]
    for name, candidates in zip(named, found, strict=True):
        if candidates and candidates[0].probability >= floor:
            chosen.setdefault(candidates[0].skill_id, name)
        else:
            unknown.append(name)
    # The code itself, so that whoever has it is measured without a mapping in the connections file.
    key = profile_id or proposal.code or re.sub(r"[^a-z0-9]+", "-", proposal.title.casefold()).strip("-")
    why = f"{proposal.connection} lists it for {proposal.title}"
    asked = tuple(
        Requirement(s, level, IMPORTANCE, essential=False, critical=False, why=_because(why, same.get(s)))
        for s in sorted(chosen)
    )
    profile = JobProfile(key, proposal.title, asked, department=proposal.department, summary=proposal.summary)
    return Accepted(profile, tuple(unknown), denied, tuple(links.values()))


def _because(why: str, link: Link | None) -> str:
    return why if link is None else f"{why}, as {link.source!r}: {link.relation.value} match of a crosswalk"


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
        "led": len(made.led),
    }
    uow.audit.append("role.accepted", actor="cli", header=header)
