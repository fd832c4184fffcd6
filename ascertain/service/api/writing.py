"""What writes share: bodies that are read only once it is known who calls, and answers that can be asked for again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from ascertain.domain.api_requests import Answer
from ascertain.domain.text import visible
from ascertain.pipeline import idempotency
from ascertain.service.api import answers
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.bodies import read_body
from ascertain.service.pages.forms import must_be_ours
from ascertain.service.problems import Problem

BODY_LIMIT = 128 * 1024
KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_FORM = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_PARAMETERS: list[dict[str, Any]] = [
    {
        "name": KEY,
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        "description": "Any text of yours, new for each new request: sent again with it, a request is answered again "
        "and not done again.",
    }
]
_IF_MATCH: list[dict[str, Any]] = [
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": "^[!-~]+$", "maxLength": 200},
        "description": "`ETag` of what you read: 412 when it has changed since.",
    }
]
WRITE_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body is not JSON."},
    408: {"description": "The body did not come in time."},
    409: {"description": "It was decided or ended otherwise before, or the same request is being worked on."},
    412: {"description": "It has changed since you read it (`If-Match`)."},
    413: {"description": "The body is too large."},
    415: {"description": "The body is not announced as JSON."},
    503: {"description": "The queue is away, or everything is stopped; `Retry-After` says when to try again."},
}
"""What a write may answer besides what every route may."""

Body = TypeVar("Body", bound=BaseModel)


class Sent(BaseModel):
    """A document that comes in. It has these fields and no other."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, str_strip_whitespace=True)


class Writes(Asks):
    """The caller of a write. A browser's session counts only from our own pages: another site cannot use it."""

    def __call__(self, request: Request) -> Caller:
        """
        Raises:
            Problem: 401, 429 as for reading; 403 for a browser that another site sends.
        """
        caller = super().__call__(request)
        if not request.headers.get("authorization"):
            must_be_ours(request, caller.app.settings.public_url)
        return caller


class Given(Generic[Body]):
    """A dependency: the body. Stands after the caller, so that nobody unknown is listened to."""

    def __init__(self, model: type[Body], limit: int = BODY_LIMIT) -> None:
        self._model = model
        self._limit = limit

    async def __call__(self, request: Request) -> Body:
        """
        Raises:
            Problem: 400 for what is no JSON, 408, 413, 415, 422 with the fields.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(415, "send application/json")
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise Problem(415, "send the body as it is, without a content encoding")
        body = await read_body(request, self._limit)
        try:
            return self._model.model_validate_json(body)
        except ValidationError as e:
            wrong = e.errors(include_url=False, include_input=False, include_context=False)
            if any(w["type"] == "json_invalid" for w in wrong):
                raise Problem(400, "the body is not JSON") from None
            found = [{"field": ".".join(map(str, w["loc"])), "detail": w["msg"]} for w in wrong]
            raise Problem(422, "the request is not valid", more={"errors": found}) from None


def takes(model: type[BaseModel] | None = None, *, if_match: bool = False) -> dict[str, Any]:
    """What the description says of a write: its headers and its body."""
    said: dict[str, Any] = {"parameters": _PARAMETERS + (_IF_MATCH if if_match else [])}
    if model is not None:
        content = {"application/json": {"schema": model.model_json_schema()}}
        said["requestBody"] = {"required": True, "content": content}
    return said


@dataclass(frozen=True, slots=True)
class Done:
    """What a write came to. ``learner_id``: whom it is about, so that what is kept of it goes with them."""

    model: type[BaseModel]
    data: Any
    learner_id: str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def once(caller: Caller, given: BaseModel | None, work: Callable[[], Done]) -> Response:
    """Do it and answer; or, where that very request was answered before, answer the same again.

    Only answers are kept: what was refused or failed may be tried again under the same key.

    Raises:
        InputError: the key was used for another request, or is none.
        ConflictError: that very request is being worked on.
    """
    request, key = caller.request, caller.request.headers.get(KEY, "").strip()
    if KEY.lower() not in request.headers:
        return _answer(_answered(work()))
    if not _FORM.fullmatch(key):
        detail = "1 to 200 visible ASCII characters, without blanks"
        raise Problem(422, "the request is not valid", more={"errors": [{"field": KEY, "detail": detail}]})
    app, name = caller.app, caller.app.pseudonyms.pseudonym(f"caller {caller.who.name}")
    known = idempotency.begin(app.units, app.clock, name, key, _digest(request, given))
    if known is not None:
        return _answer(known, {REPLAYED: "true"})
    try:
        answer = _answered(work())
    except BaseException:
        idempotency.give_up(app.units, name, key)
        raise
    idempotency.finish(app.units, name, key, answer)
    return _answer(answer)


def matching(caller: Caller, model: type[BaseModel], data: Any) -> None:
    """For what somebody read before: go on only if it is still what they read, where ``If-Match`` says what that was.

    Raises:
        Problem: 412 when it has changed since.
    """
    answers.must_match(caller.request, answers.one_of(model).model_validate({"data": data}))


def _digest(request: Request, given: BaseModel | None) -> str:
    body = "" if given is None else given.model_dump_json()
    return hashlib.sha256(f"{request.method} {request.url.path}\n{body}".encode()).hexdigest()


def _answered(done: Done) -> Answer:
    body = answers.one_of(done.model).model_validate({"data": done.data})
    return Answer(done.status, json.loads(body.model_dump_json()), dict(done.headers), done.learner_id)


def _answer(answer: Answer, more: Mapping[str, str] | None = None) -> Response:
    body = visible(json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))).encode()
    return Response(body, answer.status, {**answer.headers, **(more or {})}, answers.JSON)
