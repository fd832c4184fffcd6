"""What was answered under which idempotency key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update

from ascertain.domain.api_requests import Answer, ApiRequest
from ascertain.store.schema import table
from ascertain.store.schema_api import ApiRequestRow
from ascertain.store.statements import Tx, insert_new

_REQUESTS = table(ApiRequestRow)


class SqlApiRequests:
    """``ascertain.domain.api_requests.ApiRequests``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, caller: str, key: str) -> ApiRequest | None:
        query = select(_REQUESTS).where(_REQUESTS.c.caller == caller, _REQUESTS.c.key == key)
        r = self._tx.connection.execute(query).first()
        if r is None:
            return None
        answer = None if r.status is None else Answer(r.status, r.body, r.headers, r.learner_id)
        return ApiRequest(r.caller, r.key, r.digest, r.began_at, answer)

    def begin(self, request: ApiRequest) -> bool:
        row = {
            "caller": request.caller,
            "key": request.key,
            "digest": request.digest,
            "began_at": request.began_at,
            "learner_id": None,
            "status": None,
            "body": {},
            "headers": {},
        }
        return insert_new(self._tx, _REQUESTS, row)

    def begin_again(self, request: ApiRequest, abandoned_before: datetime) -> bool:
        left = (
            _REQUESTS.c.caller == request.caller,
            _REQUESTS.c.key == request.key,
            _REQUESTS.c.status.is_(None),
            _REQUESTS.c.began_at < abandoned_before,
        )
        taken = update(_REQUESTS).where(*left).values(began_at=request.began_at)
        return self._tx.connection.execute(taken).rowcount > 0

    def finish(self, caller: str, key: str, answer: Answer) -> None:
        values = {
            "status": answer.status,
            "body": dict(answer.body),
            "headers": dict(answer.headers),
            "learner_id": answer.learner_id,
        }
        which = (_REQUESTS.c.caller == caller, _REQUESTS.c.key == key)
        self._tx.connection.execute(update(_REQUESTS).where(*which).values(values))

    def forget(self, caller: str, key: str) -> None:
        which = (_REQUESTS.c.caller == caller, _REQUESTS.c.key == key)
        self._tx.connection.execute(delete(_REQUESTS).where(*which))
