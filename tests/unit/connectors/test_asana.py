"""Asana's tasks, event feed and calls, replayed through an injected transport."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.asana import AsanaConnector
from ascertain.connectors.asana_rows import TASK, AsanaOptions, task
from ascertain.connectors.connection import Connection
from ascertain.connectors.parsing import read_rows
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Entity, SourceRef, TextRecord
from ascertain.domain.webhooks import Heard, RawRequest
from ascertain.errors import ConfigError, PermanentConnectorError

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ANN = {"gid": "71", "name": "Ann", "email": "ann@x.example"}


def row(gid: str, at: str = "2026-05-01T09:00:00.000Z", **fields: Any) -> dict[str, Any]:
    usual = {"gid": gid, "name": f"Task {gid}", "notes": "Wrote it.", "assignee": ANN, "completed": True}
    return {**usual, "completed_at": at, "modified_at": at, "resource_subtype": "default_task", **fields}


class Server:
    """Two projects, offsets, sync tokens. ``dead`` offsets and tokens are refused."""

    def __init__(self, **projects: list[dict[str, Any]]) -> None:
        self.projects = {p.removeprefix("p"): rows for p, rows in projects.items()}
        self.workspaces = [{"gid": "1", "name": "W"}]
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.dead: set[str] = set()
        self.calls: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer t"
        self.calls.append(request.url)
        path, query = request.url.path.removeprefix("/api/1.0"), request.url.params
        if path == "/users/me":
            return answer({"gid": "9", "workspaces": self.workspaces})
        if path == "/projects":
            assert query["workspace"] == "1"
            return answer([{"gid": g, "name": f"P{g}"} for g in self.projects])
        if path == "/events":
            return self._events(query["resource"], query.get("sync"))
        if path == "/tasks":
            return self._tasks(query)
        if path.endswith("/stories"):
            mine = {"type": "comment", "text": "Mine.", "created_by": {"gid": "71"}}
            other = {"type": "comment", "text": "Not mine.", "created_by": {"gid": "72"}}
            return answer([mine, other, {**mine, "type": "system"}])
        found = [r for rows in self.projects.values() for r in rows if path == f"/tasks/{r['gid']}"]
        return answer(found[0]) if found else problem(404, "task: Unknown object")

    def _tasks(self, query: httpx.QueryParams) -> httpx.Response:
        if query["project"] not in self.projects:
            return problem(404, "project: Unknown object")
        since = query.get("modified_since", "")
        rows = [r for r in self.projects[query["project"]] if r["modified_at"] >= since[:19]]
        offset = query.get("offset", "o0")
        if offset in self.dead:
            self.dead.discard(offset)
            return problem(400, "offset: Your pagination token has expired.")
        at, size = int(offset[1:]), int(query["limit"])
        following = {"offset": f"o{at + size}"} if at + size < len(rows) else None
        return answer(rows[at : at + size], next_page=following)

    def _events(self, project: str, sync: str | None) -> httpx.Response:
        new = f"s{project}-{len(self.events.get(project, []))}"
        if sync is None or sync in self.dead:
            return httpx.Response(412, json={"errors": [{"message": "Sync token invalid or too old."}], "sync": new})
        seen = int(sync.rpartition("-")[2])
        return answer(self.events.get(project, [])[seen:], sync=new, has_more=False)


def answer(data: Any, **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": data, **more})


def problem(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"message": message, "help": "…"}]})


def connector(server: Any, secrets: dict[str, str] | None = None, **options: Any) -> AsanaConnector:
    given = {"token": "t", **(secrets or {})}
    connection = Connection("asana", "asana", "https://a.example", ZoneInfo("UTC"), given, options=options)
    return AsanaConnector(connection, transport=httpx.MockTransport(server))


def pulled(c: AsanaConnector, cursor: Cursor | None = None) -> tuple[list[str], Cursor, list[str]]:
    refs: list[str] = []
    notes: list[str] = []
    for page in c.pull(Entity.TICKET, cursor):
        refs += [r.ref.id for r in page.records]
        notes += page.warnings
        cursor = json.loads(json.dumps(page.checkpoint))
    assert cursor is not None
    return refs, cursor, notes


def test_every_project_is_read_and_an_increment_has_what_changed() -> None:
    server = Server(p5=[row("1"), row("2"), row("3")], p6=[row("4")])
    c = connector(server, page_size=2)
    refs, cursor, _ = pulled(c)
    assert refs == ["1", "2", "3", "4"]
    assert pulled(c, cursor)[0] == []
    server.projects["6"][0]["modified_at"] = "2026-05-02T09:00:00.000Z"
    server.projects["7"] = [row("5", "2024-01-01T00:00:00.000Z")]
    assert pulled(c, cursor)[0] == ["4", "5"], "a project that is new is read from its beginning"


def test_the_watermark_stays_before_what_changed_during_the_crawl() -> None:
    """A task of the first project changes while a later project has something newer still."""
    server = Server(p5=[row("1")], p6=[row("2")])
    c = connector(server)
    pages = c.pull(Entity.TICKET, None)
    next(pages)
    soon = datetime.now(UTC) + timedelta(minutes=20)
    server.projects["5"][0]["modified_at"] = soon.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    later = soon + timedelta(hours=1)
    server.projects["6"][0]["modified_at"] = later.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    end = list(pages)[-1].checkpoint
    assert pulled(c, end)[0][0] == "1"


def test_an_expired_page_token_begins_the_project_again() -> None:
    server = Server(p5=[row(str(n)) for n in range(1, 6)])
    server.dead = {"o4"}
    refs, _, notes = pulled(connector(server, page_size=2))
    assert set(refs) == {"1", "2", "3", "4", "5"}
    assert any("project 5 was read again" in n for n in notes)


def test_a_project_that_vanishes_does_not_end_the_crawl() -> None:
    server = Server(p5=[row("1")])
    refs, _, notes = pulled(connector(server, projects=["4", "5"]))
    assert refs == ["1"]
    assert notes == ["project 4 is gone or no longer visible"]


def test_the_event_feed_names_what_changed() -> None:
    server = Server(p5=[row("1"), row("2")], p6=[])
    c = connector(server, events=True)
    refs, cursor, notes = pulled(c)
    assert (refs, notes) == (["1", "2"], [])
    server.projects["5"][0]["notes"] = "Rewrote it."
    about = {"action": "changed", "resource": {"gid": "1", "resource_type": "task"}}
    comment = {"action": "added", "resource": {"gid": "90", "resource_type": "story"}, "parent": about["resource"]}
    gone = {"action": "deleted", "resource": {"gid": "3", "resource_type": "task"}}
    server.events["5"] = [about, about, comment, gone]
    server.calls.clear()
    refs, cursor, _ = pulled(c, cursor)
    assert refs == ["1"]
    assert not [u for u in server.calls if u.path.endswith("/tasks")], "nothing is listed"
    server.events["5"] = [*server.events["5"], gone]
    (page, _) = c.pull(Entity.TICKET, cursor)
    assert (page.records, [str(r) for r in page.gone]) == ((), ["asana:ticket:3"])


def test_an_event_token_that_is_too_old_falls_back_to_the_list() -> None:
    server = Server(p5=[row("1"), row("2")])
    c = connector(server, events=True)
    _, cursor, _ = pulled(c)
    server.dead = {"s5-0"}
    server.projects["5"][1]["modified_at"] = "2026-05-03T09:00:00.000Z"
    refs, cursor, notes = pulled(c, cursor)
    assert refs == ["2"]
    assert any("too old" in n for n in notes)
    assert pulled(c, cursor)[0] == []


def test_only_the_assignees_own_comments_are_read() -> None:
    (page,) = connector(Server(p5=[row("1")]), comments=True).pull(Entity.TICKET, None)
    (found,) = page.records
    assert isinstance(found, TextRecord)
    assert found.text == "Wrote it.\nMine."
    assert found.subject == "email:ann@x.example"


def test_open_tasks_headings_and_nobodys_are_left_out() -> None:
    rows = [row("1", completed=False), row("2", assignee=None), row("3", resource_subtype="section"), row("4")]
    assert pulled(connector(Server(p5=rows)))[0] == ["4"]
    assert pulled(connector(Server(p5=rows), completed_only=False))[0] == ["1", "4"]


def test_a_hidden_address_is_named_or_mapped() -> None:
    rows = [row("1", assignee={"gid": "71"})]
    (page,) = connector(Server(p5=rows)).pull(Entity.TICKET, None)
    assert [r.field for r in page.rejected] == ["assignee.email"]
    (page,) = connector(Server(p5=rows), accounts={"71": "a@x.example"}).pull(Entity.TICKET, None)
    assert [r.subject for r in page.records if isinstance(r, TextRecord)] == ["email:a@x.example"]


def test_the_workspace_is_found_or_has_to_be_named() -> None:
    server = Server(p5=[])
    server.workspaces.append({"gid": "2", "name": "V"})
    with pytest.raises(ConfigError, match="2 workspaces"):
        pulled(connector(server))
    assert pulled(connector(server, workspace="1"))[0] == []
    assert connector(server, workspace="1").probe().fields[Entity.TICKET] == {"5": "P5"}


def test_a_list_that_never_ends_is_stopped() -> None:
    def same(request: httpx.Request) -> httpx.Response:
        return answer([row("1")], next_page={"offset": "o1"})

    with pytest.raises(PermanentConnectorError, match="twice"):
        pulled(connector(same, projects=["5"]))


def test_fetching_one() -> None:
    server = Server(p5=[row("1"), row("2", completed=False)])
    c = connector(server)
    (page,) = c.pull(Entity.TICKET, None)
    assert c.fetch(SourceRef("asana", Entity.TICKET, "1")) == page.records[0]
    assert c.fetch(SourceRef("asana", Entity.TICKET, "2")) is None
    assert c.fetch(SourceRef("asana", Entity.TICKET, "9")) is None


# -- calls ----------------------------------------------------------------------------------------------------------

URL = "https://skills.example/v1/webhooks/asana?token=ours"
EVENT = {
    "action": "changed",
    "created_at": "2026-06-01T11:59:00.000Z",
    "resource": {"gid": "1", "resource_type": "task"},
    "parent": None,
    "user": {"gid": "71"},
    "change": {"field": "completed", "action": "changed"},
}


def call(body: Any = None, *, secret: str = "s3cret-of-the-hook", url: str = URL, **headers: str) -> RawRequest:
    raw = b"" if body is None else json.dumps(body).encode()
    given = {"x-hook-signature": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest(), **headers}
    return RawRequest("POST", url, tuple((k.replace("_", "-"), v) for k, v in given.items()), raw)


def receive(request: RawRequest, kept: dict[str, str] | None = None, token: str = "ours") -> Any:
    c = connector(Server(), {"webhook_token": token} if token else {})
    return c.receive(request, now=NOW, kept={"hook_secret": "s3cret-of-the-hook"} if kept is None else kept)


def test_the_handshake_is_answered_once_and_only_with_our_token() -> None:
    first = receive(call(x_hook_secret="a-new-secret"), {})
    assert (first.kind, first.reply.headers) == (Heard.HANDSHAKE, {"X-Hook-Secret": "a-new-secret"})
    assert first.remember == {"hook_secret": "a-new-secret"}
    assert receive(call(x_hook_secret="a-new-secret"), dict(first.remember)).kind is Heard.HANDSHAKE
    assert receive(call(x_hook_secret="another-one"), dict(first.remember)).reply.status == 403
    assert receive(call(x_hook_secret="a-new-secret", url=URL.replace("ours", "x")), {}).reply.status == 401
    assert receive(call(x_hook_secret="a new\r\nX-Evil: 1"), {}).reply.status == 400


def test_webhooks_of_several_projects_have_secrets_of_their_own() -> None:
    url = URL + "&hook=platform"
    got = receive(call(x_hook_secret="the-platform-secret", url=url))
    assert got.remember == {"hook_secret/platform": "the-platform-secret"}
    assert receive(call({"events": [EVENT]}, url=url)).reply.status == 401
    kept = {"hook_secret": "x" * 9, **got.remember}
    assert receive(call({"events": [EVENT]}, url=url, secret="the-platform-secret"), kept).kind is Heard.EVENTS
    assert receive(call(x_hook_secret="y" * 9, url="https://s.example/?hook=a"), {}, token="").reply.status == 401


def test_events_name_tasks_and_repeat_under_the_same_key() -> None:
    story = {"gid": "5", "resource_type": "story"}
    comment = {**EVENT, "action": "added", "resource": story, "parent": EVENT["resource"]}
    section = {**EVENT, "resource": {"gid": "8", "resource_type": "section"}, "parent": EVENT["resource"]}
    deleted = {**EVENT, "action": "deleted", "change": None}
    got = receive(call({"events": [EVENT, EVENT, comment, section, deleted]}))
    assert [(e.type, e.refs[0].id, e.deleted) for e in got.events] == [
        ("task.changed", "1", False),
        ("story.added", "1", False),
        ("task.deleted", "1", True),
    ]
    assert receive(call({"events": [EVENT]})).events[0] == got.events[0]
    assert got.events[0].occurred_at == NOW - timedelta(minutes=1)


def test_an_empty_call_is_a_heartbeat_and_nonsense_is_refused() -> None:
    assert receive(call({})).kind is Heard.HEARTBEAT
    assert receive(call({"events": []})).kind is Heard.HEARTBEAT
    assert receive(call([1])).reply.status == 400
    assert receive(call({"events": [EVENT]}, secret="wrong")).reply.status == 401
    assert receive(call({"events": [EVENT]}), {}).reply.status == 401


VALUES: Any = st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.dictionaries(st.text(), st.text())


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TASK.values(), VALUES)))
def test_any_row_is_a_record_nothing_or_a_named_problem(raw: dict[str, Any]) -> None:
    records, rejected = read_rows(
        [raw],
        TASK,
        UTC,
        lambda row: SourceRef("asana", Entity.TICKET, "1"),
        lambda row, ref: task(row, ref, AsanaOptions()),
        "asana:ticket",
    )
    assert len(records) + len(rejected) <= 1
    assert all(isinstance(r, TextRecord) and r.title and r.text for r in records)
    assert all(r.field for r in rejected)
