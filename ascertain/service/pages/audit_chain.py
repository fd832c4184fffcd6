"""``/audit/chain``: whether the chain is whole, and taking it along: records, checkpoints and the program that checks
them without this product."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import IO, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response, StreamingResponse

from ascertain.domain.audit import verify
from ascertain.domain.canonical import canonical_json
from ascertain.domain.permission import Action
from ascertain.errors import ConflictError, IntegrityError
from ascertain.pipeline import audit_export
from ascertain.pipeline.permit import demand
from ascertain.service.pages.audit import day_in
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, service_of, show

router = APIRouter(include_in_schema=False)

FAULTS_SHOWN = 20
CHECKPOINTS_SHOWN = 10
IN_MEMORY = 8 * 1024 * 1024
"""Bytes of an export that are held in memory; more goes through a temporary file."""


@router.get("/audit/chain")
def chain(request: Request, reader: Annotated[Reader, Depends(Reads(Action.AUDIT_VERIFY))]) -> HTMLResponse:
    """The end of the chain, the checkpoints kept beside the database, and the files."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_VERIFY)
        head = uow.audit.head()
        first = next(iter(uow.audit.records()), None)
        held = app.store.checkpoints()
        problem = ""
        if head is not None:
            try:
                audit_export.checkpoint(uow, held)
            except IntegrityError as e:
                problem = e.message
    data = {
        "tabs": tabs_of(reader.who),
        "head": head,
        "first": first,
        "checkpoints": held[: -CHECKPOINTS_SHOWN - 1 : -1],
        "kept": len(held),
        "problem": problem,
        "today": app.clock.today(),
    }
    return show(request, reader, "audit-chain.html", data)


@router.post("/audit/verify")
def verify_now(request: Request, sent: Annotated[Sent, Depends(Sends(Action.AUDIT_VERIFY))]) -> HTMLResponse:
    """Walk the whole chain now, against the checkpoints kept outside the database."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, sent.who, Action.AUDIT_VERIFY)
        held = app.store.checkpoints()
        faults = verify(uow.audit.records(), held, uow.audit.ciphertexts())
        head = uow.audit.head()
    data: dict[str, Any] = {
        "tabs": tabs_of(sent.who),
        "head": head,
        "faults": faults[:FAULTS_SHOWN],
        "more": max(0, len(faults) - FAULTS_SHOWN),
        "checkpoints": len(held),
    }
    return show(request, sent.reader, "audit-verified.html", data)


@router.get("/audit/export.jsonl")
def export(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.AUDIT_READ))],
    since: str = "",
    until: str = "",
) -> Response:
    """The records of these days (UTC, both included), a JSON line each: headers and digests, no payload."""
    app = service_of(request).app
    bounds: tuple[date | None, date | None] = day_in("since", since), day_in("until", until)
    # The connection is given back before the first byte leaves: a slow reader holds no transaction open.
    file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when the answer has left
    try:
        with app.units(write=False) as uow:
            demand(uow, reader.who, Action.AUDIT_READ)
            part = audit_export.span(uow, *bounds)
            for line in audit_export.lines(uow, part):
                file.write(line.encode("ascii"))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"ascertain-audit-{part.first}-{part.last}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(
        _pieces(file), media_type="application/jsonl", headers=headers, background=BackgroundTask(file.close)
    )


@router.get("/audit/checkpoints.jsonl")
def checkpoints(request: Request, reader: Annotated[Reader, Depends(Reads(Action.AUDIT_VERIFY))]) -> Response:
    """All checkpoints and the present end of the chain, for keeping where the owner of the database cannot write.

    Raises:
        ConflictError: the chain contradicts a checkpoint: its end is vouched for by nobody.
    """
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_VERIFY)
        held = app.store.checkpoints()
        try:
            end = audit_export.checkpoint(uow, held)
        except IntegrityError as e:
            raise ConflictError(e.message, remedy="verify the chain, which names what differs") from None
    lines = dict.fromkeys(canonical_json(c) for c in (*held, end))
    name = f"ascertain-checkpoints-{end.seq}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("".join(f"{x}\n" for x in lines), media_type="application/jsonl", headers=headers)


@router.get("/audit/audit_verifier.py")
def verifier(request: Request, reader: Annotated[Reader, Depends(Reads(Action.AUDIT_VERIFY))]) -> Response:
    """The program that checks an export: one file, standard library alone."""
    with service_of(request).app.units(write=False) as uow:
        demand(uow, reader.who, Action.AUDIT_VERIFY)
    program = files("ascertain").joinpath("audit_verifier.py").read_text(encoding="utf-8")
    headers = {"Content-Disposition": 'attachment; filename="audit_verifier.py"'}
    return Response(program, media_type="text/x-python; charset=utf-8", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(64 * 1024):
        yield piece
