"""Makes responses: the envelope, the digest by which a caller knows that nothing changed, and the link to go on.

What goes out has passed its model, which forbids what it does not name: a new field of a read model reaches nobody
before somebody described it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ascertain.domain.text import visible
from ascertain.service.problems import Problem

JSON = "application/json"
Thing = TypeVar("Thing")


class Exchanged(BaseModel):
    """A document that is exchanged. It has these fields and no other."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, from_attributes=True)


class One(Exchanged, Generic[Thing]):
    """One thing."""

    data: Thing


class Page(Exchanged, Generic[Thing]):
    """A part of a list."""

    data: list[Thing]
    next: str | None = None
    """Give it back as `cursor` for the next page; null at the end."""
    left_out: int = Field(default=0, ge=0)
    """How many rows or people are not shown because the caller may not see them."""


# Their fields are described once they are made. For the source of each `One[X]`, which has none, Pydantic would search
# the whole stack: seconds at every start.
for _envelope in (One, Page):
    _envelope.model_config["use_attribute_docstrings"] = False


@lru_cache(maxsize=256)
def one_of(model: type[BaseModel]) -> type[One[Any]]:
    """The envelope of one thing."""
    return One[model]  # type: ignore[valid-type]


@lru_cache(maxsize=256)
def page_of(model: type[BaseModel]) -> type[Page[Any]]:
    """The envelope of a list."""
    return Page[model]  # type: ignore[valid-type]


def one(request: Request, model: type[BaseModel], data: Any, *, status: int = 200) -> Response:
    """See ``Caller.one``."""
    return _answer(request, one_of(model).model_validate({"data": data}), status)


def page(
    request: Request, model: type[BaseModel], rows: Sequence[Any], cursor: str | None, *, left_out: int = 0
) -> Response:
    """A page; ``Link`` has the address of the next one."""
    return listed(request, page_of(model).model_validate({"data": rows, "next": cursor, "left_out": left_out}), cursor)


def listed(request: Request, document: BaseModel, cursor: str | None) -> Response:
    """The same of a document that is a page with more in it."""
    made = _answer(request, document, 200)
    if cursor is not None:
        url = request.url.include_query_params(cursor=cursor)
        made.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return made


def etag_of(body: bytes) -> str:
    """A strong one: equal tags mean equal bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def body_of(document: BaseModel) -> bytes:
    """The bytes that are sent and digested, without what cannot be seen: programs show them to somebody."""
    return visible(document.model_dump_json()).encode()


def must_match(request: Request, document: BaseModel) -> None:
    """For writes: go on only if the caller has the newest version, where ``If-Match`` says which one they have.

    Raises:
        Problem: 412 when it has changed since.
    """
    given = request.headers.get("if-match")
    if given is not None and not _names(given, etag_of(body_of(document)), weak=False):
        raise Problem(412, "it has changed since you read it; read it again")


def _answer(request: Request, document: BaseModel, status: int) -> Response:
    body = body_of(document)
    tag = etag_of(body)
    given = request.headers.get("if-none-match")
    if given is not None and status == 200 and request.method in ("GET", "HEAD") and _names(given, tag, weak=True):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, status, {"ETag": tag}, JSON)


def _names(header: str, tag: str, *, weak: bool) -> bool:
    """RFC 9110, 13.1: ``If-None-Match`` compares weakly, ``If-Match`` strongly."""
    given = [t.strip() for t in header.split(",")]
    return "*" in given or tag in given or (weak and f"W/{tag}" in given)
