"""Who calls the API, decided in one place: every route but webhooks and health names the scope that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from fastapi import Request

from ascertain.domain.access import ApiKey, Scope, key_id_of, opens
from ascertain.service.context import Service
from ascertain.service.problems import Problem, wait

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ascertain"'}


def needs(scope: Scope) -> Callable[[Request], ApiKey]:
    """A dependency that gives the caller's key, if it has that scope.

    Raises:
        Problem: 401 without a live key, 403 without the scope, 429 when it calls too often.
    """

    def caller(request: Request) -> ApiKey:
        service = cast(Service, request.app.state.service)
        address = request.client.host if request.client else ""
        if (pause := service.api_limit.take(("address", address))) > 0:
            raise wait(429, "too many calls from this address", pause)
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        text = text.strip() if scheme.lower() == "bearer" else ""
        with service.app.units(write=False) as uow:
            key = uow.api_keys.get(key_id_of(text) or "none")
        # One answer for every kind of wrong key: an unknown one, a revoked one, a wrong secret.
        if not opens(key, text) or key is None:
            raise Problem(401, "give a live key as a bearer token (`ascertain key create`)", headers=_CHALLENGE)
        if scope not in key.scopes:
            raise Problem(403, f"this key lacks the scope {scope.value!r}")
        return key

    return caller
