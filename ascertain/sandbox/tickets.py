"""Resolved Jira issues for about three in five people, from hand-written templates with varied details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from ascertain.sandbox.history import ago
from ascertain.sandbox.records import Person, Ticket

SHARE_WITH_TICKETS = 0.68
_FIRST_ID = 20_001


def build_tickets(
    people: Sequence[Person], templates: Mapping[str, Any], anchor: date, seed: int
) -> tuple[Ticket, ...]:
    """Issues ordered by ``updated``; a person gets at most one issue from each template of their role."""
    drafts: list[tuple[Person, Mapping[str, Any], Random]] = []
    for person in people:
        rng = Random(f"{seed}:tickets:{person.id}")
        tenure = (anchor - person.hire_date).days
        if rng.random() > SHARE_WITH_TICKETS or tenure < 60 or person.active_until_days_ago:
            continue
        offered = templates.get(person.role, [])
        chosen = rng.sample(offered, k=min(len(offered), rng.randint(3, 5)))
        drafts += [(person, template, rng) for template in chosen]
    tickets = [_ticket(person, template, anchor, rng) for person, template, rng in drafts]
    tickets.sort(key=lambda t: (t.updated, t.summary))
    return tuple(_numbered(tickets))


def _ticket(person: Person, template: Mapping[str, Any], anchor: date, rng: Random) -> Ticket:
    slots = {name: rng.choice(values) for name, values in template.get("slots", {}).items()}
    tenure = (anchor - person.hire_date).days
    day = rng.randint(5, min(700, tenure - 20))
    created = ago(anchor, day, rng.randrange(8 * 60, 17 * 60))
    still_open = day < 40 and rng.random() < 0.4
    resolved = None if still_open else created + timedelta(minutes=rng.randint(50, min(day - 1, 12) * 1440))
    return Ticket(
        id=0,
        key="",
        project=template["project"],
        kind=template.get("kind", "Task"),
        summary=template["summary"].format_map(slots),
        description=tuple(p.format_map(slots) for p in template["description"]),
        comments=tuple((person.id, text.format_map(slots)) for text in template.get("comments", [])),
        labels=tuple(template.get("labels", [])),
        priority=rng.choice(["Low", "Medium", "Medium", "High"]),
        assignee_id=person.id,
        status="Done" if resolved else "In Progress",
        created=created,
        updated=resolved or created + timedelta(hours=3),
        resolved=resolved,
    )


def _numbered(tickets: Sequence[Ticket]) -> list[Ticket]:
    counts: dict[str, int] = {}
    numbered = []
    for index, ticket in enumerate(tickets):
        counts[ticket.project] = counts.get(ticket.project, 100) + 1
        key = f"{ticket.project}-{counts[ticket.project]}"
        numbered.append(replace(ticket, id=_FIRST_ID + index, key=key))
    return numbered
