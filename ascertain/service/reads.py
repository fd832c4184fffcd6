"""Records who reads whom before they are answered. Readers that come together share one transaction.

What costs is making the record durable. So a reading may be ``begun`` as soon as it is permitted: while the disk works
what is asked for is read, and only the answer waits. The line in the file of checkpoints, which stands for records that
are durable already, is written right after, before anything else is recorded. ``recorder`` does the same for webhooks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.errors import ForbiddenError
from ascertain.pipeline.access import Reading, note_in

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Begun:
    """A reading that is being recorded. Nothing of it may be shown before ``wait`` has returned."""

    reading: Reading | None
    units: UnitOfWorkFactory
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None

    def wait(self) -> None:
        """Return once it is durable.

        Raises:
            ForbiddenError: one of them is restricted for this reader.
        """
        if self.reading is None:
            return
        self.done.wait()
        if isinstance(self.error, ForbiddenError):
            with self.units(write=False):  # left with a refusal, a unit of work puts it on the chain
                raise self.error
        if self.error is not None:
            raise self.error


class ReadLog:
    """One for a service; for any number of threads. One thread of its own writes what has gathered meanwhile."""

    def __init__(self, units: UnitOfWorkFactory) -> None:
        self._units = units
        self._gate = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[Begun] = []
        self._checkpoint: Callable[[], None] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="reads")

    def begin(self, actor: str, what: str, learners: Collection[str]) -> Begun:
        """Begin to record that ``actor`` looks at these people: as ``pipeline.access.note_access``."""
        if not learners:
            return Begun(None, self._units)
        mine = Begun(Reading(actor, what, frozenset(learners)), self._units)
        with self._gate:
            self._waiting.append(mine)
        self._writer.submit(self._drain)
        return mine

    def note(self, actor: str, what: str, learners: Collection[str]) -> None:
        """Record it; returns once it is durable.

        Raises:
            ForbiddenError: one of them is restricted for this reader.
        """
        self.begin(actor, what, learners).wait()

    def close(self) -> None:
        """Write what is left."""
        self._writer.shutdown()

    def _drain(self) -> None:
        with self._turn:
            with self._gate:
                readings, self._waiting = self._waiting, []
            if readings:  # else they went with others
                self._write(readings)
            self._write_checkpoint()

    def _write(self, readings: Sequence[Begun]) -> None:
        """All of them are done afterwards; when they fail together each is tried by itself."""
        try:
            self._store(readings)
        except Exception as e:
            for one in readings if len(readings) > 1 else ():
                try:
                    self._store([one])
                except Exception as own:
                    one.error = own
            if len(readings) == 1:
                readings[0].error = e
        except BaseException as e:
            for one in readings:
                one.error = e
            raise
        finally:
            for one in readings:
                one.done.set()

    def _store(self, readings: Sequence[Begun]) -> None:
        if self._checkpoint is not None:  # it could not be written the last time: nobody reads until it can
            self._checkpoint()
            self._checkpoint = None
        with self._units() as uow:
            refused = note_in(uow, [one.reading for one in readings if one.reading is not None])
            for place, why in refused.items():
                readings[place].error = why
            self._checkpoint = uow.commit_early()

    def _write_checkpoint(self) -> None:
        try:
            if self._checkpoint is not None:
                self._checkpoint()
            self._checkpoint = None
        except Exception as e:  # whoever reads next is refused until it can be written
            log.error("the checkpoint of a reading was not written: %s", type(e).__name__, exc_info=e)
