"""What the organisation allows of matching people with openings, and its lines."""

from __future__ import annotations

from dataclasses import dataclass

from ascertain.errors import ConflictError


@dataclass(frozen=True, slots=True)
class TalentRules:
    """``config/talent.yaml``.

    Attributes:
        mobility: whether people and openings are compared at all.
        listed: so many people at most stand on the list of an opening.
        few_hours: working hours in common with an opening's place under which a reason says so.
    """

    mobility: bool
    listed: int
    few_hours: float


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
