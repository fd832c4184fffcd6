"""What a format reader gives, and what it could not read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ascertain.domain.skills import JobProfile, Skill

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that could not be used: where it stands, which field is at fault and what to do about it."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Names:
    """How a skill is called, and described, in one more language."""

    label: str
    synonyms: tuple[str, ...] = ()
    definition: str = ""


@dataclass(frozen=True, slots=True)
class LoadedTaxonomy:
    """A taxonomy as read from a release: everything usable, and the problems of what is not.

    ``names``: further language → skill id → names; ids, labels and definitions of ``skills`` are in ``language``.
    """

    name: str
    release: str
    language: str
    skills: tuple[Skill, ...]
    job_profiles: tuple[JobProfile, ...] = ()
    problems: tuple[Problem, ...] = field(default_factory=tuple)
    names: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
