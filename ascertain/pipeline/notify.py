"""Tells the outside whose accepted skills changed: what is worth a message, and when it goes.

A message is stored before it is sent, so it is sent at least once; its id stays the same over all tries. Before each
try it is compared with what is accepted now: what is no longer true is not sent, and a new message takes its place.
"""

from __future__ import annotations

import logging
import random
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ascertain.domain.canonical import canonical_json
from ascertain.domain.connector import Budget
from ascertain.domain.notifications import (
    MENTORING,
    ONBOARDING,
    OVERDUE,
    SKILLS_UPDATED,
    Channel,
    Delivered,
    Endpoint,
    Mailer,
    MailRules,
    Notification,
    NotificationState,
    Outcome,
    PersonName,
    SkillNote,
    WebhookSender,
    next_try,
    skill_changes,
)
from ascertain.domain.outbox import Switch
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.writeback_plan import WritebackRules, withheld
from ascertain.errors import NotFoundError
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.notify_mail import MailRound
from ascertain.pipeline.notify_mentoring import MentoringRound
from ascertain.pipeline.notify_onboarding import OnboardingRound
from ascertain.pipeline.notify_overdue import OverdueRound
from ascertain.pipeline.stop import is_stopped

log = logging.getLogger(__name__)

ENDPOINT = "endpoint:"
"""Switches of endpoints: off while one is disabled."""
OF_A_ROUND = frozenset({OVERDUE, ONBOARDING, MENTORING})
"""Types of mails that a round of their own makes and words."""
MOST = 1000
"""Messages tried in one go."""


@dataclass(slots=True)
class NotifyReport:
    """What one go did. ``busy``: another process is at it, nothing was done. ``stopped``: everything is
    stopped, what is left waits."""

    new: int = 0
    sent: int = 0
    later: int = 0
    superseded: int = 0
    given_up: int = 0
    disabled: list[str] = field(default_factory=list)
    busy: bool = False
    stopped: bool = False


