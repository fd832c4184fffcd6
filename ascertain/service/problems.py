"""Errors as callers see them: RFC 9457 problem details, for every one of them, with the id of the request."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from ascertain.domain.text import visible
from ascertain.errors import (
    AscertainError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    InputError,
    NotFoundError,
    PseudonymError,
    RetryableConnectorError,
)
from ascertain.service.pages.errors import NOT_YOURS, error_page, wants_page

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[AscertainError], int], ...] = (
    (NotFoundError, 404),
    (ForbiddenError, 403),
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


class ShownJSON(JSONResponse):
    """JSON without what cannot be seen: programs show it to somebody."""

    def render(self, content: Any) -> bytes:
        """As the base class, cleaned."""
        return visible(super().render(content).decode()).encode()


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
    return ShownJSON(body, status, media_type=MEDIA_TYPE)


def is_for_people(scope: Scope) -> bool:
    """Whether a page is what answers this request."""
    return wants_page(scope["path"], Headers(scope=scope).get("accept", ""))


def respond(scope: Scope, status: int, detail: str, request_id: str, more: Mapping[str, Any] | None = None) -> Response:
    """The error as whoever called reads it: a page for people, problem details for programs."""
    if is_for_people(scope):
        return error_page(status, detail, str((more or {}).get("remedy", "")), request_id)
    return answer(status, detail, request_id, more)


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error as a problem. What nobody expected is the frame's (``service.frame``)."""

    @app.exception_handler(Problem)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        made = respond(request.scope, error.status, error.detail, request.state.request_id, error.more)
        made.headers.update(error.headers)
        return made

    @app.exception_handler(AscertainError)
    async def expected(request: Request, error: Exception) -> Response:
        assert isinstance(error, AscertainError)
        status = next((s for kind, s in _STATUS if isinstance(error, kind)), 500)
        if status == 500:  # a wrong setting or a broken store is the operator's to read, not the caller's
            raise error
        more = {"remedy": error.remedy} if error.remedy else {}
        detail = error.message
        if isinstance(error, (ForbiddenError, NotFoundError)) and is_for_people(request.scope):
            detail, more = NOT_YOURS, {}  # its remedy is a command, and its words may name who asks
        return respond(request.scope, status, detail, request.state.request_id, more)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = _ROUTING.get(error.status_code, error.detail)
        made = respond(request.scope, error.status_code, detail, request.state.request_id)
        made.headers.update(error.headers or {})
        return made

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        # Not ``input``: it would repeat what the caller sent.
        found = [{"field": ".".join(map(str, e["loc"][1:])), "detail": e["msg"]} for e in error.errors()]
        return respond(request.scope, 422, "the request is not valid", request.state.request_id, {"errors": found})


_ROUTING = {404: "there is nothing at this address", 405: "this address does not take that method"}
