"""Out of which sources the evidence behind a review item comes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import StoredAssertion
from ascertain.errors import InputError


@dataclass(frozen=True, slots=True)
class Source:
    """Where evidence comes from: a connection, and the kind of its records."""

    system: str
    kind: str

    @classmethod
    def of(cls, text: str) -> Source:
        """Out of ``SYSTEM:KIND``.

        Raises:
            InputError: not of that form.
        """
        system, _, kind = text.partition(":")
        if not system or not kind:
            raise InputError(f"{text!r} is not SYSTEM:KIND", field="source", remedy="for instance docebo:completion")
        return cls(system, kind)


class Origins:
    """Out of which sources the evidence of assertions comes; a person's evidence is read once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._of: dict[str, dict[str, Source]] = {}

    def all(self, row: StoredAssertion) -> frozenset[Source | None]:
        """Every source of it; ``None`` stands for evidence that is no longer stored."""
        if row.learner_id not in self._of:
            found = self._uow.evidence.of(row.learner_id)
            self._of[row.learner_id] = {e.id: Source(e.system, e.kind.value) for e in found}
        known = self._of[row.learner_id]
        return frozenset(known.get(o["evidence_id"]) for o in json.loads(row.inputs)["observations"])

    def only(self, row: StoredAssertion) -> Source | None:
        """The one source of all of it; ``None`` where there are several or none."""
        found = self.all(row)
        return next(iter(found)) if len(found) == 1 else None
