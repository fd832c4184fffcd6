"""Microsoft Graph's people, channel messages, notifications and profile skills, replayed through a transport."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.graph import GraphConnector
from ascertain.connectors.graph_webhooks import receive as read_call
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Entity, MessageRecord, SourceRef, WorkerRecord
from ascertain.domain.skills import Level
from ascertain.domain.webhooks import Heard, RawRequest
from ascertain.domain.writeback import SkillClaim, WriteState
from ascertain.errors import PermanentConnectorError

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE = "https://g.example"
SECRETS = {"client_id": "app", "client_secret": "s3cret", "client_state": "our-state"}
CHANNEL = "19:ab@thread.tacv2"


def when(ago: timedelta) -> str:
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


def said(number: int, ago: timedelta, text: str = "We use Terraform.", **more: Any) -> dict[str, Any]:
    usual = {"messageType": "message", "from": {"user": {"id": "u1"}}, "createdDateTime": when(ago)}
    body = {"contentType": "html", "content": f"<p>{text}</p>"}
    return {
        "id": str(number),
        **usual,
        "lastModifiedDateTime": when(ago),
        "deletedDateTime": None,
        "body": body,
        **more,
    }


class Tenant:
    """One public team with one channel; delta links count the changes seen. ``dead`` links answer 410."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.teams: list[dict[str, Any]] = [{"id": "t1", "displayName": "Platform", "visibility": "Public"}]
        self.channels = [{"id": CHANNEL, "displayName": "General", "membershipType": "standard"}]
        self.log = list(messages)
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.users: list[dict[str, Any]] = [
            {"id": "u1", "mail": "ann@x.example"},
            {"id": "u2", "mail": None, "userPrincipalName": ""},
        ]
        self.skills: list[dict[str, Any]] = []
        self.dead: set[str] = set()
        self.calls: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path, request.url.params
        self.calls.append(f"{request.method} {path}")
        if path.endswith("/oauth2/v2.0/token"):
            good = b"client_secret=s3cret" in request.content
            return httpx.Response(200, json={"access_token": "tok", "expires_in": 3599}) if good else self._unknown()
        assert request.headers["authorization"] == "Bearer tok"
        if str(request.url) in self.dead:
            return httpx.Response(410, json={"error": {"code": "syncStateNotFound"}})
        parts = path.strip("/").split("/")[1:]
        match parts:
            case ["users", _, "profile", "skills", *rest]:
                return self._skills(request, rest)
            case ["users"]:
                return self._page(self.users, request.url, int(query["$top"]))
            case ["users", user]:
                found = [u for u in self.users if u["id"] == user]
                return httpx.Response(200, json=found[0]) if found else httpx.Response(404, json={})
            case ["teams"]:
                bare = [{"id": t["id"], "displayName": t["displayName"]} for t in self.teams]
                return httpx.Response(200, json={"value": bare})
            case ["teams", _]:
                return httpx.Response(200, json=self.teams[0])
            case ["teams", _, "channels"]:
                return httpx.Response(200, json={"value": self.channels})
            case ["teams", _, "channels", _, "messages", "delta"]:
                return self._delta(request.url)
            case ["teams", _, "channels", _, "messages", root, "replies"]:
                return httpx.Response(200, json={"value": self.replies.get(root, [])})
            case ["teams", _, "channels", _, "messages", *which]:
                rows = self.log if len(which) == 1 else self.replies.get(which[0], [])
                found = [m for m in rows if m["id"] == which[-1]]
                return httpx.Response(200, json=found[0]) if found else httpx.Response(404, json={})
        raise AssertionError(path)

    def _unknown(self) -> httpx.Response:
        return httpx.Response(400, json={"error": "unauthorized_client"})

    def _page(self, rows: list[Any], url: httpx.URL, size: int) -> httpx.Response:
        at = int(url.params.get("$skiptoken", 0))
        more = {"@odata.nextLink": str(url.copy_merge_params({"$skiptoken": str(at + size)}))}
        return httpx.Response(200, json={"value": rows[at : at + size], **(more if at + size < len(rows) else {})})

    def _delta(self, url: httpx.URL) -> httpx.Response:
        at = int(url.params.get("$skiptoken", url.params.get("$deltatoken", 0)))
        end = at + int(url.params.get("$top", 50))
        bare = url.copy_with(query=None)
        link = {"@odata.nextLink": f"{bare}?$skiptoken={end}&$top={end - at}"}
        if end >= len(self.log):
            link = {"@odata.deltaLink": f"{bare}?$deltatoken={len(self.log)}"}
        return httpx.Response(200, json={"value": self.log[at:end], **link})

    def _skills(self, request: httpx.Request, rest: list[str]) -> httpx.Response:
        assert request.url.path.startswith("/beta/")
        body = json.loads(request.content) if request.content else {}
        if request.method == "POST":
            self.skills.append({"id": f"k{len(self.skills)}", **body})
        elif request.method == "PATCH":
            next(s for s in self.skills if s["id"] == rest[0]).update(body)
        elif request.method == "DELETE":
            self.skills = [s for s in self.skills if s["id"] != rest[0]]
            return httpx.Response(204)
        return httpx.Response(200, json={"value": self.skills})