class Notifier:
    """The use case. ``pseudonym`` names a learner without naming them; ``chance`` spreads the tries."""

    def __init__(
        self,
        units: UnitOfWorkFactory,
        clock: Clock,
        *,
        endpoints: Sequence[Endpoint] = (),
        senders: Mapping[str, WebhookSender] | None = None,
        mail: MailRules | None = None,
        mailer: Mailer | None = None,
        rules: WritebackRules | None = None,
        pseudonym: Callable[[str], str] = str,
        budget: Budget | None = None,
        address: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.units = units
        self.clock = clock
        self.endpoints = {e.name: e for e in endpoints}
        self.senders = dict(senders or {})
        self.mails = MailRound(mail or MailRules(), mailer) if mailer else None
        self.rounds: dict[str, OverdueRound | OnboardingRound | MentoringRound] = {}
        if mailer:
            self.rounds[OVERDUE] = OverdueRound(mailer, address)
            self.rounds[ONBOARDING] = OnboardingRound(mailer, address)
            self.rounds[MENTORING] = MentoringRound(mailer, address)
        self.rules = rules or WritebackRules()
        self.pseudonym = pseudonym
        self.budget = budget
        self.chance = chance

    def run(self) -> NotifyReport:
        """Collect what changed, then send what is due. Does nothing where nothing is configured."""
        report = NotifyReport()
        if not self.endpoints and self.mails is None:
            return report
        if is_stopped(self.units):
            report.stopped = True
            return report
        leases = ConnectionLeases(self.budget)
        if not leases.take("notifications"):
            report.busy = True
            return report
        try:
            self._collect(report)
            for _ in range(MOST):
                if is_stopped(self.units):
                    report.stopped = True
                    break
                if not self._one(report) or not leases.take("notifications"):
                    break
        finally:
            leases.give_back()
        return report

    # -- what is worth a message ------------------------------------------------------------------------------------

    def _collect(self, report: NotifyReport) -> None:
        with self.units() as uow:
            people = {p.id: p for p in uow.people.all(active_only=False)}
            notes = accepted(uow.assertions.all(), people, self.rules)
            for endpoint in self.endpoints.values():
                if not disabled(uow, endpoint.name):
                    self._collect_for(uow, endpoint, people, notes, report)
            if self.mails is not None:
                new, stale = self.mails.collect(uow, people, notes, self.clock.now())
                report.new, report.superseded = report.new + new, report.superseded + stale
            for mails in self.rounds.values():
                new, stale = mails.collect(uow, people, self.clock.now())
                report.new, report.superseded = report.new + new, report.superseded + stale
            uow.commit()

    def _collect_for(
        self,
        uow: UnitOfWork,
        endpoint: Endpoint,
        people: Mapping[str, Learner],
        notes: Mapping[str, Sequence[SkillNote]],
        report: NotifyReport,
    ) -> None:
        sent = uow.notifications.latest(endpoint.name, NotificationState.SENT)
        waiting = uow.notifications.latest(endpoint.name, NotificationState.PENDING)
        now = self.clock.now()
        for learner_id in sorted({*notes, *sent, *waiting}):
            if people[learner_id].restricted:
                continue  # told when that is over
            mine, told = notes.get(learner_id, ()), levels_in(sent.get(learner_id))
            if (pending := waiting.get(learner_id)) is not None:
                if levels_in(pending) == {n.id: n.level for n in mine}:
                    continue
                uow.notifications.put(replace(pending, state=NotificationState.SUPERSEDED))
                report.superseded += 1
            changes = skill_changes(told, mine)
            if not any(changes.values()):
                continue
            data = {
                "person": self._named(endpoint, people[learner_id]),
                "skills": [
                    {"id": n.id, "label": n.label, "level": n.level, "human_reviewed": n.human_reviewed} for n in mine
                ],
                **changes,
            }
            body = {"type": SKILLS_UPDATED, "timestamp": now.isoformat(), "data": data}
            uow.notifications.add(
                [Notification(message_id(), Channel.WEBHOOK, endpoint.name, SKILLS_UPDATED, learner_id, body, now, now)]
            )
            report.new += 1

    def _named(self, endpoint: Endpoint, learner: Learner) -> str:
        if endpoint.person is PersonName.EMAIL:
            return learner.email
        return self.pseudonym(learner.id) if endpoint.person is PersonName.PSEUDONYM else learner.id

    # -- sending ----------------------------------------------------------------------------------------------------

    def _one(self, report: NotifyReport) -> bool:
        """Send the message that is due longest; False when there is none."""
        with self.units(write=False) as uow:
            off = {s.name.removeprefix(ENDPOINT) for s in uow.switches.named(ENDPOINT) if not s.on}
            due = uow.notifications.due(self.clock.now(), without=off, limit=MOST)
            row = next((n for n in due if self._can_send(n)), None)
            if row is None:
                return False
            person = uow.people.get(row.learner_id or "")
            text = self._still_true(uow, row)
        if person is None or person.restricted or not text:
            self._store(row, NotificationState.SUPERSEDED, "no longer true", report)
            return True
        if (own := self.rounds.get(row.type)) is not None:
            outcome = own.send(row, person, text)
        elif row.channel is Channel.EMAIL and self.mails is not None:
            outcome = self.mails.send(row, person, text)
        else:
            outcome = self.senders[row.endpoint].send(row.id, text, self.clock.now())
        self._note(row, outcome, report)
        return True

    def _can_send(self, row: Notification) -> bool:
        return self.mails is not None if row.channel is Channel.EMAIL else row.endpoint in self.senders

    def _still_true(self, uow: UnitOfWork, row: Notification) -> str:
        """What to send; empty when that is no longer true."""
        if row.type in OF_A_ROUND:
            own = self.rounds.get(row.type)
            return own.text(uow, row, self.clock.now().date()) if own else ""
        if row.channel is Channel.EMAIL:
            return self.mails.text(uow, row, self.rules) if self.mails else ""
        people = {p.id: p for p in [uow.people.get(row.learner_id or "")] if p is not None}
        notes = accepted(uow.assertions.of(row.learner_id or ""), people, self.rules).get(row.learner_id or "", ())
        true = levels_in(row) == {n.id: n.level for n in notes}
        return canonical_json(row.body) if true else ""

    def _note(self, row: Notification, outcome: Outcome, report: NotifyReport) -> None:
        now = self.clock.now()
        tried = replace(row, tries=row.tries + 1, error=outcome.reason)
        if outcome.delivered is Delivered.YES:
            self._store(replace(tried, sent_at=now), NotificationState.SENT, "", report)
            return
        again = next_try(tried.tries, now, self.chance(), outcome.retry_after)
        if outcome.delivered is Delivered.NEVER or again is None:
            self._store(tried, NotificationState.GIVEN_UP, outcome.reason, report)
        else:
            report.later += 1
            self._put(replace(tried, due_at=again))
        if row.channel is Channel.WEBHOOK and (outcome.delivered is Delivered.GONE or again is None):
            self.disable(row.endpoint, "notify", outcome.reason)
            report.disabled.append(row.endpoint)

    def _store(self, row: Notification, state: NotificationState, reason: str, report: NotifyReport) -> None:
        setattr(report, state.value, getattr(report, state.value) + 1)
        self._put(replace(row, state=state, error=reason))

    def _put(self, row: Notification) -> None:
        with self.units() as uow:
            try:
                uow.notifications.put(row)
            except NotFoundError:
                log.info("message %s is gone: the person was erased meanwhile", row.id)
                return
            if row.state is not NotificationState.PENDING:
                header = {
                    "message": row.id,
                    "channel": row.channel.value,
                    "endpoint": row.endpoint if row.channel is Channel.WEBHOOK else "",
                    "tries": row.tries,
                }
                action = f"notification.{row.state.value}"
                uow.audit.append(action, actor="notify", header=header, learner_id=row.learner_id)
            uow.commit()

    def disable(self, endpoint: str, actor: str, reason: str) -> None:
        """Stop sending to an endpoint until a person enables it; what waits for it is kept."""
        self._switch(endpoint, actor, reason, on=False)

    def enable(self, endpoint: str, actor: str) -> None:
        """Send to an endpoint again.

        Raises:
            NotFoundError: no endpoint of that name is configured.
        """
        if endpoint not in self.endpoints:
            raise NotFoundError(f"no endpoint {endpoint!r} is configured", remedy="see ASCERTAIN_OUTGOING_FILE")
        self._switch(endpoint, actor, "", on=True)

    def _switch(self, endpoint: str, actor: str, reason: str, *, on: bool) -> None:
        with self.units() as uow:
            uow.switches.put(Switch(f"{ENDPOINT}{endpoint}", on, actor, reason, self.clock.now()))
            header = {"endpoint": endpoint, "on": on, "reason": reason}
            uow.audit.append("notification.endpoint", actor="operator", header=header, payload={"actor": actor})
            uow.commit()


def accepted(
    rows: Sequence[StoredAssertion], people: Mapping[str, Learner], rules: WritebackRules
) -> dict[str, list[SkillNote]]:
    """By learner id, the skills that may be told of, by label."""
    found: dict[str, list[SkillNote]] = {}
    for row in rows:
        if row.level is not None and not withheld(row, people.get(row.learner_id), rules):
            note = SkillNote(row.skill_id, row.skill_label, int(row.level), row.id, row.human_reviewed)
            found.setdefault(row.learner_id, []).append(note)
    return {k: sorted(v, key=lambda n: (n.label, n.id)) for k, v in found.items()}


def levels_in(message: Notification | None) -> dict[str, int]:
    """Levels by skill id that a webhook tells of."""
    if message is None:
        return {}
    return {s["id"]: s["level"] for s in message.body["data"]["skills"]}


def disabled(uow: UnitOfWork, endpoint: str) -> bool:
    """Whether nothing is sent to an endpoint."""
    switch = uow.switches.get(f"{ENDPOINT}{endpoint}")
    return switch is not None and not switch.on


def message_id() -> str:
    """An id for a message."""
    return f"msg_{secrets.token_hex(12)}"
