"""Microsoft Graph's people and channel messages, and the options of a connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.records import MessageRecord, SourceRef, WorkerRecord
from ascertain.domain.text import clean_plain, clean_text

WORKER: FieldMap = {
    "employee_id": "employeeId",
    "name": "displayName",
    "email": "mail",
    "login": "userPrincipalName",
    "job_title": "jobTitle",
    "job_code": "",
    "department": "department",
    "hired": "employeeHireDate",
    "location": "officeLocation",
    "active": "accountEnabled",
    "messages_consent": "",
}
"""Product field → property of a user. What stands here is asked for and read, and nothing else."""
ALWAYS = ("id", "userType")
MESSAGE = {
    "id": "id",
    "kind": "messageType",
    "from": "from",
    "body": "body",
    "sent": "createdDateTime",
    "changed": "lastModifiedDateTime",
    "deleted": "deletedDateTime",
}
_MENTION = re.compile(r"<at\b[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)


class GraphOptions(BaseModel):
    """Options of a Microsoft Graph connection.

    ``tenant``: the directory's id or domain. ``authority``: where tokens come from; ``same`` is the connection's own
    host. ``workers``: people and their managers out of the directory (where no HRIS is connected). ``messages_opt_in``:
    the organisation's yes; without it no message is read. ``channels``: ``Team/Channel``, the standard channels of
    public teams to read; nothing else ever is. ``replies``: also answers, one call for each message that changed.
    ``profile_skills``: the caption under which a skill of ours is written to profiles, by skill id; none by default,
    because the vendor has it in beta only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,100}$")]
    authority: Annotated[str, Field(pattern=r"^(same|https://[A-Za-z0-9.-]+)$")] = "https://login.microsoftonline.com"
    scope: str = "https://graph.microsoft.com/.default"
    workers: bool = False
    messages_opt_in: bool = False
    channels: list[Annotated[str, Field(pattern=r"^[^/]+/[^/]+$", max_length=200)]] = Field(default_factory=list)
    history_days: Annotated[int, Field(ge=1, le=3650)] = 240
    replies: bool = True
    page_size: Annotated[int, Field(ge=1, le=999)] = 100
    messages_page_size: Annotated[int, Field(ge=1, le=50)] = 50
    subscription_hours: Annotated[int, Field(ge=1, le=72)] = 48
    profile_skills: dict[str, str] = Field(default_factory=dict)
    audience: Literal["me", "organization", "everyone"] = "organization"


def worker(row: Row, ref: SourceRef, *, manager: str | None, profile: str | None) -> WorkerRecord | None:
    """Somebody of the directory; ``None`` for guests and for accounts without any address (rooms, services)."""
    email = row.text("email") or row.text("login")
    if row.text("type").lower() == "guest" or "@" not in email:
        return None
    return WorkerRecord(
        ref=ref,
        employee_id=row.text("employee_id") or ref.id,
        email=email,
        name=row.text("name") or email,
        job_title=row.text("job_title"),
        job_code=row.text("job_code"),
        job_profile_id=profile,
        department=row.text("department"),
        manager_employee_id=manager,
        hired_at=row.moment("hired"),
        location=row.text("location"),
        active=row.flag("active", True),
        messages_consent=row.answer("messages_consent"),
    )


def writer(row: Row) -> str:
    """Id of the person who wrote a message; "" for an application, an event, or what was deleted."""
    if row.text("kind") not in ("", "message") or row.text("deleted"):
        return ""
    source = row.value("from")
    user = source.get("user") if isinstance(source, Mapping) else None
    return str(user.get("id") or "") if isinstance(user, Mapping) else ""


def deleted(raw: object) -> str:
    """Id of a message that a delta says is no more; "" for any other row."""
    if not isinstance(raw, Mapping) or not (raw.get("@removed") or raw.get("deletedDateTime")):
        return ""
    return str(raw.get("id") or "")


def message(row: Row, ref: SourceRef, channel: str, email: str) -> MessageRecord:
    """A message as a record; its writer has been found."""
    sent = row.moment("sent")
    if sent is None:
        raise FieldError("createdDateTime", "is empty")
    return MessageRecord(
        ref=ref,
        subject=f"email:{email}",
        text=_words(row.value("body")),
        channel=channel,
        occurred_at=sent,
        updated_at=row.moment("changed") or sent,
    )


def _words(body: Any) -> str:
    content = body.get("content") if isinstance(body, Mapping) else None
    if not isinstance(content, str):
        return ""
    if body.get("contentType") == "html":
        return clean_text(_MENTION.sub(" ", content))
    return clean_plain(content)
