"""Every route, from the table of routes itself: who may call it, and that nobody else's ids open anything.

A new route is covered by being there: it names a scope, or it stands in one of the two lists below.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from sqlalchemy import text

from ascertain.domain.access import ApiKey, Scope
from ascertain.domain.casefile import Versions
from ascertain.domain.people import Learner
from ascertain.domain.runs import Run, RunState
from ascertain.pipeline.keys import create_key, revoke_key
from ascertain.runtime import App, open_app
from ascertain.service.api.asking import Asks
from ascertain.service.app import create_app, routes_of
from ascertain.service.pages.shell import Reads, Sends
from tests.integration.job_harness import settings_in
from tests.integration.service.harness import Served, serving

PUBLIC = {"/healthz", "/readyz", "/schemas", "/schemas/{name}", "/static/{name}"}
"""Says that the process lives, or how documents are made and pages look, and nothing of anybody."""
KNOWN = {"/openapi.json"}
"""For anybody who is known, or for everybody where the settings say so (see test_api_shared)."""
PROVED = {"/v1/webhooks/{connection}"}
"""Opened by the sender's own proof, which the connector checks (see test_webhooks)."""
SIGN_IN = {"/v1/login", "/v1/callback", "/sign-in", "/sign-in/link", "/v1/logout", "/v1/me"}
"""Makes, ends or shows the caller's own session (see test_sign_in)."""

SOMEBODY = "E1"
THEIR_RUN = "r0123456789abcde"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = open_app(settings_in(tmp_path_factory.mktemp("routes")))
    with made.units() as uow:
        uow.people.upsert([Learner(SOMEBODY, "Ann Archer", "ann@example.org", "Data")])
        at = datetime(2026, 4, 7, tzinfo=UTC)
        versions = Versions("p", "t", "b", "q")
        uow.runs.put(Run(THEIR_RUN, SOMEBODY, "f", RunState.DONE, date(2026, 4, 1), versions, "test", at, at))
        uow.commit()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    served.api.state.service.api_limit._buckets.clear()
    with served.client() as found:
        yield found


def routes(api: Any) -> list[APIRoute]:
    return [r for r in routes_of(api) if isinstance(r, APIRoute)]


def scope_of(dependant: Dependant) -> Scope | None:
    """The scope that a route's dependencies ask for, wherever in the tree they stand."""
    for inner in dependant.dependencies:
        if getattr(inner.call, "__qualname__", "").startswith("needs.<locals>"):
            cells = inspect_closure(inner.call)
            return next((c for c in cells if isinstance(c, Scope)), None)
        if found := scope_of(inner):
            return found
    return None


def inspect_closure(call: Any) -> list[Any]:
    return [cell.cell_contents for cell in getattr(call, "__closure__", None) or ()]


def asks(dependant: Dependant) -> Asks | None:
    """What the route declares that it asks of the permission table, wherever in the tree it stands."""
    for inner in dependant.dependencies:
        if found := inner.call if isinstance(inner.call, Asks) else asks(inner):
            return found
    return None


def page_of(dependant: Dependant) -> Reads | Sends | None:
    """What a page, or the address of a form, declares."""
    return next((i.call for i in dependant.dependencies if isinstance(i.call, Reads | Sends)), None)


def guarded(api: Any) -> list[tuple[str, str, Scope]]:
    """(method, path, scope) of every route that is in neither list."""
    found: list[tuple[str, str, Scope]] = []
    for route in routes(api):
        if route.path in PUBLIC | PROVED | SIGN_IN | KNOWN or asks(route.dependant) or page_of(route.dependant):
            continue
        scope = scope_of(route.dependant)
        assert scope is not None, f"{route.path} names no scope and stands in no list"
        found += [(method, route.path, scope) for method in sorted(route.methods or ())]
    return found


def filled(path: str, value: str) -> str:
    return re.sub(r"\{[^}]+\}", value, path)


def test_each_route_names_a_scope_or_stands_in_a_list(served: Served) -> None:
    assert guarded(served.api)
    paths = {r.path for r in routes(served.api)}
    assert paths >= PUBLIC | PROVED | SIGN_IN | KNOWN  # neither list has a route that is gone


