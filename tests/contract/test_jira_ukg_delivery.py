"""What the sandboxes of Jira and UKG send over HTTP is believed and leads to what changed; what is altered is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import cast

import httpx
import pytest

from ascertain.domain.connector import Connector
from ascertain.domain.records import Entity, WorkerRecord
from ascertain.domain.webhooks import Heard, RawRequest, Received, Receives
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.jira import JiraOptions
from ascertain.sandbox.ukg import UkgOptions
from tests.contract.bench import Bench, everything, serve
from tests.contract.specs import SPECS
from tests.unit.sandbox.receiver import Answer, Receiver


def taken(headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
    return 200, {}, b""


@pytest.fixture
def inbox() -> Iterator[Receiver]:
    made = Receiver(taken)
    yield made
    made.close()


def heard(connector: Connector, call: tuple[Mapping[str, str], bytes]) -> Received:
    request = RawRequest("POST", "http://127.0.0.1/hook", tuple(call[0].items()), call[1])
    return cast(Receives, connector).receive(request, now=datetime.now(UTC), kept={})


def test_an_issue_that_changed_is_told_believed_and_fetched(bench: Bench, inbox: Receiver) -> None:
    options = JiraOptions()
    with serve(SPECS["jira"], options) as sandbox:
        connector = bench.connect(SPECS["jira"], to=sandbox)
        url = sandbox.environment()["ASCERTAIN_JIRA_URL"]
        asked = {
            "name": "Ascertain",
            "url": inbox.url,
            "events": ["jira:issue_updated"],
            "secret": options.webhook_secret,
        }
        made = httpx.post(f"{url}/rest/webhooks/1.0/webhook", json=asked, auth=(options.user, options.token))
        assert made.status_code == 201
        solved = next(t for t in sandbox.company.current.tickets if t.resolved)
        still_open = next(t for t in sandbox.company.current.tickets if not t.resolved)
        for kind in ("hook_twice", "hook_altered", "hook_unsigned"):
            options.faults.inject(Fault(kind))
        for key in (solved.key, solved.key, solved.key, still_open.key):
            sandbox.company.touch_ticket(key)
        inbox.wait(5)
        first, again, altered, unsigned, other = (heard(connector, c) for c in inbox.got[:5])
        assert [e.key for e in first.events] == [e.key for e in again.events]
        assert {altered.reply.status, unsigned.reply.status} == {401}
        (ref,) = first.events[0].refs
        assert ref.id == str(solved.id)
        assert connector.fetch(ref) is not None
        assert connector.fetch(other.events[0].refs[0]) is None, "still open: the search would not have found it"


def test_a_worker_who_changed_is_told_believed_and_pulled(bench: Bench, inbox: Receiver) -> None:
    options = UkgOptions(webhook_url=inbox.url)
    with serve(SPECS["ukg"], options) as sandbox:
        connector = bench.connect(SPECS["ukg"], to=sandbox)
        _, cursor = everything(connector, Entity.WORKER)
        options.faults.inject(Fault("hook_altered", skip=1))
        sandbox.company.change_person("FL1102", title="Principal Engineer")
        sandbox.company.change_person("FL1103", title="Principal Engineer")
        inbox.wait(2)
        genuine, altered = (heard(connector, c) for c in inbox.got[:2])
        assert (genuine.kind, genuine.reason) == (Heard.EVENTS, "")
        assert genuine.events[0].pull == (Entity.WORKER,)
        assert altered.reply.status == 401
        pages = list(connector.pull(Entity.WORKER, cursor))
        changed = [r for p in pages for r in p.records if isinstance(r, WorkerRecord)]
        assert {(r.employee_id, r.job_title) for r in changed} == {
            ("FL1102", "Principal Engineer"),
            ("FL1103", "Principal Engineer"),
        }
