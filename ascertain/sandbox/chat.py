"""What the company's people wrote to each other, for every system in which people do: made from tickets and reviews.

There is a public channel for each project (a ticket is a post, its comments are replies) and one for thanks (peer
feedback). A private channel of the managers and a direct conversation hold performance reviews: texts that no
connector may ever see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from ascertain.sandbox.live import Change, LiveCompany
from ascertain.sandbox.records import Company, Review, Ticket


class Kind(StrEnum):
    """Who may read."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where people write; ``members`` are ids of workers."""

    name: str
    kind: Kind
    members: tuple[str, ...]
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message. ``number`` is unique, ``at`` naive UTC; ``thread`` is the number of the post that it answers."""

    number: int
    channel: str
    author_id: str
    at: datetime
    text: str
    thread: int | None = None


_NAMES = {
    "CSM": "customer-success",
    "DAT": "data-platform",
    "ENG": "engineering",
    "MKT": "marketing",
    "OPS": "operations",
    "PLT": "platform",
    "SUP": "support",
}
THANKS, LEADS, DIRECT = "kudos", "people-leads", "direct-1"


class Chat:
    """Channels and posts of one company. What happens to it later is posted as it happens.

    Args:
        tell: called with each new post, after it can be read.
    """

    def __init__(self, live: LiveCompany, tell: Callable[[Post], None] | None = None) -> None:
        self._live = live
        self._tell = tell
        self._lock = threading.Lock()
        self._posts = _posts(live.current)
        live.watch(self._changed)

    @property
    def posts(self) -> Sequence[Post]:
        """All, in the order of their numbers; replies included."""
        with self._lock:
            return tuple(self._posts)

    @property
    def channels(self) -> Sequence[Channel]:
        """All, public ones first."""
        company = self._live.current
        everybody = tuple(p.id for p in company.people)
        leads = tuple(sorted(company.manager_ids))
        names = sorted({_channel(t.project) for t in company.tickets})
        return (
            *(Channel(n, Kind.PUBLIC, everybody, f"All about {n.replace('-', ' ')}") for n in names),
            Channel(THANKS, Kind.PUBLIC, everybody, "Say thank you"),
            Channel(LEADS, Kind.PRIVATE, leads, "Managers only"),
            Channel(DIRECT, Kind.DIRECT, (leads[0], leads[1])),
        )

    def in_channel(self, name: str) -> list[Post]:
        """What begins a thread in that channel, the oldest first."""
        return sorted((p for p in self.posts if p.channel == name and p.thread is None), key=lambda p: (p.at, p.number))

    def replies(self, number: int) -> list[Post]:
        """Answers to a post, the oldest first."""
        return sorted((p for p in self.posts if p.thread == number), key=lambda p: (p.at, p.number))

    def _changed(self, change: Change) -> None:
        if isinstance(change.what, Ticket):
            ticket = change.what
            text = f"{ticket.key} is {ticket.status}: {ticket.summary}"
            post = Post(0, _channel(ticket.project), ticket.assignee_id, ticket.updated, text)
        elif isinstance(change.what, Review) and change.what.kind == "Peer Feedback":
            post = Post(0, THANKS, change.what.reviewer_id, datetime.now(UTC).replace(tzinfo=None), change.what.text)
        else:
            return
        with self._lock:
            post = replace(post, number=len(self._posts) + 1)
            self._posts.append(post)
        if self._tell is not None:
            self._tell(post)


def _channel(project: str) -> str:
    return _NAMES.get(project, project.lower())


def _posts(company: Company) -> list[Post]:
    found: list[Post] = []

    def add(channel: str, author: str, at: datetime, text: str, thread: int | None = None) -> int:
        found.append(Post(len(found) + 1, channel, author, at, text, thread))
        return len(found)

    for ticket in company.tickets:
        text = "\n".join((ticket.summary, *(p.strip("`") for p in ticket.description)))
        first = add(_channel(ticket.project), ticket.assignee_id, ticket.created, text)
        for n, (who, comment) in enumerate(ticket.comments, start=1):
            add(
                _channel(ticket.project),
                who,
                min(ticket.created + timedelta(hours=n), ticket.updated),
                comment,
                first,
            )
    for review in company.reviews:
        at = datetime.combine(review.day, time(9, 30))
        if review.kind == "Peer Feedback":
            add(THANKS, review.reviewer_id, at, review.text)
        elif review.kind == "Performance Review":
            add(LEADS if len(found) % 2 else DIRECT, review.reviewer_id, at, review.text)
    return found
