"""Cornerstone: OData pages that the server drives, tokens, gzip webhooks with an HMAC, native skills."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.cornerstone import CornerstoneOptions
from ascertain.sandbox.cornerstone_shapes import object_id
from ascertain.sandbox.cornerstone_skills import PATH, SYSTEM, skill_id
from ascertain.sandbox.live import LiveCompany
from tests.contract.specs import Hook, Pen, Spec, Spoilt, Token, Trouble

URL = "https://skills.example/v1/webhooks/cornerstone"


def registrations(live: LiveCompany) -> int:
    return len({(e.course_id, e.user_id, e.attempt) for e in live.current.enrolments if e.user_id is not None})


def changes(live: LiveCompany) -> Mapping[Entity, int]:
    live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    return {Entity.ENROLMENT: 2, Entity.COURSE: 1}


def signed(secrets: Mapping[str, str], at: datetime, body: bytes) -> RawRequest:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    date = format_datetime(at, usegmt=True)
    text = f"POST\n/v1/webhooks/cornerstone\n{date};skills.example;{digest}"
    try:
        key = base64.b64decode(secrets["webhook_secret"], validate=True)
    except ValueError:
        key = secrets["webhook_secret"].encode()
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    headers = (
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
        ("host", "skills.example"),
        ("x-api-key", secrets["webhook_key"]),
        ("date", date),
        ("x-content-sha256", digest),
        ("authorization", f"HMAC-SHA256 SignedHeaders=date;host;x-content-sha256&Signature={signature}"),
    )
    return RawRequest("POST", URL, headers, body)


def _completed(live: LiveCompany, number: int) -> dict[str, Any]:
    """The number-th completion of the company as a record of a call."""
    done = [e for e in live.current.enrolments if e.status == "completed" and e.user_id is not None]
    e, at = done[number], 1_780_000_000_000 + number
    inside = {
        "eventId": f"9be1b5a2-3f7e-4b9f-8e55-0000000000{number:02}",
        "trainingId": object_id(e.course_id),
        "trainingTitle": "A training",
        "targetUserId": e.user_id,
        "trainingActionDateTimestamp": at,
        "trainingRegistrationNumber": e.attempt,
    }
    head = {"actorId": "0", "corpName": "fjordlane", "messageId": inside["eventId"], "correlationId": "c"}
    value = {"headers": head, "lmsEventsCase": "trainingCompleted", "trainingCompleted": {"data": inside}}
    return {"offset": number, "timestamp": at, "lag": 0, "correlationId": "c", "value": value}


def _call(*records: Mapping[str, Any], attempt: int = 1) -> bytes:
    envelope = {"subscriptionId": "s-1", "sessionId": "x", "attemptNumber": attempt, "records": records}
    return gzip.compress(json.dumps(envelope).encode(), mtime=0)


def again(body: bytes) -> bytes:
    return _call(*json.loads(gzip.decompress(body))["records"], attempt=2)


def refs(live: LiveCompany) -> set[str]:
    found = [_completed(live, n)["value"]["trainingCompleted"]["data"] for n in (0, 1)]
    number = "trainingRegistrationNumber"
    return {f"cornerstone:enrolment:{d['trainingId']}_{d['targetUserId']}_{d[number]}" for d in found}


SPEC = Spec(
    system="cornerstone",
    entities={
        Entity.USER: lambda c: len(c.current.learners),
        Entity.WORKER: lambda c: len(c.current.learners),
        Entity.COURSE: lambda c: len(c.current.courses),
        Entity.ENROLMENT: registrations,
    },
    trouble=Trouble(Entity.ENROLMENT, "vw_rpt_transcript"),
    spoilt=Spoilt(Entity.COURSE, "lo_modified_dt", "yesterday"),
    changes=changes,
    options={
        "page_size": 40,
        "workers": True,
        "organisation": {"unit_type": "ou_type_id", "unit_title": "ou_title"},
    },
    dialect=lambda: CornerstoneOptions(minute_share=None),
    fetchable=frozenset({Entity.USER, Entity.WORKER, Entity.COURSE, Entity.ENROLMENT}),
    absent={
        Entity.USER: "999999",
        Entity.WORKER: "FL9999",
        Entity.COURSE: "00000000-0000-4000-8000-000000000001",
        Entity.ENROLMENT: "00000000-0000-4000-8000-000000000001_1_1",
    },
    unmapped={Entity.USER: "user_activation_dt"},
    wrong={"ASCERTAIN_CORNERSTONE_WEBHOOK_SECRET": base64.b64encode(b"another").decode()},
    hook=Hook(
        call=signed,
        body=lambda live: _call(_completed(live, 0), _completed(live, 1)),
        other=lambda live: _call(_completed(live, 2)),
        refs=refs,
        again=again,
        tolerance=timedelta(minutes=5),
    ),
    pen=Pen(
        account=lambda c: str(c.current.learners[0].docebo_id),
        written=lambda c, account: c.kept(SYSTEM).get(account),
        options={
            "skills": {
                "ids": {"terraform": skill_id("Terraform"), "sql": skill_id("SQL")},
                "path": PATH,
                "level_field": "proficiencyLevel",
            }
        },
    ),
    token=Token("/oauth2/token", lambda: CornerstoneOptions(token_seconds=1, minute_share=None)),
)
