"""What the organisation allows of matching people with openings and of planning succession, and its lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from ascertain.domain.readiness import ReadinessRules
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError

LEVEL_HOURS = {Level(1): 4.0, Level(2): 12.0, Level(3): 24.0, Level(4): 40.0, Level(5): 80.0}
"""Hours to each level from the one below, where no file says others."""


@dataclass(frozen=True, slots=True)
class TalentRules:
    """``config/talent.yaml``.

    Attributes:
        mobility: whether people and openings are compared at all.
        listed: so many people at most stand on the list of an opening.
        few_hours: working hours in common with an opening's place under which a reason says so.
        succession: whether people are compared with key roles, and kept on lists for them.
        readiness: how long learning takes, and what counts as ready.
    """

    mobility: bool
    listed: int
    few_hours: float
    succession: bool = False
    readiness: ReadinessRules = field(default_factory=lambda: ReadinessRules(LEVEL_HOURS))


def must_match(rules: TalentRules) -> None:
    """Go on only where people and openings are compared.

    Raises:
        ConflictError: it is switched off.
    """
    if not rules.mobility:
        raise ConflictError(
            "people are not compared with openings here: it is switched off",
            remedy="`mobility: true` in config/talent.yaml turns it on; read docs/talent.md first",
        )


def must_plan(rules: TalentRules) -> None:
    """Go on only where succession is planned.

    Raises:
        ConflictError: it is switched off.
    """
    if not rules.succession:
        raise ConflictError(
            "succession is not planned here: it is switched off",
            remedy="`succession: true` in config/talent.yaml turns it on; read docs/succession.md first",
        )
