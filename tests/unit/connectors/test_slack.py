"""Slack's messages, calls and profile fields, replayed through an injected transport."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.slack import SlackConnector
from ascertain.connectors.slack_rows import plain
from ascertain.domain.connector import Cursor
from ascertain.domain.records import Entity, MessageRecord, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_plain
from ascertain.domain.webhooks import Heard, RawRequest
from ascertain.domain.writeback import SkillClaim, WriteState
from ascertain.errors import ConfigError, PermanentConnectorError, RetryableConnectorError

NOW = datetime.now(UTC).replace(microsecond=0)
GENERAL = {"id": "C1", "name": "platform", "is_channel": True, "is_private": False}
SECRETS = {"token": "xoxb", "signing_secret": "8f742231b10e8888abcd99yyyzzz85a5", "admin_token": "xoxp"}


def ts(ago: timedelta, tail: str = "000200") -> str:
    return f"{int((NOW - ago).timestamp())}.{tail}"


def said(ago: timedelta, text: str = "We use Terraform.", **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": "U1", "text": text, "ts": ts(ago), **more}


class Workspace:
    """Channels with histories (newest first, as the vendor has them) and threads; ``fail`` is the next errors."""

    def __init__(self, *messages: dict[str, Any], channels: list[dict[str, Any]] | None = None) -> None:
        self.channels = channels or [GENERAL]
        self.history = {"C1": list(messages)}
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.fields: dict[str, dict[str, str]] = {}
        self.fail: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.dead: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method, query = request.url.path.removeprefix("/api/"), dict(request.url.params)
        self.calls.append((method, query))
        if self.fail and method == "conversations.history":
            return httpx.Response(200, json={"ok": False, **self.fail.pop(0)}, headers={"Retry-After": "0"})
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token not in ("xoxb", "xoxp"):
            return said_no("invalid_auth")
        match method:
            case "auth.test":
                return said_yes(user_id="UBOT")
            case "conversations.list":
                assert query["types"] == "public_channel"
                return said_yes(channels=self.channels)
            case "users.list":
                return said_yes(
                    members=[
                        {"id": "U1", "profile": {"email": "ann@x.example"}},
                        {"id": "U2", "profile": {}},
                        {"id": "UBOT", "is_bot": True, "profile": {}},
                    ]
                )
            case "users.lookupByEmail":
                return said_yes(user={"id": "U1"}) if query["email"] == "ann@x.example" else said_no("users_not_found")
            case "conversations.history":
                return self._page(self.history.get(query["channel"], []), query)
            case "conversations.replies":
                known = [m for rows in self.history.values() for m in rows if m["ts"] == query["ts"]]
                known += [r for rows in self.threads.values() for r in rows if r["ts"] == query["ts"]]
                return self._page([*known, *self.threads.get(query["ts"], [])], query, whole=True)
            case "users.profile.get" | "users.profile.set":
                return self._profile(method, request, query, token)
            case "team.profile.get":
                return said_yes(profile={"fields": [{"id": "Xf1", "label": "Skills"}]})
        raise AssertionError(method)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str], whole: bool = False) -> httpx.Response:
        oldest, latest = float(query.get("oldest", 0)), float(query.get("latest", 1e12))
        inside = [m for m in rows if oldest <= float(m["ts"]) <= latest or (whole and m["ts"] == query.get("ts"))]
        if query.get("cursor") in self.dead:
            self.dead.clear()
            return said_no("invalid_cursor")
        at, size = int(query.get("cursor", "c0")[1:]), int(query["limit"])
        more = f"c{at + size}" if at + size < len(inside) else ""
        return said_yes(messages=inside[at : at + size], response_metadata={"next_cursor": more})

    def _profile(self, method: str, request: httpx.Request, query: dict[str, str], token: str) -> httpx.Response:
        assert token == "xoxp", "an app's own token may not"
        body = json.loads(request.content) if request.content else {}
        if (body.get("user") or query.get("user")) != "U1":
            return said_no("user_not_found")
        self.fields |= body.get("profile", {}).get("fields", {})
        return said_yes(profile={"fields": self.fields or []})


def said_yes(**data: Any) -> httpx.Response:
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    return httpx.Response(200, json={"ok": True, **data}, headers={"Date": now})


def said_no(word: str) -> httpx.Response:
    return httpx.Response(200, json={"ok": False, "error": word})


def connector(workspace: Any, secrets: dict[str, str] | None = None, **options: Any) -> SlackConnector:
    chosen = {"messages_opt_in": True, "channels": ["platform"], **options}
    given = SECRETS if secrets is None else secrets
    connection = Connection("slack", "slack", "https://s.example", ZoneInfo("UTC"), given, options=chosen)
    return SlackConnector(connection, transport=httpx.MockTransport(workspace))


def pulled(c: SlackConnector, cursor: Cursor | None = None) -> tuple[list[str], Cursor, list[str]]:
    texts: list[str] = []
    notes: list[str] = []
    for page in c.pull(Entity.MESSAGE, cursor):
        texts += [r.text for r in page.records if isinstance(r, MessageRecord)]
        notes += page.warnings
        cursor = json.loads(json.dumps(page.checkpoint))
    assert cursor is not None
    return texts, cursor, notes


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_without_the_organisations_yes_nobody_is_asked() -> None:
    workspace = Workspace(said(HOUR))
    for refused in (False, None):
        options = {} if refused is None else {"messages_opt_in": refused}
        secrets = Connection("s", "slack", "https://s.example", ZoneInfo("UTC"), SECRETS, options=options)
        c = SlackConnector(secrets, transport=httpx.MockTransport(workspace))
        with pytest.raises(PermanentConnectorError, match="opted in"):
            list(c.pull(Entity.MESSAGE, None))
        with pytest.raises(PermanentConnectorError, match="opted in"):
            c.fetch(SourceRef("slack", Entity.MESSAGE, f"C1-{ts(HOUR)}"))
    assert workspace.calls == []


@pytest.mark.parametrize("what", ["is_private", "is_im", "is_mpim", "is_group", "is_ext_shared"])
def test_only_public_channels_that_are_named_are_read(what: str) -> None:
    """Even if the vendor lists others although only public ones were asked for."""
    secret = {"id": "C2", "name": "platform", what: True}
    other = {"id": "C3", "name": "random"}
    workspace = Workspace(said(HOUR), channels=[secret, other])
    c = connector(workspace)
    texts, _, notes = pulled(c)
    assert (texts, notes) == ([], ["there is no public channel called platform"])
    assert c.fetch(SourceRef("slack", Entity.MESSAGE, f"C2-{ts(HOUR)}")) is None
    assert c.fetch(SourceRef("slack", Entity.MESSAGE, f"C3-{ts(HOUR)}")) is None
    assert not [q for m, q in workspace.calls if m.startswith(("conversations.history", "conversations.replies"))]


def test_a_channel_that_turns_private_in_mid_pull_is_left() -> None:
    workspace = Workspace(*(said(n * HOUR) for n in range(1, 6)))
    c = connector(workspace, page_size=2)
    first = next(c.pull(Entity.MESSAGE, None))
    workspace.channels = [{**GENERAL, "is_private": True}]
    assert pulled(c, first.checkpoint)[0] == []


def test_an_increment_has_what_is_new_or_edited() -> None:
    workspace = Workspace(*(said(n * HOUR, f"m{n}") for n in range(1, 6)))
    c = connector(workspace, page_size=2)
    texts, cursor, _ = pulled(c)
    assert texts == ["m1", "m2", "m3", "m4", "m5"]
    assert pulled(c, cursor)[0] == []
    workspace.history["C1"].insert(0, said(timedelta(0), "new"))
    workspace.history["C1"][1] |= {"text": "m1 edited", "edited": {"ts": ts(timedelta(0))}}
    texts, cursor, _ = pulled(c, cursor)
    assert texts == ["new", "m1 edited"]
    assert pulled(c, cursor)[0] == []


def test_no_word_is_in_a_checkpoint_nor_in_what_is_rejected() -> None:
    workspace = Workspace(said(HOUR, "yes"), said(2 * HOUR, "secret words", user="U2"))
    (page,) = connector(workspace).pull(Entity.MESSAGE, None)
    assert [r.field for r in page.rejected] == ["user"]
    for said_word in ("yes", "secret"):
        assert said_word not in json.dumps(page.checkpoint)
        assert said_word not in repr(page.rejected)
        assert said_word not in repr(page.records), "a text is left out of repr"
    other = Workspace(said(HOUR, "no"), said(2 * HOUR, "other words", user="U2"))
    assert next(connector(other).pull(Entity.MESSAGE, None)).checkpoint["seen"] == page.checkpoint["seen"]


def test_threads_are_read_where_somebody_answered() -> None:
    parent = said(2 * DAY, "question", reply_count=2, latest_reply=ts(HOUR))
    parent["thread_ts"] = parent["ts"]
    workspace = Workspace(said(DAY, "other"), parent)
    workspace.threads[parent["ts"]] = [said(26 * HOUR, "old answer"), said(HOUR, "late answer")]
    c = connector(workspace)
    texts, cursor, _ = pulled(c)
    assert set(texts) == {"other", "question", "old answer", "late answer"}
    assert pulled(c, cursor)[0] == []
    workspace.threads[parent["ts"]].append(said(timedelta(0), "newest answer"))
    parent["latest_reply"] = ts(timedelta(0))
    assert pulled(c, cursor)[0] == ["newest answer"]
    assert pulled(connector(workspace, replies=False))[0] == ["other", "question"]
    ref = SourceRef("slack", Entity.MESSAGE, f"C1-{ts(timedelta(0))}")
    found = c.fetch(ref)
    assert isinstance(found, MessageRecord)
    assert found.text == "newest answer"


def test_bots_joins_and_old_messages_are_left_out() -> None:
    rows = [
        said(HOUR, "kept"),
        said(HOUR, "bot", bot_id="B1"),
        said(HOUR, "bot", user="UBOT"),
        said(HOUR, "joined", subtype="channel_join"),
        said(20 * DAY, "too old"),
    ]
    assert pulled(connector(Workspace(*rows), history_days=10))[0] == ["kept"]


def test_a_dead_cursor_begins_the_channel_again() -> None:
    workspace = Workspace(*(said(n * HOUR, f"m{n}") for n in range(1, 6)))
    workspace.dead = {"c4"}
    texts, _, notes = pulled(connector(workspace, page_size=2))
    assert set(texts) == {"m1", "m2", "m3", "m4", "m5"}
    assert any("read again" in n for n in notes)


def test_a_channel_the_app_is_not_in_is_said_and_passed_over() -> None:
    workspace = Workspace(said(HOUR))
    workspace.fail = [{"error": "not_in_channel"}]
    texts, _, notes = pulled(connector(workspace))
    assert texts == []
    assert "invite the app" in notes[0]


def test_errors_inside_good_answers_are_retried_or_reported() -> None:
    workspace = Workspace(said(HOUR, "there"))
    workspace.fail = [{"error": "ratelimited"}, {"error": "internal_error"}]
    assert pulled(connector(workspace))[0] == ["there"]
    workspace.fail = [{"error": "missing_scope"}]
    with pytest.raises(PermanentConnectorError, match="missing_scope"):
        pulled(connector(workspace))
    workspace.fail = [{"error": "fatal_error"}] * 5
    with pytest.raises(RetryableConnectorError, match="fatal_error"):
        pulled(connector(workspace))
    health = connector(workspace, {"token": "xoxz"}).check()
    assert not health.ok
    assert "invalid_auth" in health.problem
    assert "credentials" in health.remedy


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<@U1> see <https://x.example/a|the page> &amp; <#C1|platform>", "see the page & platform"),
        ("<!here> a &lt;b&gt; <https://x.example>", "a <b> https://x.example"),
        ("no markup", "no markup"),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert plain(markup) == text


@given(st.text(max_size=200))
def test_text_that_slack_escaped_comes_back_and_mentions_never(text: str) -> None:
    assert plain("<@U1>" + html.escape(text, quote=False)) == clean_plain(text)


# -- calls ----------------------------------------------------------------------------------------------------------

MESSAGE = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": ts(HOUR), "text": "x"}


def call(body: Any, *, at: datetime = NOW, secret: str = SECRETS["signing_secret"]) -> RawRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    stamp = str(int(at.timestamp()))
    proof = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + raw, hashlib.sha256).hexdigest()
    headers = (("x-slack-request-timestamp", stamp), ("x-slack-signature", f"v0={proof}"))
    return RawRequest("POST", "https://skills.example/v1/webhooks/slack", headers, raw)


def envelope(**event: Any) -> dict[str, Any]:
    return {"type": "event_callback", "event_id": "Ev1", "event": {**MESSAGE, **event}}


def receive(request: RawRequest, **options: Any) -> Any:
    return connector(Workspace(), **options).receive(request, now=NOW, kept={})


def test_the_vendors_own_example_of_a_signature_is_believed() -> None:
    """Body, time, secret and signature as the vendor's guide has them."""
    raw = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    proof = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    headers = (("x-slack-request-timestamp", "1531420618"), ("x-slack-signature", proof))
    request = RawRequest("POST", "https://s.example/", headers, raw)
    c = connector(Workspace())
    then = datetime.fromtimestamp(1531420618, UTC)
    assert c.receive(request, now=then, kept={}).reply.status == 400, "believed, but no JSON"
    assert c.receive(request, now=then + timedelta(minutes=6), kept={}).reply.status == 401


