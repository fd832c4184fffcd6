"""What connectors that subscribe promise: the system calls from then on, is believed, and leads to a record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from ascertain.connectors.registry import connector_class, open_connector
from ascertain.domain.connector import Connector
from ascertain.domain.webhooks import Heard, RawRequest, Received, Receives, Subscribes
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.server import Sandbox
from tests.contract.bench import Bench, serve
from tests.contract.specs import SPECS, Spec
from tests.unit.sandbox.receiver import Answer, Receiver

SECRETS = {"asana": {"webhook_token": "a-long-random-text-of-ours"}}
OPTIONS = {"graph": {"subscription_hours": 24}}
subscribing = pytest.mark.parametrize(
    "spec", [s for s in SPECS.values() if hasattr(connector_class(s.system), "subscribe")], ids=lambda s: s.system
)


@dataclass
class Line:
    """A connection, its sandbox, and the receiver that stands for our service."""

    connector: Connector
    sandbox: Sandbox
    kept: dict[str, str] = field(default_factory=dict)
    heard: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.receiver = Receiver(self._answer)

    def _answer(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> Answer:
        url = self.receiver.url + (f"?{urlencode(query)}" if query else "")
        request = RawRequest("POST", url, tuple(headers.items()), body)
        got = cast(Receives, self.connector).receive(request, now=datetime.now(UTC), kept=self.kept)
        self.kept |= got.remember
        self.heard.append(got)
        extra = {"content-type": got.reply.media_type, **got.reply.headers}
        return got.reply.status, extra, got.reply.body.encode()

    def subscribe(self, later: timedelta = timedelta(0)) -> list[Any]:
        made = list(cast(Subscribes, self.connector).subscribe(self.receiver.url, now=datetime.now(UTC) + later))
        self._quiet()
        return made

    def _quiet(self) -> None:
        """Until nothing has come for a while (heartbeats come on their own)."""
        seen = -1
        while seen != len(self.heard):
            seen = len(self.heard)
            time.sleep(0.25)

    def change(self) -> list[Received]:
        """What is heard after something changed, once all of it has come."""
        before = len(self.heard)
        live = self.sandbox.company
        live.touch_ticket(next(t.key for t in live.current.tickets if t.resolved))
        until = time.monotonic() + 2
        while len(self.heard) == before and time.monotonic() < until:
            time.sleep(0.02)
        self._quiet()
        return self.heard[before:]


@pytest.fixture
def line(spec: Spec) -> Iterator[Line]:
    sandbox = serve(spec)
    sandbox.start()
    found = Bench().connection(spec, to=sandbox)
    secrets = {**found.secrets, **SECRETS.get(spec.system, {})}
    options = {**found.options, **OPTIONS.get(spec.system, {})}
    connection = replace(found, secrets=secrets, options=options)
    made = Line(open_connector(connection, timeout=5), sandbox)
    yield made
    made.receiver.close()
    made.connector.close()
    sandbox.stop()


@subscribing
def test_a_system_that_was_asked_calls_and_is_believed(spec: Spec, line: Line) -> None:
    first = line.subscribe()
    assert first
    assert {s.state for s in first} == {"made"}
    assert {h.kind for h in line.heard} <= {Heard.HANDSHAKE, Heard.HEARTBEAT}
    events = [e for h in line.change() for e in h.events]
    assert events
    assert all(line.connector.fetch(ref) is not None for e in events for ref in e.refs)


@subscribing
def test_asking_again_makes_nothing_twice(spec: Spec, line: Line) -> None:
    first = line.subscribe()
    again = line.subscribe()
    assert [(s.id, s.what) for s in again] == [(s.id, s.what) for s in first]
    assert {s.state for s in again} == {"kept"}
    if ends := [s.expires_at for s in first if s.expires_at]:
        later = line.subscribe((min(ends) - datetime.now(UTC)) * 0.4 + timedelta(hours=6))
        assert {s.state for s in later} <= {"kept", "renewed"}


@subscribing
@pytest.mark.parametrize("kind", ["hook_altered", "hook_unsigned", "hook_twice", "hook_lost"])
def test_bad_deliveries_do_no_harm(spec: Spec, line: Line, kind: Any) -> None:
    line.subscribe()
    line.sandbox.faults[spec.system].inject(Fault(kind))
    heard = line.change()
    keys = [e.key for h in heard for e in h.events]
    if kind == "hook_unsigned":
        assert [h.kind for h in heard][:1] == [Heard.REJECTED]
        assert keys == []
    elif kind == "hook_twice":
        assert len(keys) == 2 * len(set(keys)) > 0
    elif kind == "hook_lost":
        assert heard == []
    elif spec.hook is not None and spec.hook.covers_body:
        assert [h.kind for h in heard][:1] == [Heard.REJECTED]
        assert keys == []
