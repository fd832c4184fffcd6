"""Mentors: who offers it, who could be whose, and what came of a request.

Somebody is named as a mentor only by an offer of their own. An offer counts while its owner is here, has not said no to
``mentoring`` and holds the skill at an accepted level.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ascertain.domain.skills import Level

MOST_MARGIN = 3
"""Levels above the learner beyond which more count no more."""
WORKING_DAY = 8.0
BY_CONSENT = "consent"
"""``ended_by`` of what ended since the mentor no longer agrees to be named."""


class AcrossLines(StrEnum):
    """Whether somebody may be the mentor of whom they lead, or who leads them, over any number of steps."""

    NEVER = "never"
    WITH_LEAVE = "with_leave"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares of the score; they come to 1."""

    level: float
    overlap: float
    hours: float
    room: float


@dataclass(frozen=True, slots=True)
class MentoringRules:
    """``config/mentoring.yaml``, where each line is explained."""

    least_level: Level
    margin: int
    least_hours: float
    most_places: int
    shown: int
    across_lines: AcrossLines
    lapse_days: int
    again_days: int
    weights: Weights


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody offers, and agrees to have said of them.

    Attributes:
        skills: ids; empty for every skill in which they are good enough.
        places: how many people at once.
        level_shown: whether those who look for a mentor are told the level.
        timezone: an IANA name; empty for the one that the HR system has.
        note: their own words to those who look for a mentor.
    """

    learner_id: str
    places: int
    skills: tuple[str, ...] = ()
    level_shown: bool = False
    timezone: str = ""
    note: str = ""
    offered_at: datetime | None = None

    def covers(self, skill_id: str) -> bool:
        """Whether it is about that skill."""
        return not self.skills or skill_id in self.skills


class PairState(StrEnum):
    """How far a request got. ``withdrawn``: the learner no longer asks."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Mentorship:
    """A request to be somebody's mentor in a skill, and what came of it.

    Attributes:
        learner_id: who asks.
        words: theirs, to the mentor.
        said: the reason of a no or an end, where one was given.
        ended_by: ``learner``, ``mentor`` or ``consent``; empty until then.
    """

    id: str
    learner_id: str
    mentor_id: str
    skill_id: str
    state: PairState
    asked_at: datetime
    words: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    said: str = ""

    def lapsed(self, now: datetime, rules: MentoringRules) -> bool:
        """Whether nobody answered in time."""
        return self.state is PairState.ASKED and now >= self.asked_at + timedelta(days=rules.lapse_days)

    def waits(self, now: datetime, rules: MentoringRules) -> bool:
        """Whether the mentor has yet to answer."""
        return self.state is PairState.ASKED and not self.lapsed(now, rules)

    def settled(self, now: datetime, rules: MentoringRules) -> bool:
        """Whether the mentor said no so recently that the same is not asked again."""
        no = self.answered_at if self.state is PairState.DECLINED else None
        return no is not None and now < no + timedelta(days=rules.again_days)


class Word(StrEnum):
    """What is on record about two people. ``leave``: they may work together along a reporting line. ``objection``: the
    first does not want to be brought together with the other."""

    LEAVE = "leave"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class PairWord:
    """Of a leave, ``learner_id`` is the learner and ``other_id`` the mentor; of an objection, whoever objects and the
    other. ``until`` is the last day on which it holds."""

    word: Word
    learner_id: str
    other_id: str
    by: str
    reason: str
    at: datetime
    until: date | None = None

    def holds(self, today: date) -> bool:
        """Whether it has not ended."""
        return self.until is None or today <= self.until


@dataclass(frozen=True, slots=True)
class Side:
    """What is known of a mentor beside the offer.

    Attributes:
        levels: accepted levels by skill id.
        hours: working hours a day in common with the learner, 0 to 8.
        mentees: how many people they are a mentor of now.
    """

    levels: Mapping[str, Level]
    hours: float
    mentees: int


@dataclass(frozen=True, slots=True)
class Fit:
    """Why somebody could be the mentor.

    Attributes:
        level: ``None`` where the mentor does not want it told. It then counts as the least that a mentor has, so that
            the score does not tell it either.
        also: ids of the learner's other needs that the same mentor offers.
        hours: working hours a day in common.
        score: 0 to 1: Σ weight × share of levels above, needs, hours and free places. An order, no probability.
    """

    mentor_id: str
    skill_id: str
    level: Level | None
    margin: int
    also: tuple[str, ...]
    hours: float
    score: float


