"""What every page shares: who reads it, the menu, the token of its forms, messages, and the way back after a form.

A page reads ``reader: Annotated[Reader, Depends(Reads(Action.X))]`` and ends with ``show``; a form's address reads
``sent: Annotated[Sent, Depends(Sends(Action.X))]`` and ends with ``back``. Both only declare the action: the route
demands it inside its unit of work, where the thing is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse

from ascertain.domain.permission import Action, Principal
from ascertain.pipeline.sign_in import is_to_be_touched, live_session, principal_of_session
from ascertain.service.auth import COOKIE, cookie_name, is_secure
from ascertain.service.context import Service
from ascertain.service.pages.forms import Form, Message, must_carry, read_form, seal, token_of, unseal
from ascertain.service.pages.menu import menu, switched_off
from ascertain.service.pages.rendering import page
from ascertain.service.problems import Problem, wait

SAID = "ascertain-said"
"""Cookie with the messages of the next page."""
SAID_SECONDS = 120


class SignInNeeded(Problem):
    """Nobody is signed in: a page answers with the way to the sign-in page. ``ended``: somebody was."""

    def __init__(self, *, ended: bool) -> None:
        detail = "your session ended, so nothing was done: sign in again" if ended else "sign in to see this"
        super().__init__(401, detail)
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is signed in.

    Attributes:
        who: as permission asks for them.
        name: as they are greeted.
        secret: of their session; never shown.
    """

    who: Principal
    name: str
    secret: str = field(repr=False)

    @property
    def csrf(self) -> str:
        """The token that each of their forms carries."""
        return token_of(self.secret)

    @property
    def roles(self) -> list[str]:
        """What they are, in words."""
        return sorted({g.role.value.replace("_", " ") for g in self.who.grants if g.holds(self.who.today)})


@dataclass(frozen=True, slots=True)
class Sent:
    """A form, and who sent it."""

    reader: Reader
    form: Form

    @property
    def who(self) -> Principal:
        """Who sent it, as permission asks for them."""
        return self.reader.who


@dataclass(frozen=True, slots=True)
class Reads:
    """Dependency of a page: who is signed in. ``actions`` says what the page demands, for the table of routes; none
    for a page that shows nothing of anybody."""

    actions: tuple[Action, ...]

    def __init__(self, *actions: Action) -> None:
        object.__setattr__(self, "actions", actions)

    def __call__(self, request: Request) -> Reader:
        """The reader.

        Raises:
            Problem: 401 when nobody is signed in, 429 for too many calls.
        """
        return signed_in(request)


@dataclass(frozen=True, slots=True)
class Sends:
    """Dependency of a form's address: the form, and who sent it. ``actions`` as for ``Reads``; ``files``: whether the
    form may have one."""

    actions: tuple[Action, ...]

    files: bool

    def __init__(self, *actions: Action, files: bool = False) -> None:
        object.__setattr__(self, "actions", actions)
        object.__setattr__(self, "files", files)

    async def __call__(self, request: Request) -> Sent:
        """The form.

        Raises:
            Problem: 401 when nobody is signed in, 403 for a form of another site or session, 413, 415, 422, 429.
        """
        reader = await run_in_threadpool(signed_in, request)
        form = await read_form(request, service_of(request).app.settings.public_url, files=self.files)
        must_carry(form, reader.secret)
        return Sent(reader, form)


def service_of(request: Request) -> Service:
    """The running service."""
    return cast(Service, request.app.state.service)


def signed_in(request: Request) -> Reader:
    """Who is signed in, with what they may do now.

    Raises:
        Problem: 401 when nobody is, 429 for too many calls from one address.
    """
    service = service_of(request)
    address = request.client.host if request.client else ""
    if (pause := service.api_limit.take(("address", address))) > 0:
        raise wait(429, "too many calls from this address", pause)
    app, secret = service.app, request.cookies.get(cookie_name(request, COOKIE), "")
    now = app.clock.now()
    with app.units(write=False) as uow:
        session = live_session(uow, secret, now)
        if session is None:
            raise SignInNeeded(ended=bool(secret))
        tree = app.policy.permission.manager_sees_tree
        who = principal_of_session(uow, session, today=app.clock.today(), sees_tree=tree)
        person = uow.people.get(who.learner_id) if who.learner_id else None
    if is_to_be_touched(session, now):
        with app.units() as uow:
            uow.sessions.seen(session.digest, now)
            uow.commit()
    return Reader(who, person.name if person else session.email or "signed in", secret)


def show(
    request: Request,
    reader: Reader | None,
    template: str,
    data: Mapping[str, Any],
    *,
    status: int = 200,
    messages: Sequence[Message] = (),
) -> HTMLResponse:
    """A page with everything that ``base.html`` needs. Messages that wait are shown once."""
    app = service_of(request).app
    waiting = request.cookies.get(cookie_name(request, SAID), "") if reader else ""
    said = [*(unseal(reader.secret, waiting) if reader else ()), *messages]
    frame: dict[str, Any] = {"reader": reader, "menu": [], "csrf": "", "messages": said, "versions": None}
    frame["succession"] = app.talent.succession
    if reader is not None:
        with app.units(write=False) as uow:
            off = switched_off(app.talent)
            frame["menu"] = menu(uow, reader.who, app.policy.review, request.url.path, without=off)
        frame["csrf"] = reader.csrf
        frame["versions"] = {"policy": app.policy.version, "taxonomy": app.bundle.taxonomy.version}
    answer = page(template, {**frame, **data}, status=status)
    if waiting:
        answer.delete_cookie(cookie_name(request, SAID), path="/", secure=is_secure(request), httponly=True)
    return answer


def back(request: Request, reader: Reader, to: str, said: str = "", *, kind: str = "") -> RedirectResponse:
    """After a form: go to ``to`` (an address of ours) and say ``said`` there. ``kind``: empty, ``warn`` or ``bad``."""
    answer = RedirectResponse(to, 303)
    if said:
        answer.set_cookie(
            cookie_name(request, SAID),
            seal(reader.secret, [Message(said, kind)]),
            max_age=SAID_SECONDS,
            path="/",
            secure=is_secure(request),
            httponly=True,
            samesite="lax",
        )
    return answer
