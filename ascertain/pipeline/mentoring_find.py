"""Finds who could be somebody's mentor: among people who offered it, and with no more of them than they agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Purpose
from ascertain.domain.gaps import GapStatus
from ascertain.domain.mentoring import Fit, MentoringRules, Offer, Side, fit, kept_apart, ordered
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import Level
from ascertain.domain.working_hours import hours_in_common, known_zone
from ascertain.errors import InputError

UTC_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Seek:
    """By which rules one looks, on which day."""

    rules: MentoringRules
    today: date


def may_mentor(p: Learner) -> bool:
    """Whether somebody's offer counts: here, not restricted, and they have not said no to it."""
    return p.active and not p.restricted and p.consents.allows(Purpose.MENTORING)


def open_needs(uow: UnitOfWork, learner: Learner) -> list[str]:
    """Ids of the skills that somebody's role asks for and that are not met, by importance times chance of being
    below."""
    run = uow.runs.latest(learner.id)
    rows = uow.runs.document(run.id, "gaps") if run else None
    met = {GapStatus.MET.value, GapStatus.LIKELY_MET.value}
    left = [g for g in rows or () if g["status"] not in met]
    return [g["skill_id"] for g in sorted(left, key=lambda g: (-g["importance"] * g["p_below"], g["skill_id"]))]


def find(
    uow: UnitOfWork, learner: Learner, skills: Sequence[str], seek: Seek, *, timezone: str = ""
) -> list[tuple[Learner, Fit]]:
    """Mentors for each of ``skills``, at most ``rules.shown`` a skill, the best first; the skills in their order.

    Args:
        timezone: where the learner is, an IANA name; empty for what the HR system has.
    """
    wanted = list(dict.fromkeys(skills))
    needs = open_needs(uow, learner)
    sides = _sides(uow, learner, {*wanted, *needs}, seek, timezone)
    own = {a.skill_id: a.level for a in uow.assertions.of(learner.id) if a.state is not AssertionState.CONTESTED}
    found: list[tuple[Learner, Fit]] = []
    for skill in wanted:
        fits = [fit(offer, side, skill, own.get(skill), needs, seek.rules) for _, offer, side in sides]
        people = {p.id: p for p, _, _ in sides}
        best = ordered([f for f in fits if f is not None])
        found += [(people[f.mentor_id], f) for f in best[: seek.rules.shown]]
    return found


def could_be(uow: UnitOfWork, learner: Learner, mentor: Learner, skill_id: str, seek: Seek) -> bool:
    """Whether that one is among all who could be asked now, best or not."""
    sides = [s for s in _sides(uow, learner, {skill_id}, seek, "") if s[0].id == mentor.id]
    own = {a.skill_id: a.level for a in uow.assertions.of(learner.id) if a.state is not AssertionState.CONTESTED}
    return any(fit(offer, side, skill_id, own.get(skill_id), (), seek.rules) for _, offer, side in sides)


def _sides(
    uow: UnitOfWork, learner: Learner, skills: set[str], seek: Seek, timezone: str
) -> list[tuple[Learner, Offer, Side]]:
    """Everybody whose offer counts for this learner."""
    offers = uow.mentoring.offers()
    if not offers or not skills:
        return []
    people = {p.id: p for p in uow.people.all(active_only=False)}
    managers = {p.id: p.manager_id for p in people.values()}
    words = uow.mentoring.words(learner.id)
    levels: dict[str, dict[str, Level]] = {}
    for a in uow.assertions.experts(seek.rules.least_level, skills=skills):
        levels.setdefault(a.learner_id, {})[a.skill_id] = a.level or seek.rules.least_level
    mentees = uow.mentoring.mentees()
    own_zone = zone_of(timezone or learner.timezone)
    found = []
    for offer in offers:
        who = people.get(offer.learner_id)
        if who is None or who.id not in levels or not may_mentor(who):
            continue
        if kept_apart(learner.id, who.id, managers.get, words, seek.rules.across_lines, seek.today):
            continue
        hours = hours_in_common(own_zone, zone_of(offer.timezone or who.timezone), seek.today)
        found.append((who, offer, Side(levels[who.id], hours, mentees.get(who.id, 0))))
    return found


def must_be_zone(name: str) -> None:
    """
    Raises:
        InputError: that is no time zone; an empty name is fine.
    """
    if name and not known_zone(name):
        raise InputError(f"{name!r} is no time zone", field="timezone", remedy="a name as Europe/Vienna")


def zone_of(name: str) -> str:
    """A time zone that is known; UTC for what a source wrote otherwise."""
    return name if known_zone(name) else UTC_ZONE
