"""Errors as pages: the same status and the same words as problem details, for people."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import HTMLResponse

from ascertain.service.pages.rendering import page

_FOR_PROGRAMS = ("/v1/", "/schemas", "/static/", "/openapi.json", "/healthz", "/readyz")
_BY_BROWSER = ("/v1/login", "/v1/callback")
"""Addresses of the API that a browser is sent to."""
_HEADS = {
    401: "Sign in again",
    403: "Not for you, or not there",
    404: "Nothing here",
    409: "Somebody was quicker",
    422: "Something is missing or wrong",
    429: "Too many requests",
    500: "Something went wrong here",
}
NOT_YOURS = "There is nothing here, or it is about somebody or something that you may not see."
"""Said of what is forbidden and of what is not there, so that an answer tells nobody which."""


def wants_page(path: str, accept: str) -> bool:
    """Whether a person reads the answer. By the address, not by what the caller says it likes."""
    if path in _BY_BROWSER:
        return "text/html" in accept
    return not (path + "/").startswith(tuple(p if p.endswith("/") else f"{p}/" for p in _FOR_PROGRAMS))


def error_page(status: int, detail: str, remedy: str, request_id: str) -> HTMLResponse:
    """An error as a page."""
    head = _HEADS.get(status, HTTPStatus(status).phrase)
    frame: dict[str, object] = {"reader": None, "menu": [], "csrf": "", "messages": [], "versions": None}
    data = {"status": status, "head": head, "detail": detail, "remedy": remedy, "request_id": request_id}
    return page("error.html", {**frame, **data}, status=status)
