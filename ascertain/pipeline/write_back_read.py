"""Reads targets of many people: gives a connection up for the rest of the round when it is busy, tired or down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ascertain.domain.connector import Budget
from ascertain.domain.people import Learner
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.writeback import NamesPeople, SkillTarget, WritesSkills
from ascertain.errors import ConnectorError, InputError, RetryableConnectorError
from ascertain.pipeline.connection_lease import ConnectionLeases, busy

MAX_FAILURES = 5
"""Errors of a connection in a row after which the rest waits for another time."""
LONG_WAIT = 60.0
"""Seconds of asked-for waiting that are not worth holding a run for."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A connection that writes."""

    name: str
    writer: WritesSkills
    targets: tuple[SkillTarget, ...]
    exclusive: bool = False

    def target(self, target_id: str) -> SkillTarget | None:
        """By id; ``None`` for one that is no longer configured."""
        return next((t for t in self.targets if t.id == target_id), None)


def user_of(account: str) -> SourceRef:
    """A reference out of its text.

    Raises:
        InputError: when it is none.
    """
    system, _, rest = account.partition(":")
    entity, _, ident = rest.partition(":")
    if not ident or entity not in set(Entity):
        raise InputError("must read system:entity:id", where=account, field="account")
    return SourceRef(system, Entity(entity), ident)


class Names:
    """Who people are in systems that are asked for it by address. Each person is asked for once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], SourceRef | None] = {}

    def find(self, desk: Desk, email: str) -> SourceRef | None:
        """The account, or ``None`` where there is none.

        Raises:
            ConnectorError: when the system does not say.
        """
        key = desk.name, email
        if key not in self._found and isinstance(desk.writer, NamesPeople):
            self._found[key] = desk.writer.account(email)
        return self._found.get(key)


class Reader:
    """A round of reading; a context manager, since a connection whose token is exclusive is held meanwhile."""

    def __init__(self, budget: Budget | None) -> None:
        self._leases = ConnectionLeases(budget)
        self._failures: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._why: dict[str, str] = {}
        self._problems: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leases.give_back()

    def read(
        self, desk: Desk, learner_id: str, account: str, targets: Sequence[str]
    ) -> Mapping[str, str | None] | None:
        """What the targets hold; ``None`` where that cannot be told, which is among the problems."""
        if desk.name in self._why:
            self._skipped[desk.name] += 1
            return None
        if not targets:
            return {}
        try:
            if desk.exclusive and not self._leases.take(desk.name):
                raise busy(desk.name)
            found = desk.writer.read(user_of(account), targets)
        except ConnectorError as e:
            self.failed(desk, learner_id, e)
            return None
        self._failures[desk.name] = 0
        return found

    def knows(self, desk: Desk, learner: Learner, names: Names) -> bool:
        """Whether the system said who somebody is there; if not, that is among the problems."""
        if desk.name in self._why:
            self._skipped[desk.name] += 1
            return False
        try:
            names.find(desk, learner.email)
        except ConnectorError as e:
            self.failed(desk, learner.id, e)
            return False
        return True

    def problems(self) -> tuple[str, ...]:
        """What could not be read, and why."""
        given_up = [f"{n}: {why}; {self._skipped[n]} more people were not compared" for n, why in self._why.items()]
        return (*self._problems, *given_up)

    def failed(self, desk: Desk, learner_id: str, error: ConnectorError) -> None:
        """Note an error; a connection that is busy, tired or down is asked no more."""
        self._failures[desk.name] += 1
        self._problems.append(f"{learner_id}: {error.message}")
        wait = error.retry_after if isinstance(error, RetryableConnectorError) else None
        if wait is not None and wait > LONG_WAIT:
            self._why[desk.name] = f"asks to wait {wait:.0f} s"
        elif desk.exclusive and "busy" in error.message:
            self._why[desk.name] = "busy"
        elif self._failures[desk.name] >= MAX_FAILURES:
            self._why[desk.name] = f"{MAX_FAILURES} errors in a row"
