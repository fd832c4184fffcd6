"""The test bench: one sandbox a system, connections to it, and what is pulled from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import httpx

from ascertain.connectors.connection import Connection, ConnectionEntry, read_entries, resolve
from ascertain.connectors.registry import open_connector
from ascertain.domain.canonical import digest
from ascertain.domain.connector import Connector, Cursor
from ascertain.domain.records import Entity
from ascertain.paths import CONFIG_DIR
from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.records import Company
from ascertain.sandbox.server import Sandbox
from tests.contract.specs import SPECS, Spec

ANCHOR = date(2026, 5, 1)


@cache
def company() -> Company:
    """Frozen; each system serves it as its own live copy, so that what one test changes no other system sees."""
    return build_company(ANCHOR)


@cache
def entries() -> Mapping[str, ConnectionEntry]:
    """The connections by name."""
    files = [CONFIG_DIR / "connectors-sandbox.yaml", *(s.connections for s in SPECS.values() if s.connections)]
    return {e.name: e for file in files for e in read_entries(file)}


def serve(spec: Spec, options: Any = None) -> Sandbox:
    """A sandbox of this system alone, not started yet."""
    chosen = options or (spec.dialect() if spec.dialect else None)
    return Sandbox(
        systems=(spec.system,),
        company=LiveCompany(company()),
        options={spec.system: chosen} if chosen is not None else None,
    )


@dataclass
class Bench:
    """Sandboxes that run, and connections that are open."""

    running: dict[str, Sandbox] = field(default_factory=dict)
    opened: list[Connector] = field(default_factory=list)

    def sandbox(self, spec: Spec) -> Sandbox:
        """The system's own, started when it is first asked for."""
        if spec.system not in self.running:
            self.running[spec.system] = serve(spec)
            self.running[spec.system].start()
        return self.running[spec.system]

    def connection(
        self,
        spec: Spec,
        *,
        to: Sandbox | None = None,
        environ: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Connection:
        """The shipped entry with small pages, resolved. ``environ`` goes over what the sandbox says."""
        entry = entries()[spec.system]
        changed = {**entry.model_dump(), "options": {**entry.options, **spec.options, **(options or {})}}
        found = {**(to or self.sandbox(spec)).environment(), **(environ or {})}
        return resolve(ConnectionEntry.model_validate(changed), found)

    def connect(
        self,
        spec: Spec,
        *,
        transport: httpx.BaseTransport | None = None,
        to: Sandbox | None = None,
        environ: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Connector:
        """An open connector, closed after the test."""
        connection = self.connection(spec, to=to, environ=environ, options=options)
        self.opened.append(open_connector(connection, timeout=5, transport=transport))
        return self.opened[-1]

    def calm(self) -> None:
        """After a test: no faults, no open connections."""
        for sandbox in self.running.values():
            for plan in sandbox.faults.values():
                plan.clear()
        for connector in self.opened:
            connector.close()
        self.opened.clear()

    def stop(self) -> None:
        """At the end."""
        for sandbox in self.running.values():
            sandbox.stop()


def everything(connector: Connector, entity: Entity, cursor: Cursor | None = None) -> tuple[dict[str, str], Cursor]:
    """Digest by reference of all that is pulled, and the last checkpoint, through JSON as a store would keep it."""
    found: dict[str, str] = {}
    for page in connector.pull(entity, cursor):
        found |= {str(r.ref): digest(r) for r in (*page.records, *page.rejected)}
        cursor = stored(page.checkpoint)
    assert cursor is not None, "a pull gives at least one page, whose checkpoint starts the next increment"
    return found, cursor


def stored(cursor: Cursor) -> Cursor:
    """A checkpoint as it comes back out of a database."""
    back: Cursor = json.loads(json.dumps(cursor))
    return back


class Wire(httpx.BaseTransport):
    """The network, with a look at each call and at each answer's bytes. ``change`` may alter an answer."""

    def __init__(self, change: Callable[[httpx.Request, bytes], bytes] | None = None) -> None:
        self._inner = httpx.HTTPTransport()
        self._change = change
        self.calls = 0
        self.bytes: list[bytes] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        answer = self._inner.handle_request(request)
        raw = httpx.Response(answer.status_code, headers=answer.headers, content=answer.read()).content
        answer.close()
        self.bytes.append(raw)
        if self._change is not None:
            raw = self._change(request, raw)
        kept = [(k, v) for k, v in answer.headers.multi_items() if k not in ("content-length", "content-encoding")]
        return httpx.Response(answer.status_code, headers=kept, content=raw, request=request)

    def close(self) -> None:
        self._inner.close()


def cases(specs: Iterable[Spec] = SPECS.values()) -> list[tuple[Spec, Entity]]:
    """Every entity of every system."""
    return [(s, e) for s in specs for e in s.entities]