def test_there_is_no_route_beside_those(app: App) -> None:
    """No documentation, no folder of files, no mount that would answer unasked."""
    others = [r for r in routes_of(create_app(app, [])) if not isinstance(r, APIRoute)]
    assert others == []


def test_nobody_without_a_live_key_comes_in(app: App, served: Served, client: httpx.Client) -> None:
    _, revoked = create_key(app.units, app.clock, "revoked", list(Scope), actor="test")
    revoke_key(app.units, app.clock, "revoked", actor="test")
    _, live = create_key(app.units, app.clock, "live", list(Scope), actor="test")
    swapped = live[:17] + ("0" * 64)
    for method, path, _ in guarded(served.api):
        for header in ({}, *({"authorization": f"Bearer {t}"} for t in (revoked, swapped, "asc_", "x" * 500))):
            for value in (THEIR_RUN, "nothing"):
                answer = client.request(method, filled(path, value), headers=header, json={})
                assert answer.status_code == 401, (method, path, header, answer.text)
                assert SOMEBODY not in answer.text
        basic = client.request(method, filled(path, THEIR_RUN), auth=("asc", live), json={})
        assert basic.status_code == 401


def test_a_key_without_the_scope_is_refused(app: App, served: Served, client: httpx.Client) -> None:
    asked = 0
    for scope in Scope:
        key, secret = create_key(app.units, app.clock, f"without {scope.value}", list(Scope), actor="test")
        _keep_scopes(app, key, [s for s in Scope if s is not scope])
        for method, path, wanted in guarded(served.api):
            if wanted is scope:
                headers = {"authorization": f"Bearer {secret}"}
                answer = client.request(method, filled(path, THEIR_RUN), headers=headers, json={})
                assert answer.status_code == 403, (method, path)
                asked += 1
    assert asked == len(guarded(served.api))


def _keep_scopes(app: App, key: ApiKey, scopes: list[Scope]) -> None:
    """As the database would have it; no command makes a key without any."""
    with app.store._own().write.begin() as connection:
        words = json.dumps(sorted(scopes))
        connection.execute(text("UPDATE api_keys SET scopes = :s WHERE id = :i"), {"s": words, "i": key.id})


def test_somebody_elses_id_opens_nothing(app: App, served: Served, client: httpx.Client) -> None:
    """The run exists, but this key sent nothing for it: the answer is that of a run which does not exist."""
    _, secret = create_key(app.units, app.clock, "another system", list(Scope), actor="test")
    headers = {"authorization": f"Bearer {secret}"}
    for method, path in (("GET", "/v1/runs/{run}"),):
        theirs = client.request(method, filled(path, THEIR_RUN), headers=headers, json={})
        none = client.request(method, filled(path, "r00000000000dead"), headers=headers, json={})
        assert theirs.status_code in (403, 404), (method, path, theirs.text)
        assert theirs.status_code == none.status_code
        assert "Archer" not in theirs.text


def test_a_page_sends_whoever_is_not_signed_in_to_sign_in_and_a_form_does_nothing(
    served: Served, client: httpx.Client
) -> None:
    tried = 0
    for route in routes(served.api):
        if page_of(route.dependant) is None:
            continue
        for method in route.methods or ():
            answer = client.request(method, filled(route.path, SOMEBODY), follow_redirects=False)
            tried += 1
            if method in ("GET", "HEAD"):
                assert answer.status_code == 303, (method, route.path)
                assert answer.headers["location"].startswith("/sign-in?next=")
            else:
                assert answer.status_code == 401, (method, route.path)
            assert "Archer" not in answer.text
    assert tried >= 3


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"])
def test_methods_that_a_route_does_not_have_are_refused(method: str, served: Served, client: httpx.Client) -> None:
    for route in routes(served.api):
        if method in (route.methods or ()) or method == "CONNECT":
            continue
        assert client.request(method, filled(route.path, "x")).status_code in (401, 404, 405), route.path
