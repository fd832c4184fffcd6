"""Records notices, and keeps back whoever was given none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from ascertain.domain.canonical import digest
from ascertain.domain.consent import Purpose
from ascertain.domain.notice import Notice, NoticeRules, usable_from
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import RunState
from ascertain.errors import BlockedError, InputError
from ascertain.pipeline.cases import learner_or_raise
from ascertain.pipeline.write_back_switch import named

REMEDY = "tell the person first, then `ascertain notice record` (`ascertain notice missing` lists who has none)"


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether somebody may be assessed on a day. ``required`` False lets people without notice through; somebody who
    has said no to assessment never passes."""

    required: bool = True
    rules: NoticeRules = field(default_factory=NoticeRules)

    def obstacles(self, uow: UnitOfWork, learners: Collection[Learner], today: date) -> dict[str, BlockedError]:
        """By learner id, why somebody may not be assessed; in a handful of queries for any number of people."""
        told = notice_dates(uow, learners) if self.required else {}
        found = ((p.id, self._obstacle(p, told.get(p.id), today)) for p in learners)
        return {i: why for i, why in found if why is not None}

    def obstacle(self, uow: UnitOfWork, learner: Learner, today: date) -> BlockedError | None:
        """Why somebody may not be assessed."""
        return self.obstacles(uow, [learner], today).get(learner.id)

    def _obstacle(self, learner: Learner, told: date | None, today: date) -> BlockedError | None:
        if why := learner.consents.why_not(Purpose.ASSESSMENT):
            return BlockedError(
                f"{learner.id} is not assessed: {why}",
                state=RunState.BLOCKED_NO_CONSENT.value,
                remedy="`ascertain consent show` tells what was said when",
            )
        if not self.required:
            return None
        if told is None:
            return _no_notice(f"no notice is recorded for {learner.id}", REMEDY)
        if told > today:
            return _no_notice(
                f"the notice to {learner.id} is dated {told}, which is in the future", "wait for that day"
            )
        first = usable_from(told, self.rules)
        if first > today:
            return _no_notice(
                f"the notice to {learner.id} of {told} is too fresh: the policy allows use from {first}",
                "wait, or see notice.days_before_use in the policy",
            )
        return None


def _no_notice(message: str, remedy: str) -> BlockedError:
    return BlockedError(message, state=RunState.BLOCKED_NO_NOTICE.value, remedy=remedy)


def notice_dates(uow: UnitOfWork, learners: Collection[Learner]) -> Mapping[str, date]:
    """By learner id, the first day somebody was told; nobody who was not is in it. Nobody counts as told before the day
    they were hired."""
    ids = [p.id for p in learners]
    dates = dict(uow.notices.dates(ids))
    for notice in (n for n in uow.notices.all() if n.joiners):
        for i in uow.people.among(ids, notice.cohort):
            dates[i] = min(notice.given_on, dates.get(i, notice.given_on))
    hired = {p.id: p.hired_on for p in learners if p.hired_on is not None}
    return {i: max(day, hired.get(i, day)) for i, day in dates.items()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A notice, how many people it covers now, and how many of them were added by this call."""

    notice: Notice
    people: int
    added: int


def record_notice(
    units: UnitOfWorkFactory,
    clock: Clock,
    *,
    cohort: str = "",
    person: str = "",
    on: date,
    text_version: str,
    channel: str = "",
    representatives_on: date | None = None,
    joiners: bool = False,
    actor: str,
) -> Recorded:
    """Record that a cohort (as it is now), or one person, was told. The same again adds only who is new in the cohort.

    Raises:
        InputError: naming the field: neither or both of cohort and person, no text version, joiners of a person,
            a cohort of nobody.
        NotFoundError: unknown person.
    """
    if bool(cohort.strip()) == bool(person.strip()):
        raise InputError("give either a cohort or a person", field="cohort", remedy="--cohort all, or --person ID")
    if not text_version.strip():
        raise InputError("a notice needs the version of its text", field="text_version", remedy="--text-version 2026-1")
    if joiners and not cohort.strip():
        raise InputError("one person is no cohort that others join", field="joiners", remedy="--cohort all --joiners")
    with units() as uow:
        if person:
            ids = [learner_or_raise(uow, person).id]
        else:
            ids = [p.id for p in uow.people.cohort(cohort)]
            if not ids and not joiners:
                raise InputError(
                    f"nobody is in {cohort!r}",
                    field="cohort",
                    remedy="a department, a job profile, or all; `ascertain sync` first",
                )
        what = [cohort.strip().casefold(), person and ids, on, text_version.strip(), channel.strip(), joiners]
        notice = Notice(
            id="n" + digest([what, representatives_on], length=11),
            cohort=cohort.strip(),
            given_on=on,
            text_version=text_version.strip(),
            channel=channel.strip(),
            representatives_on=representatives_on,
            joiners=joiners,
            recorded_by=named(actor),
            recorded_at=clock.now(),
            people=len(ids),
        )
        known = any(n.id == notice.id for n in uow.notices.all())
        added = uow.notices.add(notice, ids)
        if added or not known:
            header = {
                "notice": notice.id,
                "on": on.isoformat(),
                "text": notice.text_version,
                "representatives": representatives_on.isoformat() if representatives_on else None,
                "joiners": joiners,
                "people": added,
            }
            payload = {"actor": notice.recorded_by, "cohort": notice.cohort, "channel": notice.channel}
            only = ids[0] if person else None
            uow.audit.append("notice.recorded", actor="operator", header=header, payload=payload, learner_id=only)
            uow.commit()
    return Recorded(notice, len(ids), added)
