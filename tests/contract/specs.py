"""What the contract suite has to know of a system to try its connector on the sandbox.

Each module of ``systems/`` has one ``SPEC``; the connection itself is the entry of the same name in
``config/connectors-sandbox.yaml``. Other packages add theirs under the entry point group ``ascertain.contract``
(name = system, object = a ``Spec``). What a spec leaves out is checked to be absent, so nothing is skipped unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx

from ascertain.domain.records import Entity
from ascertain.domain.webhooks import RawRequest
from ascertain.sandbox.live import LiveCompany

Counts = Callable[[LiveCompany], int]


@dataclass(frozen=True)
class Trouble:
    """Where faults are put: on calls whose path contains ``path`` while ``entity`` is pulled. ``good`` calls of that
    path are let through first; 0 where one call brings everything."""

    entity: Entity
    path: str
    good: int = 2


@dataclass(frozen=True)
class Spoilt:
    """A record made malformed on its way: in the first object of an answer that has ``key``, its value becomes
    ``value``; the connector has to reject that record of ``entity`` and name the source's ``field`` (``key`` unless
    told)."""

    entity: Entity
    key: str
    value: Any
    field: str = ""


def _authorization(request: httpx.Request) -> str:
    return str(request.headers.get("authorization", ""))


def _expired(request: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"message": "expired"}, request=request)


@dataclass(frozen=True)
class Token:
    """Tokens that expire. ``path`` is (the end of) the path of the call that gives one; ``of`` finds the token in a
    call, ``dead`` is the vendor's answer to a dead one; ``short`` makes sandbox options under which tokens live about
    a second."""

    path: str
    short: Callable[[], Any]
    of: Callable[[httpx.Request], str] = _authorization
    dead: Callable[[httpx.Request], httpx.Response] = _expired


def _without_proof(request: RawRequest) -> RawRequest:
    return replace(request, headers=tuple(h for h in request.headers if h[0].startswith("content-")))


@dataclass(frozen=True)
class Hook:
    """How the system calls, for connectors that are ``Receives``. Written from the vendor's description, never from
    the connector.

    Attributes:
        call: the call with a proof, from the secrets (those of the connection and ``kept``), the time and any body.
        body: a genuine event about something the sandbox has.
        other: another genuine event.
        refs: the references that the event leads to; empty where it only says which entity to pull.
        again: the same event delivered once more, where the vendor marks that in the body.
        covers_body: the proof is over the bytes, so altered bytes show.
        tolerance: how old a signed time may be; ``None`` where the vendor signs no time.
        kept: what an earlier handshake left.
        bare: the call without its proof.
        too_large: bytes that no genuine call has.
    """

    call: Callable[[Mapping[str, str], datetime, bytes], RawRequest]
    body: Callable[[LiveCompany], bytes]
    other: Callable[[LiveCompany], bytes]
    refs: Callable[[LiveCompany], Collection[str]]
    again: Callable[[bytes], bytes] = lambda body: body
    covers_body: bool = True
    tolerance: timedelta | None = None
    kept: Mapping[str, str] = field(default_factory=dict)
    bare: Callable[[RawRequest], RawRequest] = _without_proof
    too_large: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class Pen:
    """How to write, for connectors that are ``WritesSkills``.

    Attributes:
        account: id of an account that the sandbox has.
        written: what the sandbox itself keeps of writes to that account; compared, so any value that shows one more
            will do.
        options: options of the connection under which it may write.
        clears: what was written can be taken away; otherwise that is refused with a reason.
    """

    account: Callable[[LiveCompany], str]
    written: Callable[[LiveCompany, str], object]
    options: Mapping[str, Any] = field(default_factory=dict)
    clears: bool = True


@dataclass(frozen=True)
class Spec:
    """One system.

    Attributes:
        system: also the name of its connection and of its dialect.
        entities: every entity that can be pulled, with how many different records the sandbox has of it.
        trouble: where faults go.
        spoilt: a malformed record.
        changes: changes the company and says how many records of each entity a later pull brings because of it
            (entities left out: none).
        options: options of the connection that make pages small; merged over those of the entry.
        dialect: options of the sandbox's dialect (no call budget that a test suite would use up).
        one_page: entities that come whole, in one page.
        fetchable: entities whose ``fetch`` gives the same record as ``pull``; others give it or ``None``.
        absent: an id of the right form that nothing has, by entity.
        unmapped: a field that ``probe`` has to list as not mapped, by entity.
        captions: key and caption of a field that ``probe`` has to list, by entity.
        fixed_fields: the system has nothing to map, so ``unmapped`` and ``captions`` stay empty.
        national: entities whose answers carry a national id on the wire.
        malformed: fields of records that the company's own data has malformed, by entity.
        refused: what the report of wrong credentials contains.
        connections: the file with the connection, for a system of another package.
        wrong: wrong secrets by variable, where the word "wrong" would not even be well-formed.
    """

    system: str
    entities: Mapping[Entity, Counts]
    trouble: Trouble
    spoilt: Spoilt
    changes: Callable[[LiveCompany], Mapping[Entity, int]]
    options: Mapping[str, Any] = field(default_factory=dict)
    dialect: Callable[[], Any] | None = None
    one_page: frozenset[Entity] = frozenset()
    fetchable: frozenset[Entity] = frozenset()
    absent: Mapping[Entity, str] = field(default_factory=dict)
    unmapped: Mapping[Entity, str] = field(default_factory=dict)
    captions: Mapping[Entity, tuple[str, str]] = field(default_factory=dict)
    fixed_fields: bool = False
    national: frozenset[Entity] = frozenset()
    malformed: Mapping[Entity, frozenset[str]] = field(default_factory=dict)
    refused: str = "401"
    wrong: Mapping[str, str] = field(default_factory=dict)
    token: Token | None = None
    hook: Hook | None = None
    pen: Pen | None = None
    connections: Path | None = None


def _read() -> dict[str, Spec]:
    folder = Path(__file__).parent / "systems"
    found: dict[str, Spec] = {}
    for file in sorted(folder.glob("[a-z]*.py")):
        spec: Spec = import_module(f"tests.contract.systems.{file.stem}").SPEC
        found[spec.system] = spec
    for entry in entry_points(group="ascertain.contract"):
        found.setdefault(entry.name, entry.load())
    return found


SPECS = _read()
