"""Mails to those who should answer what is overdue. They say how much it is and since when, and name nobody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from ascertain.domain.notifications import OVERDUE, Channel, Mailer, Notification, NotificationState, Outcome
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.notify_mail import opted_out
from ascertain.pipeline.overdue import overdue_for, recipients

SUBJECT = "Overdue: answers that people wait for"


class OverdueRound:
    """Makes these mails and sends them. ``address`` is where the service is, empty where that is not known."""

    def __init__(self, mailer: Mailer, address: str = "") -> None:
        self._mailer = mailer
        self._address = address.rstrip("/")

    def collect(self, uow: UnitOfWork, people: Mapping[str, Learner], now: datetime) -> tuple[int, int]:
        """A mail to each who has something new that is overdue since the last one: (new, superseded)."""
        sent = uow.notifications.latest_mails(NotificationState.SENT, OVERDUE)
        waiting = uow.notifications.latest_mails(NotificationState.PENDING, OVERDUE)
        new = stale = 0
        for ident in sorted({*recipients(uow, now.date()), *waiting}):
            person = people.get(ident)
            found = self._found(uow, person, now.date())
            if (pending := waiting.get(ident)) is not None:
                if pending.body["overdue"] == found:
                    continue
                uow.notifications.put(replace(pending, state=NotificationState.SUPERSEDED))
                stale += 1
            last = sent.get(ident)
            if set(found) <= set(last.body["overdue"] if last else ()):
                continue
            body, key = {"overdue": found}, f"msg_{secrets.token_hex(12)}"
            uow.notifications.add([Notification(key, Channel.EMAIL, ident, OVERDUE, ident, body, now, now)])
            new += 1
        return new, stale

    def text(self, uow: UnitOfWork, row: Notification, today: date) -> str:
        """The mail's text; empty when something of it was answered, or the recipient may not answer any more."""
        found = self._found(uow, uow.people.get(row.learner_id or ""), today)
        if not found or found != row.body["overdue"]:
            return ""
        asked = sum(i.startswith("q") for i in found)
        many = [(len(found) - asked, "dispute", "disputes"), (asked, "request about data", "requests about data")]
        lines = [f"{n} {one if n == 1 else more}" for n, one, more in many if n]
        where = (
            f"{self._address}/disputes and {self._address}/requests" if self._address else "the pages of the service"
        )
        return (
            f"Overdue, and yours to answer: {' and '.join(lines)}. The oldest was due on {min(found.values())}.\n\n"
            f"You find them at {where}. This mail comes once for each of them.\n"
            "To get no more of these mails, ask whoever runs Ascertain (`ascertain notify opt-out`).\n"
        )

    def send(self, row: Notification, to: Learner, text: str) -> Outcome:
        """One try."""
        return self._mailer.send(row.id, to.email, SUBJECT, text)

    def _found(self, uow: UnitOfWork, person: Learner | None, today: date) -> dict[str, str]:
        if person is None or not person.active or not person.email or opted_out(uow, person.id):
            return {}
        escalated = [d for d in uow.disputes.open() if d.escalated_at is not None]
        found = overdue_for(uow, person.id, today, escalated=escalated)
        return {i: due.isoformat() for i, due in sorted(found.items())}
