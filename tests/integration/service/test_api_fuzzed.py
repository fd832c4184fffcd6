"""What schemathesis makes of the description, sent over HTTP to the real service, with callers of several roles.

No answer is a 5xx, and every answer is one that the description names, of the type and shape that it says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ascertain.domain.access import Scope
from ascertain.domain.permission import Role
from ascertain.service.app import routes_of
from tests.integration.service.writing_world import Roles, WritingWorld, writing_world

EXAMPLES = int(os.environ.get("ASCERTAIN_FUZZ_EXAMPLES", "2"))
"""Requests an operation and caller; more for a long search."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
NOT_OF_PROGRAMS = ("/v1/login", "/v1/callback", "/v1/logout", "/v1/webhooks/{connection}")
"""Of browsers, and of systems that prove who they are: test_sign_in and test_webhooks."""
CALLERS: dict[str, tuple[str, Roles]] = {
    "a learner": ("ann@example.org", {}),
    "a manager": ("chi@example.org", {}),
    "everything": ("", {r: ("all",) for r in (Role.L_AND_D, Role.HRBP, Role.ADMIN, Role.AUDITOR)}),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("api-fuzzed")) as found:
        found.world.assess("E1")
        yield found


def _client(world: WritingWorld, caller: str) -> Any:
    if caller == "a key":
        return world.with_key("fuzz", list(Scope))
    email, roles = CALLERS[caller]
    return world.signed_in(email, roles)


@pytest.mark.parametrize("caller", ["a key", *CALLERS])
def test_whatever_is_sent_gets_an_answer_as_described(world: WritingWorld, caller: str) -> None:
    state = world.served.api.state.service
    with _client(world, caller) as client:
        description = client.get("/openapi.json").json()
        for operations in description["paths"].values():
            for told in operations.values():
                told.pop("security", None)  # else it makes up sessions and keys of its own
        schema = schemathesis.openapi.from_dict(description)
        tried, wrong, answers = 0, list[str](), list[int]()
        for found in schema.get_all_operations():
            operation = found.ok()  # type: ignore[union-attr]
            if operation.path in NOT_OF_PROGRAMS:
                continue

            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def send(case: schemathesis.Case[Any]) -> None:
                for limit in (state.api_limit, state.caller_limit):
                    limit._buckets.clear()
                answers.append(_send(world, client, case))

            try:
                send()
            except (Exception, BaseExceptionGroup) as e:  # all of them are told, not only the first
                wrong.append(f"{operation.method.upper()} {operation.path}: {_told(e)}")
            tried += 1
    assert not wrong, "\n".join(wrong)
    assert tried >= 40
    assert 401 not in answers, "the caller is known all the time"
    assert answers.count(200) >= 5, "some of it is answered, not only refused"


def _send(world: WritingWorld, client: httpx.Client, case: schemathesis.Case[Any]) -> int:
    headers = {k: v for k, v in client.headers.items() if k == "authorization"}
    response = case.call(
        base_url=world.served.url, headers=headers, cookies={c.name: c.value or "" for c in client.cookies.jar}
    )
    case.validate_response(response, checks=CHECKS, excluded_checks=[])
    return int(response.status_code)


def test_the_description_has_every_route_of_the_api(world: WritingWorld) -> None:
    with world.signed_in() as client:
        described = client.get("/openapi.json").json()
    paths = {getattr(r, "path", "") for r in routes_of(world.served.api) if getattr(r, "include_in_schema", False)}
    assert {p.replace(":path", "") for p in paths if p.startswith("/v1")} <= set(described["paths"])
    assert described["openapi"] == "3.1.0"


def _told(error: BaseException) -> str:
    return "; ".join(str(e) for e in getattr(error, "exceptions", None) or [error])[:600]
