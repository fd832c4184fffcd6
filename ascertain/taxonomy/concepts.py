"""A taxonomy in memory, as the domain's port wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from ascertain.domain.overlays import Overlay, asking
from ascertain.domain.skills import JobProfile, Skill


class ConceptStore:
    """Implements ``domain.ports.Taxonomy``; skills in order of id.

    Job profiles given as a function are made when first asked for: mapping a text needs none of them.
    """

    def __init__(
        self,
        version: str,
        skills: Iterable[Skill],
        job_profiles: Iterable[JobProfile] | Callable[[], Iterable[JobProfile]] = (),
    ) -> None:
        self._version = version
        self._skills = tuple(sorted(skills, key=lambda s: s.id))
        self._by_id = {s.id: s for s in self._skills}
        self._given = job_profiles

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
        """The job profile with that id."""
        return self._profiles.get(profile_id)

    def job_profiles(self) -> Sequence[JobProfile]:
        """All job profiles in order of id."""
        return tuple(self._profiles.values())


def overlaid(store: ConceptStore, overlay: Overlay) -> ConceptStore:
    """A release under the changes that lie on it. Its job profiles follow them.

    Raises:
        InputError: a change does not fit this release, naming it.
    """
    laid = replace(overlay, base=store.version)
    moves, kept = laid.moves, laid.release.profiles if laid.release else ()

    def profiles() -> list[JobProfile]:
        theirs = store.job_profiles()
        have = {p.id for p in theirs}
        return [asking(p, moves) for p in (*theirs, *(p for p in kept if p.id not in have))]

    return ConceptStore(laid.version, laid.over(store.skills()), profiles)
