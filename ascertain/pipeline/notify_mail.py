"""Digests to managers: who of their direct reports has new accepted skills. Names are looked up when a mail is sent,
and a mail names a person to nobody but their present manager."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ascertain.domain.notifications import (
    DIGEST,
    Channel,
    Mailer,
    MailRules,
    Notification,
    NotificationState,
    Outcome,
    SkillNote,
    skill_changes,
)
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.writeback_plan import WritebackRules, withheld

OPT_OUT = "mail:"
"""Switches of recipients: off for those who want no mails."""
SHOWN = 12
"""Skills named of one person; the rest is counted."""

Levels = Mapping[str, Mapping[str, int]]


class MailRound:
    """Makes digests and sends them."""

    def __init__(self, rules: MailRules, mailer: Mailer) -> None:
        self._rules = rules
        self._mailer = mailer

    def collect(
        self, uow: UnitOfWork, people: Mapping[str, Learner], notes: Mapping[str, Sequence[SkillNote]], now: datetime
    ) -> tuple[int, int]:
        """Store a digest for each manager who is due one: (new, superseded)."""
        teams: dict[str, list[str]] = defaultdict(list)
        for p in people.values():
            if p.active and p.manager_id and p.manager_id != p.id:
                teams[p.manager_id].append(p.id)
        sent = uow.notifications.latest_mails(NotificationState.SENT)
        waiting = uow.notifications.latest_mails(NotificationState.PENDING)
        new = stale = 0
        for manager_id in sorted({*teams, *waiting}):
            manager = people.get(manager_id)
            team = {i: _levels(notes[i]) for i in sorted(teams[manager_id]) if i in notes}
            wanted = manager is not None and manager.active and bool(manager.email) and not opted_out(uow, manager_id)
            if (pending := waiting.get(manager_id)) is not None:
                if wanted and pending.body["people"] == team:
                    continue
                uow.notifications.put(replace(pending, state=NotificationState.SUPERSEDED))
                stale += 1
            last = sent.get(manager_id)
            if not wanted or (
                last is not None and last.sent_at is not None and now - last.sent_at < self._rules.digest
            ):
                continue
            changes = _changes(last.body["people"] if last else {}, {i: notes[i] for i in team})
            if not changes:
                continue
            body = {"people": team, "changes": changes}
            ident = f"msg_{secrets.token_hex(12)}"
            uow.notifications.add([Notification(ident, Channel.EMAIL, manager_id, DIGEST, manager_id, body, now, now)])
            new += 1
        return new, stale

    def text(self, uow: UnitOfWork, row: Notification, rules: WritebackRules) -> str:
        """The mail's text; empty when it is no longer true, or not for this recipient any more."""
        manager_id = row.learner_id or ""
        manager = uow.people.get(manager_id)
        if manager is None or not manager.active or opted_out(uow, manager_id):
            return ""
        team = {p.id: p for p in uow.people.reports_of(manager_id)}
        now: dict[str, dict[str, StoredAssertion]] = {}
        for ident, person in team.items():
            mine = {a.skill_id: a for a in uow.assertions.of(ident) if not withheld(a, person, rules)}
            if mine:
                now[ident] = mine
        if {i: {s: int(a.level or 0) for s, a in mine.items()} for i, mine in now.items()} != row.body["people"]:
            return ""
        return self._written(row.body["changes"], team, now)

    def send(self, row: Notification, to: Learner, text: str) -> Outcome:
        """One try."""
        return self._mailer.send(row.id, to.email, "Skills of your team: what was accepted lately", text)

    def _written(
        self, changes: Mapping[str, Any], team: Mapping[str, Learner], now: Mapping[str, Mapping[str, StoredAssertion]]
    ) -> str:
        lines = ["These skills of people who report to you were accepted, or changed, since the last mail.", ""]
        for ident in sorted(changes, key=lambda i: (team[i].name, i)):
            lines.append(team[ident].name)
            for what, words in (("added", "new"), ("changed", "changed")):
                rows = sorted((now[ident][s] for s in changes[ident][what]), key=lambda a: (a.skill_label, a.skill_id))
                lines += [f"  {words}: {self._skill(a)}" for a in rows[:SHOWN]]
                if len(rows) > SHOWN:
                    lines.append(f"  … and {len(rows) - SHOWN} more")
            lines.append("")
        lines.append("A skill is a suggestion with its evidence attached: ask for the receipt before you rest on it.")
        lines.append("To get no more of these mails, ask whoever runs Ascertain (`ascertain notify opt-out`).")
        return "\n".join(lines) + "\n"

    def _skill(self, a: StoredAssertion) -> str:
        label = " ".join(a.skill_label.split())
        return f"{label} ({Level(a.level).name.lower()})" if self._rules.levels and a.level else label


def opted_out(uow: UnitOfWork, learner_id: str) -> bool:
    """Whether somebody wants no mails."""
    switch = uow.switches.get(f"{OPT_OUT}{learner_id}")
    return switch is not None and not switch.on


def _levels(notes: Sequence[SkillNote]) -> dict[str, int]:
    return {n.id: n.level for n in notes}


def _changes(before: Levels, now: Mapping[str, Sequence[SkillNote]]) -> dict[str, dict[str, list[str]]]:
    """Additions and changes by learner id. Losses alone are no reason for a mail."""
    found = {i: skill_changes(before.get(i, {}), notes) for i, notes in now.items()}
    return {i: {k: c[k] for k in ("added", "changed")} for i, c in found.items() if c["added"] or c["changed"]}
