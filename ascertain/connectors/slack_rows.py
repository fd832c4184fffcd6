"""Slack's messages, and the options of a connection."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.parsing import FieldError, Row
from ascertain.domain.records import MessageRecord, SourceRef
from ascertain.domain.text import clean_plain

MESSAGE = {
    "id": "ts",
    "user": "user",
    "text": "text",
    "type": "type",
    "subtype": "subtype",
    "bot": "bot_id",
    "edited": "edited",
}
TS = re.compile(r"^[0-9]{1,12}\.[0-9]{1,9}$", re.ASCII)
_WRITTEN = ("", "thread_broadcast", "file_share", "me_message")
"""Kinds of messages that a person wrote; joins, topics and the like are none."""
_MARK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


class SlackOptions(BaseModel):
    """Options of a Slack connection.

    ``messages_opt_in``: the organisation's yes; without it no message is read. ``channels``: names of the public
    channels to read; nothing else ever is. ``history_days``: how far the first sync of a channel reaches back.
    ``replies``: also threads, if their first message is at most ``thread_days`` old when a later sync looks.
    ``calls_per_minute``: 1 for an app that is distributed outside the vendor's directory, which then also wants
    ``page_size`` 15. ``skills_field``: id of the custom profile field that is written, none by default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    messages_opt_in: bool = False
    channels: list[Annotated[str, Field(min_length=1, max_length=80)]] = Field(default_factory=list)
    history_days: Annotated[int, Field(ge=1, le=3650)] = 365
    replies: bool = True
    thread_days: Annotated[int, Field(ge=1, le=90)] = 7
    page_size: Annotated[int, Field(ge=1, le=999)] = 200
    overlap_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    calls_per_minute: Annotated[int, Field(ge=1, le=1000)] = 50
    skills_field: Annotated[str, Field(pattern=r"^Xf[A-Z0-9]{1,20}$")] | None = None
    skills_field_length: Annotated[int, Field(ge=80, le=5000)] = 255
    skills_lag_seconds: Annotated[int, Field(ge=0, le=3600)] = 30


def moment(ts: str) -> datetime:
    """The time of a timestamp such as ``1712345678.000200``; raises ``FieldError``."""
    if not TS.match(ts):
        raise FieldError("ts", f"{ts[:40]!r} is not a timestamp")
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (OverflowError, OSError, ValueError):
        raise FieldError("ts", f"{ts[:40]!r} is not a timestamp") from None


def timestamp(when: datetime) -> str:
    """The reverse."""
    return f"{when.timestamp():.6f}"


def is_written(row: Row) -> bool:
    """Whether a person wrote it."""
    return row.text("type") in ("", "message") and row.text("subtype") in _WRITTEN and not row.text("bot")


def message(row: Row, ref: SourceRef, channel: str, addresses: dict[str, str]) -> MessageRecord | None:
    """A message as a record, ``None`` for what nobody wrote. ``addresses``: e-mail by user id; "" for a bot."""
    if not is_written(row):
        return None
    user = row.required("user")
    if user in addresses and not addresses[user]:
        return None
    if user not in addresses:
        raise FieldError("user", "has no e-mail address that the app may see (scope users:read.email)")
    sent = moment(row.required("id"))
    edited = row.value("edited")
    changed = moment(str(edited.get("ts"))) if isinstance(edited, dict) and edited.get("ts") else sent
    text = row.value("text")
    return MessageRecord(
        ref=ref,
        subject=f"email:{addresses[user]}",
        text=plain(text) if isinstance(text, str) else "",
        channel=channel,
        occurred_at=sent,
        updated_at=max(sent, changed),
    )


def plain(text: str) -> str:
    """Slack's markup as text: a person that is mentioned goes away, a link keeps its caption, entities are resolved."""

    def shown(found: re.Match[str]) -> str:
        kind, target, caption = found[1], found[2], found[3] or ""
        if kind in ("@", "!"):
            return ""
        return caption or ("" if kind == "#" else target)

    return clean_plain(html.unescape(_MARK.sub(shown, text)))
