"""People with accepted skills, systems that take them, and a log of every write that such a system saw."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from ascertain.connectors.connection import Connection
from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.assertion import AssertionState
from ascertain.domain.connector import Connector, QuotaPolicy
from ascertain.domain.people import Learner
from ascertain.domain.records import SourceRef
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind, WriteResult, WriteState
from ascertain.domain.writeback_plan import WritebackRules
from ascertain.errors import ConnectorError
from ascertain.pipeline.write_back import WriteBack
from ascertain.sandbox.live import LiveCompany
from ascertain.store import Store
from tests.integration.store.samples import assertion, run

D = TypeVar("D", bound=DoceboConnector)
FIELD = "5"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class LoggedCompany(LiveCompany):
    """Keeps what an LMS was told to write, call by call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log: list[tuple[int, str]] = []
        self.pause = 0.0
        """Seconds that a write takes, so that there is time to kill whoever writes."""

    def write_fields(self, docebo_id: int, values: dict[str, str]) -> None:
        super().write_fields(docebo_id, values)
        time.sleep(self.pause)
        self.log.append((docebo_id, values[FIELD]))

    def shown(self) -> dict[int, str]:
        """The field of each user who has something in it."""
        ids = [p.docebo_id for p in self.current.people if p.docebo_id is not None]
        return {i: v for i in ids if (v := self.written_fields(i).get(FIELD))}


@dataclass
class Clock:
    """A millisecond later at each look."""

    at: datetime = NOW

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def today(self) -> Any:
        return self.at.date()


def docebo(url: str, name: str = "docebo", kind: type[D] = DoceboConnector, **options: Any) -> D:  # type: ignore[assignment]
    """A connection to a sandbox under its usual credentials."""
    secrets = {"client_id": "ascertain-sandbox", "client_secret": "sandbox-secret"}
    chosen = {"skills_field": int(FIELD), **options}
    return kind(Connection(name, "docebo", url, ZoneInfo("UTC"), secrets=secrets, options=chosen), timeout=5.0)


def skill(person: str, key: str, **changes: Any) -> StoredAssertion:
    """An accepted assertion about ``person`` (whose run is ``r-<person>``)."""
    standard = {
        "skill_label": key.title(),
        "state": AssertionState.ACCEPTED,
        "level": Level.PRACTITIONER,
        "confidence": 0.97,
    }
    return assertion(f"as-{person}-{key}", f"r-{person}", key, person, **(standard | changes))


def settle(store: Store, people: Mapping[str, str], *rows: StoredAssertion, system: str = "docebo") -> None:
    """Learners by account id, and assertions about them."""
    with store.units() as uow:
        uow.people.upsert(
            Learner(i, f"Person {i}", f"{i.lower()}@example.org", "Ops", manager_id="BOSS") for i in people
        )
        for i, account in people.items():
            uow.people.link(f"{system}:user:{account}", i)
            uow.runs.put(run(f"r-{i}", i, f"f-{i}"))
        uow.assertions.add(rows)
        uow.commit()


def state(store: Store, ident: str, to: AssertionState, **changes: Any) -> None:
    """Somebody decided otherwise."""
    with store.units() as uow:
        uow.assertions.set_state(ident, to, **changes)
        uow.commit()


def learners(store: Store, *, active_only: bool = True) -> list[Learner]:
    with store.units(write=False) as uow:
        return uow.people.all(active_only=active_only)


def everything(store: Store) -> list[Learner]:
    return learners(store, active_only=False)


@dataclass
class Board:
    """A system in memory: one text a person and target. ``lag`` hides a write for so many reads."""

    name: str = "board"
    system: str = "board"
    kinds: Mapping[str, TargetKind] = field(default_factory=lambda: {"text": TargetKind.FIELD})
    append_only: bool = False
    only: frozenset[str] | None = None
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: list[tuple[str, str, str | None, str]] = field(default_factory=list)
    errors: dict[str, ConnectorError] = field(default_factory=dict)
    answer: WriteResult | None = None
    hidden: int = 0
    lag_seconds: float = 0.0
    _old: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token")

    def targets(self) -> Sequence[SkillTarget]:
        return [SkillTarget(i, k, i, self.append_only) for i, k in self.kinds.items()]

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        taken = [c for c in sorted(claims, key=lambda c: c.label) if self.only is None or c.skill_id in self.only]
        text = ", ".join(f"{c.label} {int(c.level)}" for c in taken) or None
        return [
            Intended(t, text if k is not TargetKind.NATIVE or taken else None, tuple(c.assertion_id for c in taken))
            for t, k in self.kinds.items()
        ]

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        if self.hidden > 0 and self._old:
            self.hidden -= 1
            return {t: self._old.get((user.id, t), self.values.get((user.id, t))) for t in targets}
        return {t: self.values.get((user.id, t)) for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        if (error := self.errors.get(user.id)) is not None:
            raise error
        self.calls.append((user.id, target, value, request_id))
        if self.answer is not None and self.answer.state is not WriteState.WRITTEN:
            return self.answer
        self._old = {(user.id, target): self.values.get((user.id, target))}
        self.values.pop((user.id, target), None)
        if value is not None:
            self.values[user.id, target] = value
        return self.answer or WriteResult(WriteState.WRITTEN, external_id=f"x-{len(self.calls)}")

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self.lag_seconds)

    def close(self) -> None:
        """Nothing to give back."""


def home(store: Store, *connectors: Any, rules: WritebackRules | None = None, clock: Clock | None = None) -> WriteBack:
    """The use case on a store."""
    found = cast(Iterable[Connector], connectors)
    return WriteBack(store.units, list(found), clock or Clock(), rules=rules, budget=store.budget())


class Dying(DoceboConnector):
    """A connection whose process is killed, as by ``kill -9``, at the ``at``-th write: before it leaves or after it
    arrived."""

    at = 0
    after = False

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        self.at -= 1
        if self.at == 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = super().write(user, target, value, request_id=request_id)
        if self.at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return done
