"""When a request is due, and what may become of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ascertain.domain.rights_requests import (
    RequestKind,
    RequestState,
    RightsRequest,
    answered,
    ask,
    longer,
    months_after,
    withdraw,
)
from ascertain.errors import ConflictError, InputError

AT = datetime(2026, 1, 31, 9, tzinfo=UTC)


def made(kind: RequestKind = RequestKind.ERASURE, **more: Any) -> RightsRequest:
    given = {"words": "", "by": "ann", "now": AT, "earlier": [], **more}
    return ask("E1", kind, **given)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 4, 7), 3, date(2026, 7, 7)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last_one(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_it_is_due_in_a_month_and_overdue_the_day_after() -> None:
    request = made()
    assert request.due_on == date(2026, 2, 28)
    assert not request.overdue(date(2026, 2, 28))
    assert request.overdue(date(2026, 3, 1))
    done = answered(request, RequestState.DONE, by="hal", answer="", now=AT)
    assert not done.overdue(date(2026, 3, 1))


def test_two_months_more_once_within_the_first_month_with_a_reason() -> None:
    request = made()
    with pytest.raises(InputError, match="needs a reason"):
        longer(request, reason=" ", now=AT)
    later = longer(request, reason="Three systems.", now=AT)
    assert later.due_on == date(2026, 4, 30)
    assert longer(later, reason="Three systems.", now=AT) == later
    with pytest.raises(ConflictError, match="made longer before"):
        longer(later, reason="Again.", now=AT)
    with pytest.raises(ConflictError, match="within the first month"):
        longer(request, reason="Too late.", now=AT + timedelta(days=40))


def test_asking_again_is_the_same_request_and_something_else_of_the_kind_waits_its_turn() -> None:
    first = made(RequestKind.RECTIFICATION, field="name", value="Anna Archer")
    same = made(RequestKind.RECTIFICATION, field="name", value="Anna Archer", earlier=[first])
    assert same is first
    with pytest.raises(ConflictError, match="asks for that already"):
        made(RequestKind.RECTIFICATION, field="name", value="Another", earlier=[first])
    other = made(RequestKind.RECTIFICATION, field="job_title", value="Engineer", earlier=[first])
    assert other.id != first.id
    taken = withdraw(first, by="ann", now=AT)
    assert withdraw(taken, by="ann", now=AT) == taken
    assert made(RequestKind.RECTIFICATION, field="name", value="Another", earlier=[taken]).id != first.id


@pytest.mark.parametrize(
    ("kind", "more", "field"),
    [
        (RequestKind.RECTIFICATION, {"field": "email", "value": "x"}, "field"),
        (RequestKind.RECTIFICATION, {"field": "name"}, "value"),
        (RequestKind.RECTIFICATION, {"field": "other"}, "words"),
        (RequestKind.ERASURE, {"value": "x"}, "field"),
        (RequestKind.RESTRICTION, {"words": "x" * 5000}, "words"),
    ],
)
def test_what_cannot_be_asked_names_the_field(kind: RequestKind, more: dict[str, str], field: str) -> None:
    with pytest.raises(InputError) as wrong:
        made(kind, **more)
    assert wrong.value.field == field
    assert wrong.value.remedy


def test_an_answer_stands_and_declining_needs_a_reason() -> None:
    request = made()
    with pytest.raises(InputError, match="declining needs a reason"):
        answered(request, RequestState.DECLINED, by="hal", answer="", now=AT)
    no = answered(request, RequestState.DECLINED, by="hal", answer="The law says so.", now=AT)
    assert answered(no, RequestState.DECLINED, by="hal", answer="again", now=AT) == no
    closed = "was declined by hal"
    with pytest.raises(ConflictError, match=closed):
        answered(no, RequestState.DONE, by="hal", answer="", now=AT)
    with pytest.raises(ConflictError, match=closed):
        answered(no, RequestState.DECLINED, by="zoe", answer="me too", now=AT)
    with pytest.raises(ConflictError, match=closed):
        withdraw(no, by="ann", now=AT)
    with pytest.raises(ConflictError, match=closed):
        longer(no, reason="more", now=AT)
