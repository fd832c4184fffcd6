"""Docebo's compact text, and what its answers mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.compact import compact
from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import LEVELS, Level
from ascertain.domain.writeback import SkillClaim, WriteState
from ascertain.errors import PermanentConnectorError

USER = SourceRef("docebo", Entity.USER, "12")


def claim(ident: str, label: str, level: Level, day: date = date(2026, 5, 4)) -> SkillClaim:
    return SkillClaim(ident, f"s-{ident}", label, level, 0.9, day)


claims = st.lists(
    st.builds(
        claim, st.text("abcdef", min_size=1, max_size=6), st.text(max_size=80), st.sampled_from(LEVELS), st.dates()
    ),
    max_size=40,
    unique_by=lambda c: c.assertion_id,
)


@given(claims, st.integers(100, 400), st.randoms())
def test_the_text_fits_and_does_not_depend_on_the_order(found: list[SkillClaim], length: int, chance: Any) -> None:
    made = compact("field_5", found, length)
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert compact("field_5", shuffled, length) == made
    if not found:
        assert made.value is None
        return
    assert made.value is not None
    assert len(made.value) <= length
    assert set(made.assertion_ids) == {c.assertion_id for c in found}
    words, _, day = made.value.rpartition(" | ")
    assert day == max(c.accepted_on for c in found).isoformat()
    parts = words.split("; ")
    left_out = int(parts.pop()[1:].removesuffix(" more")) if parts[-1].startswith("+") and len(parts) > 1 else 0
    if not any(c.label.strip().startswith("+") for c in found):
        assert len(parts) + left_out == len(found)


def test_the_highest_levels_come_first_and_separators_are_taken_out() -> None:
    made = compact("f", [claim("a", "SQL; joins: all|of\nthem", Level.FOUNDATION), claim("b", "Go", Level.EXPERT)], 255)
    assert made.value == "Go:5; SQL joins all of them:2 | 2026-05-04"


def connector(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> DoceboConnector:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        return answer(request)

    secrets = {"client_id": "i", "client_secret": "s"}
    chosen = {"skills_field": 5, **options}
    made = Connection("docebo", "docebo", "https://lms.example", ZoneInfo("UTC"), secrets=secrets, options=chosen)
    return DoceboConnector(made, transport=httpx.MockTransport(handle))


def reading(**data: Any) -> DoceboConnector:
    return connector(lambda request: httpx.Response(200, json={"data": data}))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"additional_fields": [{"id": 5, "value": " x "}]}, " x "),
        ({"additional_fields": [{"id": "5", "value": "x"}]}, "x"),
        ({"user_data": {"field_5": "x"}}, "x"),
        ({"additional_fields": [{"id": 5, "value": ""}]}, None),
        ({"additional_fields": [{"id": 5, "value": None}]}, None),
        ({"additional_fields": [{"id": 5, "value": 0}]}, "0"),
    ],
)
def test_what_the_field_holds(data: dict[str, Any], value: str | None) -> None:
    assert reading(**data).read(USER, ["field_5"]) == {"field_5": value}


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(PermanentConnectorError, match="no field 5"):
        reading(additional_fields=[{"id": 4, "value": "x"}]).read(USER, ["field_5"])


def test_only_the_one_field_is_sent() -> None:
    sent: list[tuple[str, str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, request.url.path, json.loads(request.content)))
        return httpx.Response(200, json={"data": {"success": True}})

    out = connector(answer)
    assert out.write(USER, "field_5", "x", request_id="r").state is WriteState.WRITTEN
    assert out.write(USER, "field_5", None, request_id="r").state is WriteState.WRITTEN
    assert sent == [
        ("PUT", "/manage/v1/user/12", {"additional_fields": [{"id": 5, "value": "x"}]}),
        ("PUT", "/manage/v1/user/12", {"additional_fields": [{"id": 5, "value": ""}]}),
    ]
    assert out.write(USER, "field_6", "x", request_id="r").state is WriteState.REJECTED
    assert len(sent) == 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, json={"message": "no user"}),
        httpx.Response(400, json={"message": "too long"}),
        httpx.Response(200, json={"data": {"success": False}}),
    ],
)
def test_refusals_have_a_reason(answer: httpx.Response) -> None:
    done = connector(lambda request: answer).write(USER, "field_5", "x", request_id="r")
    assert done.state is WriteState.REJECTED
    assert done.reason


def test_too_few_rights_are_an_error_and_not_a_refusal_of_the_value() -> None:
    with pytest.raises(PermanentConnectorError, match="403"):
        connector(lambda request: httpx.Response(403, json={})).write(USER, "field_5", "x", request_id="r")


def test_without_a_field_nothing_is_written() -> None:
    out = connector(lambda request: httpx.Response(500), skills_field=None)
    assert (out.targets(), out.intend(USER, [claim("a", "Go", Level.EXPERT)])) == ((), [])
