"""Mails about milestones of somebody's first 90 days that are past their day: to the new hire, and to the manager about
what is theirs to do. They say how many, and name nobody but the reader's own plan."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from ascertain.domain.notifications import ONBOARDING, Channel, Mailer, Notification, NotificationState, Outcome
from ascertain.domain.onboarding import Owner, PlanState
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.pipeline.notify_mail import opted_out
from ascertain.pipeline.permit import may, principal_of

SUBJECT = "The first 90 days: milestones past their day"


class OnboardingRound:
    """Makes these mails and sends them. ``address`` is where the service is, empty where that is not known."""

    def __init__(self, mailer: Mailer, address: str = "") -> None:
        self._mailer = mailer
        self._address = address.rstrip("/")

    def collect(self, uow: UnitOfWork, people: Mapping[str, Learner], now: datetime) -> tuple[int, int]:
        """A mail to each who has something new that is late since the last one: (new, superseded)."""
        sent = uow.notifications.latest_mails(NotificationState.SENT, ONBOARDING)
        waiting = uow.notifications.latest_mails(NotificationState.PENDING, ONBOARDING)
        late = late_by_person(uow, people, now.date())
        new = stale = 0
        for ident in sorted({*late, *waiting}):
            found = self._wanted(uow, people.get(ident), late.get(ident, {}))
            if (pending := waiting.get(ident)) is not None:
                if pending.body["late"] == found:
                    continue
                uow.notifications.put(replace(pending, state=NotificationState.SUPERSEDED))
                stale += 1
            last = sent.get(ident)
            if set(found) <= set(last.body["late"] if last else ()):
                continue
            key = f"msg_{secrets.token_hex(12)}"
            uow.notifications.add(
                [Notification(key, Channel.EMAIL, ident, ONBOARDING, ident, {"late": found}, now, now)]
            )
            new += 1
        return new, stale

    def text(self, uow: UnitOfWork, row: Notification, today: date) -> str:
        """The mail's text; empty when something of it was done, or the recipient may not see it any more."""
        people = {p.id: p for p in uow.people.all()}
        ident = row.learner_id or ""
        found = self._wanted(uow, people.get(ident), late_by_person(uow, people, today).get(ident, {}))
        if not found or found != row.body["late"]:
            return ""
        many = "milestone is" if len(found) == 1 else "milestones are"
        where = f"{self._address}/onboarding" if self._address else "the pages of the service, under Onboarding"
        return (
            f"{len(found)} {many} past the day, and yours to see to. The oldest was due on {min(found.values())}.\n\n"
            f"You find them at {where}. This mail comes once for each of them.\n"
            "To get no more of these mails, ask whoever runs Ascertain (`ascertain notify opt-out`).\n"
        )

    def send(self, row: Notification, to: Learner, text: str) -> Outcome:
        """One try."""
        return self._mailer.send(row.id, to.email, SUBJECT, text)

    def _wanted(self, uow: UnitOfWork, person: Learner | None, found: Mapping[str, str]) -> dict[str, str]:
        if person is None or not person.active or not person.email or opted_out(uow, person.id):
            return {}
        return dict(sorted(found.items()))


def late_by_person(uow: UnitOfWork, people: Mapping[str, Learner], today: date) -> dict[str, dict[str, str]]:
    """By learner id, ``plan/milestone`` → the day on which it was due, of approved plans: the new hire's own, and to
    the present manager those that are the manager's, where they may follow the plan."""
    found: dict[str, dict[str, str]] = {}
    for plan in uow.onboardings.listed((PlanState.APPROVED,)):
        hire = people.get(plan.learner_id)
        if hire is None or not hire.active or hire.restricted:
            continue
        for m in plan.milestones:
            if not m.overdue(today):
                continue
            whom = hire.manager_id if m.owner is Owner.MANAGER else hire.id
            if whom is not None:
                found.setdefault(whom, {})[f"{plan.id}/{m.id}"] = m.due_on.isoformat()
        boss = hire.manager_id
        if boss in found and boss is not None:
            who = principal_of(uow, boss, today=today)
            if not may(uow, who, Action.ONBOARDING_FOLLOW, hire):
                found[boss] = {k: v for k, v in found[boss].items() if not k.startswith(f"{plan.id}/")}
    return found