def connector(tenant: Any, secrets: dict[str, str] | None = None, fields: Any = None, **options: Any) -> GraphConnector:
    usual = {"tenant": "x.example", "authority": "same", "messages_opt_in": True, "channels": ["Platform/General"]}
    connection = Connection(
        "graph", "graph", BASE, ZoneInfo("UTC"), secrets or SECRETS, {"SE2": "engineer"}, fields or {}, usual | options
    )
    return GraphConnector(connection, transport=httpx.MockTransport(tenant))


def pulled(c: GraphConnector, cursor: Cursor | None = None) -> tuple[list[str], Cursor, list[str]]:
    texts: list[str] = []
    notes: list[str] = []
    for page in c.pull(Entity.MESSAGE, cursor):
        texts += [r.text for r in page.records if isinstance(r, MessageRecord)]
        notes += page.warnings
        cursor = json.loads(json.dumps(page.checkpoint))
    assert cursor is not None
    return texts, cursor, notes


def test_without_the_organisations_yes_nobody_is_asked() -> None:
    tenant = Tenant(said(1, HOUR))
    c = connector(tenant, messages_opt_in=False)
    with pytest.raises(PermanentConnectorError, match="opted in"):
        list(c.pull(Entity.MESSAGE, None))
    with pytest.raises(PermanentConnectorError, match="opted in"):
        c.fetch(SourceRef("graph", Entity.MESSAGE, f"t1/{CHANNEL}/1"))
    assert tenant.calls == []


@pytest.mark.parametrize(
    ("team", "channel"),
    [
        ({"visibility": "Private"}, {}),
        ({"visibility": "HiddenMembership"}, {}),
        ({"visibility": None}, {}),
        ({}, {"membershipType": "private"}),
        ({}, {"membershipType": "shared"}),
        ({}, {"displayName": "Other"}),
    ],
)
def test_only_standard_channels_of_public_teams_that_are_named(team: Any, channel: Any) -> None:
    tenant = Tenant(said(1, HOUR))
    tenant.teams[0] |= team
    tenant.channels[0] |= channel
    c = connector(tenant)
    texts, _, notes = pulled(c)
    assert (texts, len(notes)) == ([], 1)
    assert c.fetch(SourceRef("graph", Entity.MESSAGE, f"t1/{CHANNEL}/1")) is None
    assert not [p for p in tenant.calls if "/messages" in p]


def test_an_increment_follows_the_delta_link() -> None:
    tenant = Tenant(*(said(n, 9 * HOUR - n * HOUR, f"m{n}") for n in range(1, 6)))
    c = connector(tenant, messages_page_size=2)
    texts, cursor, _ = pulled(c)
    assert texts == ["m1", "m2", "m3", "m4", "m5"]
    assert pulled(c, cursor)[0] == []
    tenant.log.append(said(2, 7 * HOUR, "m2 edited", lastModifiedDateTime=when(timedelta(0))))
    texts, cursor, _ = pulled(c, cursor)
    assert texts == ["m2 edited"]
    first = next(c.pull(Entity.MESSAGE, None))
    assert pulled(c, first.checkpoint)[0] == ["m3", "m4", "m5", "m2 edited"], "goes on in mid channel"


def test_a_dead_delta_link_reads_the_channel_again() -> None:
    tenant = Tenant(said(1, 2 * HOUR, "old"), said(2, HOUR, "new"))
    c = connector(tenant)
    _, cursor, _ = pulled(c)
    tenant.dead = {cursor["marks"][f"t1/{CHANNEL}"]}
    tenant.log.append(said(3, timedelta(0), "newest"))
    texts, _, notes = pulled(c, cursor)
    assert "newest" in texts
    assert any("read again" in n for n in notes)


