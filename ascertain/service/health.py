"""Whether the service lives, and whether it can do its work. Neither needs a key nor tells more than that."""

from __future__ import annotations

import logging
from typing import cast

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from ascertain.errors import AscertainError
from ascertain.service.context import Service

log = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


@router.get("/healthz", operation_id="healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", operation_id="readyz")
def ready(request: Request) -> JSONResponse:
    """The database can be read. A queue that is away makes nothing less ready: events are recorded and queued later."""
    service = cast(Service, request.app.state.service)
    try:
        with service.app.units(write=False) as uow:
            uow.inbox.connections()
    except (SQLAlchemyError, AscertainError, OSError) as e:
        log.error("not ready: %s", type(e).__name__)
        return JSONResponse({"status": "not ready", "database": "away", "queue": service.dispatcher.state}, 503)
    return JSONResponse({"status": "ready", "database": "ok", "queue": service.dispatcher.state})
