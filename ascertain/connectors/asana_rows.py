"""Asana's tasks as traces of work, and the options of a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.parsing import FieldError, Row
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import SourceRef, TextRecord
from ascertain.domain.text import clean_plain

Gid = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
TASK_FIELDS = (
    "name",
    "notes",
    "assignee.email",
    "assignee.name",
    "completed",
    "completed_at",
    "modified_at",
    "resource_subtype",
)
TASK = {
    "id": "gid",
    "title": "name",
    "text": "notes",
    "assignee": "assignee",
    "completed": "completed",
    "completed_at": "completed_at",
    "updated": "modified_at",
    "subtype": "resource_subtype",
}
_WORK = ("", "default_task", "milestone", "approval")


class AsanaOptions(BaseModel):
    """Options of an Asana connection.

    ``workspace``: its gid; may be left out where the token's user is in one only. ``projects``: gids to read, empty for
    all that the user may see. ``archived``: also archived projects. ``completed_only``: open tasks show no result.
    ``comments``: the assignee's own comments are part of the text (other people's never are), one call a task.
    ``events``: later syncs ask each project's event feed what changed instead of ``modified_since``. ``accounts``:
    e-mail address by user gid, for people whose address the token may not see.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    workspace: Gid | None = None
    projects: list[Gid] = Field(default_factory=list)
    archived: bool = False
    completed_only: bool = True
    comments: bool = False
    events: bool = False
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    overlap_minutes: Annotated[int, Field(ge=1, le=10_080)] = 5
    calls_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 150
    accounts: dict[str, str] = Field(default_factory=dict)


def is_work(row: Row) -> bool:
    """A task that somebody has: no section heading, not without an assignee."""
    return row.text("subtype") in _WORK and isinstance(row.value("assignee"), Mapping)


def assignee_of(row: Row) -> tuple[str, str]:
    """Gid and e-mail address of the assignee; raises ``FieldError`` for somebody who is not an object."""
    assignee = row.value("assignee")
    if not isinstance(assignee, Mapping):
        raise FieldError("assignee", "is missing")
    return str(assignee.get("gid") or ""), clean_plain(str(assignee.get("email") or ""))


def task(row: Row, ref: SourceRef, options: AsanaOptions, comments: Sequence[str] = ()) -> TextRecord | None:
    """A task as a record; ``None`` for what is none of ours (open, nobody's, a heading)."""
    if not is_work(row) or (options.completed_only and not row.flag("completed")):
        return None
    gid, email = assignee_of(row)
    email = email or options.accounts.get(gid, "")
    if not email:
        raise FieldError("assignee.email", f"is hidden; name user {gid} under options.accounts of the connection")
    title = row.required("title")
    notes = row.value("text")
    parts = [clean_plain(notes) if isinstance(notes, str) else "", *comments]
    updated = row.moment("updated")
    return TextRecord(
        ref=ref,
        subject=f"email:{email}",
        kind=EvidenceKind.TICKET,
        title=title,
        text="\n".join(p for p in parts if p) or title,
        occurred_at=row.moment("completed_at") or updated,
        updated_at=updated,
    )


def own_comments(stories: object, gid: str) -> list[str]:
    """What the assignee wrote below the task, oldest first."""
    found: list[str] = []
    for story in stories if isinstance(stories, list) else []:
        if not isinstance(story, Mapping) or not _is_comment(story):
            continue
        author = story.get("created_by")
        if isinstance(author, Mapping) and author.get("gid") == gid and isinstance(story.get("text"), str):
            found.append(clean_plain(story["text"]))
    return [text for text in found if text]


def _is_comment(story: Mapping[str, Any]) -> bool:
    return story.get("type") == "comment" or story.get("resource_subtype") == "comment_added"
