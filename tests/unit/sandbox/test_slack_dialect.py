"""The Slack sandbox refuses what Slack refuses, and lets the company's people talk."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ascertain.sandbox.chat import Chat, Kind
from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.slack import SlackOptions, create_app
from ascertain.sandbox.slack_shapes import SKILLS_FIELD, user_id
from tests.unit.sandbox.receiver import Answer, Receiver

BOT = {"Authorization": f"Bearer {SlackOptions().bot_token}"}
USER = {"Authorization": f"Bearer {SlackOptions().user_token}"}


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(build_company(date(2026, 5, 1)))


def made(live: LiveCompany, **options: Any) -> TestClient:
    return TestClient(create_app(live, SlackOptions(**{"rate_limits": False, **options})), headers=BOT)


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    return made(live)


def channels(client: TestClient, types: str = "public_channel") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/conversations.list", params={"types": types}).json()["channels"]
    return found


def busiest(client: TestClient) -> str:
    counts = {
        c["id"]: len(
            client.get("/api/conversations.history", params={"channel": c["id"], "limit": 999}).json()["messages"]
        )
        for c in channels(client)
    }
    return str(max(counts, key=lambda c: counts[c]))


@pytest.mark.parametrize(
    ("headers", "error"),
    [({"Authorization": ""}, "not_authed"), ({"Authorization": "Bearer xoxb-no"}, "invalid_auth")],
)
def test_refusals_are_inside_200(client: TestClient, headers: dict[str, str], error: str) -> None:
    answer = client.get("/api/users.list", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


@pytest.mark.parametrize(
    ("method", "query", "error"),
    [
        ("users.everything", {}, "unknown_method"),
        ("users.info", {"user": "U0"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "nobody@fjordlane.example"}, "users_not_found"),
        ("conversations.history", {"channel": "C0"}, "channel_not_found"),
        ("conversations.list", {"types": "public"}, "invalid_types"),
        ("conversations.list", {"limit": "many"}, "invalid_limit"),
        ("conversations.list", {"cursor": "eA=="}, "invalid_cursor"),
        ("users.profile.set", {"user": "U0"}, "not_allowed_token_type"),
    ],
)
def test_errors_have_slacks_words(client: TestClient, method: str, query: dict[str, str], error: str) -> None:
    answer = client.get(f"/api/{method}", params=query).json()
    assert (answer["ok"], answer["error"]) == (False, error)


def test_reading_methods_do_not_read_json(client: TestClient) -> None:
    email = client.get("/api/users.list").json()["members"][0]["profile"]["email"]
    assert client.post("/api/users.lookupByEmail", json={"email": email}).json()["error"] == "users_not_found"
    assert client.post("/api/users.lookupByEmail", data={"email": email}).json()["ok"]


def test_tiers_and_the_rule_for_distributed_apps(live: LiveCompany) -> None:
    client = made(live, rate_limits=True)
    codes = [client.get("/api/users.list").status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
    limited = client.get("/api/users.list")
    assert int(limited.headers["Retry-After"]) > 0
    assert limited.json()["error"] == "ratelimited"
    outside = made(live, rate_limits=True, outside_marketplace=True)
    channel = channels(outside)[0]["id"]
    first = outside.get("/api/conversations.history", params={"channel": channel, "limit": 200})
    assert len(first.json()["messages"]) <= 15
    assert outside.get("/api/conversations.history", params={"channel": channel}).status_code == 429


def test_users_pages_are_complete_and_have_robots(live: LiveCompany, client: TestClient) -> None:
    seen: list[str] = []
    query = {"limit": "20"}
    while True:
        answer = client.get("/api/users.list", params=query).json()
        seen += [m["id"] for m in answer["members"]]
        if not (following := answer["response_metadata"]["next_cursor"]):
            break
        query["cursor"] = following
    assert len(seen) == len(set(seen)) == len(live.current.people) + 2
    assert "USLACKBOT" in seen


def test_history_is_newest_first_without_replies(live: LiveCompany, client: TestClient) -> None:
    channel = busiest(client)
    seen: list[dict[str, Any]] = []
    query = {"channel": channel, "limit": "9"}
    while True:
        answer = client.get("/api/conversations.history", params=query).json()
        seen += answer["messages"]
        if not answer["has_more"]:
            assert "response_metadata" not in answer
            break
        query["cursor"] = answer["response_metadata"]["next_cursor"]
    stamps = [m["ts"] for m in seen]
    assert stamps == sorted(stamps, reverse=True)
    assert len(set(stamps)) == len(stamps) > 9
    assert seen[-1]["subtype"] == "channel_join"
    parent = next(m for m in seen if m.get("reply_count"))
    replies = client.get("/api/conversations.replies", params={"channel": channel, "ts": parent["ts"]}).json()
    assert len(replies["messages"]) == parent["reply_count"] + 1
    assert not {m["ts"] for m in replies["messages"][1:]} & set(stamps)
    assert replies["messages"][1]["thread_ts"] == parent["ts"]


def test_oldest_leaves_its_own_moment_out(client: TestClient) -> None:
    channel = busiest(client)
    whole = client.get("/api/conversations.history", params={"channel": channel, "limit": 999}).json()["messages"]
    query = {"channel": channel, "oldest": whole[3]["ts"]}
    assert client.get("/api/conversations.history", params=query).json()["messages"] == whole[:3]
    assert (
        client.get("/api/conversations.history", params={**query, "inclusive": "true"}).json()["messages"] == whole[:4]
    )


def test_cursors_end_and_belong_to_their_question(live: LiveCompany, client: TestClient) -> None:
    channel = busiest(client)
    query = {"channel": channel, "limit": "2"}
    cursor = client.get("/api/conversations.history", params=query).json()["response_metadata"]["next_cursor"]
    other = next(c["id"] for c in channels(client) if c["id"] != channel)
    wrong = client.get("/api/conversations.history", params={**query, "channel": other, "cursor": cursor})
    assert wrong.json()["error"] == "invalid_cursor"
    dead = made(live, cursor_seconds=0).get("/api/conversations.history", params={**query, "cursor": cursor})
    assert dead.json()["error"] == "invalid_cursor"


def test_private_conversations_exist_only_where_asked_for(live: LiveCompany, client: TestClient) -> None:
    assert {c["is_private"] for c in channels(client)} == {False}
    private = channels(client, "private_channel,im")
    assert {c["is_im"] for c in private} == {True, False}
    texts = []
    for c in private:
        answer = client.get("/api/conversations.history", params={"channel": c["id"], "limit": 999}).json()
        texts += [m["text"] for m in answer["messages"]]
    assert any(r.text[:40] in t for r in live.current.reviews for t in texts if r.kind == "Performance Review")


def test_a_profile_field_is_written_by_an_admins_token(live: LiveCompany, client: TestClient) -> None:
    account = user_id(live.current.people[1].id)
    sent = {"user": account, "profile": {"fields": {SKILLS_FIELD: {"value": "Terraform 3", "alt": ""}}}}
    answer = client.post("/api/users.profile.set", json=sent, headers=USER).json()
    assert answer["ok"]
    fields = client.get("/api/users.profile.get", params={"user": account}).json()["profile"]["fields"]
    assert fields[SKILLS_FIELD]["value"] == "Terraform 3"
    assert len(fields) == 2, "the other field is still there"
    strange = {"user": account, "profile": {"fields": {"Xf0": {"value": "x"}}}}
    assert client.post("/api/users.profile.set", json=strange, headers=USER).json()["error"] == "profile_set_failed"
    cleared = {"user": account, "profile": json.dumps({"fields": {SKILLS_FIELD: {"value": ""}}})}
    assert client.post("/api/users.profile.set", data=cleared, headers=USER).json()["ok"]
    fields = client.get("/api/users.profile.get", params={"user": account}).json()["profile"]["fields"]
    assert SKILLS_FIELD not in fields


def test_events_need_the_challenge_and_are_signed(live: LiveCompany, client: TestClient) -> None:
    said = {"echo": False, "status": 200}

    def answer(headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        challenge = json.loads(body).get("challenge", "") if said["echo"] else ""
        return int(said["status"]), {}, challenge.encode()

    app = client.app
    assert isinstance(app, FastAPI)
    receiver = Receiver(answer)
    try:
        assert client.post("/sandbox/request_url", json={"url": receiver.url}).status_code == 400
        assert client.post("/sandbox/request_url", json={"url": "https://example.org"}).status_code == 400
        said["echo"] = True
        assert client.post("/sandbox/request_url", json={"url": receiver.url}).status_code == 200
        receiver.got.clear()
        said["echo"] = False
        live.touch_ticket(live.current.tickets[0].key)
        live.add_review("FL1101", "FL1102", "Kind.", kind="Performance Review")  # nobody posts that
        assert app.state.events.sender.flush()
        (headers, body), *rest = receiver.got
        assert not rest
        base = b"v0:" + headers["x-slack-request-timestamp"].encode() + b":" + body
        right = hmac.new(SlackOptions().signing_secret.encode(), base, hashlib.sha256).hexdigest()
        assert headers["x-slack-signature"] == f"v0={right}"
        assert abs(time.time() - int(headers["x-slack-request-timestamp"])) < 10
        event = json.loads(body)["event"]
        shown = client.get("/api/conversations.history", params={"channel": event["channel"], "limit": 1}).json()
        assert shown["messages"][0]["ts"] == event["ts"]
        said["status"] = 500
        receiver.got.clear()
        live.touch_ticket(live.current.tickets[0].key)
        assert app.state.events.sender.flush()
        assert len(receiver.got) == 4
        assert len({json.loads(b)["event_id"] for _, b in receiver.got}) == 1
        assert [h.get("x-slack-retry-num") for h, _ in receiver.got] == [None, "1", "2", "3"]
    finally:
        receiver.close()


def test_what_happens_is_posted_and_the_past_stays(live: LiveCompany) -> None:
    told: list[int] = []
    chat = Chat(live, lambda post: told.append(post.number))
    before = chat.posts
    live.touch_ticket(live.current.tickets[0].key)
    live.add_review("FL1101", "FL1102", "Explains clearly.")
    live.change_course("SQL-201", description="New.")
    assert chat.posts[: len(before)] == before
    assert told == [len(before) + 1, len(before) + 2]
    assert {c.kind for c in chat.channels} == set(Kind)
    assert all(p.thread is None or chat.posts[p.thread - 1].channel == p.channel for p in chat.posts)
