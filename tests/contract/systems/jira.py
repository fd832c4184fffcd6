"""Jira: searches whose pages chain."""

from __future__ import annotations

from collections.abc import Mapping

from ascertain.domain.records import Entity
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Spec, Spoilt, Trouble


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.touch_ticket(next(t.key for t in live.current.tickets if t.resolved))
    return {Entity.TICKET: 1}


SPEC = Spec(
    system="jira",
    entities={Entity.TICKET: lambda c: sum(bool(t.resolved) for t in c.current.tickets)},
    trouble=Trouble(Entity.TICKET, "search"),
    spoilt=Spoilt(Entity.TICKET, "summary", ""),
    changes=changes,
    options={"page_size": 30},
    fixed_fields=True,
)
