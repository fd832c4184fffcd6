"""The tenant behind the Graph sandbox: people and what changed of them, channels and messages."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

from ascertain.sandbox.chat import Channel, Chat, Kind, Post
from ascertain.sandbox.graph_delta import Numbered
from ascertain.sandbox.graph_gate import ApiError, GraphOptions
from ascertain.sandbox.graph_hooks import Subscriptions
from ascertain.sandbox.graph_shapes import TEAM, Json, channel_id, chosen, event_message, guid, message, user
from ascertain.sandbox.live import Change, LiveCompany
from ascertain.sandbox.records import Person


class Tenant:
    """What the routes look things up in."""

    def __init__(self, live: LiveCompany, options: GraphOptions) -> None:
        self.live, self.options = live, options
        self.subscriptions = Subscriptions(options)
        self.chat = Chat(live, lambda post: self.subscriptions.tell_message(post, self.chat))
        self._lock = threading.Lock()
        self._changed: dict[str, int] = {}
        self._count = 1  # 1 is the state in the beginning
        live.watch(self._watch)

    @property
    def newest(self) -> int:
        """The number of the last change of a user."""
        return self._count

    def person(self, key: str) -> Person:
        """By id or by name of the account; 404 without."""
        for person in self.live.current.people:
            if key in (guid("user", person.id), person.email):
                return person
        message = f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
        raise ApiError(404, "Request_ResourceNotFound", message)

    def users(self, since: int, names: list[str]) -> Numbered:
        """Users that have changed after a number."""
        found = []
        for place, person in enumerate(self.live.current.people):
            if self._changed.get(person.id, 1) > since:
                row = chosen(user(person), names)
                if "manager" in names and person.manager_id:
                    link = {"@odata.type": "#microsoft.graph.user", "id": guid("user", person.manager_id)}
                    row["manager@delta"] = [link]
                found.append((place, row))
        return found

    def channels(self) -> Sequence[Channel]:
        """The team's; direct conversations are chats."""
        return [c for c in self.chat.channels if c.kind is not Kind.DIRECT]

    def channel(self, team_id: str, key: str) -> Channel:
        """A channel of the team; 404 without."""
        if team_id == TEAM:
            for found in self.channels():
                if channel_id(found) == key:
                    return found
        raise ApiError(404, "NotFound", "No channel was found with the id specified.")

    def posts(self, found: Channel) -> list[Post]:
        """What begins a thread there, the oldest first."""
        return self.chat.in_channel(found.name)

    def row(self, post: Post, found: Channel, parent: Post | None = None) -> Json:
        """A message."""
        return message(post, self.live.current.person(post.author_id), found, parent)

    def messages(self, found: Channel, since: int) -> Numbered:
        """Messages after a number, replies not among them, as far back as change tracking goes."""
        days = self.options.delta_days
        first = None if days is None else self.live.current.anchor - timedelta(days=days)
        posts = sorted(self.posts(found), key=lambda p: p.number)
        kept = [p for p in posts if p.number > since and (first is None or p.at.date() >= first)]
        start: Numbered = [(0, event_message(found))] if since == 0 and first is None else []
        return [*start, *((p.number, self.row(p, found)) for p in kept)]

    def _watch(self, change: Change) -> None:
        if isinstance(change.what, Person):
            with self._lock:
                self._count += 1
                self._changed[change.what.id] = self._count
            self.subscriptions.tell_user(change.what)
