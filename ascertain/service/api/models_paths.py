"""What is said to a learning path, and what planning it anew came to, as they are exchanged."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from ascertain.domain.path_wishes import Modality
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent

Reason = Annotated[str, Field(min_length=1, max_length=400, pattern=r"\S")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class PathShare(Sent):
    """Part of a path's hours that one modality may take."""

    least: Annotated[float, Field(ge=0, le=1)] = 0.0
    most: Annotated[float, Field(ge=0, le=1)] = 1.0


@published("limit-path")
class LimitPath(Sent):
    """What a path has to keep to, in place of what was said before; what is left out is the policy's."""

    hours_per_week: float | None = None
    """Hours of learning a week: more than 0, at most 60."""
    by: dt.date | None = None
    """The last day."""
    languages: Annotated[list[Language], Field(max_length=20)] = Field(default_factory=list)
    """Those that items may have; else the person's own and English."""
    max_cost: float | None = None
    """Of all items that are not mandatory, in the policy's currency."""
    mix: dict[Modality, PathShare] = Field(default_factory=dict)
    """Shares of the hours by modality."""
    reason: Reason
    """Whoever approves the path reads it."""


@published("skip-path-item")
class SkipPathItem(Sent):
    """An item of a path that is left out; or one that is planned again."""

    item: Annotated[str, Field(min_length=1, max_length=300)]
    """Its content id."""
    take_back: bool = False
    """True: let it be planned again."""
    reason: Annotated[str, Field(max_length=400)] = ""
    """Needed to skip; whoever approves the path reads it."""


@published("path-planned-anew")
class PathPlannedAnew(Exchanged):
    """What planning a path anew came to. A proposal waits for a human's yes."""

    learner: str
    proposed: str | None
    """Id of the new proposal; null where the path is as it was, or has new dates alone."""
    changes: list[str]
    items: list[str]
    closure: float
    """Expected drop of the summed weighted gap."""
    bound: float
    """The most that any feasible path could reach, as the solver proves."""
    cost: float
    binding: str
    """What limits it."""
    reliefs: list[str]
