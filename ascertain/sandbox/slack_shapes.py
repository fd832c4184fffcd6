"""The company as a Slack workspace: ids, users, channels, messages, profile fields."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ascertain.sandbox.chat import Channel, Chat, Kind, Post
from ascertain.sandbox.records import Person

Json = dict[str, Any]

TEAM = "T02FJORDLAN"
APP = "A02ASCERTAI"
BOT = "U02ASCERBOT"
SKILLS_FIELD, TITLE_FIELD = "Xf02SKILLS", "Xf02OFFICE"
FIELDS: Mapping[str, str] = {TITLE_FIELD: "Office", SKILLS_FIELD: "Verified skills"}
"""Custom profile fields of the workspace: label by id."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def user_id(person_id: str) -> str:
    """The account of a worker."""
    return "U02" + _short(person_id)


def channel_id(channel: Channel) -> str:
    """A conversation's id; direct ones begin with D."""
    return ("D02" if channel.kind is Kind.DIRECT else "C02") + _short(channel.name)


def ts(post: Post) -> str:
    """A message's id, which is its time too."""
    return f"{int(post.at.replace(tzinfo=UTC).timestamp())}.{post.number:06d}"


def users(people: Sequence[Person], fields: Mapping[str, Mapping[str, str]]) -> list[Json]:
    """Everybody, the two robots included. ``fields``: values of profile fields by account."""
    robots = [_robot("USLACKBOT", "Slackbot", is_bot=False), _robot(BOT, "ascertain", is_bot=True)]
    return [*(user(p, fields.get(user_id(p.id), {})) for p in people), *robots]


def user(person: Person, fields: Mapping[str, str]) -> Json:
    """An account of a worker."""
    offset = ZoneInfo(person.time_zone).utcoffset(person.updated)
    return {
        "id": user_id(person.id),
        "team_id": TEAM,
        "name": person.email.partition("@")[0],
        "deleted": False,
        "real_name": person.name,
        "tz": person.time_zone,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile(person, fields),
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_bot": False,
        "is_app_user": False,
        "updated": int(person.updated.replace(tzinfo=UTC).timestamp()),
    }


def profile(person: Person, fields: Mapping[str, str], *, custom: bool = False) -> Json:
    """A profile; ``custom``: with the fields that the workspace made."""
    own = {TITLE_FIELD: person.location, **fields}
    found: Json = {
        "title": person.title,
        "phone": "",
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.given,
        "first_name": person.given,
        "last_name": person.family,
        "email": person.email,
        "team": TEAM,
    }
    if custom:
        found["fields"] = {k: {"value": v, "alt": ""} for k, v in own.items() if v}
    return found


def channel(found: Channel, *, member: bool) -> Json:
    """A conversation. ``member``: the app has joined."""
    direct = found.kind is Kind.DIRECT
    common: Json = {
        "id": channel_id(found),
        "created": 1_700_000_000,
        "is_archived": False,
        "is_im": direct,
        "is_mpim": False,
        "is_org_shared": False,
        "context_team_id": TEAM,
    }
    if direct:
        return {**common, "user": user_id(found.members[0]), "is_user_deleted": False, "priority": 0}
    return {
        **common,
        "name": found.name,
        "name_normalized": found.name,
        "is_channel": True,
        "is_group": False,
        "is_private": found.kind is Kind.PRIVATE,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_member": member,
        "creator": user_id(found.members[0]),
        "topic": {"value": found.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(found.members),
    }


def message(post: Post, chat: Chat) -> Json:
    """A message as history and replies show it."""
    found: Json = {
        "type": "message",
        "user": user_id(post.author_id),
        "text": _escaped(post.text),
        "ts": ts(post),
        "client_msg_id": f"{zlib.crc32(post.text.encode()):08x}-0000-4000-8000-{post.number:012d}",
        "team": TEAM,
    }
    if post.thread is not None:
        parent = next(p for p in chat.posts if p.number == post.thread)
        return {**found, "thread_ts": ts(parent), "parent_user_id": user_id(parent.author_id)}
    if replies := chat.replies(post.number):
        authors = sorted({user_id(r.author_id) for r in replies})
        found |= {
            "thread_ts": found["ts"],
            "reply_count": len(replies),
            "reply_users_count": len(authors),
            "reply_users": authors,
            "latest_reply": ts(replies[-1]),
            "is_locked": False,
        }
    return found


def joined(found: Channel) -> Json:
    """The line that Slack itself writes into a channel; nobody's words."""
    return {
        "type": "message",
        "subtype": "channel_join",
        "user": user_id(found.members[0]),
        "text": f"<@{user_id(found.members[0])}> has joined the channel",
        "ts": f"{int(datetime(2024, 1, 2, 8, tzinfo=UTC).timestamp())}.000000",
    }


def profile_fields() -> list[Json]:
    """What the workspace added to profiles."""
    return [
        {
            "id": key,
            "ordering": n,
            "label": label,
            "hint": "",
            "type": "text",
            "possible_values": None,
            "options": None,
            "is_hidden": False,
        }
        for n, (key, label) in enumerate(FIELDS.items())
    ]


def _robot(key: str, name: str, *, is_bot: bool) -> Json:
    return {
        "id": key,
        "team_id": TEAM,
        "name": name.lower(),
        "deleted": False,
        "real_name": name,
        "tz": "America/Los_Angeles",
        "tz_offset": -28800,
        "profile": {"real_name": name, "display_name": name, "team": TEAM},
        "is_bot": is_bot,
        "is_app_user": False,
        "updated": 0,
    }


def _escaped(text: str) -> str:
    """Slack's three escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(text: str) -> str:
    number, found = zlib.crc32(text.encode()), ""
    for _ in range(8):
        number, rest = divmod(number, 36)
        found = _DIGITS[rest] + found
    return found
