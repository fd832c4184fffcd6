"""Errors as callers see them: RFC 9457 problem details, for every one of them, with the id of the request."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ascertain.errors import (
    AscertainError,
    ConflictError,
    ConnectorError,
    InputError,
    NotFoundError,
    PseudonymError,
    RetryableConnectorError,
)

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[AscertainError], int], ...] = (
    (NotFoundError, 404),
    (InputError, 422),
    (ConflictError, 409),
    (PseudonymError, 422),
    (RetryableConnectorError, 503),
    (ConnectorError, 502),
)


class Problem(Exception):
    """A refusal. ``more`` are further members of the body; ``close`` ends the connection after the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {**(headers or {}), **({"Connection": "close"} if close else {})}
        self.more = dict(more or {})


def wait(status: int, detail: str, seconds: float) -> Problem:
    """A refusal for now, with how long to wait."""
    return Problem(status, detail, headers={"Retry-After": str(max(1, round(seconds + 0.5)))})


def answer(status: int, detail: str, request_id: str, more: Mapping[str, Any] | None = None) -> JSONResponse:
    """The response. Its type is ``about:blank``: the title is the status's own."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{request_id}",
        **(more or {}),
    }
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem. What nobody expected is the frame's (``service.frame``)."""

    @app.exception_handler(Problem)
    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        made = answer(error.status, error.detail, request.state.request_id, error.more)
        made.headers.update(error.headers)
        return made

    @app.exception_handler(AscertainError)
    async def expected(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, AscertainError)
        status = next((s for kind, s in _STATUS if isinstance(error, kind)), 500)
        if status == 500:  # a wrong setting or a broken store is the operator's to read, not the caller's
            raise error
        more = {"remedy": error.remedy} if error.remedy else {}
        return answer(status, error.message, request.state.request_id, more)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        made = answer(error.status_code, _ROUTING.get(error.status_code, error.detail), request.state.request_id)
        made.headers.update(error.headers or {})
        return made

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # Not ``input``: it would repeat what the caller sent.
        found = [{"field": ".".join(map(str, e["loc"][1:])), "detail": e["msg"]} for e in error.errors()]
        return answer(422, "the request is not valid", request.state.request_id, {"errors": found})


_ROUTING = {404: "there is nothing at this address", 405: "this address does not take that method"}
