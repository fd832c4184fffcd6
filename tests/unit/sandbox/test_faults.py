"""Trouble on demand, tried on a small application behind the layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from ascertain.sandbox.faults import Fault, FaultLayer, FaultPlan


@pytest.fixture
def plan() -> FaultPlan:
    return FaultPlan()


@pytest.fixture
def client(plan: FaultPlan) -> TestClient:
    app = FastAPI()
    app.add_middleware(FaultLayer, plan=plan)

    @app.api_route("/rows", methods=["GET", "POST"])
    async def rows(request: Request) -> JSONResponse:
        form = await request.form() if request.method == "POST" else {}
        sent = request.headers.get("authorization") or request.query_params.get("wstoken") or form.get("wstoken")
        if sent not in ("Bearer right-token", "right-token"):
            return JSONResponse({"message": "who?"}, 401)
        return JSONResponse({"items": [{"id": 1, "name": "A", "at": "2026-01-01"}], "more": False})

    return TestClient(app)


RIGHT = {"Authorization": "Bearer right-token"}


def test_a_token_dies_once_in_the_dialects_own_words(client: TestClient, plan: FaultPlan) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: client.get("/rows", headers=RIGHT),
        lambda: client.get("/rows?wstoken=right-token"),
        lambda: client.post("/rows", data={"wstoken": "right-token"}),
    ]
    for call in calls:
        plan.inject(Fault("token_death"))
        dead, alive = call(), call()
        assert (dead.status_code, dead.json()) == (401, {"message": "who?"})
        assert alive.status_code == 200


def test_drift_adds_fields_and_renames_one(client: TestClient, plan: FaultPlan) -> None:
    plan.inject(Fault("drift"))
    plan.inject(Fault("drift", key="at"))
    usual = {"id": 1, "name": "A", "at": "2026-01-01"}
    (added,) = client.get("/rows", headers=RIGHT).json()["items"]
    assert usual.items() <= added.items()
    assert len(added) == 4
    (renamed,) = client.get("/rows", headers=RIGHT).json()["items"]
    assert renamed["at_v2"] == "2026-01-01"
    assert "at" not in renamed
    assert client.get("/rows", headers=RIGHT).json()["items"] == [usual]


def test_a_share_of_the_calls_is_hit_for_good_and_the_same_ones_each_time(client: TestClient) -> None:
    def hit() -> list[int]:
        plan = FaultPlan([Fault("rate_limit", times=None, share=0.25)])
        return [n for n in range(400) if plan.next_for("/rows")]

    first = hit()
    assert 60 < len(first) < 140
    assert hit() == first


def test_hook_faults_are_not_for_calls_nor_the_reverse() -> None:
    plan = FaultPlan([Fault("hook_lost"), Fault("server_error")])
    assert plan.next_for("/x") is not None
    assert plan.next_for("/x") is None
    found = plan.next_hook("/x")
    assert found is not None
    assert found.kind == "hook_lost"
    assert plan.next_hook("/x") is None
