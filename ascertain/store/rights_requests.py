"""What people ask for about their data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, select, update

from ascertain.domain.rights_requests import RequestKind, RequestState, RightsRequest
from ascertain.errors import NotFoundError
from ascertain.store.schema import table
from ascertain.store.schema_disputes import RightsRequestRow
from ascertain.store.statements import Tx, by_prefix, insert_new

_ROWS = table(RightsRequestRow)


class SqlRightsRequests:
    """``ascertain.domain.rights_requests.RightsRequests``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, request_id: str) -> RightsRequest | None:
        """By full id or prefix. A unit of work that may write keeps it from others until it ends.

        Raises:
            ConflictError: when the prefix fits several.
        """
        row = by_prefix(self._tx, _ROWS, request_id, "request", lock=self._tx.write)
        return None if row is None else _request(row)

    def about(self, learner_id: str) -> list[RightsRequest]:
        found = select(_ROWS).where(_ROWS.c.learner_id == learner_id)
        return self._read(found.order_by(_ROWS.c.asked_at, _ROWS.c.id))

    def open(self) -> list[RightsRequest]:
        found = select(_ROWS).where(_ROWS.c.state == RequestState.OPEN.value)
        return self._read(found.order_by(_ROWS.c.due_on, _ROWS.c.asked_at, _ROWS.c.id))

    def all(self) -> list[RightsRequest]:
        return self._read(select(_ROWS).order_by(_ROWS.c.asked_at.desc(), _ROWS.c.id))

    def add(self, request: RightsRequest) -> None:
        fixed = {
            "id": request.id,
            "learner_id": request.learner_id,
            "kind": request.kind.value,
            "field": request.field,
            "value": request.value,
            "words": request.words,
            "asked_by": request.asked_by,
            "asked_at": request.asked_at,
        }
        insert_new(self._tx, _ROWS, fixed | _changing(request))

    def put(self, request: RightsRequest) -> None:
        """
        Raises:
            NotFoundError: when there is no such request.
        """
        statement = update(_ROWS).where(_ROWS.c.id == request.id).values(_changing(request))
        if not self._tx.connection.execute(statement).rowcount:
            raise NotFoundError(f"there is no request {request.id!r}")

    def _read(self, query: Select[Any]) -> list[RightsRequest]:
        return [_request(r) for r in self._tx.connection.execute(query)]


def _changing(r: RightsRequest) -> dict[str, Any]:
    return {
        "due_on": r.due_on,
        "longer_because": r.longer_because,
        "state": r.state.value,
        "answered_by": r.answered_by,
        "answer": r.answer,
        "answered_at": r.answered_at,
    }


def _request(r: Row[Any]) -> RightsRequest:
    return RightsRequest(
        id=r.id,
        learner_id=r.learner_id,
        kind=RequestKind(r.kind),
        field=r.field,
        value=r.value,
        words=r.words,
        asked_by=r.asked_by,
        asked_at=r.asked_at,
        due_on=r.due_on,
        longer_because=r.longer_because,
        state=RequestState(r.state),
        answered_by=r.answered_by,
        answer=r.answer,
        answered_at=r.answered_at,
    )
