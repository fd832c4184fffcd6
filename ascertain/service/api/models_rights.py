"""What people ask for about their data, as it is exchanged."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ascertain.domain.rights_requests import MOST_WORDS, RequestKind
from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, Time
from ascertain.service.api.schemas import published
from ascertain.service.api.writing import Sent

Words = Annotated[str, Field(max_length=MOST_WORDS)]


class RequestAnswer(StrEnum):
    """What may be said to a request."""

    DO = "do"
    DECLINE = "decline"
    LONGER = "longer"


@published("rights-request")
class RequestAboutData(Exchanged):
    """What a person asks for about their data."""

    id: str
    learner: str
    kind: str
    """`rectification`, `restriction` or `erasure`."""
    field: str
    """Of a correction: `name`, `department`, `job_title`, `language` or `other`."""
    value: str
    """Of a correction: what is right."""
    words: str
    asked_by: str
    asked_at: Time
    due: Day
    """By when it has to be answered: a month after it was asked, or three where that was announced."""
    overdue: bool
    longer_because: str
    state: str
    """`open`, `done`, `declined` or `withdrawn`."""
    answered_by: str
    answer: str
    answered_at: Time | None


@published("make-request")
class MakeRequest(Sent):
    """Ask for something. A correction needs `field`, and `value` unless the field is `other`."""

    kind: RequestKind
    field: Annotated[str, Field(max_length=20)] = ""
    value: Annotated[str, Field(max_length=200)] = ""
    words: Words = ""


@published("answer-request")
class AnswerRequest(Sent):
    """The answer. `decline` and `longer` need a reason."""

    answer: RequestAnswer
    reason: Words = ""
    """The person reads it; of an erasure it is kept sealed."""
    confirm: Annotated[str, Field(max_length=200)] = ""
    """To do an erasure: the person's id, once more."""


@published("answered-request")
class AnsweredRequest(Exchanged):
    """How the request stands after the answer."""

    id: str
    state: str
    due: Day
    assessed_anew: bool
    """Of a correction: whether a new assessment was queued; else the next sweep does it."""
    tombstone: str | None
    """Of an erasure: what lifts it."""
    rows: dict[str, int]
    """Of an erasure: rows deleted or masked, by table."""
    files_left: int
    """Of an erasure: files of the home folder that still name the person."""
