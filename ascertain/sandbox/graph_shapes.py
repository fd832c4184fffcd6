"""The company as a Microsoft 365 tenant: users, the team's channels and their messages."""

from __future__ import annotations

import html
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ascertain.sandbox.chat import Channel, Kind, Post
from ascertain.sandbox.records import Person

Json = dict[str, Any]

_SPACE = uuid.UUID("3f0a3f5e-6a55-4a34-9a1e-6f8a7f0f2b11")
USUAL = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
USER = frozenset(
    (
        *USUAL,
        "accountEnabled",
        "companyName",
        "createdDateTime",
        "department",
        "employeeHireDate",
        "employeeId",
        "mailNickname",
        "userType",
    )
)
TEAM_NAME = "Fjordlane"


def guid(kind: str, key: object) -> str:
    """An id as the directory makes them."""
    return str(uuid.uuid5(_SPACE, f"{kind}:{key}"))


TEAM = guid("team", TEAM_NAME)


def user(person: Person) -> Json:
    """An account with every property; lists show a selection."""
    return {
        "id": guid("user", person.id),
        "accountEnabled": True,
        "businessPhones": [],
        "companyName": TEAM_NAME,
        "createdDateTime": f"{person.hire_date.isoformat()}T08:00:00Z",
        "department": person.department,
        "displayName": person.name,
        "employeeHireDate": f"{person.hire_date.isoformat()}T00:00:00Z",
        "employeeId": person.id,
        "givenName": person.given,
        "jobTitle": person.title,
        "mail": person.email,
        "mailNickname": person.email.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": person.location,
        "preferredLanguage": person.language,
        "surname": person.family,
        "userPrincipalName": person.email,
        "userType": "Member",
    }


def chosen(row: Mapping[str, Any], names: Sequence[str]) -> Json:
    """A selection; the id is always there."""
    return {n: row[n] for n in dict.fromkeys(("id", *names)) if n in row}


def team() -> Json:
    """The one team."""
    return {
        "id": TEAM,
        "displayName": TEAM_NAME,
        "description": "Everybody",
        "visibility": "public",
        "isArchived": False,
    }


def channel_id(found: Channel) -> str:
    """A channel's id."""
    return f"19:{guid('channel', found.name).replace('-', '')}@thread.tacv2"


def channel(found: Channel) -> Json:
    """A channel of the team."""
    return {
        "id": channel_id(found),
        "createdDateTime": "2024-01-02T08:00:00Z",
        "displayName": found.name,
        "description": found.topic,
        "isArchived": False,
        "membershipType": "private" if found.kind is Kind.PRIVATE else "standard",
    }


def message_id(post: Post) -> str:
    """A message's id: milliseconds, unique in its channel."""
    return str(int(post.at.replace(tzinfo=UTC).timestamp()) * 1000 + post.number % 1000)


def message(post: Post, author: Person, found: Channel, parent: Post | None = None) -> Json:
    """A chatMessage. Its body is HTML, as Teams writes it."""
    text = "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in post.text.split("\n"))
    identity = {
        "@odata.type": "#microsoft.graph.teamworkUserIdentity",
        "id": guid("user", author.id),
        "displayName": author.name,
        "userIdentityType": "aadUser",
    }
    return _message(
        message_id(post),
        found,
        post.at,
        {"application": None, "device": None, "user": identity},
        {"contentType": "html", "content": text},
        "message",
        message_id(parent) if parent else None,
    )


def event_message(found: Channel) -> Json:
    """The line that Teams itself writes into a channel; nobody's words."""
    at = datetime(2024, 1, 2, 8)
    body = {"contentType": "html", "content": "<systemEventMessage/>"}
    number = str(int(at.replace(tzinfo=UTC).timestamp()) * 1000)
    return _message(number, found, at, None, body, "systemEventMessage", None)


def _message(
    key: str, found: Channel, at: datetime, sender: Json | None, body: Json, kind: str, parent: str | None
) -> Json:
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(key) % 1000:03d}Z"
    return {
        "id": key,
        "replyToId": parent,
        "etag": key,
        "messageType": kind,
        "createdDateTime": stamp,
        "lastModifiedDateTime": stamp,
        "lastEditedDateTime": None,
        "deletedDateTime": None,
        "subject": None,
        "summary": None,
        "chatId": None,
        "importance": "normal",
        "locale": "en-us",
        "webUrl": f"https://teams.example/l/message/{channel_id(found)}/{key}",
        "policyViolation": None,
        "eventDetail": None,
        "from": sender,
        "body": body,
        "channelIdentity": {"teamId": TEAM, "channelId": channel_id(found)},
        "attachments": [],
        "mentions": [],
        "reactions": [],
    }
