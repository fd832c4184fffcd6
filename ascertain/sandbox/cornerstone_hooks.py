"""Cornerstone's webhooks: gzip bodies with a key and an HMAC, retries on its few states, heartbeats in between.

What enters the HMAC is documented, how it is put together is not: this sandbox signs method, path, ``Date``, host and
the hash of the body the way another well-known cloud does. ``attemptNumber`` stays 1 in later attempts.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import threading
import uuid
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from ascertain.sandbox.cornerstone_gate import CornerstoneOptions
from ascertain.sandbox.cornerstone_shapes import object_id, user_guid
from ascertain.sandbox.hooks import HookSender
from ascertain.sandbox.live import Change, LiveCompany
from ascertain.sandbox.records import Course, Enrolment, Person

CORP = "fjordlane"
SUBSCRIPTION = "5f0d3a52-44a1-4b0e-8d3e-0a63ab6f2c11"
_NAMES = uuid.UUID("1c2a5e0e-0f53-4b8e-a4a1-7d1f5d0b3f01")


class Hooks:
    """What one portal sends while ``webhook_url`` is set."""

    def __init__(self, live: LiveCompany, options: CornerstoneOptions) -> None:
        self._live = live
        self._options = options
        self._session = str(uuid.uuid4())
        self._offset = 0
        self._lock = threading.Lock()
        self.sender = HookSender(options.faults, delays=options.retry_seconds)
        live.watch(self._changed)
        if options.webhook_url and options.heartbeat_seconds:
            stop = threading.Event()
            weakref.finalize(self, stop.set)
            beat = threading.Thread(
                target=_beat, args=(weakref.ref(self), stop, options.heartbeat_seconds), daemon=True
            )
            beat.start()

    def heartbeat(self) -> None:
        """An empty call."""
        self._post([])

    def _changed(self, change: Change) -> None:
        """Completions; the shape of other events is not documented."""
        what = change.what
        if change.deleted or not isinstance(what, Enrolment) or what.status != "completed":
            return
        company = self._live.current
        course = next((c for c in company.courses if c.id == what.course_id), None)
        person = next((p for p in company.learners if p.docebo_id == what.user_id), None)
        if course is not None and person is not None:
            with self._lock:
                self._offset += 1
                offset = self._offset
            self._post([completion(what, course, person, offset)])

    def _post(self, records: list[dict[str, Any]]) -> None:
        if not self._options.webhook_url:
            return
        url = self._options.webhook_url
        self.sender.post(
            url,
            packed(records, self._session),
            sign=lambda body, attempt: signed(self._options, url, body, datetime.now(UTC)),
            headers={"content-encoding": "gzip"},
        )


def completion(e: Enrolment, course: Course, person: Person, offset: int) -> dict[str, Any]:
    """One record of a call. It carries no score."""
    at = int(e.updated.replace(tzinfo=UTC).timestamp() * 1000)
    event = str(uuid.uuid5(_NAMES, f"{e.user_id}-{e.course_id}-{e.attempt}-{at}"))
    return {
        "offset": offset,
        "timestamp": at,
        "lag": 0,
        "correlationId": event,
        "value": {
            "headers": {"actorId": "0", "corpName": CORP, "messageId": event, "correlationId": event},
            "lmsEventsCase": "trainingCompleted",
            "trainingCompleted": {
                "data": {
                    "eventId": event,
                    "trainingId": object_id(course.id),
                    "trainingRef": course.code,
                    "trainingTitle": course.name,
                    "providerId": "1",
                    "targetUserId": person.docebo_id,
                    "targetUserRef": person.id,
                    "targetUserGuid": user_guid(person.docebo_id or 0),
                    "targetUsername": person.email.partition("@")[0],
                    "targetUserFirstName": person.given,
                    "targetUserLastName": person.family,
                    "targetUserDivisionRef": person.department,
                    "targetUserLocationRef": person.location,
                    "createdByUserId": person.docebo_id,
                    "dueDateTimestamp": None,
                    "trainingActionDateTimestamp": at,
                    "trainingRegistrationNumber": e.attempt,
                    "isStandaloneOnTranscript": True,
                    "transcriptUrl": f"https://{CORP}.csod.example/transcript/{person.docebo_id}",
                }
            },
        },
    }


def packed(records: list[dict[str, Any]], session: str) -> bytes:
    """The body of a call, in gzip."""
    envelope = {"subscriptionId": SUBSCRIPTION, "sessionId": session, "attemptNumber": 1, "records": records}
    return gzip.compress(json.dumps(envelope).encode(), mtime=0)


def signed(options: CornerstoneOptions, url: str, body: bytes, at: datetime) -> Mapping[str, str]:
    """The headers that prove where a call comes from; the secret is base64."""
    where = httpx.URL(url)
    date = format_datetime(at, usegmt=True)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    host = where.netloc.decode()
    text = f"POST\n{where.raw_path.decode()}\n{date};{host};{digest}"
    key = base64.b64decode(options.webhook_secret)
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    return {
        "x-api-key": options.webhook_key,
        "date": date,
        "x-content-sha256": digest,
        "authorization": f"HMAC-SHA256 SignedHeaders=date;host;x-content-sha256&Signature={signature}",
    }


def _beat(hooks: weakref.ref[Hooks], stop: threading.Event, seconds: float) -> None:
    while not stop.wait(seconds):
        found = hooks()
        if found is None:
            return
        found.heartbeat()
        del found
