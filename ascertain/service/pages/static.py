"""The style sheet, the script and the mark: read once, kept by browsers as long as their address stays the same."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter
from starlette.responses import Response

from ascertain.service.pages.rendering import STATIC, static_address
from ascertain.service.problems import Problem

router = APIRouter(include_in_schema=False)
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_YEAR = "public, max-age=31536000, immutable"


@cache
def _files() -> dict[str, bytes]:
    """Everything there is: a name that a caller made up never reaches the file system."""
    return {f.name: f.read_bytes() for f in STATIC.iterdir() if f.suffix in _KINDS}


@router.get("/static/{name}")
def static(name: str, v: str = "") -> Response:
    """One file. Its address holds a digest of it, so a year is not too long; under another digest it is not kept."""
    body = _files().get(name)
    if body is None:
        raise Problem(404, "there is nothing at this address")
    keep = _YEAR if static_address(name).endswith(f"?v={v}") else "no-cache"
    headers = {"Cache-Control": keep, "Cross-Origin-Resource-Policy": "same-origin"}
    return Response(body, media_type=_KINDS["." + name.rpartition(".")[2]], headers=headers)
