"""Every role × every page and every call of the API × its methods, from the table of routes itself.

What may happen is computed from the table of permissions; a route that is new is tried by being there. Where it cannot
be tried, the test says what to add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ascertain.domain.permission import ABOUT_A_PERSON
from tests.integration.service.matrix_world import ANN, KEY, NO_PERSON, NOBODYS, PEOPLE, Call, Caller, Matrix, matrix

NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CALLERS = [*PEOPLE, KEY]
REFUSED = 403
TRIED: dict[str, tuple[int, int]] = {}
"""Cells that were tried by caller, and how many of them are refusals."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with matrix(tmp_path_factory.mktemp("matrix")) as found:
        yield found


@pytest.mark.parametrize("name", CALLERS)
def test_each_call_is_answered_as_the_table_of_permissions_says(world: Matrix, name: str) -> None:
    caller = next(c for c in world.callers if c.name == name)
    calls = [c for c in world.calls if not (c.page and name == KEY)]  # a key opens no page: see below
    wrong: list[str] = []
    refused = 0
    world.restore()
    as_it_was = True
    for call in sorted(calls, key=lambda c: not c.reads):  # what only reads comes first
        if not call.reads and not as_it_was:
            world.restore()
        allowed = world.allowed(caller, call)
        refused += not allowed
        answer = world.send(caller, call, world.world.ids)
        if fault := found_wrong(world, caller, call, answer, allowed=allowed):
            wrong.append(f"{call.name} ({', '.join(call.actions) or 'open'}): {fault}")
        as_it_was = not call.reads and not allowed
        if as_it_was and world.kept() != world.known:
            as_it_was = False
            wrong.append(f"{call.name}: was refused, and changed what is stored")
    TRIED[name] = (len(calls), refused)
    assert not wrong, f"{name}:\n" + "\n".join(wrong)


def found_wrong(world: Matrix, caller: Caller, call: Call, answer: Any, *, allowed: bool) -> str:
    """What is wrong with the answer; empty if nothing is."""
    shown = [p.id for p in world.hidden_from(caller) if p.name in answer.text]
    if shown:
        return f"shows {shown}, about whom this caller may know nothing"
    status = answer.status_code
    if status >= 500 and status != 503:  # 503: the queue is away in this world
        return f"fails with {status}"
    if not call.actions:
        return f"is open to everybody who is known, and answers {status}" if status in (401, REFUSED) else ""
    if call.lists:
        if world.sees_ann_in(caller, call) and caller.who.learner_id != ANN:
            return "" if status != REFUSED else "shows nothing, though Ann is theirs to see"
        named = [p.id for p in world.people if p.name in answer.text and p.id != caller.who.learner_id]
        return f"names {named}" if not allowed and named else ""
    if allowed:
        return f"is allowed, and answers {status}: {answer.text[:300]}" if status in (401, REFUSED) else ""
    if status != REFUSED:
        hint = "" if status not in (404, 422) else "; if the request is not a good one, add to VALUES, FORM or OTHERS"
        return f"is not allowed, and answers {status} instead of {REFUSED}{hint}: {answer.text[:200]}"
    if call.parameters and call.about and any(p.id == ANN for p in world.hidden_from(caller)):
        other = world.send(caller, call, world.world.ids | NOBODYS)
        if other.status_code != REFUSED or told(other, NOBODYS) != told(answer, world.world.ids):
            return "tells what is there from what is not"
    return ""


def told(answer: Any, ids: Mapping[str, str]) -> str:
    """What it says, without the number of the call and the ids that the caller gave themselves."""
    text = str(NUMBER.sub("", answer.text))
    for name in NOBODYS:
        text = text.replace(ids[name], name)
    return text


def test_a_key_opens_no_page(world: Matrix) -> None:
    key = next(c for c in world.callers if c.name == KEY)
    for call in world.calls:
        if call.page:
            answer = world.send(key, call, world.world.ids)
            assert answer.status_code == (303 if call.reads else 401), call.name
            assert "Archer" not in answer.text


def test_every_write_says_whom_it_is_about(world: Matrix) -> None:
    """Else a refusal would be tried about nobody, and prove nothing."""
    silent = [
        c.name
        for c in world.calls
        if not c.reads and set(c.actions) & ABOUT_A_PERSON and not c.about and not c.own and c.name not in NO_PERSON
    ]
    assert not silent, f"say in matrix_world.IN_BODY which field names the person's thing: {silent}"


def test_every_parameter_of_a_path_has_a_value(world: Matrix) -> None:
    """Else nobody would come as far as what a route does."""
    unknown = {p: c.name for c in world.calls for p in c.parameters if p not in world.world.ids}
    assert not unknown, f"make such a thing in matrix_world (Ann's: ABOUT_ANN and NOBODYS; nobody's: OTHERS): {unknown}"


def test_the_size_of_the_matrix(world: Matrix) -> None:
    if set(TRIED) != set(CALLERS):
        pytest.skip("only some callers were tried")
    cells, refused = (sum(column) for column in zip(*TRIED.values(), strict=True))
    pages = sum(c.page for c in world.calls)
    print(
        f"{len(CALLERS)} callers x {len(world.calls)} calls ({pages} of pages, {len(world.calls) - pages} of the API;"
        f" {sum(not c.reads for c in world.calls)} write): {cells} cells, {refused} of them refusals, 0 failures"
    )
    assert cells > 1000
    assert refused > 300