def in_line(one: str, other: str, manager_of: Callable[[str], str | None]) -> bool:
    """Whether one of them leads the other, over any number of steps. A circle in the data ends the walk."""
    return other in _above(one, manager_of) or one in _above(other, manager_of)


def _above(start: str, manager_of: Callable[[str], str | None]) -> list[str]:
    found: list[str] = []
    above = manager_of(start)
    while above is not None and above not in found:
        found.append(above)
        above = manager_of(above)
    return found


def kept_apart(
    learner_id: str,
    mentor_id: str,
    manager_of: Callable[[str], str | None],
    words: Collection[PairWord],
    across: AcrossLines,
    today: date,
) -> str:
    """Why these two are not brought together; empty where nothing stands between them."""
    if learner_id == mentor_id:
        return "nobody is their own mentor"
    standing = [w for w in words if w.holds(today)]
    if any(w.word is Word.OBJECTION and {w.learner_id, w.other_id} == {learner_id, mentor_id} for w in standing):
        return "one of them does not want it"
    if across is AcrossLines.FREE or not in_line(learner_id, mentor_id, manager_of):
        return ""
    leave = any(w.word is Word.LEAVE and (w.learner_id, w.other_id) == (learner_id, mentor_id) for w in standing)
    if leave and across is AcrossLines.WITH_LEAVE:
        return ""
    return "one of them leads the other"


def fit(
    offer: Offer, mentor: Side, skill_id: str, own: Level | None, needs: Collection[str], rules: MentoringRules
) -> Fit | None:
    """How well an offer fits somebody who looks for a mentor in a skill; ``None`` where it does not.

    Args:
        own: the learner's level in the skill, where one is known.
        needs: ids of the skills that the learner's role asks for and that are open; the skill itself adds nothing.
    """
    level = mentor.levels.get(skill_id)
    if level is None or level < rules.least_level or not offer.covers(skill_id):
        return None
    told = level if offer.level_shown else rules.least_level
    above = int(level) - int(own or 0)
    if above < rules.margin or mentor.hours < rules.least_hours or mentor.mentees >= offer.places:
        return None
    others = sorted(set(needs) - {skill_id})
    also = tuple(s for s in others if offer.covers(s) and mentor.levels.get(s, Level.AWARENESS) >= rules.least_level)
    margin = max(rules.margin, int(told) - int(own or 0))
    w = rules.weights
    score = (
        w.level * min(margin, MOST_MARGIN) / MOST_MARGIN
        + w.overlap * (len(also) / len(others) if others else 0.0)
        + w.hours * min(mentor.hours, WORKING_DAY) / WORKING_DAY
        + w.room * (offer.places - mentor.mentees) / offer.places
    )
    shown = level if offer.level_shown else None
    return Fit(offer.learner_id, skill_id, shown, margin, also, mentor.hours, score)


def ordered(fits: Sequence[Fit]) -> list[Fit]:
    """The best first; who comes to the same stands in an order that says nothing."""
    return sorted(fits, key=lambda f: (-round(f.score, 9), f.mentor_id, f.skill_id))


class Mentoring(Protocol):
    """``ascertain.store.mentoring``."""

    def offer_of(self, learner_id: str, *, lock: bool = False) -> Offer | None:
        """``lock``: until the end of the transaction nobody else locks it: answers to one mentor come one by one."""

    def offers(self) -> list[Offer]:
        """By learner id."""

    def put_offer(self, offer: Offer) -> None: ...
    def drop_offer(self, learner_id: str) -> bool:
        """False where there was none."""

    def get(self, ident: str) -> Mentorship | None: ...
    def of(self, learner_id: str) -> list[Mentorship]:
        """Of somebody, as the learner or as the mentor, oldest first."""

    def changed(self, since: date) -> list[Mentorship]:
        """What was asked, answered or ended on that day (UTC) or later, by id."""

    def put(self, row: Mentorship) -> None:
        """Insert, or replace the one of that id."""

    def mentees(self) -> Mapping[str, int]:
        """By mentor id, how many different people they are the mentor of now."""

    def stop(self, mentor_id: str) -> tuple[bool, int]:
        """Drop somebody's offer, and end what they were asked and what they do as a mentor (by ``consent``): whether
        there was an offer, and how many ended."""

    def words(self, learner_id: str) -> list[PairWord]:
        """On record about somebody and others, on either side."""

    def put_word(self, word: PairWord) -> None:
        """Insert, or replace the one of that kind about these two."""

    def drop_word(self, word: Word, learner_id: str, other_id: str) -> bool:
        """False where there was none."""
