"""Cornerstone's calls: proofs, gzip, heartbeats, keys; and the skills it takes back."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.cornerstone import CornerstoneConnector
from ascertain.connectors.cornerstone_webhooks import MAX_RAW
from ascertain.connectors.unpack import MAX_BYTES
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.webhooks import Heard, Proof, RawRequest, Received
from ascertain.domain.writeback import SkillClaim, WriteState

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
KEY, SECRET = "0f8fad5bd9cb469fa16570867728950e", base64.b64encode(b"thirty-two bytes of webhook key.").decode()
URL = "https://ascertain.example/v1/webhooks/csod?tenant=1"
SIGNED = "{method}\n{path}\n{date};{host};{sha256};{header:x-own}"
COURSE = "6f1a3c5e-0000-4000-8000-000000000001"


def connector(*, secret: bool = True, skills: Any = None, answers: Any = None) -> CornerstoneConnector:
    secrets = {"client_id": "i", "client_secret": "s", "webhook_key": KEY} | (
        {"webhook_secret": SECRET} if secret else {}
    )
    options = {"webhooks": {"string_to_sign": SIGNED}} | ({"skills": skills} if skills else {})
    connection = Connection("csod", "cornerstone", "https://corp.example", ZoneInfo("UTC"), secrets, options=options)
    return CornerstoneConnector(connection, transport=httpx.MockTransport(answers or _nobody))


def _nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError("receiving calls nobody")


def envelope(*values: Mapping[str, Any], **more: Any) -> bytes:
    records = [{"offset": n, "timestamp": "2026-06-01T11:59:00Z", "value": v} for n, v in enumerate(values)]
    whole = {"subscriptionId": "sub-1", "sessionId": "s", "attemptNumber": 1, "records": records, **more}
    return gzip.compress(json.dumps(whole).encode(), mtime=0)


def completed(**data: Any) -> dict[str, Any]:
    found = {
        "eventId": "e-1",
        "trainingId": COURSE,
        "targetUserId": 12,
        "trainingRegistrationNumber": 2,
        "trainingActionDateTimestamp": "2026-06-01T11:58:00Z",
    }
    return {
        "headers": {"messageId": "m-1"},
        "lmsEventsCase": "trainingCompleted",
        "trainingCompleted": {"data": found | data},
    }


def call(body: bytes, *, at: datetime = NOW, sign: bool = True, changed: Mapping[str, str] | None = None) -> RawRequest:
    sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {
        "host": "ascertain.example",
        "x-api-key": KEY,
        "content-encoding": "gzip",
        "date": format_datetime(at, usegmt=True),
        "x-content-sha256": sha256,
        "x-own": "own",
    }
    text = f"POST\n/v1/webhooks/csod?tenant=1\n{headers['date']};ascertain.example;{sha256};own"
    signature = base64.b64encode(hmac.new(base64.b64decode(SECRET), text.encode(), hashlib.sha256).digest()).decode()
    if sign:
        headers["authorization"] = f"HMAC-SHA256 SignedHeaders=date;host;x-content-sha256&Signature={signature}"
    headers |= changed or {}
    return RawRequest("POST", URL, tuple(headers.items()), body)


def receive(request: RawRequest, *, secret: bool = True, now: datetime = NOW) -> Received:
    return connector(secret=secret).receive(request, now=now, kept={})


def test_a_signed_completion_names_the_registration() -> None:
    got = receive(call(envelope(completed())))
    (event,) = got.events
    assert (got.kind, got.reply.status) == (Heard.EVENTS, 200)
    assert (event.key, event.type) == ("e-1", "trainingCompleted")
    assert event.refs == (SourceRef("csod", Entity.ENROLMENT, f"{COURSE}_12_2"),)
    assert event.occurred_at == datetime(2026, 6, 1, 11, 58, tzinfo=UTC)
    assert (connector().proof, connector(secret=False).proof) == (Proof.HMAC_REQUEST, Proof.CLIENT_STATE)


def test_a_heartbeat_is_answered_and_is_no_event() -> None:
    got = receive(call(envelope()))
    assert (got.kind, got.reply.status, got.events) == (Heard.HEARTBEAT, 200, ())


@pytest.mark.parametrize(
    "changed",
    [
        {"x-api-key": "0" * 32},
        {"x-api-key": ""},
        {"x-content-sha256": "0"},
        {"x-content-sha256": ""},
        {"authorization": "HMAC-SHA256 Signature=AAAA"},
        {"authorization": ""},
        {"x-own": "else"},
        {"date": "yesterday"},
    ],
)
def test_each_part_of_the_proof_is_needed(changed: dict[str, str]) -> None:
    got = receive(call(envelope(completed()), changed=changed))
    assert (got.kind, got.reply.status) == (Heard.REJECTED, 401)


@pytest.mark.parametrize("at", [NOW - timedelta(minutes=6), NOW + timedelta(minutes=6)])
def test_an_old_or_future_date_is_refused(at: datetime) -> None:
    assert receive(call(envelope(completed()), at=at)).reply.status == 401


def test_with_the_key_alone_the_hash_is_checked_where_it_is() -> None:
    body = envelope(completed())
    assert receive(call(body, sign=False), secret=False).kind is Heard.EVENTS
    assert receive(call(body, sign=False, changed={"x-content-sha256": ""}), secret=False).kind is Heard.EVENTS
    hexed = hashlib.sha256(body).hexdigest()
    assert receive(call(body, sign=False, changed={"x-content-sha256": hexed}), secret=False).kind is Heard.EVENTS
    assert receive(call(body, sign=False, changed={"x-content-sha256": "00"}), secret=False).reply.status == 401


def test_without_a_key_no_call_is_believed() -> None:
    connection = Connection(
        "csod", "cornerstone", "https://corp.example", ZoneInfo("UTC"), {"client_id": "i", "client_secret": "s"}
    )
    silent = CornerstoneConnector(connection, transport=httpx.MockTransport(_nobody))
    assert silent.receive(call(envelope(completed()), changed={"x-api-key": ""}), now=NOW, kept={}).reply.status == 401


def test_sizes_are_capped_packed_and_unpacked() -> None:
    assert receive(call(b"x" * (MAX_RAW + 1))).reply.status == 413
    bomb = gzip.compress(b" " * (4 * MAX_BYTES), mtime=0)
    assert len(bomb) < MAX_RAW
    assert receive(call(bomb)).reply.status == 413


UNREADABLE = [b"", b"{}", b"\x1f\x8b", gzip.compress(b"[1]", mtime=0), gzip.compress(b"{", mtime=0)[:-3]]


@pytest.mark.parametrize("body", UNREADABLE, ids=["empty", "plain", "magic", "a list", "cut off"])
def test_what_cannot_be_read_is_said_so(body: bytes) -> None:
    assert receive(call(body)).reply.status == 400


def test_keys_stay_the_same_over_attempts() -> None:
    without = completed(eventId=None)
    assert [e.key for e in receive(call(envelope(without, attemptNumber=3))).events] == ["m-1"]
    del without["headers"]
    assert [e.key for e in receive(call(envelope(without, attemptNumber=3))).events] == ["sub-1:0"]


def test_other_events_lead_to_a_training_or_to_people() -> None:
    training = {"trainingUpdated": {"data": {"eventId": "a", "trainingId": COURSE}}}
    person = {"employeeUpdated": {"data": {"eventId": "b"}}}
    strange = {"recruitingThing": {"data": {"eventId": "c"}}}
    first, second = receive(call(envelope(training, person, strange))).events
    assert first.refs == (SourceRef("csod", Entity.COURSE, COURSE),)
    assert second.pull == (Entity.USER,)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda i: (
            st.lists(i, max_size=3) | st.dictionaries(st.sampled_from(("records", "value", "data", "headers")), i)
        ),
        max_leaves=20,
    )
)
def test_no_shape_is_an_error(value: Any) -> None:
    for body in (value, {"records": [value]}, {"records": [{"value": {"x": {"data": value}}}]}):
        got = receive(call(gzip.compress(json.dumps(body).encode(), mtime=0)))
        assert got.reply.status in (200, 400)


SKILLS = {"ids": {"sql": "s-1", "terraform": "s-2"}, "level_field": "level"}
CLAIM = SkillClaim("as_1", "sql", "SQL", Level.PRACTITIONER, 0.9, date(2026, 5, 4))
USER = SourceRef("csod", Entity.USER, "12")


class Library:
    """Employee skills, as the documented body would change them."""

    def __init__(self) -> None:
        self.held: dict[str, int | None] = {"s-9": 1}
        self.sent: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("token"):
            return httpx.Response(200, json={"access_token": "t"})
        if request.url.path != "/services/api/v1/employees/12/skills":
            return httpx.Response(404, json={})
        if request.method == "GET":
            return httpx.Response(200, json={"data": [{"skillId": s, "level": v} for s, v in self.held.items()]})
        body = json.loads(request.content)
        self.sent.append(body)
        for skill in body.get("skillsAdded", []):
            self.held[skill["skillId"]] = skill.get("level")
        for skill in body.get("skillsRemoved", []):
            self.held.pop(skill["skillId"])
        return httpx.Response(204)


def test_skills_are_added_changed_and_removed_one_by_one() -> None:
    library = Library()
    lms = connector(skills=SKILLS, answers=library)
    intended = {i.target: i.value for i in lms.intend(USER, [CLAIM])}
    assert intended == {"s-1": "3", "s-2": None}
    assert lms.write(USER, "s-1", "3", request_id="a").state is WriteState.WRITTEN
    assert library.sent[0] == {
        "skillsAdded": [{"skillId": "s-1", "source": "Cornerstone Application", "level": 3}],
        "type": "Proficiency",
    }
    assert lms.write(USER, "s-1", "3", request_id="a").state is WriteState.UNCHANGED
    assert lms.read(USER, ["s-1", "s-2"]) == {"s-1": "3", "s-2": None}
    assert lms.write(USER, "s-1", None, request_id="b").state is WriteState.WRITTEN
    assert library.held == {"s-9": 1}


def test_without_a_level_field_a_skill_is_held_or_not() -> None:
    lms = connector(skills={"ids": {"sql": "s-1"}}, answers=Library())
    assert [i.value for i in lms.intend(USER, [CLAIM])] == ["held"]
    lms.write(USER, "s-1", "held", request_id="a")
    assert lms.read(USER, ["s-1"]) == {"s-1": "held"}


def test_nothing_is_written_unless_it_is_mapped() -> None:
    assert connector().targets() == []
    lms = connector(skills=SKILLS, answers=Library())
    assert lms.write(USER, "s-9", None, request_id="a").state is WriteState.REJECTED
    stranger = SourceRef("csod", Entity.USER, "13")
    assert lms.write(stranger, "s-1", "3", request_id="a").state is WriteState.REJECTED
