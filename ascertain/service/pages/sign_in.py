"""Signing in and out, and where somebody begins. Opening a link signs nobody in: mail programs open links."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from ascertain.domain.sessions import ABSOLUTE
from ascertain.pipeline.sign_in import end_session, live_session, use_link
from ascertain.service.auth import COOKIE, cookie_name, is_secure
from ascertain.service.pages.errors import error_page
from ascertain.service.pages.forms import read_form
from ascertain.service.pages.menu import home
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, SignInNeeded, service_of, show
from ascertain.service.problems import wait
from ascertain.service.sessions import own_path, set_cookie

router = APIRouter(include_in_schema=False)
DEMONSTRATION = "demonstration"
"""The file by which `ascertain demo` marks a home as its own."""
_SAID = {
    "ended": "Your session ended. Sign in again.",
    "out": "You are signed out.",
    "link": "This link was used, is over, or is none. Ask for a new one.",
}


@router.get("/")
def start(reader: Annotated[Reader, Depends(Reads())]) -> Response:
    """To the first page of the reader's menu."""
    return RedirectResponse(home(reader.who), 303)


@router.get("/welcome")
def welcome(request: Request, reader: Annotated[Reader, Depends(Reads())]) -> Response:
    """For somebody who is signed in and may do nothing yet."""
    return show(request, reader, "welcome.html", {})


@router.get("/sign-in")
def sign_in(request: Request, next: str = "/", said: str = "") -> Response:
    """The ways in."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        secret = request.cookies.get(cookie_name(request, COOKIE), "")
        if live_session(uow, secret, app.clock.now()) is not None and not said:
            return RedirectResponse(own_path(next), 303)
    to = quote(own_path(next), safe="")
    data = {
        "provider": service_of(request).oidc is not None,
        "next": to,
        "said": _SAID.get(said, ""),
        "at": app.settings.public_url or str(request.base_url).rstrip("/"),
        "demonstration": (app.settings.home_dir / DEMONSTRATION).exists(),
    }
    return show(request, None, "sign-in.html", data)


@router.get("/sign-in/link")
def link(request: Request, token: str = "") -> Response:
    """What a link of `ascertain access link` opens: a button. Nothing is used up yet."""
    return show(request, None, "sign-in-link.html", {"token": token[:200]})


@router.post("/sign-in/link")
async def use(request: Request) -> Response:
    """Sign in with the link, once; whoever was signed in here before is signed out."""
    service = service_of(request)
    address = request.client.host if request.client else ""
    if (pause := service.link_limit.take(address)) > 0:
        raise wait(429, "too many tries from this address", pause)
    form = await read_form(request, service.app.settings.public_url)
    return await run_in_threadpool(_use, request, form.text("token", 200))


def _use(request: Request, token: str) -> Response:
    app = service_of(request).app
    with app.units() as uow:
        secret = use_link(uow, token, clock=app.clock)
        if secret is not None:
            end_session(uow, request.cookies.get(cookie_name(request, COOKIE), ""), clock=app.clock)
        uow.commit()
    if secret is None:
        return RedirectResponse("/sign-in?said=link", 303)
    answer = RedirectResponse("/", 303)
    set_cookie(answer, request, COOKIE, secret, int(ABSOLUTE.total_seconds()))
    return answer


@router.post("/sign-out")
def sign_out(request: Request, sent: Annotated[Sent, Depends(Sends())]) -> Response:
    """End the session, wherever else its secret may be."""
    app = service_of(request).app
    with app.units() as uow:
        end_session(uow, sent.reader.secret, clock=app.clock)
        uow.commit()
    answer = RedirectResponse("/sign-in?said=out", 303)
    answer.delete_cookie(cookie_name(request, COOKIE), path="/", secure=is_secure(request), httponly=True)
    return answer


async def to_sign_in(request: Request, error: Exception) -> Response:
    """A page that needs somebody sends a reader to sign in and then back; a form says that it did nothing."""
    assert isinstance(error, SignInNeeded)
    if request.method not in ("GET", "HEAD"):
        return error_page(401, error.detail, "", request.state.request_id)
    query = f"?{request.url.query}" if request.url.query else ""
    to = quote(request.url.path + query, safe="")
    ended = "&said=ended" if error.ended else ""
    return RedirectResponse(f"/sign-in?next={to}{ended}", 303)
