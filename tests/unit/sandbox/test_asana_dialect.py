"""The Asana sandbox refuses what Asana refuses, and shows the company's tickets as tasks."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ascertain.sandbox.asana import AsanaOptions, create_app
from ascertain.sandbox.asana_shapes import WORKSPACE
from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from tests.unit.sandbox.receiver import Answer, Receiver

BASE = "/api/1.0"
HEADERS = {"Authorization": f"Bearer {AsanaOptions().token}"}


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(build_company(date(2026, 5, 1)))


def made(live: LiveCompany, **options: Any) -> TestClient:
    return TestClient(create_app(live, AsanaOptions(**{"per_minute": None, **options})), headers=HEADERS)


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    return made(live)


def project(client: TestClient) -> str:
    return str(client.get(f"{BASE}/projects", params={"workspace": WORKSPACE}).json()["data"][0]["gid"])


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {AsanaOptions().token}"])
def test_the_token_is_needed(client: TestClient, header: str) -> None:
    answer = client.get(f"{BASE}/users/me", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["message"] == "Not Authorized"


def test_too_many_calls_a_minute(live: LiveCompany) -> None:
    client = made(live, per_minute=3)
    assert [client.get(f"{BASE}/users/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert int(client.get(f"{BASE}/users/me").headers["Retry-After"]) > 0


def test_pages_chain_to_the_end(live: LiveCompany, client: TestClient) -> None:
    seen: list[str] = []
    for each in client.get(f"{BASE}/projects", params={"workspace": WORKSPACE}).json()["data"]:
        query: dict[str, Any] = {"project": each["gid"], "limit": 7, "opt_fields": "name,modified_at"}
        while True:
            answer = client.get(f"{BASE}/tasks", params=query).json()
            assert len(answer["data"]) <= 7
            seen += [t["gid"] for t in answer["data"]]
            if answer["next_page"] is None:
                break
            assert client.get(answer["next_page"]["uri"]).json()["data"]
            query["offset"] = answer["next_page"]["offset"]
    assert len(seen) == len(set(seen)) == len(live.current.tickets)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": "0"}, 400),
        ({"limit": "101"}, 400),
        ({"offset": "abc"}, 400),
        ({"modified": "2026-01-01"}, 400),
        ({"modified_since": "yesterday"}, 400),
        ({"assignee": "me"}, 400),
        ({"section": "1"}, 400),
    ],
)
def test_wrong_questions_are_refused(client: TestClient, query: dict[str, str], status: int) -> None:
    answer = client.get(f"{BASE}/tasks", params={"project": project(client), **query})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]


def test_a_list_needs_a_container_and_search_needs_money(client: TestClient) -> None:
    assert client.get(f"{BASE}/tasks").status_code == 400
    assert client.get(f"{BASE}/tasks", params={"project": "99"}).status_code == 404
    assert client.get(f"{BASE}/workspaces/{WORKSPACE}/tasks/search").status_code == 402


def test_page_tokens_expire_and_belong_to_their_question(live: LiveCompany, client: TestClient) -> None:
    query: dict[str, Any] = {"project": project(client), "limit": 1}
    token = client.get(f"{BASE}/tasks", params=query).json()["next_page"]["offset"]
    assert client.get(f"{BASE}/tasks", params={**query, "offset": token}).status_code == 200
    other = {**query, "offset": token, "modified_since": "2020-01-01T00:00:00Z"}
    assert "invalid" in client.get(f"{BASE}/tasks", params=other).json()["errors"][0]["message"]
    dead = made(live, offset_seconds=0)
    answer = dead.get(f"{BASE}/tasks", params={**query, "offset": token})
    assert "expired" in answer.json()["errors"][0]["message"]


def test_fields_are_those_asked_for(client: TestClient) -> None:
    query: dict[str, Any] = {"project": project(client), "limit": 1}
    bare = client.get(f"{BASE}/tasks", params=query).json()["data"][0]
    assert set(bare) == {"gid", "name", "resource_type", "resource_subtype"}
    asked = client.get(
        f"{BASE}/tasks", params={**query, "opt_fields": "notes,assignee.email,projects.name,nothing"}
    ).json()["data"][0]
    assert set(asked) == {"gid", "notes", "assignee", "projects"}
    assert set(asked["assignee"]) == {"gid", "email"}
    whole = client.get(f"{BASE}/tasks/{bare['gid']}").json()["data"]
    assert whole["notes"]
    assert "email" not in whole["assignee"]
    assert "html_notes" not in whole


def test_modified_since_and_completed_since(live: LiveCompany, client: TestClient) -> None:
    ticket = next(t for t in live.current.tickets if t.resolved)
    at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    live.touch_ticket(ticket.key, at=at)
    gids = []
    for each in client.get(f"{BASE}/projects", params={"workspace": WORKSPACE}).json()["data"]:
        query = {"project": each["gid"], "modified_since": at.isoformat() + "Z"}
        gids += [t["gid"] for t in client.get(f"{BASE}/tasks", params=query).json()["data"]]
    assert gids == [f"1203{ticket.id:012d}"]
    open_ones = 0
    for each in client.get(f"{BASE}/projects", params={"workspace": WORKSPACE}).json()["data"]:
        query = {"project": each["gid"], "completed_since": "now"}
        open_ones += len(client.get(f"{BASE}/tasks", params=query).json()["data"])
    assert open_ones == sum(t.resolved is None for t in live.current.tickets)


def test_comments_are_stories(live: LiveCompany, client: TestClient) -> None:
    ticket = next(t for t in live.current.tickets if t.comments)
    found = client.get(f"{BASE}/tasks/1203{ticket.id:012d}/stories").json()["data"]
    assert [s["text"] for s in found if s["type"] == "comment"] == [text for _, text in ticket.comments]


def test_the_feed_begins_with_412_and_tells_of_changes(live: LiveCompany, client: TestClient) -> None:
    ticket = live.current.tickets[0]
    resource = client.get(f"{BASE}/tasks/1203{ticket.id:012d}").json()["data"]["projects"][0]["gid"]
    first = client.get(f"{BASE}/events", params={"resource": resource})
    assert first.status_code == 412
    query = {"resource": resource, "sync": first.json()["sync"]}
    assert client.get(f"{BASE}/events", params=query).json()["data"] == []
    for _ in range(130):
        live.touch_ticket(ticket.key)
    one = client.get(f"{BASE}/events", params=query).json()
    assert (len(one["data"]), one["has_more"]) == (100, True)
    two = client.get(f"{BASE}/events", params={**query, "sync": one["sync"]}).json()
    assert (len(two["data"]), two["has_more"]) == (30, False)
    assert one["data"][0]["resource"]["gid"] == f"1203{ticket.id:012d}"
    assert one["data"][0]["type"] == "task"
    other = next(p["gid"] for p in client.get(f"{BASE}/projects").json()["data"] if p["gid"] != resource)
    assert client.get(f"{BASE}/events", params={"resource": other, "sync": one["sync"]}).status_code == 412
    dead = made(live, sync_seconds=0).get(f"{BASE}/events", params=query)
    assert dead.status_code == 412
    assert dead.json()["sync"]


class Target:
    """A receiver on this machine; ``echo`` False hands no secret back."""

    def __init__(self) -> None:
        self.echo = True
        self.status = 200
        self.receiver = Receiver(self.answer)
        self.url, self.got = self.receiver.url, self.receiver.got

    def answer(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        secret = headers.get("x-hook-secret", "")
        return self.status, {"X-Hook-Secret": secret} if self.echo and secret else {}, b""


@pytest.fixture
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.receiver.close()


def subscribe(client: TestClient, resource: str, url: str, **more: Any) -> Any:
    return client.post(f"{BASE}/webhooks", json={"data": {"resource": resource, "target": url, **more}})


def test_a_webhook_needs_the_handshake_and_signs(live: LiveCompany, client: TestClient, target: Target) -> None:
    ticket = live.current.tickets[0]
    resource = f"1203{ticket.id:012d}"
    target.echo = False
    assert subscribe(client, resource, target.url).status_code == 400
    assert client.get(f"{BASE}/webhooks", params={"workspace": WORKSPACE}).json()["data"] == []
    target.echo = True
    target.got.clear()
    hook = subscribe(client, resource, target.url)
    assert hook.status_code == 201
    live.touch_ticket(ticket.key)
    live.touch_ticket(live.current.tickets[1].key)  # another task: not told
    app = client.app
    assert isinstance(app, FastAPI)
    assert app.state.changes.sender.flush()
    secret = target.got[0][0]["x-hook-secret"]
    bodies = [b for _, b in target.got[1:]]
    assert [len(json.loads(b)["events"]) for b in bodies] == [0, 1]
    for headers, body in target.got[1:]:
        assert headers["x-hook-signature"] == hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    event = json.loads(bodies[1])["events"][0]
    assert event["resource"] == {"gid": resource, "resource_type": "task", "resource_subtype": "default_task"}
    target.status = 500
    live.touch_ticket(ticket.key)
    assert app.state.changes.sender.flush()
    assert len(target.got) == 4, "at most once"
    assert client.delete(f"{BASE}/webhooks/{hook.json()['data']['gid']}").status_code == 200
    live.touch_ticket(ticket.key)
    assert app.state.changes.sender.flush()
    assert len(target.got) == 4


def test_strangers_are_not_called(live: LiveCompany, client: TestClient) -> None:
    resource = f"1203{live.current.tickets[0].id:012d}"
    assert subscribe(client, resource, "https://example.org/x").status_code == 400
    assert subscribe(client, WORKSPACE, "http://127.0.0.1:1/x").status_code == 400
    assert subscribe(client, resource, "http://127.0.0.1:1/x", filters=[{"verb": "x"}]).status_code == 400


def test_a_touched_task_is_newer(live: LiveCompany, client: TestClient) -> None:
    ticket = live.current.tickets[0]
    before = client.get(f"{BASE}/tasks/1203{ticket.id:012d}").json()["data"]["modified_at"]
    live.touch_ticket(ticket.key, at=ticket.updated + timedelta(days=1))
    assert client.get(f"{BASE}/tasks/1203{ticket.id:012d}").json()["data"]["modified_at"] > before
