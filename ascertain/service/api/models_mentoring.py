"""Mentors, as they are exchanged."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Probability, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent

Words = Annotated[str, Field(max_length=500)]


@published("mentor-found")
class MentorFound(Exchanged):
    """Somebody who offers to be a mentor, and fits."""

    mentor: str
    name: str
    skill: str
    label: str
    level: int | None
    """Null where they do not want it told."""
    hours_in_common: float
    """Working hours a day, of eight."""
    also: list[str]
    """Other open needs of the person that the same mentor offers."""
    score: Probability
    """Makes the order; no probability."""
    note: str
    reasons: list[str]


class SkillOffered(Exchanged):
    """A skill of an offer."""

    skill: str
    label: str


class OfferShown(Exchanged):
    """What somebody offers."""

    places: int
    skills: list[SkillOffered]
    """Empty for every skill in which they are good enough."""
    level_shown: bool
    timezone: str
    note: str


@published("mentorship")
class MentorshipShown(Exchanged):
    """A request to be somebody's mentor, and what came of it."""

    id: str
    skill: str
    label: str
    state: str
    """`asked`, `accepted`, `declined`, `withdrawn`, `ended` or `lapsed`."""
    words: str
    said: str
    asked_at: Time
    answered_at: Time | None
    ended_at: Time | None
    ended_by: str
    """`learner`, `mentor` or `consent`."""


class MentorshipWith(MentorshipShown):
    """The same, with the other of the two."""

    other: str
    name: str
    remark: str
    """Why these two would not be brought together any more; empty where they would."""


class Objection(Exchanged):
    """Somebody with whom the person does not want to be brought together."""

    id: str
    name: str


@published("mentoring")
class MentoringShown(Exchanged):
    """What somebody offers, asked for and was asked. Words and objections only for their own eyes."""

    learner: str
    offer: OfferShown | None
    asked: list[MentorshipWith]
    mentees: list[MentorshipWith]
    objections: list[Objection]


@published("offer-mentoring")
class OfferMentoring(Sent):
    """Offer to be a mentor, in place of what was offered before. No places take the offer back."""

    places: Annotated[int, Field(ge=0, le=50)]
    skills: list[Annotated[str, Field(max_length=300)]] = Field(default_factory=list, max_length=100)
    level_shown: bool = False
    timezone: Annotated[str, Field(max_length=60)] = ""
    note: Words = ""


@published("mentoring-offered")
class MentoringOffered(Exchanged):
    """What is offered now."""

    learner: str
    offer: OfferShown | None


@published("ask-mentor")
class AskMentor(Sent):
    """Ask somebody to be one's mentor in a skill."""

    mentor: Annotated[str, Field(min_length=1, max_length=200)]
    skill: Annotated[str, Field(min_length=1, max_length=300)]
    words: Words = ""


@published("answer-mentor")
class AnswerMentor(Sent):
    """The mentor's yes or no."""

    accept: bool
    said: Words = ""


@published("end-mentorship")
class EndMentorship(Sent):
    """End it; a request that waits is taken back."""

    said: Words = ""


@published("object-mentor")
class ObjectMentor(Sent):
    """Not to be brought together with somebody; `lift` takes that back."""

    other: Annotated[str, Field(min_length=1, max_length=200)]
    lift: bool = False


@published("allow-mentor")
class AllowMentor(Sent):
    """Leave for a mentor along a reporting line; `lift` takes it back."""

    mentor: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Words = ""
    until: date | None = None
    lift: bool = False


@published("pair-noted")
class PairNoted(Exchanged):
    """What is on record about two people."""

    learner: str
    other: str
    holds: bool
