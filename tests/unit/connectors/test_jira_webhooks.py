"""Jira's calls: believed by their signature, read as hints, fetched only where the search would have found them."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.jira import JiraConnector
from ascertain.connectors.jira_webhooks import MAX_RAW, receive
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Heard, RawRequest, Received

SECRET = "an-administrators-secret"


def body(event: str = "jira:issue_updated", **fields: Any) -> bytes:
    issue = {"id": "10002", "key": "OPS-7", "fields": {"summary": "Not believed."}}
    return json.dumps({"timestamp": 1780315200000, "webhookEvent": event, "issue": issue, **fields}).encode()


def call(said: bytes, *, secret: str = SECRET, method: str = "sha256", identifier: str = "a-1") -> RawRequest:
    proof = hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
    headers = (("x-hub-signature", f"{method}={proof}"), ("x-atlassian-webhook-identifier", identifier))
    return RawRequest("POST", "https://skills.example/v1/webhooks/jira", headers, said)


def heard(said: bytes, *, projects: tuple[str, ...] = (), **more: Any) -> Received:
    return receive("jira", projects, SECRET, call(said, **more))


@pytest.mark.parametrize(
    ("event", "deleted"),
    [
        ("jira:issue_created", False),
        ("jira:issue_deleted", True),
        ("comment_created", False),
        ("comment_deleted", False),
    ],
)
def test_an_event_names_its_issue(event: str, deleted: bool) -> None:
    (found,) = heard(body(event)).events
    assert [str(r) for r in found.refs] == ["jira:ticket:10002"]
    assert (found.type, found.deleted, found.key) == (event, deleted, "a-1")
    assert found.occurred_at == datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_the_key_is_the_deliverys_or_the_bodys() -> None:
    def key(identifier: str, said: bytes) -> str:
        return heard(said, identifier=identifier).events[0].key

    assert key("a-2", body()) == "a-2"
    assert key("", body()) == key("x" * 500, body()) != key("", body("comment_created"))


def test_only_the_right_signature_is_believed() -> None:
    assert heard(body(), secret="other").reply.status == 401
    assert heard(body(), method="sha1").reply.status == 401
    assert receive("jira", (), "", call(body())).reply.status == 401
    assert receive("jira", (), SECRET, RawRequest("POST", "u", (), body())).reply.status == 401
    assert heard(b" " * (MAX_RAW + 1)).reply.status == 413
    assert heard(b"{}").reply.status == 400


def test_what_is_not_ours_is_taken_and_dropped() -> None:
    for said in (
        body("sprint_started", issue=None),
        body("jira:issue_updated", issue={"id": "../x", "key": "OPS-7"}),
        body("user_created"),
    ):
        got = heard(said)
        assert (got.kind, got.events, got.reply.status) == (Heard.EVENTS, (), 200)
    assert heard(body(), projects=("ENG",)).events == ()
    assert len(heard(body(), projects=("OPS",)).events) == 1


@given(st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda i: st.dictionaries(st.text(max_size=9), i)))
def test_any_issue_and_time_is_taken(value: Any) -> None:
    got = heard(body(issue=value, timestamp=value))
    assert got.kind is Heard.EVENTS
    assert all(e.refs for e in got.events)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, True),
        ({"resolutiondate": None}, False),
        ({"assignee": None}, False),
    ],
)
def test_what_is_fetched_is_what_the_search_would_have_found(changes: dict[str, Any], found: bool) -> None:
    fields = {
        "summary": "Fix it",
        "assignee": {"accountId": "acc", "emailAddress": "a@x.example"},
        "resolutiondate": "2026-07-01T10:00:00.000+0000",
        "updated": "2026-07-01T10:00:00.000+0000",
    }
    issue = {"id": "10002", "key": "OPS-7", "fields": {**fields, **changes}}

    def fetched(**options: Any) -> object:
        connection = Connection(
            "jira", "jira", "https://jira.example", ZoneInfo("UTC"), {"user": "u", "token": "t"}, options=options
        )
        transport = httpx.MockTransport(lambda r: httpx.Response(200, json=issue))
        return JiraConnector(connection, transport=transport).fetch(SourceRef("jira", Entity.TICKET, "10002"))

    assert (fetched() is not None) == found
    assert (fetched(projects=["OPS"]) is not None) == found
    assert fetched(projects=["ENG"]) is None
    assert (fetched(resolved_only=False) is not None) == (changes.get("assignee", 1) is not None)
