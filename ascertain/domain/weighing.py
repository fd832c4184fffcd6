"""What the stewardship crew weighs: matters that code found in the evidence, each with the answers that code can
carry out. Nobody's words are among it but the terms, and no matter is of fewer people than the charter asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ascertain.domain.findings import Drop, Step
from ascertain.domain.overlays import Change
from ascertain.domain.ports import CrewServices
from ascertain.domain.stewardship import Support


class MatterKind(StrEnum):
    """What was met."""

    TERM = "term"
    """Words that no skill fits."""
    LABEL = "label"
    """A name that people use far more often than the label."""
    PAIR = "pair"
    """Two skills that come out of the same quotes."""
    NAMES = "names"
    """Two names of one skill that different people use."""


class Nearness(StrEnum):
    """How near a term is to a skill. Agents see this and not the figure behind it."""

    SAME_WORDS = "same words"
    CLOSE = "close"
    RELATED = "related"


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that is offered. ``change`` is what follows from it; ``None``: everything stays."""

    id: str
    change: Change | None = None
    near: Nearness | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """``words``: terms or labels that it is about, the most used first."""

    id: str
    kind: MatterKind
    words: tuple[str, ...]
    support: Support
    options: tuple[Option, ...]

    def option(self, option_id: str) -> Option | None:
        """The one that is offered under that id."""
        return next((o for o in self.options if o.id == option_id), None)


class Flag(StrEnum):
    """Why the critic holds a proposal back."""

    NOT_A_SKILL = "not_a_skill"
    """A product's version, an employer, a title, an event: nothing that somebody can do."""
    TRAIT = "trait"
    """What somebody is or feels."""
    TOO_WIDE = "too_wide"
    TOO_NARROW = "too_narrow"
    ALREADY_THERE = "already_there"


HOLDS_BACK = frozenset({Flag.NOT_A_SKILL, Flag.TRAIT, Flag.ALREADY_THERE})
"""Flags under which nothing is proposed; the others go with the proposal to whoever decides."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the agents made of a matter. ``reason`` and ``note`` are checked plain words; without a verdict of the
    critic nothing is proposed."""

    matter_id: str
    option_id: str
    reason: str = ""
    judged: bool = False
    flags: tuple[Flag, ...] = ()
    note: str = ""

    @property
    def stands(self) -> bool:
        """Whether it may be proposed."""
        return self.judged and not HOLDS_BACK.intersection(self.flags)


@dataclass(frozen=True, slots=True)
class StewardFindings:
    """All that one run of the crew came to."""

    weighed: tuple[Weighed, ...] = ()
    drops: tuple[Drop, ...] = ()
    steps: tuple[Step, ...] = ()


class StewardCrew(Protocol):
    """``crews.stewardship``. Raises ``BrainError`` when a brain fails."""

    @property
    def brain_version(self) -> str: ...
    @property
    def prompts_version(self) -> str: ...
    def weigh(self, matters: Sequence[Matter], services: CrewServices) -> StewardFindings: ...
