"""Routes to sign in and out, and who the caller is."""

from __future__ import annotations

import hmac
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from ascertain.domain.permission import Action, Principal, decide
from ascertain.domain.sessions import SIGN_IN, SignIn, digest_of, lasts, new_secret
from ascertain.pipeline.sign_in import end_session, open_session
from ascertain.service.auth import COOKIE, cookie_name, is_secure, principal
from ascertain.service.context import Service
from ascertain.service.oidc import SignInError
from ascertain.service.problems import Problem

router = APIRouter(prefix="/v1", tags=["sign-in"])
LOGIN = "ascertain-login"
_KNOWN: dict[int | str, dict[str, Any]] = {
    401: {"description": "Nobody who is known."},
    429: {"description": "Too many calls."},
}
_OFF = "signing in at an identity provider is not set up here (ASCERTAIN_OIDC_ISSUER)"


@router.get("/me", operation_id="who_am_i", responses=_KNOWN)
def me(who: Annotated[Principal, Depends(principal)]) -> dict[str, Any]:
    """Who the caller is, and what they may do about the organisation and about themselves."""
    roles = sorted({g.role.value for g in who.grants if g.holds(who.today)})
    may = [a.value for a in Action if decide(who, a, None, today=who.today).allowed]
    return {"name": who.name, "learner": who.learner_id, "roles": roles, "may": may}


@router.get("/login", operation_id="login")
def login(request: Request, next: str = "/") -> Response:
    """Go to the identity provider."""
    service = _service(request)
    if service.oidc is None:
        raise Problem(404, _OFF)
    try:
        begun = service.oidc.begin(_callback(request))
    except SignInError as e:
        raise Problem(502, e.message) from None
    secret, digest = new_secret()
    held = {"state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier, "next": own_path(next)}
    with service.app.units() as uow:
        uow.sessions.wait_for(digest, SignIn("oidc", held, service.app.clock.now() + SIGN_IN))
        uow.commit()
    answer = RedirectResponse(begun.url, 303)
    set_cookie(answer, request, LOGIN, secret, int(SIGN_IN.total_seconds()))
    return answer


@router.get("/callback", operation_id="login_callback")
def callback(request: Request, code: str = "", state: str = "") -> Response:
    """Come back from the identity provider. The browser that began is the only one that can finish."""
    service = _service(request)
    if service.oidc is None:
        raise Problem(404, _OFF)
    held = request.cookies.get(cookie_name(request, LOGIN), "")
    with service.app.units() as uow:
        begun = uow.sessions.take(digest_of(held), "oidc", service.app.clock.now()) if held else None
        uow.commit()
    if begun is None or not code or not hmac.compare_digest(str(begun.held["state"]).encode(), state.encode()):
        raise Problem(400, "this sign-in was not begun here, or is over: begin again")
    try:
        found = service.oidc.finish(code, begun.held, _callback(request))
    except SignInError as e:
        with service.app.units() as uow:
            uow.audit.append("session.refused", actor="person", header={"via": "oidc", "why": e.message})
            uow.commit()
        raise Problem(401, e.message) from None
    with service.app.units() as uow:
        roles = service.group_roles(found.groups)
        secret = open_session(uow, found.subject, found.email, roles, clock=service.app.clock)
        uow.commit()
    answer = RedirectResponse(str(begun.held["next"]), 303)
    set_cookie(answer, request, COOKIE, secret, int(lasts(roles).total_seconds()))
    answer.delete_cookie(cookie_name(request, LOGIN), path="/", secure=is_secure(request), httponly=True)
    return answer


@router.post("/logout", operation_id="logout")
def logout(request: Request) -> Response:
    """End the session, here and for whoever else might hold it."""
    service = _service(request)
    name = cookie_name(request, COOKIE)
    with service.app.units() as uow:
        end_session(uow, request.cookies.get(name, ""), clock=service.app.clock)
        uow.commit()
    answer = Response(status_code=204)
    answer.delete_cookie(name, path="/", secure=is_secure(request), httponly=True)
    return answer


def _service(request: Request) -> Service:
    return cast(Service, request.app.state.service)


def set_cookie(answer: Response, request: Request, name: str, secret: str, seconds: int) -> None:
    """Keep a secret in the browser, where no script reads it."""
    answer.set_cookie(
        cookie_name(request, name),
        secret,
        max_age=seconds,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )


def _callback(request: Request) -> str:
    public = _service(request).app.settings.public_url
    return f"{public.rstrip('/') if public else str(request.base_url).rstrip('/')}/v1/callback"


def own_path(path: str) -> str:
    """Never to somebody else's site."""
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fine else "/"
