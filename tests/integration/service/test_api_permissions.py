"""Every route of the API × every role × somebody else's id, from the table of routes itself.

What may happen is computed from the permission table; a new route is covered by being there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from ascertain.domain.permission import ABOUT_A_PERSON, Action, Role
from ascertain.domain.skills import ContentTag, Level
from ascertain.pipeline.permit import may
from ascertain.pipeline.sign_in import live_session, principal_of_session
from ascertain.service.app import routes_of
from tests.integration.service.api_world import ApiWorld, Roles, served_world
from tests.integration.service.matrix_world import ABOUT_ANN, TALENT, beside_an_opening, on_a_bench, plan_of_ann
from tests.integration.service.test_routes import asks

ANN = "E1"
ROLLOUT = Path(__file__).parent / "rollout.yaml"
"""One pilot that runs and reaches everybody."""
CALLERS: dict[str, tuple[str, Roles]] = {
    "nobody in particular": ("", {}),
    "a colleague": ("bob@example.org", {}),
    "a manager of others": ("dee@example.org", {}),
    "their manager": ("chi@example.org", {}),
    "learning and development elsewhere": ("", {Role.L_AND_D: ("Sales",)}),
    "learning and development here": ("", {Role.L_AND_D: ("Data",)}),
    "the people partner of others": ("", {Role.HRBP: ("Sales",)}),
    "an auditor": ("", {Role.AUDITOR: ()}),
    "an auditor of fairness": ("", {Role.FAIRNESS_AUDITOR: ()}),
    "an administrator": ("", {Role.ADMIN: ()}),
}
NEEDED = {
    "/v1/people": {"skill": "sql"},
    "/v1/run-estimate": {"learner": "E1"},
    "/v1/what-if/course": {"content": "sql-101"},
    "/v1/what-if/hire": {"skill": "sql", "level": "3"},
    "/v1/what-if/requirement": {"role": "analyst", "skill": "sql", "level": "3"},
}
"""Query parameters without which a route does not go."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    folder = tmp_path_factory.mktemp("api-permissions")
    with served_world(folder, talent_file=TALENT, rollout_file=ROLLOUT) as found:
        beside_an_opening(found)
        on_a_bench(found)
        teaches(found, "sql-101", "sql")
        found.ids |= plan_of_ann(found.app) | {"opening": "R-1", "key_role": "K-1", "pilot": "one"}
        yield found


def teaches(world: ApiWorld, course: str, skill: str) -> None:
    """A supposition about a course needs to know what it teaches."""
    with world.app.units() as uow:
        content = next(c for c in uow.contents.all() if c.item.content_id == course)
        uow.contents.set_tags(content, world.app.tagger, [ContentTag(course, skill, 0.9, Level.FOUNDATION)])
        uow.commit()


def routes(world: ApiWorld) -> list[tuple[str, Action | None]]:
    """(path, action) of every route that reads."""
    found = []
    for route in routes_of(world.served.api):
        declared = asks(route.dependant) if isinstance(route, APIRoute) else None
        if declared is not None and "GET" in (getattr(route, "methods", None) or ()):
            found.append((str(getattr(route, "path", "")), declared.action))
    return found


def lists(path: str, action: Action | None) -> bool:
    """Whether it shows several people, of whom each caller sees theirs; a parameter then names what is nobody's."""
    named = set(re.findall(r"\{(\w+)", path))
    return not named or (action in ABOUT_A_PERSON and not named & (ABOUT_ANN | {"number"}))


def filled(path: str, **values: str) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda m: values.get(m.group(1), "none"), path)


def ask(client: httpx.Client, path: str) -> httpx.Response:
    return client.get(path, params=NEEDED.get(path, {}))


def same(answer: httpx.Response) -> dict[str, Any]:
    return {k: v for k, v in answer.json().items() if k != "instance"}


def allowed(world: ApiWorld, email: str, roles: Roles, action: Action) -> bool:
    """What the permission table says."""
    secret = world.session(email, roles)
    with world.app.units(write=False) as uow:
        session = live_session(uow, secret, world.app.clock.now())
        assert session is not None
        who = principal_of_session(uow, session, today=world.app.clock.today(), sees_tree=False)
        ann = uow.people.get(ANN) if action in ABOUT_A_PERSON else None
        return may(uow, who, action, ann)


def test_nobody_unknown_comes_in(world: ApiWorld) -> None:
    with world.served.client() as client:
        for path, _ in routes(world):
            assert ask(client, filled(path)).status_code == 401, path


@pytest.mark.parametrize("caller", CALLERS)
def test_somebody_elses_id_opens_what_the_table_says_and_nothing_else(world: ApiWorld, caller: str) -> None:
    email, roles = CALLERS[caller]
    refused = 0
    with world.caller(email, roles) as client:
        for path, action in routes(world):
            if lists(path, action) or action is None:
                continue
            theirs = ask(client, filled(path, **world.ids))
            nobodys = ask(client, filled(path, learner="E999", assertion="a000000000000000", number="9000000"))
            if allowed(world, email, roles, action):
                assert theirs.status_code == 200, (path, theirs.text)
                continue
            refused += 1
            assert theirs.status_code == nobodys.status_code == 403, (path, theirs.text, nobodys.text)
            assert same(theirs) == same(nobodys), path
            assert "Archer" not in theirs.text
    assert refused or caller == "their manager"


@pytest.mark.parametrize("caller", CALLERS)
def test_lists_name_only_those_whom_the_caller_may_see(world: ApiWorld, caller: str) -> None:
    email, roles = CALLERS[caller]
    with world.caller(email, roles) as client:
        for path, action in routes(world):
            if not lists(path, action):
                continue
            answer = ask(client, filled(path, **world.ids))
            away = (
                path in ("/v1/queue", "/v1/queue/dead") and action is not None and allowed(world, email, roles, action)
            )
            assert answer.status_code in ((503,) if away else (200, 403)), (path, answer.text)
            if action is None or action not in ABOUT_A_PERSON or not allowed(world, email, roles, action):
                assert "Ann Archer" not in answer.text, path
                assert '"E1"' not in answer.text, path


def test_a_cohort_that_does_not_exist_is_refused_like_one_that_is_others(world: ApiWorld) -> None:
    with world.caller("bob@example.org") as client:
        theirs = client.get("/v1/gaps", params={"cohort": "Sales"})
        nobodys = client.get("/v1/gaps", params={"cohort": "Nowhere"})
    assert theirs.status_code == nobodys.status_code == 403
    assert same(theirs) == same(nobodys)


def test_a_refusal_is_on_record(world: ApiWorld) -> None:
    before = world.world.actions().count("permission.refused")
    with world.caller("bob@example.org") as client:
        assert client.get("/v1/learners/E1/skills").status_code == 403
    assert world.world.actions().count("permission.refused") == before + 1
