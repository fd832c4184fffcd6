"""Forms of the pages: a token bound to the session, proof that the form came from here, and messages after a redirect.

The token is an HMAC under the session's own secret, which no script can read and no page shows. It is worth nothing in
another session, ends with the session, and nothing has to be kept beside it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ascertain.errors import InputError
from ascertain.service.bodies import read_body
from ascertain.service.problems import Problem

FIELD = "csrf"
"""Name of the hidden field that carries the token."""
MOST_BYTES = 64 * 1024
MOST_FIELDS = 500
MOST_TEXT = 4_000
"""Characters of one answer, unless a page says otherwise."""
MOST_UPLOAD = 5 * 1024 * 1024
"""Bytes of a file, where a form may have one."""
MOST_MESSAGES = 1_500
"""Characters of messages in a cookie: browsers keep 4,096 of one with its attributes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form: the field, the name that its sender gave it, and what is in it."""

    field: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said, in its order."""

    pairs: tuple[tuple[str, str], ...]
    files: tuple[Upload, ...] = ()

    def file(self, name: str) -> Upload | None:
        """The file of that field; ``None`` where none was chosen."""
        return next((f for f in self.files if f.field == name and (f.name or f.body)), None)

    def all(self, name: str) -> list[str]:
        """Every answer of that name: boxes that were ticked."""
        return [v for k, v in self.pairs if k == name]

    def text(self, name: str, most: int = MOST_TEXT) -> str:
        """One answer without blanks at its ends; empty where there is none.

        Raises:
            InputError: it is longer than ``most`` characters.
        """
        found = next((v.strip() for k, v in self.pairs if k == name), "")
        if len(found) > most:
            raise InputError(f"this has {len(found)} characters", field=name, remedy=f"{most} at most")
        return found

    def level(self, name: str) -> int | None:
        """A level from 1 to 5; ``None`` where none was chosen.

        Raises:
            InputError: something else.
        """
        found = self.text(name, 10)
        if found and found not in ("1", "2", "3", "4", "5"):
            raise InputError("a level is 1 to 5", field=name, remedy="choose one of the levels")
        return int(found) if found else None


@dataclass(frozen=True, slots=True)
class Message:
    """What is said on top of the next page. ``kind``: empty, ``warn`` or ``bad``."""

    text: str
    kind: str = ""


def token_of(secret: str) -> str:
    """The token of a session's forms."""
    return _mac(secret, "form")


async def read_form(request: Request, public_url: str = "", *, files: bool = False) -> Form:
    """The fields of a form that was sent from one of our own pages.

    Args:
        files: whether it may have a file.

    Raises:
        Problem: 403 for a form of another site, 413, 408 (see ``read_body``), 415 for what is no form, 422 for too
            many fields.
    """
    must_be_ours(request, public_url)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if files and kind == "multipart/form-data":
        return await _with_files(request)
    if kind != "application/x-www-form-urlencoded":
        raise Problem(415, "this address takes a form")
    body = await read_body(request, MOST_BYTES)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem(422, f"this form cannot be read: UTF-8, at most {MOST_FIELDS} fields") from None
    # Browsers end lines of a text field with CR LF.
    return Form(tuple((k, v.replace("\r\n", "\n")) for k, v in pairs))


async def _with_files(request: Request) -> Form:
    """Everything is held in memory: what somebody sends is written to no disk."""
    body = await read_body(request, MOST_UPLOAD + MOST_BYTES)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, whole(), max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)
    parser.spool_max_size = len(body) + 1
    try:
        data = await parser.parse()
    except MultiPartException:
        raise Problem(422, f"this form cannot be read: one file, at most {MOST_FIELDS} fields") from None
    pairs: list[tuple[str, str]] = []
    found: list[Upload] = []
    for name, value in data.multi_items():
        if isinstance(value, str):
            pairs.append((name, value.replace("\r\n", "\n")))
        else:
            found.append(Upload(name, value.filename or "", await value.read()))
    await data.close()
    return Form(tuple(pairs), tuple(found))


def must_be_ours(request: Request, public_url: str = "") -> None:
    """A second lock beside the token: browsers say where a form was sent from.

    Raises:
        Problem: 403 for another site's.
    """
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    # "null" is what a browser sends under our own referrer policy.
    own = {urlsplit(str(request.base_url)).netloc, urlsplit(public_url).netloc}
    foreign = origin not in ("", "null") and urlsplit(origin).netloc not in own
    if site not in ("", "same-origin", "none") or (not site and foreign):
        raise Problem(403, "this form was sent from another site, so nothing was done")


def must_carry(form: Form, secret: str) -> None:
    """Go on only with the token of this session.

    Raises:
        Problem: 403 for another or none.
    """
    if not hmac.compare_digest(form.text(FIELD, 200).encode(), token_of(secret).encode()):
        raise Problem(403, "this form is not of this session, so nothing was done: open the page again and repeat it")


def seal(secret: str, messages: Sequence[Message]) -> str:
    """Messages for a cookie, which only this session can have made."""
    said = json.dumps([[m.kind, m.text[:MOST_MESSAGES]] for m in messages[:3]])
    packed = base64.urlsafe_b64encode(said.encode()).decode()
    return f"{packed}.{_mac(secret, f'said {packed}')}"


def unseal(secret: str, text: str) -> list[Message]:
    """The messages of a cookie; none of one that somebody else made."""
    packed, _, mac = text.partition(".")
    if not packed or not hmac.compare_digest(mac.encode(), _mac(secret, "said " + packed).encode()):
        return []
    return [Message(text, kind) for kind, text in json.loads(base64.urlsafe_b64decode(packed))]


def _mac(secret: str, about: str) -> str:
    return hmac.new(secret.encode(), about.encode(), hashlib.sha256).hexdigest()
