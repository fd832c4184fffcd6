"""What a person asks for about their data: to correct it, to restrict its processing, to erase it.

Whoever is asked answers within one month of receipt, which can be made longer by two further months when that is
necessary; the person is told within the first month, with the reason (Art. 12(3) GDPR). A refusal has a reason, and
the person may complain to a supervisory authority (Art. 12(4)).
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.canonical import digest
from ascertain.domain.rectification import OF_EVIDENCE, Field
from ascertain.errors import ConflictError, InputError

MONTHS = 1
LONGER_MONTHS = 3
MOST_WORDS = 4_000
OTHER = "other"
"""What is wrong is none of the fields: it is corrected by hand, or in its source."""
CORRECTABLE = (*(f.value for f in Field if f not in OF_EVIDENCE), OTHER)
"""What a request for correction may name."""


class RequestKind(StrEnum):
    """Art. 16, 18 and 17 GDPR."""

    RECTIFICATION = "rectification"
    RESTRICTION = "restriction"
    ERASURE = "erasure"


class RequestState(StrEnum):
    """How it stands. A request for erasure that was done is gone with the person."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """One request of one person.

    Attributes:
        field: of a correction, one of :data:`CORRECTABLE`; else empty.
        value: of a correction, what is right; may be empty where ``field`` is ``other``.
        words: the person's own.
        due_on: by when it has to be answered.
        longer_because: why it takes longer than a month; empty while it does not.
        answer: what the person was told.
    """

    id: str
    learner_id: str
    kind: RequestKind
    field: str
    value: str
    words: str
    asked_by: str
    asked_at: datetime
    due_on: date
    longer_because: str = ""
    state: RequestState = RequestState.OPEN
    answered_by: str = ""
    answer: str = ""
    answered_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state is RequestState.OPEN

    def overdue(self, today: date) -> bool:
        """Whether it should have been answered."""
        return self.open and self.due_on < today


class RightsRequests(Protocol):
    """``ascertain.store.rights_requests``."""

    def get(self, request_id: str) -> RightsRequest | None:
        """By full id or an unambiguous prefix."""

    def about(self, learner_id: str) -> list[RightsRequest]:
        """A person's, oldest first."""

    def open(self) -> list[RightsRequest]:
        """Those that wait, the first due first."""

    def all(self) -> list[RightsRequest]:
        """Answered ones too, newest first."""

    def add(self, request: RightsRequest) -> None: ...
    def put(self, request: RightsRequest) -> None:
        """Replace what may change: when it is due, its state and answer."""


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last day of a month that has none (Regulation 1182/71, Art. 3(2)(c))."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def ask(
    learner_id: str,
    kind: RequestKind,
    *,
    field: str = "",
    value: str = "",
    words: str,
    by: str,
    now: datetime,
    earlier: Collection[RightsRequest],
) -> RightsRequest:
    """A new request, or the open one that asks for exactly that already. The id follows from the number of earlier
    ones, so that two processes at once make the same one.

    Raises:
        InputError: naming the field that is wrong.
        ConflictError: something of the kind is asked already.
    """
    _check(learner_id, kind, field, value, words)
    same = next((r for r in earlier if r.open and (r.kind, r.field) == (kind, field)), None)
    if same is not None and field != OTHER:
        if same.value == value:
            return same
        raise ConflictError(f"{same.id} asks for that already", remedy="withdraw that one, or wait for its answer")
    ident = "q" + digest([learner_id, len(earlier)], length=15)
    due = months_after(now.date(), MONTHS)
    return RightsRequest(ident, learner_id, kind, field, value, words.strip(), by, now, due)


def _check(learner_id: str, kind: RequestKind, field: str, value: str, words: str) -> None:
    if len(words) > MOST_WORDS:
        raise InputError(f"over {MOST_WORDS} characters", where=learner_id, field="words", remedy="say it in fewer")
    if kind is not RequestKind.RECTIFICATION:
        if field or value:
            raise InputError("only a correction has one", where=learner_id, field="field", remedy="leave it out")
        return
    if field not in CORRECTABLE:
        raise InputError(
            f"{field!r} cannot be corrected", where=learner_id, field="field", remedy=f"one of {', '.join(CORRECTABLE)}"
        )
    if field != OTHER and not value.strip():
        raise InputError("say what is right", where=learner_id, field="value", remedy="the value as it should be")
    if field == OTHER and not words.strip():
        raise InputError("say what is wrong", where=learner_id, field="words", remedy="in your own words")


def withdraw(request: RightsRequest, *, by: str, now: datetime) -> RightsRequest:
    """The person no longer asks; saying it again changes nothing.

    Raises:
        ConflictError: it was answered.
    """
    if request.state is RequestState.WITHDRAWN:
        return request
    must_be_open(request)
    return replace(request, state=RequestState.WITHDRAWN, answered_by=by, answered_at=now)


def longer(request: RightsRequest, *, reason: str, now: datetime) -> RightsRequest:
    """Two further months, once, told within the first month; the same again changes nothing.

    Raises:
        InputError: there is no reason.
        ConflictError: it was answered or made longer before, or the first month is over.
    """
    if not reason.strip():
        raise InputError("more time needs a reason", where=request.id, field="reason", remedy="the person reads it")
    if request.longer_because == reason.strip():
        return request
    must_be_open(request)
    if request.longer_because:
        raise ConflictError(f"{request.id} was made longer before", remedy="answer it by the day that it has")
    if request.overdue(now.date()):
        raise ConflictError(
            f"{request.id} was due on {request.due_on}: more time is announced within the first month",
            remedy="answer it now",
        )
    due = months_after(request.asked_at.date(), LONGER_MONTHS)
    return replace(request, longer_because=reason.strip(), due_on=due)


def answered(request: RightsRequest, state: RequestState, *, by: str, answer: str, now: datetime) -> RightsRequest:
    """Done or declined; the same person saying the same again changes nothing.

    Raises:
        InputError: it is declined without a reason.
        ConflictError: it was answered otherwise.
    """
    if state is RequestState.DECLINED and not answer.strip():
        raise InputError("declining needs a reason", where=request.id, field="reason", remedy="the person reads it")
    if (request.state, request.answered_by) == (state, by):
        return request
    must_be_open(request)
    return replace(request, state=state, answered_by=by, answer=answer.strip(), answered_at=now)


def must_be_open(request: RightsRequest) -> None:
    """
    Raises:
        ConflictError: it was answered or taken back.
    """
    if not request.open:
        by = f" by {request.answered_by}" if request.answered_by else ""
        raise ConflictError(f"{request.id} was {request.state.value}{by} before", remedy="ask anew")
