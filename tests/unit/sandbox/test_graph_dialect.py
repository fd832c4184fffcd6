"""The Graph sandbox refuses what Graph refuses, tracks changes and tells of them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ascertain.sandbox.company import build_company
from ascertain.sandbox.graph import GraphOptions, create_app
from ascertain.sandbox.graph_shapes import TEAM, guid
from ascertain.sandbox.live import LiveCompany
from tests.unit.sandbox.receiver import Answer, Receiver

ME = GraphOptions()
FORM = {
    "grant_type": "client_credentials",
    "client_id": ME.client_id,
    "client_secret": ME.client_secret,
    "scope": "https://graph.microsoft.com/.default",
}
TOKEN = f"/{ME.tenant}/oauth2/v2.0/token"


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(build_company(date(2026, 5, 1)))


def made(live: LiveCompany, **options: Any) -> TestClient:
    client = TestClient(create_app(live, GraphOptions(**{"per_second": None, **options})))
    client.headers["Authorization"] = f"Bearer {client.post(TOKEN, data=FORM).json()['access_token']}"
    return client


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    return made(live)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_id": "no"}, 400, "unauthorized_client"),
        ({"scope": "User.Read"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_token(client: TestClient, change: dict[str, str], status: int, error: str) -> None:
    answer = client.post(TOKEN, data={**FORM, **change})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_tokens_are_needed_and_end(live: LiveCompany, client: TestClient) -> None:
    assert client.get("/v1.0/users", headers={"Authorization": "Bearer x"}).status_code == 401
    dead = made(live, token_seconds=0).get("/v1.0/users")
    assert dead.status_code == 401
    assert dead.json()["error"]["code"] == "InvalidAuthenticationToken"


def test_too_many_calls_a_second(live: LiveCompany) -> None:
    client = made(live, per_second=1)
    codes = [client.get("/v1.0/organization").status_code for _ in range(6)]
    assert 429 in codes
    while (answer := client.get("/v1.0/organization")).status_code != 429:
        pass
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/v1.0/users", {"$select": "id,shoeSize"}, 400),
        ("/v1.0/users", {"$top": "1000"}, 400),
        ("/v1.0/users", {"$skip": "5"}, 400),
        ("/v1.0/users", {"$filter": "startswith(mail,'a')"}, 400),
        ("/v1.0/users", {"$skiptoken": "abc"}, 400),
        ("/v1.0/users/nobody", {}, 404),
        ("/v1.0/users/delta", {"$expand": "manager"}, 400),
        ("/v1.0/teams/1/channels", {}, 404),
        ("/v1.0/chats", {}, 403),
        ("/v1.0/planets", {}, 400),
    ],
)
def test_wrong_questions_are_refused(client: TestClient, path: str, query: dict[str, str], status: int) -> None:
    answer = client.get(path, params=query)
    assert answer.status_code == status
    assert {"code", "message", "innerError"} == set(answer.json()["error"])


def test_users_chain_by_next_links(live: LiveCompany, client: TestClient) -> None:
    url = "/v1.0/users?$top=20&$select=id,mail,department&$expand=manager($select=id,mail)"
    rows: list[dict[str, Any]] = []
    pages = 0
    while url:
        answer = client.get(url).json()
        rows += answer["value"]
        url, pages = answer.get("@odata.nextLink", ""), pages + 1
    assert (len(rows), pages) == (len(live.current.people), 3)
    assert all(set(r) <= {"id", "mail", "department", "manager"} for r in rows)
    assert sum("manager" in r for r in rows) == sum(p.manager_id is not None for p in live.current.people)
    assert set(client.get("/v1.0/users").json()["value"][0]) >= {"displayName", "mail"}
    assert "department" not in client.get("/v1.0/users").json()["value"][0]
    assert client.get(f"/v1.0/users/{guid('user', 'FL1000')}/manager").status_code == 404


def crawl(client: TestClient, url: str) -> tuple[list[dict[str, Any]], str]:
    rows: list[dict[str, Any]] = []
    while True:
        answer = client.get(url).json()
        rows += answer["value"]
        if "@odata.deltaLink" in answer:
            return rows, str(answer["@odata.deltaLink"])
        url = answer["@odata.nextLink"]


def test_a_delta_link_brings_what_changed(live: LiveCompany, client: TestClient) -> None:
    rows, link = crawl(client, "/v1.0/users/delta?$select=jobTitle,manager&$top=15")
    assert len(rows) == len(live.current.people)
    assert any("manager@delta" in r for r in rows)
    assert crawl(client, link)[0] == []
    live.change_person("FL1102", title="Principal Engineer")
    changed, again = crawl(client, link)
    assert [(r["id"], r["jobTitle"]) for r in changed] == [(guid("user", "FL1102"), "Principal Engineer")]
    assert crawl(client, again)[0] == []
    assert crawl(client, "/v1.0/users/delta?$deltatoken=latest")[0] == []


def test_a_change_in_the_middle_of_a_round_is_for_the_next(live: LiveCompany, client: TestClient) -> None:
    first = client.get("/v1.0/users/delta?$select=jobTitle&$top=15").json()
    live.change_person("FL1102", title="Principal Engineer")
    rest, link = crawl(client, first["@odata.nextLink"])
    late, _ = crawl(client, link)
    assert [r["id"] for r in late] == [guid("user", "FL1102")]
    ids = {r["id"] for r in (*first["value"], *rest, *late)}
    assert len(ids) == len(live.current.people)


def test_delta_links_die(live: LiveCompany) -> None:
    client = made(live, delta_seconds=0)
    dead = client.get(crawl(client, "/v1.0/users/delta")[1])
    assert (dead.status_code, dead.json()["error"]["code"]) == (400, "syncStateNotFound")
    gone = client.get(crawl(client, place(client) + "/delta")[1])
    assert gone.status_code == 410
    assert len(crawl(client, gone.headers["Location"])[0]) > 0


def place(client: TestClient, name: str = "engineering") -> str:
    rows = client.get(f"/v1.0/teams/{TEAM}/channels").json()["value"]
    return f"/v1.0/teams/{TEAM}/channels/{next(r['id'] for r in rows if r['displayName'] == name)}/messages"


def test_channels_say_who_may_read(client: TestClient) -> None:
    rows = client.get(f"/v1.0/teams/{TEAM}/channels").json()["value"]
    assert {r["membershipType"] for r in rows} == {"standard", "private"}
    query = {"$filter": "membershipType eq 'standard'"}
    assert len(client.get(f"/v1.0/teams/{TEAM}/channels", params=query).json()["value"]) == len(rows) - 1


def test_messages_are_newest_first_with_replies_apart(client: TestClient) -> None:
    url = place(client) + "?$top=7"
    rows: list[dict[str, Any]] = []
    while url:
        answer = client.get(url).json()
        rows += answer["value"]
        url = answer.get("@odata.nextLink", "")
    assert [r["id"] for r in rows] == sorted((r["id"] for r in rows), reverse=True)
    assert len({r["id"] for r in rows}) == len(rows) > 7
    assert rows[-1]["messageType"] == "systemEventMessage"
    assert rows[-1]["from"] is None
    assert rows[0]["body"]["contentType"] == "html"
    replies = [r for m in rows[:-1] for r in client.get(f"{place(client)}/{m['id']}/replies").json()["value"]]
    assert replies
    one = replies[0]
    assert client.get(f"{place(client)}/{one['replyToId']}/replies/{one['id']}").json() == one
    assert client.get(f"{place(client)}/{one['replyToId']}").json()["id"] == one["replyToId"]
    assert client.get(f"{place(client)}/1").status_code == 404


def test_message_delta_reaches_back_a_while_only(live: LiveCompany, client: TestClient) -> None:
    recent, link = crawl(client, place(client) + "/delta?$top=5")
    whole, _ = crawl(made(live, delta_days=None), place(client) + "/delta")
    assert 0 < len(recent) < len(whole)
    ticket = next(t for t in live.current.tickets if t.project == "ENG")
    live.touch_ticket(ticket.key)
    new, _ = crawl(client, link)
    assert len(new) == 1
    assert ticket.key in new[0]["body"]["content"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(echo)
    yield made
    made.close()


def echo(headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
    said = query.get("validationToken", "").encode()
    return (200 if said else 202), {"content-type": "text/plain"}, said


def soon(**more: int) -> str:
    return (datetime.now(UTC) + timedelta(**(more or {"minutes": 30}))).isoformat().replace("+00:00", "Z")


def test_subscriptions_are_validated_told_and_end(live: LiveCompany, client: TestClient, receiver: Receiver) -> None:
    resource = place(client).removeprefix("/v1.0")
    sent: dict[str, Any] = {
        "changeType": "created",
        "notificationUrl": receiver.url,
        "resource": resource,
        "expirationDateTime": soon(),
        "clientState": "our word",
    }
    receiver.answer = lambda headers, query, body: (200, {"content-type": "text/plain"}, b"no")
    refused = client.post("/v1.0/subscriptions", json=sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "ValidationError")
    receiver.answer = echo
    for wrong in (
        {"expirationDateTime": soon(days=2)},
        {"changeType": "moved"},
        {"resource": "/me/messages"},
        {"notificationUrl": "https://example.org/x"},
        {"includeResourceData": True},
    ):
        assert client.post("/v1.0/subscriptions", json={**sent, **wrong}).status_code == 400, wrong
    receiver.got.clear()
    answer = client.post("/v1.0/subscriptions", json=sent)
    assert answer.status_code == 201
    key = answer.json()["id"]
    assert client.get(f"/v1.0/subscriptions/{key}").json()["clientState"] is None
    assert client.patch(f"/v1.0/subscriptions/{key}", json={"expirationDateTime": soon()}).status_code == 200
    receiver.got.clear()
    ticket = next(t for t in live.current.tickets if t.project == "ENG")
    live.touch_ticket(ticket.key)
    live.touch_ticket(next(t for t in live.current.tickets if t.project == "SUP").key)
    flush(client)
    ((_, body),) = receiver.got
    note = json.loads(body)["value"][0]
    assert (note["subscriptionId"], note["clientState"], note["changeType"]) == (key, "our word", "created")
    told = note["resource"].replace("('", "/").replace("')", "")
    assert client.get(f"/v1.0/{told}").json()["id"] == note["resourceData"]["id"]
    soonest = (datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()
    client.patch(f"/v1.0/subscriptions/{key}", json={"expirationDateTime": soonest})
    time.sleep(0.35)
    live.touch_ticket(ticket.key)
    flush(client)
    assert len(receiver.got) == 1
    assert client.patch(f"/v1.0/subscriptions/{key}", json={"expirationDateTime": soon()}).status_code == 404


def test_users_are_told_of(live: LiveCompany, client: TestClient, receiver: Receiver) -> None:
    sent = {
        "changeType": "updated",
        "notificationUrl": receiver.url,
        "resource": "users",
        "expirationDateTime": soon(days=20),
    }
    key = client.post("/v1.0/subscriptions", json=sent).json()["id"]
    receiver.got.clear()
    live.change_person("FL1102", title="Principal Engineer")
    flush(client)
    assert json.loads(receiver.got[0][1])["value"][0]["resourceData"]["id"] == guid("user", "FL1102")
    assert client.delete(f"/v1.0/subscriptions/{key}").status_code == 204
    assert client.get("/v1.0/subscriptions").json()["value"] == []


def flush(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    assert app.state.tenant.subscriptions.sender.flush()


def test_skills_are_beta(live: LiveCompany, client: TestClient) -> None:
    where = f"/beta/users/{guid('user', 'FL1102')}/profile/skills"
    added = client.post(where, json={"displayName": "Terraform", "proficiency": "advancedProfessional"})
    assert added.status_code == 201
    key = added.json()["id"]
    assert client.patch(f"{where}/{key}", json={"proficiency": "expert"}).json()["proficiency"] == "expert"
    assert client.post(where, json={"displayName": "x", "proficiency": "very"}).status_code == 400
    assert [s["displayName"] for s in client.get(where).json()["value"]] == ["Terraform"]
    assert client.delete(f"{where}/{key}").status_code == 204
    assert client.get(f"{where}/{key}").status_code == 404
    assert made(live, beta=False).get(where).status_code == 400
