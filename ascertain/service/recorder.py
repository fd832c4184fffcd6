"""Records what came in. Calls that arrive together share one transaction, because what costs is making it durable."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.domain.webhooks import Event


@dataclass(slots=True)
class _Call:
    connection: str
    events: Sequence[Event]
    secrets: Mapping[str, str]
    done: bool = False
    error: BaseException | None = None


class Recorder:
    """One for a service; for any number of threads.

    While one thread writes, the others' calls gather; the next one writes all of them. When that fails each is tried
    by itself, so that nobody pays for another's trouble.
    """

    def __init__(self, units: UnitOfWorkFactory) -> None:
        self._units = units
        self._gate = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Call] = []

    def record(self, connection: str, events: Sequence[Event], secrets: Mapping[str, str]) -> None:
        """Put events into the inbox and keep secrets; returns once both are durable. Raises what the store raises."""
        call = _Call(connection, events, secrets)
        with self._gate:
            self._waiting.append(call)
        with self._turn:
            if not call.done:
                with self._gate:
                    calls, self._waiting = self._waiting, []
                self._write(calls)
        if call.error is not None:
            raise call.error

    def _write(self, calls: Sequence[_Call]) -> None:
        """All of them are done afterwards, whatever happens: nobody else would take them up."""
        try:
            self._store(calls)
        except Exception as e:
            for call in calls if len(calls) > 1 else ():
                try:
                    self._store([call])
                except Exception as own:
                    call.error = own
            if len(calls) == 1:
                calls[0].error = e
        except BaseException as e:
            for call in calls:
                call.error = e
            raise
        finally:
            for call in calls:
                call.done = True

    def _store(self, calls: Sequence[_Call]) -> None:
        events: dict[str, list[Event]] = defaultdict(list)
        for call in calls:
            events[call.connection] += call.events
        with self._units() as uow:
            for connection in sorted(events):  # all processes in the same order
                uow.inbox.record(connection, events[connection])
            for call in calls:
                if call.secrets:
                    uow.kept.put(call.connection, call.secrets)
            uow.commit()
