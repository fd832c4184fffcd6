"""What a sync has to remember for the next page or the next sync, stored with the cursors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import UnitOfWork

_OWNER, _NAME = "ingest", "state"


class IngestState:
    """References that point to what has not come yet.

    Attributes:
        managers: learner id → (connection, employee id) of a manager nobody knows yet.
        prerequisites: content id → course codes that are not in the catalogue yet.
        connections: names of all connections that were ever synced.
        unsettled: learners whose mentions may belong to attempts that came later.
    """

    def __init__(self, value: Mapping[str, Any] | None = None) -> None:
        value = value or {}
        self.managers: dict[str, tuple[str, str]] = {k: (s, e) for k, (s, e) in value.get("managers", {}).items()}
        self.prerequisites: dict[str, list[str]] = {k: list(c) for k, c in value.get("prerequisites", {}).items()}
        self.unsettled: set[str] = set(value.get("unsettled", ()))
        self.connections: set[str] = set(value.get("connections", ()))
        self._stored = self._value()

    @classmethod
    def read(cls, uow: UnitOfWork) -> IngestState:
        """As the last transaction left it."""
        return cls(uow.sync.cursor(_OWNER, _NAME))

    def write(self, uow: UnitOfWork) -> None:
        """Store it with what the transaction stores, if it changed."""
        value = self._value()
        if value != self._stored:
            uow.sync.set_cursor(_OWNER, _NAME, value)
            self._stored = value

    def wait_for_manager(self, learner_id: str, system: str, employee_id: str | None) -> None:
        """The manager is not known yet; ``None`` takes the wish back."""
        if employee_id is None:
            self.managers.pop(learner_id, None)
        else:
            self.managers[learner_id] = (system, employee_id)

    def wait_for_courses(self, content_id: str, codes: list[str]) -> None:
        """These prerequisites are not known yet; none takes the wish back."""
        if codes:
            self.prerequisites[content_id] = codes
        else:
            self.prerequisites.pop(content_id, None)

    def _value(self) -> dict[str, Any]:
        return {
            "managers": {k: list(v) for k, v in sorted(self.managers.items())},
            "prerequisites": dict(sorted(self.prerequisites.items())),
            "connections": sorted(self.connections),
            "unsettled": sorted(self.unsettled),
        }
