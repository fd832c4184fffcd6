"""Docebo's webhooks out of the sandbox, and that the connector believes and understands them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date

import pytest

from ascertain.connectors import docebo_webhooks
from ascertain.domain.webhooks import Heard, RawRequest, Received
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo_gate import DoceboOptions
from ascertain.sandbox.docebo_hooks import Webhooks
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.live import LiveCompany
from tests.unit.sandbox.receiver import Receiver

Call = tuple[Mapping[str, str], bytes]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver(lambda headers, query, body: (200, {}, b""))
    yield found
    found.close()


def heard(call: Call, options: DoceboOptions) -> Received:
    request = RawRequest("POST", "http://127.0.0.1/x", tuple(call[0].items()), call[1])
    return docebo_webhooks.receive("docebo", UTC, options.webhook_user, options.webhook_password, request)


def test_changes_are_told_proven_and_without_a_score(receiver: Receiver) -> None:
    options = DoceboOptions(webhook_url=receiver.url)
    live, hooks = LiveCompany(build_company(date(2026, 5, 1))), Webhooks(options)
    live.watch(hooks.tell)
    made = live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_course("SQL-201", description="New.")
    live.change_person("FL1101", title="Other")  # Docebo tells nothing of that
    live.remove_enrolment("FL1101", "SQL-201")
    assert hooks.sender.flush()
    bodies = [json.loads(body) for _, body in receiver.got]
    kinds = [b["event"] for b in bodies]
    assert kinds[:2] == ["course.enrollment.completed", "course.updated"]
    assert set(kinds[2:]) == {"course.enrollment.deleted"}
    assert not any("score" in b["payload"] for b in bodies)
    got = [heard(c, options) for c in receiver.got]
    assert {g.kind for g in got} == {Heard.EVENTS}
    assert got[0].events[0].refs[0].id.startswith(f"{made.course_id}-{made.user_id}")
    assert len({e.key for g in got for e in g.events}) == len(bodies)


def test_twice_is_one_key_and_unproven_is_refused(receiver: Receiver) -> None:
    options = DoceboOptions(webhook_url=receiver.url)
    options.faults.inject(Fault("hook_twice"))
    live, hooks = LiveCompany(build_company(date(2026, 5, 1))), Webhooks(options)
    live.watch(hooks.tell)
    live.change_score("FL1201", "AWS-301", 70)
    assert hooks.sender.flush()
    first, second = (heard(c, options) for c in receiver.got)
    assert first.events == second.events
    options.faults.inject(Fault("hook_unsigned"))
    live.change_score("FL1201", "AWS-301", 71)
    assert hooks.sender.flush()
    assert heard(receiver.got[-1], options).reply.status == 401


def test_without_a_receiver_nothing_is_sent() -> None:
    live, hooks = LiveCompany(build_company(date(2026, 5, 1))), Webhooks(DoceboOptions())
    live.watch(hooks.tell)
    live.change_score("FL1201", "AWS-301", 70)
    assert hooks.sender.log == []
