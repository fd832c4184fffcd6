"""A taxonomy in memory, as the domain's port wants it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from ascertain.domain.crosswalks import SAME, Link, StoredCrosswalk
from ascertain.domain.overlays import Moves, Overlay, asking
from ascertain.domain.skills import JobProfile, Skill
from ascertain.taxonomy.leading import Leading


class ConceptStore:
    """Implements ``domain.ports.Taxonomy``; skills in order of id.

    Job profiles given as a function are made when first asked for: mapping a text needs none of them.
    """

    def __init__(
        self,
        version: str,
        skills: Iterable[Skill],
        job_profiles: Iterable[JobProfile] | Callable[[], Iterable[JobProfile]] = (),
        *,
        walks: Iterable[StoredCrosswalk] = (),
        moves: Moves | None = None,
        denied: Collection[str] = (),
    ) -> None:
        """``walks``: crosswalks that lead ids of other taxonomies to this one. ``moves``: where its changes lead ids.
        ``denied``: ids of skills that can never be one, which nothing leads to."""
        self._version = version
        self._skills = tuple(sorted(skills, key=lambda s: s.id))
        self._by_id = {s.id: s for s in self._skills}
        self._given = job_profiles
        name = version.partition("-")[0]
        self._leading = Leading(name, walks, moves or {}, lambda i: i in self._by_id and i not in denied)

    @cached_property
    def _profiles(self) -> dict[str, JobProfile]:
        given = self._given() if callable(self._given) else self._given
        self._given = ()
        return {p.id: p for p in sorted(given, key=lambda p: p.id)}

    @property
    def version(self) -> str:
        """Name, release and content hash, such as ``starter-1+0123456789ab``."""
        return self._version

    def skill(self, skill_id: str) -> Skill | None:
        """The skill with that id."""
        return self._by_id.get(skill_id)

    def skills(self) -> Sequence[Skill]:
        """All skills in order of id."""
        return self._skills

    def job_profile(self, profile_id: str) -> JobProfile | None:
        """The job profile with that id, else the same or nearly the same one that a crosswalk leads to."""
        found = self._profiles.get(profile_id)
        if found is None:
            links = (k for k in self._leading.occupations(profile_id) if k.relation in SAME)
            found = next((p for k in links if (p := self._profiles.get(k.target))), None)
        return found

    def led(self, ident: str, framework: str = "") -> Link | None:
        """Where crosswalks lead the id of another taxonomy's skill; ``None`` where none knows it. ``framework``: that
        taxonomy in the words of who names it, else any."""
        return self._leading.skill(ident, framework)

    def job_profiles(self) -> Sequence[JobProfile]:
        """All job profiles in order of id."""
        return tuple(self._profiles.values())


def overlaid(
    store: ConceptStore, overlay: Overlay, walks: Iterable[StoredCrosswalk] = (), denied: Collection[str] = ()
) -> ConceptStore:
    """A release under the changes that lie on it, ``walks`` being the crosswalks among them. Its job profiles follow.

    Raises:
        InputError: a change does not fit this release, naming it.
    """
    laid = replace(overlay, base=store.version)
    moves, kept = laid.moves, laid.release.profiles if laid.release else ()

    def profiles() -> list[JobProfile]:
        theirs = store.job_profiles()
        have = {p.id for p in theirs}
        return [asking(p, moves) for p in (*theirs, *(p for p in kept if p.id not in have))]

    skills = laid.over(store.skills())
    return ConceptStore(laid.version, skills, profiles, walks=walks, moves=moves, denied=denied)
