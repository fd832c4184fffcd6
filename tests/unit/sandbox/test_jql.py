"""The JQL subset: what it understands and what it refuses."""

from __future__ import annotations

from datetime import date

import pytest

from ascertain.sandbox.company import build_company
from ascertain.sandbox.jql import JqlError, parse

TICKETS = build_company(date(2026, 5, 1)).tickets


@pytest.mark.parametrize("text", ["", "   ", "order by updated", "ORDER BY created DESC"])
def test_unbounded_is_refused(text: str) -> None:
    with pytest.raises(JqlError, match="Unbounded"):
        parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "project",
        "summary ~ x",
        'updated >= "yesterday"',
        "project = ENG order by mood",
        "project = ENG OR project = DAT",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(JqlError):
        parse(text)


def test_project_and_time_together() -> None:
    moment = TICKETS[len(TICKETS) // 2].updated
    found = parse(f'project = eng AND updated >= "{moment:%Y-%m-%d %H:%M}" ORDER BY updated ASC').run(TICKETS)

    assert found == [t for t in TICKETS if t.project == "ENG" and t.updated >= moment.replace(second=0)]


def test_several_projects_and_state() -> None:
    found = parse('project in (ENG, "DAT") and resolution is not EMPTY and status = "Done"').run(TICKETS)

    assert {t.project for t in found} == {"ENG", "DAT"}
    assert all(t.resolved for t in found)


@pytest.mark.parametrize(("way", "reverse"), [("asc", False), ("desc", True)])
def test_order(way: str, reverse: bool) -> None:
    found = parse(f"assignee is not empty order by created {way}").run(TICKETS)

    assert [t.created for t in found] == sorted((t.created for t in TICKETS), reverse=reverse)
