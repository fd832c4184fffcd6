"""What an assertion may be used for. A probability on which a decision about a person leans is itself an automated
decision (CJEU C-634/21), so nothing that only code has looked at may carry one."""

from __future__ import annotations

from enum import StrEnum

from ascertain.domain.assertion import AssertionState
from ascertain.domain.runs import StoredAssertion


class Use(StrEnum):
    """``information``: to be looked at, by the person or for learning. ``decision``: something about the person's
    work hangs on it."""

    INFORMATION = "information"
    DECISION = "decision"


def refused_for(row: StoredAssertion, use: Use) -> str:
    """Why an assertion may not be used so; empty when it may."""
    if use is Use.INFORMATION:
        return ""
    if row.state is AssertionState.CONTESTED:
        return "contested: its use is frozen until the dispute is decided"
    if row.state is not AssertionState.ACCEPTED:
        return f"it is {row.state.value.replace('_', ' ')}, not accepted"
    if row.level is None or row.confidence is None:
        return "there is not enough evidence for a level"
    if not row.human_reviewed:
        return "no human has reviewed it"
    return ""


def usable_for(row: StoredAssertion, use: Use) -> bool:
    """Whether an assertion may be used so; :func:`refused_for` says why not."""
    return not refused_for(row, use)