def test_the_challenge_is_echoed_only_with_a_proof() -> None:
    body = {"type": "url_verification", "challenge": "3eZbrw1aB"}
    got = receive(call(body))
    assert (got.kind, got.reply.body, got.reply.media_type) == (Heard.HANDSHAKE, "3eZbrw1aB", "text/plain")
    assert receive(call(body, secret="wrong")).reply.status == 401


def test_a_message_names_what_to_fetch() -> None:
    got = receive(call(envelope()))
    (event,) = got.events
    assert (event.key, str(event.refs[0])) == ("Ev1", f"slack:message:C1-{ts(HOUR)}")
    assert "x" not in repr(event.type)
    (changed,) = receive(call(envelope(subtype="message_changed", ts="9.9", message={"ts": ts(HOUR)}))).events
    assert changed.refs == event.refs
    (deleted,) = receive(call(envelope(subtype="message_deleted", ts="9.9", deleted_ts=ts(HOUR)))).events
    assert (deleted.refs, deleted.deleted) == (event.refs, True)


@pytest.mark.parametrize(
    "event",
    [
        {"channel_type": "im"},
        {"channel_type": "mpim"},
        {"channel_type": "group"},
        {"channel": "D1"},
        {"bot_id": "B1"},
        {"subtype": "channel_join"},
        {"ts": "now"},
        {"type": "reaction_added"},
    ],
)
def test_nothing_else_leads_anywhere(event: dict[str, Any]) -> None:
    got = receive(call(envelope(**event)))
    assert (got.kind, got.events) == (Heard.EVENTS, ())


