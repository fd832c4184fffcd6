"""The OpenAPI 3.1 document of the service, for callers who are known; for everybody where ``openapi`` is set."""

from __future__ import annotations

from typing import Any, cast

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import Field
from starlette.responses import JSONResponse, Response

from ascertain.service.api.answers import Exchanged
from ascertain.service.auth import COOKIE, principal
from ascertain.service.context import Service
from ascertain.service.problems import MEDIA_TYPE

router = APIRouter(tags=["about"])
PATH = "/openapi.json"

_ABOUT = """Skills of people with the evidence behind them: levels with confidence, gaps, paths, review and audit.

Errors are problem details (RFC 9457). Lists come in pages: give `next` back as `cursor`. Every reading has an `ETag`.
What tells about people is recorded before it is answered, and shows only what the caller may see: what somebody may
not see and what does not exist get the same answer."""


class WrongField(Exchanged):
    """A part of a request that is not valid."""

    field: str
    detail: str


class ProblemDetails(Exchanged):
    """An error (RFC 9457)."""

    type: str
    """`about:blank`, or a name of its own where a program would act on it."""
    title: str
    """The words of the status."""
    status: int
    detail: str
    """What is wrong with this request."""
    instance: str
    """The id of the request, under which the log has it."""
    remedy: str | None = None
    """What to do about it."""
    errors: list[WrongField] = Field(default_factory=list)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"description": "Nobody who is known: neither a live key nor a session."},
    403: {"description": "The caller may not do this, or there is nobody whom it is about."},
    404: {"description": "There is no such thing (told to those who may read all of its kind)."},
    422: {"description": "The request is not valid; `errors` names the fields."},
    429: {"description": "Too many calls; `Retry-After` says how long to wait."},
}
"""What every route of the API may answer besides."""


@router.get(PATH, include_in_schema=False)
def openapi(request: Request) -> Response:
    """This service's description."""
    service = cast(Service, request.app.state.service)
    if not service.app.settings.openapi:
        principal(request)
    return JSONResponse(described(cast(FastAPI, request.app)))


def described(app: FastAPI) -> dict[str, Any]:
    """The description of the routes of ``app``, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, openapi_version="3.1.0", description=_ABOUT, routes=app.routes
        )
        parts = made.setdefault("components", {})
        parts["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "a key of `ascertain key create`"},
            "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "set by signing in"},
        }
        problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        parts.setdefault("schemas", {}).update(problem.pop("$defs", {}) | {"ProblemDetails": problem})
        for path, methods in made["paths"].items():
            for operation in methods.values():
                _complete(path, operation)
        app.openapi_schema = made
    return app.openapi_schema


_FREE = ("/healthz", "/readyz", "/v1/login", "/v1/callback", "/v1/link", "/v1/logout", "/v1/webhooks/")
"""What somebody unknown may call."""


def _complete(path: str, operation: dict[str, Any]) -> None:
    """Who may call it, and its errors with their shape."""
    if not path.startswith(_FREE):
        operation["security"] = [{"key": []}, {"session": []}]
    for status, answer in operation["responses"].items():
        if status[0] in "45":
            answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
