"""Messages to somebody outside: signed webhooks and mails that say whose accepted skills changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

SKILLS_UPDATED = "skills.updated"
DIGEST = "skills.digest"
OVERDUE = "answers.overdue"
ONBOARDING = "onboarding.overdue"
MENTORING = "mentoring.news"


class Channel(StrEnum):
    """How a message travels."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class NotificationState(StrEnum):
    """How far a message got. ``superseded``: what it says was no longer true before it could be sent."""

    PENDING = "pending"
    SENT = "sent"
    SUPERSEDED = "superseded"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message. ``endpoint`` is the configured endpoint's name, for mails the recipient's learner id; ``learner_id``
    is whom it is about, for mails the recipient. ``body`` is what is sent, for mails what it is written from."""

    id: str
    channel: Channel
    endpoint: str
    type: str
    learner_id: str | None
    body: Mapping[str, Any]
    due_at: datetime
    created_at: datetime
    state: NotificationState = NotificationState.PENDING
    tries: int = 0
    error: str = ""
    sent_at: datetime | None = None


class Delivered(StrEnum):
    """What came of one try. ``gone``: the receiver says that there is nobody any more."""

    YES = "yes"
    LATER = "later"
    GONE = "gone"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one try; ``reason`` without what was sent, ``retry_after`` in seconds where the receiver said."""

    delivered: Delivered
    reason: str = ""
    retry_after: float | None = None


class WebhookSender(Protocol):
    """Sends one signed webhook to one configured endpoint."""

    def send(self, message_id: str, body: str, now: datetime) -> Outcome:
        """One try; never raises for an endpoint that does not work."""


class Mailer(Protocol):
    """Sends one mail."""

    def send(self, message_id: str, to: str, subject: str, text: str) -> Outcome:
        """One try; never raises for a server that does not work."""


RETRIES: tuple[timedelta, ...] = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits after the first, second … try: about three days in all, as Standard Webhooks suggests."""

SPREAD = 0.2
"""A wait is longer by up to this share, so that receivers that were down are not all called at once."""


def next_try(tries: int, now: datetime, chance: float, retry_after: float | None = None) -> datetime | None:
    """When to try again after ``tries`` tries; ``None`` when it has been tried often enough. ``chance`` is 0..1. A
    receiver may ask for a longer wait, up to a day, never for a shorter one."""
    if tries > len(RETRIES):
        return None
    wait = RETRIES[max(0, tries - 1)] * (1 + SPREAD * chance)
    return now + max(wait, timedelta(seconds=min(retry_after or 0.0, 86_400.0)))


@dataclass(frozen=True, slots=True)
class SkillNote:
    """An accepted skill as messages name it."""

    id: str
    label: str
    level: int
    assertion_id: str = ""
    human_reviewed: bool = False


def skill_changes(before: Mapping[str, int], now: Sequence[SkillNote]) -> dict[str, list[str]]:
    """Ids of skills that were added, changed level, or are no longer accepted; empty lists where there are none."""
    present = {s.id: s.level for s in now}
    return {
        "added": sorted(set(present) - set(before)),
        "changed": sorted(i for i in set(present) & set(before) if present[i] != before[i]),
        "removed": sorted(set(before) - set(present)),
    }


class PersonName(StrEnum):
    """How a webhook names a person."""

    ID = "id"
    PSEUDONYM = "pseudonym"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A configured receiver of webhooks."""

    name: str
    person: PersonName = PersonName.ID


@dataclass(frozen=True, slots=True)
class MailRules:
    """What mails to managers may say, and how often they come."""

    digest: timedelta = timedelta(days=7)
    levels: bool = False
