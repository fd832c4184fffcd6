"""The company's tickets as Asana's tasks: ids, objects, and the choice of fields by ``opt_fields``."""

from __future__ import annotations

import html
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ascertain.sandbox.records import Company, Person, Ticket

Json = dict[str, Any]

WORKSPACE = "1200000000000001"
PROJECTS = {
    "CSM": "Customer success",
    "DAT": "Data platform",
    "ENG": "Engineering",
    "MKT": "Marketing",
    "OPS": "Operations",
    "PLT": "Platform",
    "SUP": "Support",
}
_COMPACT = {
    "task": ("gid", "resource_type", "name", "resource_subtype"),
    "story": ("gid", "resource_type", "created_at", "created_by", "resource_subtype", "text", "type"),
}
_USUAL = ("gid", "resource_type", "name")
_ONLY_ON_REQUEST = frozenset(("html_notes", "created_by"))


def project_gid(key: str) -> str:
    """The project of a ticket's key."""
    return f"1201{zlib.crc32(key.encode()):012d}"


def user_gid(person_id: str) -> str:
    """The account of a worker."""
    return f"1202{zlib.crc32(person_id.encode()):012d}"


def task_gid(ticket: Ticket) -> str:
    """The task of a ticket."""
    return f"1203{ticket.id:012d}"


def workspace() -> Json:
    """The one workspace, whole."""
    return {**_small("workspace", WORKSPACE, "Fjordlane"), "is_organization": True}


def projects(company: Company) -> list[Json]:
    """All projects, whole, in the order of their keys."""
    found = []
    for key in sorted({t.project for t in company.tickets}):
        mine = [t for t in company.tickets if t.project == key]
        found.append(
            {
                **_small("project", project_gid(key), PROJECTS.get(key, key)),
                "archived": False,
                "completed": False,
                "created_at": stamp(min(t.created for t in mine)),
                "modified_at": stamp(max(t.updated for t in mine)),
                "notes": "",
                "public": True,
                "workspace": _small("workspace", WORKSPACE, "Fjordlane"),
            }
        )
    return found


def user(person: Person) -> Json:
    """An account, whole."""
    return {
        **_small("user", user_gid(person.id), person.name),
        "email": person.email,
        "photo": None,
        "workspaces": [_small("workspace", WORKSPACE, "Fjordlane")],
    }


def task(ticket: Ticket, people: Mapping[str, Person]) -> Json:
    """A task, whole; ``people`` by worker's id."""
    assignee = people.get(ticket.assignee_id)
    project = _small("project", project_gid(ticket.project), PROJECTS.get(ticket.project, ticket.project))
    notes = "\n".join(p.strip("`") for p in ticket.description)
    return {
        **_small("task", task_gid(ticket), ticket.summary),
        "resource_subtype": "default_task",
        "actual_time_minutes": None,
        "assignee": user(assignee) if assignee else None,
        "assignee_status": "inbox",
        "completed": ticket.resolved is not None,
        "completed_at": stamp(ticket.resolved),
        "created_at": stamp(ticket.created),
        "created_by": user(assignee) if assignee else None,
        "custom_fields": [],
        "due_at": None,
        "due_on": None,
        "followers": [user(assignee)] if assignee else [],
        "html_notes": f"<body>{html.escape(notes, quote=False)}</body>",
        "memberships": [{"project": project, "section": None}],
        "modified_at": stamp(ticket.updated),
        "notes": notes,
        "num_subtasks": 0,
        "parent": None,
        "permalink_url": f"https://app.asana.com/0/{project['gid']}/{task_gid(ticket)}",
        "projects": [project],
        "start_on": None,
        "tags": [_small("tag", f"1205{zlib.crc32(label.encode()):012d}", label) for label in ticket.labels],
        "workspace": _small("workspace", WORKSPACE, "Fjordlane"),
    }


def stories(ticket: Ticket, people: Mapping[str, Person]) -> list[Json]:
    """What happened to a task: comments, and between them a line that the system wrote."""
    maker = people.get(ticket.assignee_id)
    rows = [("system", "assigned", ticket.assignee_id, "assigned this task")]
    rows += [("comment", "comment_added", who, text) for who, text in ticket.comments]
    found = []
    for n, (kind, subtype, who, text) in enumerate(rows):
        author = people.get(who, maker)
        found.append(
            {
                "gid": f"1204{ticket.id:010d}{n:02d}",
                "resource_type": "story",
                "resource_subtype": subtype,
                "type": kind,
                "text": text,
                "created_at": stamp(ticket.created if kind == "system" else ticket.updated),
                "created_by": user(author) if author else None,
                "target": _small("task", task_gid(ticket), ticket.summary),
            }
        )
    return found


def chosen(row: Json, opt_fields: str | None, *, whole: bool = False) -> Json:
    """What an answer has of an object: its compact form, all of it (``whole``), or ``gid`` and what was asked for.

    Objects inside are compact unless a field of theirs is asked for by its path (``assignee.email``). Unknown names
    are passed over, as Asana does.
    """
    if opt_fields is None:
        names = [n for n in row if n not in _ONLY_ON_REQUEST] if whole else _compact(row)
        return {n: compact(row[n]) for n in names}
    asked: dict[str, list[str]] = {}
    for path in (p.strip() for p in opt_fields.split(",")):
        name, _, rest = path.partition(".")
        if name:
            asked.setdefault(name, []).extend([rest] if rest else [])
    found: Json = {"gid": row["gid"]} if "gid" in row else {}
    for name, inner in asked.items():
        if name in row:
            found[name] = _inside(row[name], inner) if inner else compact(row[name])
    return found


def compact(value: Any) -> Any:
    """Objects inside an answer in their compact form."""
    if isinstance(value, list):
        return [compact(v) for v in value]
    if isinstance(value, dict):
        return {n: compact(value[n]) for n in (_compact(value) if "gid" in value else value)}
    return value


def stamp(moment: datetime | None) -> str | None:
    """A time as Asana prints it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z" if moment else None


def _inside(value: Any, inner: list[str]) -> Any:
    if isinstance(value, list):
        return [_inside(v, inner) for v in value]
    return chosen(value, ",".join(inner)) if isinstance(value, dict) else value


def _compact(row: Mapping[str, Any]) -> Iterable[str]:
    return [n for n in _COMPACT.get(str(row.get("resource_type")), _USUAL) if n in row]


def _small(kind: str, gid: str, name: str) -> Json:
    return {"gid": gid, "resource_type": kind, "name": name}