def test_answers_apps_deletions_and_old_messages() -> None:
    rows = [
        said(1, HOUR, "<at id='0'>Ann</at> kept"),
        said(2, HOUR, "app", **{"from": {"application": {"id": "b"}, "user": None}}),
        said(3, HOUR, "gone", deletedDateTime=when(HOUR)),
        said(4, HOUR, "event", messageType="systemEventMessage"),
        said(5, 300 * DAY, "too old"),
    ]
    tenant = Tenant(*rows)
    tenant.replies["1"] = [said(11, HOUR, "an answer")]
    assert pulled(connector(tenant))[0] == ["kept", "an answer"]
    (page,) = connector(tenant, replies=False).pull(Entity.MESSAGE, None)
    assert [r.text for r in page.records if isinstance(r, MessageRecord)] == ["kept"]
    assert [str(r) for r in page.gone] == [f"graph:message:t1/{CHANNEL}/3"]
    found = connector(tenant).fetch(SourceRef("graph", Entity.MESSAGE, f"t1/{CHANNEL}/1/11"))
    assert isinstance(found, MessageRecord)
    assert (found.text, found.subject, found.channel) == ("an answer", "email:ann@x.example", "Platform/General")


def test_no_word_is_in_a_checkpoint_nor_in_what_is_rejected() -> None:
    tenant = Tenant(said(1, HOUR, "secret words", **{"from": {"user": {"id": "u2"}}}), said(2, HOUR, "more words"))
    (page,) = connector(tenant).pull(Entity.MESSAGE, None)
    assert [r.field for r in page.rejected] == ["from.user"]
    assert "words" not in json.dumps(page.checkpoint) + repr(page.rejected) + repr(page.records)


