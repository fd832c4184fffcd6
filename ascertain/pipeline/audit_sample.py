"""Draws some of what code accepts for a human to decide about: how often code is wrong cannot be seen otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.runs import StoredAssertion

DRAWN = "drawn at random, to see how often code accepts what is wrong"
_HEX = 12


def drawn(rows: Iterable[StoredAssertion], share: float) -> list[str]:
    """Ids of the accepted assertions that are drawn. By a hash of the id: a job that runs twice draws the same."""
    return [
        r.id
        for r in rows
        if r.state is AssertionState.ACCEPTED
        and not r.human_reviewed
        and int(digest(["audit sample", r.id], length=_HEX), 16) < share * 16**_HEX
    ]
