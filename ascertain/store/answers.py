"""Answers that wait for the next try of their run, sealed under the person's key."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import delete, select

from ascertain.domain.answers import KeptAnswer
from ascertain.store.keys import KeyRing
from ascertain.store.schema import table
from ascertain.store.schema_answers import KeptAnswersRow
from ascertain.store.statements import Tx, upsert
from ascertain.store.types import dump_json

_KEPT = table(KeptAnswersRow)


class SqlAnswers:
    """``ascertain.domain.answers.Answers``."""

    def __init__(self, tx: Tx, keys: KeyRing, pseudonym: Callable[[str], str]) -> None:
        self._tx = tx
        self._keys = keys
        self._pseudonym = pseudonym

    def of(self, run_id: str) -> list[KeptAnswer]:
        row = self._tx.connection.execute(select(_KEPT).where(_KEPT.c.run_id == run_id)).first()
        if row is None:
            return []
        subject = self._pseudonym(row.learner_id)
        found = self._keys.open(subject, _context(subject, run_id), row.sealed, f"the kept answers of {run_id}")
        return [] if found is None else [_read(a) for a in json.loads(found)]

    def keep(self, run_id: str, learner_id: str, answers: Sequence[KeptAnswer]) -> None:
        subject = self._pseudonym(learner_id)
        rows = [[a.question, a.agent, a.model, a.text, list(a.tool_calls)] for a in answers]
        sealed = self._keys.seal(subject, _context(subject, run_id), dump_json(rows).encode("ascii"))
        values = {"run_id": run_id, "learner_id": learner_id, "answers": len(rows), "kept_at": self._tx.now()}
        upsert(self._tx, _KEPT, [values | {"sealed": sealed}])

    def forget(self, learner_id: str) -> int:
        return self._tx.connection.execute(delete(_KEPT).where(_KEPT.c.learner_id == learner_id)).rowcount


def _context(subject: str, run_id: str) -> bytes:
    return f"kept answers|{subject}|{run_id}".encode()


def _read(row: list[object]) -> KeptAnswer:
    question, agent, model, text, calls = row
    assert isinstance(calls, list)
    return KeptAnswer(str(question), str(agent), str(model), str(text), tuple(calls))