def test_without_the_organisations_yes_events_lead_nowhere() -> None:
    assert receive(call(envelope()), messages_opt_in=False).events == ()


# -- profile fields -------------------------------------------------------------------------------------------------

CLAIM = SkillClaim("as_1", "terraform", "Terraform", Level.PRACTITIONER, 0.9, date(2026, 5, 4))


def test_skills_go_into_a_profile_field_and_its_caption_stays() -> None:
    workspace = Workspace()
    workspace.fields = {"Xf1": {"value": "before", "alt": "the caption"}, "Xf2": {"value": "other", "alt": ""}}
    c = connector(workspace, skills_field="Xf1")
    user = c.account("ann@x.example")
    assert user is not None
    (intended,) = c.intend(user, [CLAIM])
    assert c.write(user, intended.target, intended.value, request_id="r").state is WriteState.WRITTEN
    assert c.read(user, ["Xf1", "Xf2", "Xf3"]) == {"Xf1": "Terraform:3 | 2026-05-04", "Xf2": "other", "Xf3": None}
    assert workspace.fields["Xf1"]["alt"] == "the caption"
    c.write(user, "Xf1", None, request_id="r")
    assert c.read(user, ["Xf1"]) == {"Xf1": None}


def test_where_nothing_is_configured_nothing_is_written() -> None:
    c = connector(Workspace())
    assert c.targets() == ()
    stranger = SourceRef("slack", Entity.USER, "U9")
    assert c.write(stranger, "Xf1", "x", request_id="r").state is WriteState.REJECTED
    writing = connector(Workspace(), skills_field="Xf1")
    assert writing.write(stranger, "Xf1", "x", request_id="r").state is WriteState.REJECTED
    assert c.account("nobody@x.example") is None
    with pytest.raises(ConfigError, match="admin_token"):
        connector(Workspace(), {"token": "xoxb"}, skills_field="Xf1")


def test_probing_names_channels_and_fields() -> None:
    profile = connector(Workspace()).probe()
    found = profile.fields
    assert found[Entity.MESSAGE] == {"platform": "platform"}
    assert found[Entity.USER] == {"Xf1": "Skills"}
    # A channel that is read and a field that is written are mapped, and no others.
    assert Entity.MESSAGE in profile.unmapped
    assert profile.unmapped[Entity.USER] == ("Xf1",)
    written = connector(Workspace(), skills_field="Xf1").probe()
    assert written.unmapped[Entity.USER] == ()
