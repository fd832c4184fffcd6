"""A crosswalk to the taxonomy in use, as one change among the others: what it brings, and what would be led by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.crosswalks import ConceptKind, Link, StoredCrosswalk
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.errors import InputError, NotFoundError

SHOWN = 200
"""Links that are shown one by one."""


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """One row: the other taxonomy's id, what it is to the one here, and that one's id and label."""

    source: str
    relation: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class CrosswalkSeen:
    """A crosswalk, as somebody who decides about it sees it.

    Attributes:
        other: the taxonomy that it brings to the one in use; ``kind``: skills or occupations.
        relations: links by what the concept here is to the other one.
        replaces: id of the one between the two that is in use; empty for none.
        added, dropped: links that the one in use has not, and those that this one has not.
        unknown: links to an id that the taxonomy in use does not have; they lead nowhere.
        links: of those added, or of all of them where nothing is replaced, the first ones.
    """

    id: str
    other: str
    kind: ConceptKind
    relations: Mapping[str, int]
    replaces: str
    added: int
    dropped: int
    unknown: int
    links: tuple[LinkSeen, ...]

    @property
    def words(self) -> str:
        """In one sentence."""
        told = ", ".join(f"{n:,} {r}" for r, n in self.relations.items())
        things = "skills" if self.kind is ConceptKind.SKILL else "jobs"
        said = f"leads {things} of {self.other}: {told}"
        if self.replaces:
            said += f"; in place of the one in use, {self.added:,} links are new and {self.dropped:,} go"
        if self.unknown:
            said += f"; {self.unknown:,} lead to nothing that the taxonomy in use has"
        return said

    def shown(self) -> dict[str, Any]:
        """As it is exchanged."""
        found: dict[str, Any] = plain(self)
        return found | {"words": self.words}


def held(uow: UnitOfWork, ident: str) -> StoredCrosswalk:
    """
    Raises:
        NotFoundError: it was never put up for decision here.
    """
    found = uow.stewardship.crosswalk(ident)
    if found is None:
        raise NotFoundError(f"there is no crosswalk {ident!r}", remedy="ascertain taxonomy crosswalk propose")
    return found


def fits(walk: StoredCrosswalk, name: str) -> None:
    """
    Raises:
        InputError: it has nothing to do with the taxonomy in use.
    """
    if name not in (walk.source, walk.target):
        raise InputError(
            f"{walk.id} leads from {walk.source} to {walk.target}; in use is {name}",
            field="crosswalk",
            remedy=f"one that leads from or to {name}",
        )


def crosswalk_seen(uow: UnitOfWork, change: Change, so_far: Overlay, name: str, taxonomy: Taxonomy) -> CrosswalkSeen:
    """A crosswalk beside the one in use between the same two."""
    walk = held(uow, change.target)
    pair = walk.id.rpartition("+")[0]
    before = next((c for c in so_far.crosswalks if c.rpartition("+")[0] == pair and c != walk.id), "")
    mine = walk.towards(name)
    theirs = set(held(uow, before).towards(name)) if before else set()
    added = [k for k in mine if k not in theirs]
    labels = {k.target: label for k in mine if (label := _label(taxonomy, walk.kind, k.target))}
    counts: dict[str, int] = {}
    for k in mine:
        counts[k.relation.value] = counts.get(k.relation.value, 0) + 1
    return CrosswalkSeen(
        walk.id,
        walk.other(name),
        walk.kind,
        dict(sorted(counts.items())),
        before,
        len(added),
        len(theirs.difference(mine)),
        sum(k.target not in labels for k in mine),
        tuple(_seen(k, labels) for k in sorted(added, key=_by_source)[:SHOWN]),
    )


def _by_source(link: Link) -> tuple[str, int, str]:
    return link.source, link.relation.rank, link.target


def _seen(link: Link, labels: Mapping[str, str]) -> LinkSeen:
    return LinkSeen(link.source, link.relation.value, link.target, labels.get(link.target, ""))


def _label(taxonomy: Taxonomy, kind: ConceptKind, ident: str) -> str:
    if kind is ConceptKind.SKILL:
        skill = taxonomy.skill(ident)
        return skill.label if skill else ""
    profile = taxonomy.job_profile(ident)
    return profile.title if profile else ""
