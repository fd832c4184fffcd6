"""What would be written where if a reviewer accepted: the very text that a push would send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.writeback_plan import allot
from ascertain.errors import AscertainError
from ascertain.pipeline.review_desk import Suggestion, find
from ascertain.pipeline.write_back import WriteBack


@dataclass(frozen=True, slots=True)
class Written:
    """One value in one place. ``value`` is byte for byte what the system would be sent."""

    connection: str
    account: str
    target: str
    value: str


def would_write(
    home: WriteBack, uow: UnitOfWork, row: StoredAssertion, learner: Learner, level: Level, on: date
) -> list[Written]:
    """What a push on that day would send for this assertion at ``level``; a place that collects several skills in one
    text shows the whole of it. Nothing is written, and nothing but who somebody is is asked of any system.

    Raises:
        ConnectorError: a system does not say who somebody is there.
    """
    supposed = replace(row, state=AssertionState.ACCEPTED, level=level, human_reviewed=True)
    claims, _ = home.claims(uow, learner, supposing=(supposed, on))
    places = home.places(learner, home.accounts(uow), set(home.desks))
    found = []
    for (connection, account), wanted in sorted(allot(places, claims, home.rules.spread).items()):
        for i in wanted:
            if i.value is not None and row.id in i.assertion_ids:
                found.append(Written(connection, account, i.target, i.value))
    return found


def if_accepted(
    write_back: Callable[[], WriteBack], units: UnitOfWorkFactory, who: Principal, suggestion: Suggestion, on: date
) -> tuple[list[Written], str]:
    """What accepting the suggestion would write, or why that cannot be told now: reviewing goes on all the same."""
    if suggestion.level is None:
        return [], ""
    try:
        with write_back() as home, units(write=False) as uow:
            found = find(uow, who, Action.REVIEW_DECIDE, suggestion.item_id)
            if found is None:
                return [], ""
            return would_write(home, uow, found.row, found.learner, suggestion.level, on), ""
    except AscertainError as e:
        return [], e.message
