"""Who calls the API, decided in one place: by a session or with a key. What they may is asked of the permissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import cast

from fastapi import Request

from ascertain.domain.access import Scope, key_id_of, opens
from ascertain.domain.permission import Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.scopes import ACTIONS_OF_SCOPE
from ascertain.pipeline.permit import demand_somewhere, principal_of_key
from ascertain.pipeline.sign_in import is_to_be_touched, live_session, principal_of_session
from ascertain.service.context import Service
from ascertain.service.problems import Problem, wait

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ascertain"'}


COOKIE = "ascertain"


def is_secure(request: Request) -> bool:
    """Whether browsers reach this service over TLS, here or at the proxy in front."""
    service = cast(Service, request.app.state.service)
    return request.url.scheme == "https" or service.app.settings.public_url.startswith("https://")


def cookie_name(request: Request, name: str) -> str:
    """With ``__Host-`` over TLS: no other host, and no path, can then set it."""
    return f"__Host-{name}" if is_secure(request) else name


def principal(request: Request) -> Principal:
    """A dependency that gives the caller, signed in by a session or with a key.

    Whoever is known has an allowance of their own. That of the address is for strangers: many people may sit behind
    one proxy.

    Raises:
        Problem: 401 for neither, 429 when it calls too often.
    """
    service = cast(Service, request.app.state.service)
    address = ("address", request.client.host if request.client else "")
    if (pause := service.api_limit.pause(address)) > 0:
        raise wait(429, "too many calls from this address", pause)
    try:
        who = _known(request, service)
    except Problem:
        service.api_limit.take(address)
        raise
    pause = service.caller_limit.take(who.name)
    request.state.headers = service.caller_limit.headers(who.name)
    if pause > 0:
        raise wait(429, "you call too often; the headers say when there is room", pause)
    return who


def _known(request: Request, service: Service) -> Principal:
    app = service.app
    now, today, tree = app.clock.now(), app.clock.today(), app.policy.permission.manager_sees_tree
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    with app.units(write=False) as uow:
        if scheme.lower() == "bearer":
            key = uow.api_keys.get(key_id_of(text.strip()) or "none")
            # One answer for every kind of wrong key: an unknown one, one that has ended, a wrong secret.
            if not opens(key, text.strip(), now) or key is None:
                raise Problem(401, "give a live key as a bearer token (`ascertain key create`)", headers=_CHALLENGE)
            who = principal_of_key(key, today=today)
            used = partial(_note_key, key.id, now) if key.is_to_be_noted(now) else None
        else:
            session = live_session(uow, request.cookies.get(cookie_name(request, COOKIE), ""), now)
            if session is None:
                raise Problem(401, "sign in, or give a live key as a bearer token", headers=_CHALLENGE)
            who = principal_of_session(uow, session, today=today, sees_tree=tree)
            used = partial(_note_session, session.digest, now) if is_to_be_touched(session, now) else None
    if used is not None:
        with app.units() as uow:
            used(uow)
            uow.commit()
    return who


def needs(scope: Scope) -> Callable[[Request], Principal]:
    """A dependency that gives the caller, if the permissions give them what that scope stands for, about anybody at
    all. About whom in particular is asked where that is known.

    Raises:
        Problem: 401 without a live key or session, 429 when it calls too often.
        ForbiddenError: it is not given.
    """

    def caller(request: Request) -> Principal:
        who = principal(request)
        service = cast(Service, request.app.state.service)
        with service.app.units(write=False) as uow:
            for action in sorted(ACTIONS_OF_SCOPE[scope]):
                demand_somewhere(uow, who, action)
        return who

    return caller


def _note_key(key_id: str, now: datetime, uow: UnitOfWork) -> None:
    uow.api_keys.note_use(key_id, now)


def _note_session(digest: str, now: datetime, uow: UnitOfWork) -> None:
    uow.sessions.seen(digest, now)
