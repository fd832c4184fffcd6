"""Mails about mentoring: to whoever is asked that somebody waits, to whoever asked that there is an answer, to either
that the other ended it. They name nobody and no skill: both stand on the page."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from ascertain.domain.mentoring import Mentorship, PairState
from ascertain.domain.notifications import MENTORING, Channel, Mailer, Notification, NotificationState, Outcome
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.notify_mail import opted_out

SUBJECT = "Mentors: there is news"
NEWS_DAYS = 14
"""Older than this nothing is news any more."""


class MentoringRound:
    """Makes these mails and sends them. ``address`` is where the service is, empty where that is not known."""

    def __init__(self, mailer: Mailer, address: str = "") -> None:
        self._mailer = mailer
        self._address = address.rstrip("/")

    def collect(self, uow: UnitOfWork, people: Mapping[str, Learner], now: datetime) -> tuple[int, int]:
        """A mail to each for whom there is something new since the last one: (new, superseded)."""
        sent = uow.notifications.latest_mails(NotificationState.SENT, MENTORING)
        waiting = uow.notifications.latest_mails(NotificationState.PENDING, MENTORING)
        news = news_by_person(uow, now.date())
        new = stale = 0
        for ident in sorted({*news, *waiting}):
            found = _wanted(uow, people.get(ident), news.get(ident, {}))
            if (pending := waiting.get(ident)) is not None:
                if pending.body["news"] == found:
                    continue
                uow.notifications.put(replace(pending, state=NotificationState.SUPERSEDED))
                stale += 1
            last = sent.get(ident)
            told = last.body["news"] if last else {}
            if set(found.items()) <= set(told.items()):
                continue
            key = f"msg_{secrets.token_hex(12)}"
            uow.notifications.add(
                [Notification(key, Channel.EMAIL, ident, MENTORING, ident, {"news": found}, now, now)]
            )
            new += 1
        return new, stale

    def text(self, uow: UnitOfWork, row: Notification, today: date) -> str:
        """The mail's text; empty when that is no longer so, or the recipient wants none."""
        ident = row.learner_id or ""
        found = _wanted(uow, uow.people.get(ident), news_by_person(uow, today).get(ident, {}))
        if not found or found != row.body["news"]:
            return ""
        asked = sum(v == PairState.ASKED.value for v in found.values())
        lines = [f"{asked} waiting for your answer."] * bool(asked)
        lines += [f"{len(found) - asked} answered or ended."] * bool(len(found) - asked)
        where = f"{self._address}/me/mentors" if self._address else "the pages of the service, under Me, Mentors"
        return (
            f"Requests about mentoring: {' '.join(lines)}\n\nYou find them at {where}. This mail comes once for each.\n"
            "To get no more of these mails, ask whoever runs Ascertain (`ascertain notify opt-out`).\n"
        )

    def send(self, row: Notification, to: Learner, text: str) -> Outcome:
        """One try."""
        return self._mailer.send(row.id, to.email, SUBJECT, text)


def _wanted(uow: UnitOfWork, person: Learner | None, found: Mapping[str, str]) -> dict[str, str]:
    if person is None or not person.active or person.restricted or not person.email or opted_out(uow, person.id):
        return {}
    return dict(sorted(found.items()))


def news_by_person(uow: UnitOfWork, today: date) -> dict[str, dict[str, str]]:
    """By learner id, request id → its state, of what somebody else did in the last :data:`NEWS_DAYS` days."""
    found: dict[str, dict[str, str]] = {}
    for m in uow.mentoring.changed(today - timedelta(days=NEWS_DAYS)):
        for whom in _told(m):
            found.setdefault(whom, {})[m.id] = m.state.value
    return found


def _told(m: Mentorship) -> tuple[str, ...]:
    if m.state is PairState.ASKED:
        return (m.mentor_id,)
    if m.state in (PairState.ACCEPTED, PairState.DECLINED):
        return (m.learner_id,)
    if m.state is PairState.ENDED:
        return (m.mentor_id,) if m.ended_by == "learner" else (m.learner_id,)
    return ()