def test_links_to_other_hosts_are_not_followed() -> None:
    def elsewhere(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("token"):
            return httpx.Response(200, json={"access_token": "tok"})
        assert request.url.host == "g.example"
        return httpx.Response(200, json={"value": [], "@odata.nextLink": "https://evil.example/v1.0/users"})

    with pytest.raises(PermanentConnectorError, match="another host"):
        list(connector(elsewhere, workers=True).pull(Entity.WORKER, None))


def test_people_of_the_directory_name_their_managers() -> None:
    tenant = Tenant()
    above = {"id": "u9", "employeeId": "E9"}
    tenant.users = [
        {
            "id": "u1",
            "employeeId": "E1",
            "mail": "a@x.example",
            "displayName": "A",
            "jobTitle": "Dev",
            "manager": above,
        },
        {"id": "u2", "userPrincipalName": "b@x.example", "manager": {"id": "u8"}, "accountEnabled": False},
        {"id": "u3", "mail": "g@y.example", "userType": "Guest"},
        {"id": "u4", "userPrincipalName": "", "displayName": "Room 4"},
        {"id": "u5", "mail": "e@x.example", "employeeHireDate": "some day"},
    ]
    pages = list(connector(tenant, workers=True, page_size=2).pull(Entity.WORKER, None))
    found = [r for p in pages for r in p.records if isinstance(r, WorkerRecord)]
    assert len(pages) == 3
    assert [(w.employee_id, w.email, w.manager_employee_id, w.active) for w in found] == [
        ("E1", "a@x.example", "E9", True),
        ("u2", "b@x.example", "u8", False),
    ]
    assert [r.field for p in pages for r in p.rejected] == ["employeeHireDate"]
    rest = list(connector(tenant, workers=True, page_size=2).pull(Entity.WORKER, pages[0].checkpoint))
    assert [len(p.records) + len(p.rejected) for p in rest] == [0, 1]
    with pytest.raises(PermanentConnectorError, match="worker"):
        list(connector(tenant).pull(Entity.WORKER, None))


def test_wrong_credentials_are_said_even_as_a_400() -> None:
    health = connector(Tenant(), {**SECRETS, "client_secret": "wrong"}).check()
    assert not health.ok
    assert "credentials" in health.remedy


# -- calls ----------------------------------------------------------------------------------------------------------

URL = "https://skills.example/v1/webhooks/graph"
NOTE = {
    "subscriptionId": "s1",
    "clientState": "our-state",
    "changeType": "created",
    "resource": f"teams('t1')/channels('{CHANNEL}')/messages('1616990032035')",
    "resourceData": {"id": "1616990032035"},
}


def call(*rows: Any, url: str = URL) -> RawRequest:
    return RawRequest("POST", url, (("content-type", "application/json"),), json.dumps({"value": rows}).encode())


def receive(request: RawRequest, at: datetime = NOW, **options: Any) -> Any:
    return connector(Tenant(), **options).receive(request, now=at, kept={})


def test_the_validation_token_comes_back_as_plain_text() -> None:
    got = receive(RawRequest("POST", f"{URL}?validationToken={quote('Validation: a+b <c>')}", (), b""))
    assert (got.kind, got.reply.status, got.reply.body) == (Heard.HANDSHAKE, 200, "Validation: a+b <c>")
    assert got.reply.media_type == "text/plain"
    assert receive(RawRequest("POST", f"{URL}?validationToken=%00", (), b"")).reply.status == 400


@pytest.mark.parametrize(
    ("resource", "ref"),
    [
        (f"teams('t1')/channels('{CHANNEL}')/messages('16')", f"message:t1/{CHANNEL}/16"),
        (f"teams('t1')/channels('{CHANNEL}')/messages('16')/replies('17')", f"message:t1/{CHANNEL}/16/17"),
        (f"teams/t1/channels/{CHANNEL}/messages/16", f"message:t1/{CHANNEL}/16"),
        ("Users/u1", "worker:u1"),
        ("chats('19:x')/messages('16')", None),
        ("users('u1')/messages('16')", None),
    ],
)
def test_what_a_notification_names(resource: str, ref: str | None) -> None:
    got = receive(call({**NOTE, "resource": resource}), workers=True)
    assert [str(r) for e in got.events for r in e.refs] == ([f"graph:{ref}"] if ref else [])


def test_every_notification_has_to_prove_itself() -> None:
    assert receive(call(NOTE, {**NOTE, "clientState": "x"})).reply.status == 401
    assert receive(call({k: v for k, v in NOTE.items() if k != "clientState"})).reply.status == 401
    assert receive(call()).reply.status == 401
    assert connector(Tenant(), {"client_id": "a", "client_secret": "b"}).receive(
        call({**NOTE, "clientState": ""}), now=NOW, kept={}
    ).reply.status == 401  # fmt: skip


def test_the_key_is_the_same_when_it_comes_again_but_not_for_a_later_update() -> None:
    at = NOW.replace(minute=10)

    def key(note: Any, when: datetime = at) -> str:
        return str(receive(call(note), when).events[0].key)

    updated = {**NOTE, "changeType": "updated"}
    assert key(NOTE) == key(NOTE, at + 5 * HOUR)
    assert key(updated) == key(updated, at + timedelta(minutes=20))
    assert key(updated) != key(updated, at + 2 * HOUR)
    assert receive(call({**NOTE, "changeType": "deleted"})).events[0].deleted


def test_what_was_missed_is_pulled_and_without_a_yes_nothing_is() -> None:
    missed = {"lifecycleEvent": "missed", "subscriptionId": "s1", "clientState": "our-state"}
    assert receive(call(missed)).events[0].pull == (Entity.MESSAGE,)
    assert receive(call(missed, NOTE), messages_opt_in=False).events == ()


@given(st.text(max_size=80))
def test_any_resource_is_survived(resource: str) -> None:
    got = read_call("graph", "our-state", frozenset(Entity), call({**NOTE, "resource": resource}), NOW)
    assert got.kind is Heard.EVENTS


# -- profile skills -------------------------------------------------------------------------------------------------

CLAIM = SkillClaim("as_1", "terraform", "Terraform", Level.PRACTITIONER, 0.9, date(2026, 5, 4))
USER = SourceRef("graph", Entity.USER, "u1")


def test_profile_skills_are_written_only_where_they_are_mapped() -> None:
    tenant = Tenant()
    assert connector(tenant).targets() == []
    c = connector(tenant, profile_skills={"terraform": "Terraform", "sql": "SQL"})
    tenant.skills = [{"id": "k9", "displayName": "Cooking", "proficiency": "expert"}]
    intended = {i.target: i.value for i in c.intend(USER, [CLAIM])}
    assert intended == {"SQL": None, "Terraform": "generalProfessional"}
    for _ in range(2):
        c.write(USER, "Terraform", "generalProfessional", request_id="r")
    assert c.read(USER, ["SQL", "Terraform"]) == {"SQL": None, "Terraform": "generalProfessional"}
    assert len(tenant.skills) == 2
    c.write(USER, "Terraform", "expert", request_id="r")
    assert c.read(USER, ["Terraform"]) == {"Terraform": "expert"}
    c.write(USER, "Terraform", None, request_id="r")
    assert [s["displayName"] for s in tenant.skills] == ["Cooking"]
    assert c.write(USER, "Cooking", None, request_id="r").state is WriteState.REJECTED
