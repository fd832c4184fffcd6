"""What a learning path has to keep to beside the policy: what somebody asked for, and what they will not take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Modality(StrEnum):
    """How something is learned, as a mix is agreed on. An external item is ``external`` whatever else it is."""

    COURSE = "course"
    MICRO = "micro-learning"
    PROJECT = "project"
    MENTOR = "mentor"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a path's hours that one modality may take, 0..1, to the thousandth. Mandatory items are not counted."""

    least: float = 0.0
    most: float = 1.0


@dataclass(frozen=True, slots=True)
class PathWishes:
    """What one person's path has to keep to; what is ``None`` or empty is left to the policy.

    Attributes:
        hours_per_week: hours of learning a week.
        by: the last day of the path.
        languages: those that items may have; else the person's own and English.
        max_cost: in the policy's currency, over all items that are not mandatory.
        mix: shares of the hours by modality.
        skipped: content ids that the person will not take; what is mandatory stays.
    """

    hours_per_week: float | None = None
    by: date | None = None
    languages: tuple[str, ...] = ()
    max_cost: float | None = None
    mix: Mapping[Modality, Share] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()


NO_WISHES = PathWishes()
