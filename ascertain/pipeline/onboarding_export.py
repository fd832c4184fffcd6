"""A plan for a calendar: iCalendar (RFC 5545), one entry of a whole day for each milestone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Event

from ascertain.domain.text import visible

PRODUCT = "-//Ascertain//Onboarding//EN"
WORDS = {"course": "Course", "task": "Task", "meet": "Meet", "check_in": "Check-in", "goal": "Goal"}


def calendar(data: Mapping[str, Any]) -> bytes:
    """The milestones that are not skipped, as ``onboarding_view.shown`` gives them.

    The same plan gives the same bytes. An entry keeps its UID from version to version, and SEQUENCE is the version, so
    that a calendar that takes it in again moves entries and doubles none. Whatever is hidden in a text is left out.
    """
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("x-wr-calname", visible(f"Onboarding: {data['role_title']}"))
    stamp = datetime.fromisoformat(data["decided_at"] or data["asked_at"]).astimezone(UTC)
    for m in data["milestones"]:
        if m["state"] == "skipped":
            continue
        day = date.fromisoformat(m["due_on"])
        event = Event()
        event.add("uid", f"{data['id']}-{m['id']}@ascertain")
        event.add("dtstamp", stamp)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("summary", visible(f"{WORDS[m['kind']]}: {m['title']}"))
        event.add("description", _description(m))
        event.add("categories", [WORDS[m["kind"]]])
        event.add("sequence", data["version"])
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    return bytes(made.to_ical())


def _description(m: Mapping[str, Any]) -> str:
    lines = [f"With {m['colleague_name']}." if m["colleague_name"] else "", m["reason"]]
    lines.append(f"Done when: {m['evidence']}." if m["evidence"] else "")
    lines.append(f"{m['hours']:g} hours of study." if m["hours"] else "")
    lines.append("This is done." if m["state"] == "done" else "")
    return visible("\n".join(line for line in lines if line))
