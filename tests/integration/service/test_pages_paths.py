"""Paths in the browser and over HTTP: the learner skips and limits, the manager says yes; nobody else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.path_wishes import Modality
from ascertain.jobs.replanning import replan_paths
from ascertain.pipeline.assignments import decide
from ascertain.pipeline.permit import operator
from ascertain.runtime import App, open_app, set_app
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.world import World
from tests.integration.service.harness import Served, serving
from tests.integration.service.test_pages_people import ANN, BOB, CHI, NOWHERE, sign_in


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("paths")
    made = open_app(settings_in(folder, queue_url=NOWHERE))
    world = World(folder / "home" / "ascertain.sqlite", made.store).fill()
    world.assess("E1")
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app) as running:
        yield running


def _standing(app: App) -> tuple[str, AssignmentState, tuple[str, ...]]:
    with app.units(write=False) as uow:
        found = uow.assignments.current("E1")
    assert found is not None
    return found.id, found.state, tuple(i.content_id for i in found.items)


def test_a_path_is_limited_approved_and_an_item_skipped(app: App, served: Served) -> None:
    ann, bob, chi = (sign_in(served, app, name) for name in (ANN, BOB, CHI))
    page = ann.get("/me/path")
    assert "It waits for Chi Carver" in page
    assert "/decision" not in page  # nobody approves their own
    answer = ann.post("/learners/E1/path/limits", hours="zwei", reason="less time")
    assert "zwei is no number" in ann.client.get(answer.headers["location"]).text
    answer = ann.post("/learners/E1/path/limits", hours="1.5", cost="200", languages="en de", reason="less time")
    shown = ann.client.get(answer.headers["location"]).text
    assert "asked for: less time" in shown or "Noted." in shown
    assert 'value="1.5"' in shown
    assert 'value="en de"' in shown

    ident, _, items = _standing(app)
    for other in (ann, bob):
        other.post(f"/assignments/{ident}/decision", 403, decision="approve", reason="yes")
    bob.get("/learners/E1/path", 403)
    bob.post("/learners/E1/path/items", 403, item=items[0], reason="not mine")
    waiting = chi.get("/paths")
    assert "Ann Archer" in waiting
    assert ident in waiting
    no_reason = chi.post(f"/assignments/{ident}/decision", decision="approve", reason=" ")
    assert "a decision needs a reason" in chi.client.get(no_reason.headers["location"]).text
    chi.post(f"/assignments/{ident}/decision", decision="approve", reason="fits the quarter")
    assert _standing(app)[1] is AssignmentState.APPROVED
    assert "fits the quarter" in ann.get("/me/path")

    bad = ann.post("/learners/E1/path/items", item="elsewhere", reason="no")
    assert "is not on the path" in ann.client.get(bad.headers["location"]).text
    done = ann.post("/learners/E1/path/items", item=items[0], reason="<b>know it</b>")
    page = ann.client.get(done.headers["location"]).text
    assert "know it" in page
    assert "<b>know it</b>" not in page
    assert re.search(r'<input type="hidden" name="back" value="1">', page)
    ann.post("/learners/E1/path/items", item=items[0], back="1")
    assert 'name="back"' not in ann.get("/me/path")


def test_over_http_a_path_is_limited_and_an_item_skipped(app: App, served: Served) -> None:
    ann, bob = sign_in(served, app, ANN).client, sign_in(served, app, BOB).client
    at, sent = (
        "/v1/learners/E1/path",
        {"hours_per_week": 2.0, "mix": {"external": {"most": 0.3}}, "reason": "a project"},
    )
    assert bob.post(f"{at}/limits", json=sent).status_code == 403
    too_many = ann.post(f"{at}/limits", json=sent | {"hours_per_week": 80})
    assert (too_many.status_code, "hours" in too_many.text) == (422, True)
    assert ann.post(f"{at}/limits", json=sent | {"mix": {"singing": {}}}).status_code == 422
    first = ann.post(f"{at}/limits", json=sent, headers={"Idempotency-Key": "p-1"})
    assert first.status_code == 200, first.text
    again = ann.post(f"{at}/limits", json=sent, headers={"Idempotency-Key": "p-1"})
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    with app.units(write=False) as uow:
        wishes = uow.paths.wishes("E1")
    assert (wishes.hours_per_week, wishes.max_cost, wishes.mix[Modality.EXTERNAL].most) == (2.0, None, 0.3)

    item = _standing(app)[2][0]
    assert ann.post(f"{at}/skips", json={"item": item}).status_code == 422  # no reason
    assert bob.post(f"{at}/skips", json={"item": item, "reason": "no"}).status_code == 403
    assert ann.post(f"{at}/skips", json={"item": "elsewhere", "reason": "no"}).status_code == 404
    done = ann.post(f"{at}/skips", json={"item": item, "reason": "know it"})
    assert done.status_code == 200, done.text
    with app.units(write=False) as uow:
        assert [(s.content_id, s.reason) for s in uow.paths.skips("E1")] == [(item, "know it")]
    back = ann.post(f"{at}/skips", json={"item": item, "take_back": True})
    assert back.status_code == 200, back.text
    with app.units(write=False) as uow:
        assert uow.paths.skips("E1") == []


def test_the_scheduled_task_gives_an_overdue_path_new_dates_once(app: App) -> None:
    with app.units() as uow:
        row = uow.assignments.current("E1")
        assert row is not None
        if row.state is AssignmentState.PROPOSED:
            row = decide(uow, row.id, approve=True, reason="go", principal=operator("test"), clock=app.clock)
        uow.assignments.put(replace(row, plan=dict(row.plan) | {"starts": "2020-01-06"}))
        uow.commit()
    set_app(app)
    try:
        done = replan_paths("schedule:paths")
        again = replan_paths("schedule:paths")
    finally:
        set_app(None)
    assert (done["behind"], done["proposed"] + done["moved"], done["not_planned"]) == (1, 1, 0)
    assert again["behind"] == 0
