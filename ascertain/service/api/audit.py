"""The audit chain: headers for auditors, payloads for whoever may open them."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.audit import AuditRecord as Record
from ascertain.domain.permission import Action
from ascertain.errors import NotFoundError
from ascertain.pipeline.audit_export import Span, note_opening
from ascertain.pipeline.permit import demand
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_catalogue import AuditPayload, AuditRecord
from ascertain.service.api.paging import Cut, Paging

router = APIRouter(prefix="/v1/audit", tags=["audit"], responses=PROBLEMS)

Number = Annotated[int, Path(ge=1, le=2**53, description="Number of a record.")]
ReadsAudit = Annotated[Caller, Depends(Asks(Action.AUDIT_READ))]


@router.get("", operation_id="list_audit", response_model=Page[AuditRecord])
def records(
    caller: ReadsAudit,
    paging: Annotated[Paging, Depends()],
    action: Annotated[str, Query(max_length=80, description="Only this action, such as `people.read`.")] = "",
    subject: Annotated[str, Query(max_length=40, description="Only this pseudonym.")] = "",
) -> Response:
    """Records in the order of the chain: headers and digests, which name nobody."""
    filters = (action, subject)
    after = caller.after(paging, filters)
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        chain = uow.audit.records(after=int(after[0]) if after else 0)
        found = (r for r in chain if action in ("", r.action) and subject in ("", r.subject))
        shown = list(islice(found, paging.limit + 1))
    more = len(shown) > paging.limit
    shown = shown[: paging.limit]
    cursor = caller.going_on(paging, (shown[-1].seq,), filters) if more else None
    return caller.page(AuditRecord, Cut([_record(r) for r in shown], cursor))


@router.get("/{number}", operation_id="get_audit_record", response_model=One[AuditRecord])
def record(number: Number, caller: ReadsAudit) -> Response:
    """One record."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        found = next(iter(uow.audit.records(after=number - 1)), None)
    if found is None or found.seq != number:
        raise NotFoundError(f"there is no audit record {number}")
    return caller.one(AuditRecord, _record(found))


@router.get("/{number}/payload", operation_id="open_audit_payload", response_model=One[AuditPayload])
def payload(number: Number, caller: Annotated[Caller, Depends(Asks(Action.AUDIT_OPEN))]) -> Response:
    """A record's payload in clear. That somebody opened it is itself on the chain."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        uow.audit.open_payload(number)  # that there is none, or that it was changed, is told before it is recorded
    note_opening(caller.app.units, caller.who.name, Span(number, number))
    with caller.reading() as uow:
        return caller.one(AuditPayload, {"seq": number, "payload": uow.audit.open_payload(number)})


def _record(r: Record) -> dict[str, Any]:
    names = ("seq", "action", "actor", "subject", "payload_digest", "prev_hash", "hash")
    return {n: getattr(r, n) for n in names} | {"at": r.at.isoformat(), "header": dict(r.header)}
