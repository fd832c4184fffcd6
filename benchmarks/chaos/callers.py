"""Who calls the service meanwhile: a reviewer who decides and an LMS that tells what happened. Each sends everything
twice, and again for as long as it has no answer; each keeps what it was told is done."""

from __future__ import annotations

import base64
import random
import threading
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import httpx

from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.docebo_shapes import stamp
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Enrolment

PATIENCE = 0.2
"""Seconds before something is sent again."""
BETWEEN = {"reviewer": 0.1, "lms": 2.0}
"""Seconds between two decisions, and two events, at most."""
LEARNING = 3
"""One in so many people finishes courses meanwhile: new evidence ends what was decided about them."""


class Ledger(LiveCompany):
    """The company's systems, which also keep a list of every value that Docebo was told to write."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.writes: list[tuple[int, str, str]] = []

    def write_fields(self, docebo_id: int, values: dict[str, str]) -> None:
        super().write_fields(docebo_id, values)
        self.writes += [(docebo_id, field, value) for field, value in values.items()]


class Caller(threading.Thread):
    """Calls the service in a loop until told to stop. ``busy`` while a request is under way."""

    def __init__(self, name: str, base: str, by_chance: random.Random, headers: Mapping[str, str]) -> None:
        super().__init__(name=name, daemon=True)
        self.by_chance = by_chance
        self.busy = False
        self.unanswered = 0
        self.problems: list[str] = []
        self._base = base
        self._headers = dict(headers)
        self._over = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self._base, headers=self._headers, timeout=20) as client:
            while not self._over.is_set():
                self.turn(client)
                self._over.wait(self.by_chance.uniform(0, BETWEEN[self.name]))

    def stop(self) -> None:
        """End after what is under way has its answer, and is known to be done."""
        self._over.set()
        self.join(120)
        if self.is_alive():
            self.problems.append(f"{self.name}: a request has had no answer for two minutes")

    def turn(self, client: httpx.Client) -> None:
        """One thing that is told or asked for."""
        raise NotImplementedError

    def send(self, client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        """Until there is an answer that is one: a service that is gone, or in trouble, is asked again."""
        while True:
            self.busy = True
            try:
                answer = client.request(method, path, **more)
                if answer.status_code < 500 and answer.status_code not in (408, 429):
                    return answer
            except httpx.TransportError:
                self.unanswered += 1
            finally:
                self.busy = False
            self._over.wait(PATIENCE) if not self._over.is_set() else threading.Event().wait(PATIENCE)


class Reviewer(Caller):
    """Decides what waits for a human, each decision sent twice. ``decided``: by item, what the service said of it;
    ``checks``: items of the queue that are none, but ask whether the reviewer looks."""

    def __init__(self, base: str, cookie: tuple[str, str], by_chance: random.Random) -> None:
        super().__init__("reviewer", base, by_chance, {"cookie": "=".join(cookie)})
        self.decided: dict[str, str] = {}
        self.checks: set[str] = set()

    def turn(self, client: httpx.Client) -> None:
        listed = self.send(client, "GET", "/v1/reviews", params={"limit": 20})
        rows = listed.json().get("data", []) if listed.status_code == 200 else []
        if listed.status_code != 200:
            self.problems.append(f"reviewer: the queue answers {listed.status_code}")
        waiting = [r["id"] for r in rows if r["id"] not in self.checks | set(self.decided)]
        if not waiting:
            return
        item = self.by_chance.choice(waiting)
        if self.send(client, "GET", f"/v1/reviews/{item}").status_code != 200:
            return  # a newer run has closed it
        judged = self._twice(client, f"/v1/reviews/{item}/judgement", {"own_level": 2})
        level = judged.json()["data"]["level"] if judged.status_code == 200 else None
        decision = "accept" if level else "reject"
        body = {"decision": decision, "reason": "The evidence shows it."}
        done = self._twice(client, f"/v1/reviews/{item}/decision", body)
        if done.status_code == 200 and done.json()["data"]["was_check"]:
            self.checks.add(item)
        elif done.status_code == 200:
            self.decided[item] = decision

    def _twice(self, client: httpx.Client, path: str, body: Mapping[str, object]) -> httpx.Response:
        """The same request twice under one key. Whoever is told that it is still being worked on (whoever worked on it
        was killed) says the same under a new key."""
        key = uuid.uuid4().hex
        for _ in range(50):
            first = self.send(client, "POST", path, json=body, headers={"Idempotency-Key": key})
            again = self.send(client, "POST", path, json=body, headers={"Idempotency-Key": key})
            if "being worked on" not in first.text + again.text:
                if (first.status_code, first.json().get("data")) != (again.status_code, again.json().get("data")):
                    self.problems.append(f"{path}: {first.status_code}, and then {again.status_code}")
                return again
            key = uuid.uuid4().hex
        return again


class Lms(Caller):
    """People finish courses in the sandbox, which tells so twice. ``told``: what the service said it has recorded."""

    def __init__(
        self, base: str, company: Ledger, options: DoceboOptions, emails: Collection[str], by_chance: random.Random
    ) -> None:
        pair = f"{options.webhook_user}:{options.webhook_password}".encode()
        super().__init__("lms", base, by_chance, {"authorization": "Basic " + base64.b64encode(pair).decode()})
        self.told: list[Enrolment] = []
        self._company = company
        taken = {(e.user_id, e.course_id) for e in company.current.enrolments}
        self._open = [
            (p.id, c.code)
            for p in [p for p in company.current.learners if p.email.casefold() in emails][::LEARNING]
            for c in company.current.courses
            if p.docebo_id is not None and (p.docebo_id, c.id) not in taken
        ]
        by_chance.shuffle(self._open)

    def turn(self, client: httpx.Client) -> None:
        if not self._open:
            return
        person, course = self._open.pop()
        done = self._company.add_enrolment(person, course, score=self.by_chance.randint(60, 100))
        body = _message(done)
        answers = [self.send(client, "POST", "/v1/webhooks/docebo", json=body) for _ in range(2)]
        if all(a.is_success for a in answers):
            self.told.append(done)
        else:
            self.problems.append(f"webhook: answered {[a.status_code for a in answers]}")


def _message(e: Enrolment) -> dict[str, Any]:
    """As the sandbox's own sender writes it (``ascertain.sandbox.docebo_hooks``)."""
    now = datetime.now()
    return {
        "message_id": f"wh-{now:%Y%m%d-%H%M%S}-{uuid.uuid4()}",
        "webhook_id": 1,
        "original_domain": "fjordlane.docebosaas.com",
        "event": "course.enrollment.completed",
        "fired_by_batch_action": False,
        "payload": {
            "fired_at": stamp(now),
            "user_id": e.user_id,
            "course_id": e.course_id,
            "level": "learner",
            "enrollment_date": stamp(e.enrolled),
            "completion_date": stamp(e.completed),
            "status": e.status,
        },
    }
