"""A pilot, needs and suppositions on pages and by the API: who may, what is said, what a wrong form is answered."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.domain.permission import Role
from ascertain.runtime import App, open_app
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.world import World
from tests.integration.service.pages_world import Visitor, app_on, assessed_world

EVERYBODY: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("all",)}
SALES: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("Sales",)}
PILOT = """\
enabled: true
pilots:
  - {id: one, title: The first, cohort: {units: [Data]}, phases: [{name: Tests, kinds: [assessment]}, {name: All}]}
verdict: {least_decisions: 5, go_accuracy: 0.8, stop_accuracy: 0.6, go_coverage: 0.5, stop_disputes: 0.2,
          manual_minutes: [10, 25], most_seconds: 900}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with assessed_world(tmp_path_factory.mktemp("rollout")) as made:
        yield made


@pytest.fixture(scope="module")
def everything(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Without a rollout."""
    with app_on(world, tmp_path_factory.mktemp("everything")) as app:
        yield app


@pytest.fixture
def app(world: World, tmp_path: Path) -> Iterator[App]:
    """On a copy, with a pilot that nobody has begun."""
    shutil.copytree(world.file.parent, tmp_path / "db")
    (tmp_path / "home" / "audit").mkdir(parents=True)
    shutil.copy(tmp_path / "db" / "audit.key", tmp_path / "home" / "audit")
    for name, text in (("connectors.yaml", "connections: []\n"), ("rollout.yaml", PILOT)):
        (tmp_path / name).write_text(text)
    made = open_app(
        settings_in(
            tmp_path,
            database_url=f"sqlite:///{tmp_path / 'db' / world.file.name}",
            connectors_file=tmp_path / "connectors.yaml",
            rollout_file=tmp_path / "rollout.yaml",
        )
    )
    yield made
    made.close()


def test_a_pilot_is_begun_kept_and_moved_on_its_page(app: App) -> None:
    trainer = Visitor(app, "t@example.org", EVERYBODY)
    assert "not begun" in trainer.get("/rollout")
    assert "0 of 3 people are in reach" in trainer.get("/rollout")
    assert "It does not run" in trainer.get("/rollout/one")
    assert trainer.client.get("/v1/rollout/one").status_code == 409
    assert trainer.send("/rollout/one/report").status_code == 422
    assert trainer.send("/rollout/one/phase", phase="1", reason="agreed").status_code == 303
    page = trainer.get("/rollout/one")
    assert "What the figures say" in page
    assert "agreed" in page
    for wrong, says in (
        ({"phase": "2", "reason": ""}, "needs a reason"),
        ({"phase": "2", "reason": "go"}, "needs the report"),
        ({"phase": "2", "reason": "go", "report": "o404"}, "there is no report"),
        ({"phase": "two", "reason": "go"}, "choose a phase"),
        ({"phase": "9", "reason": "go"}, "there is no phase 9"),
    ):
        answer = trainer.send("/rollout/one/phase", **wrong)
        assert (answer.status_code, says in answer.text) == (422, True), says
    assert trainer.send("/rollout/one/report").status_code == 303
    (kept,) = trainer.client.get("/v1/rollout").json()["data"]["pilots"][0]["reports"]
    assert trainer.send("/rollout/one/phase", phase="2", reason="they agree", report=kept["id"]).status_code == 303
    state = trainer.client.get("/v1/rollout").json()["data"]
    assert (state["pilots"][0]["phase"], state["reached"]) == (2, 3)
    assert [m["report"] for m in state["pilots"][0]["moves"]] == [kept["id"], ""]


def test_pilots_are_read_by_whom_they_concern_and_name_nobody(app: App) -> None:
    trainer = Visitor(app, "t@example.org", EVERYBODY)
    trainer.send("/rollout/one/phase", phase="1", reason="agreed")
    report = trainer.client.get("/v1/rollout/one").json()["data"]
    assert report["verdict"] == "hold"
    assert report["coverage"]["of"] == 3
    assert {s["kind"] for s in report["coverage"]["sources"]} == {"assessment"}, "the phase uses no other"
    for path in ("/rollout", "/rollout/one", "/v1/rollout", "/v1/rollout/one"):
        told = trainer.client.get(path).text
        assert not [n for n in ("Ann Archer", "Chi Carver") if n in told], path
    manager, auditor = Visitor(app, "chi@example.org"), Visitor(app, "a@example.org", {Role.AUDITOR: ()})
    assert manager.status("/rollout") == manager.status("/v1/rollout") == manager.status("/rollout/one") == 403
    assert manager.send("/rollout/one/phase", phase="0", reason="x").status_code == 403
    assert auditor.status("/rollout/one") == 200
    assert "Move it" not in auditor.get("/rollout/one")
    assert auditor.send("/rollout/one/phase", phase="0", reason="x").status_code == 403
    assert trainer.status("/rollout/nowhere") == trainer.status("/v1/rollout/nowhere") == 404


def test_whoever_is_outside_is_on_no_page(app: App) -> None:
    trainer = Visitor(app, "t@example.org", EVERYBODY)
    assert "Ann Archer" not in trainer.client.get("/team").text, "nobody has begun the pilot"
    paths = ("/learners/E1", "/v1/learners/E1/skills", "/v1/learners/E1/gaps")
    assert [trainer.status(p) for p in paths] == [403] * 3
    assert Visitor(app, "ann@example.org").status("/me") == 200, "what is held is theirs to see"
    trainer.send("/rollout/one/phase", phase="1", reason="agreed")
    assert "Ann Archer" in trainer.get("/team")
    assert [trainer.status(p) for p in paths] == [200] * 3


def test_needs_and_suppositions_are_of_those_whom_the_reader_may_see(everything: App) -> None:
    trainer = Visitor(everything, "t@example.org", EVERYBODY)
    found = trainer.client.get("/v1/development-needs").json()["data"]
    assert (found["people"], found["assessed"]) == (3, 2)
    assert [n["weighted"] for n in found["needs"]] == sorted((n["weighted"] for n in found["needs"]), reverse=True)
    for n in found["needs"]:
        assert n["range"][0] <= n["weighted"] <= n["range"][1]
        assert n["reasons"]
    page = trainer.get("/learning")
    assert "What is needed most, and why" in page
    team = trainer.client.get("/v1/development-needs", params={"team": "chi@example.org"}).json()["data"]
    assert (team["of"], team["people"]) == ("the team of Chi Carver", 2)
    role = trainer.client.get("/v1/development-needs", params={"role": "Data Analyst"}).json()["data"]
    assert (role["of"], role["people"]) == ("Data Analyst", 2)
    elsewhere = Visitor(everything, "s@example.org", SALES)
    learner = Visitor(everything, "ann@example.org")
    for path in (
        "/v1/development-needs",
        "/v1/what-if/hire?skill=sql&level=3",
        "/what-if",
        "/v1/development-needs?team=E3",
    ):
        assert elsewhere.status(path) == learner.status(path) == 403, path
    with everything.units(write=False) as uow:
        assert "needs" in [a.what for a in uow.accesses.of("E1")]


def test_a_supposition_is_computed_and_kept_nowhere(everything: App, world: World) -> None:
    trainer = Visitor(everything, "t@example.org", EVERYBODY)
    before = world.counts()
    hired = trainer.client.get("/v1/what-if/hire", params={"skill": "sql", "level": 5}).json()["data"]
    assert hired["after"]["point"] == 1.0 > hired["before"]["point"]
    assert hired["holders"][1] == hired["holders"][0] + 1
    less: dict[str, str | int] = {"role": "analyst", "skill": "sql", "level": 0}
    dropped = trainer.client.get("/v1/what-if/requirement", params=less).json()["data"]
    assert (dropped["touched"], dropped["changes"][0]["after"]["high"]) == (2, 0.0)
    page = trainer.get("/what-if?kind=hire&skill=sql&level=5")
    assert "100.0" in page
    for wrong, says in (
        ("kind=hire&skill=juggling&level=3", "there is no skill"),
        ("kind=hire&skill=sql&level=9", "is no level"),
        ("kind=hire&skill=sql&level=x", "is no level"),
        ("kind=course&content=nothing", "there is no course"),
        ("kind=requirement&role=pirate&skill=sql&level=1", "there is no role"),
        ("kind=requirement&role=analyst&skill=sql&level=1&importance=many", "is no number"),
        ("kind=miracle", "cannot be supposed"),
    ):
        answer = trainer.client.get(f"/what-if?{wrong}")
        assert (answer.status_code, says in answer.text) == (422, True), (wrong, answer.status_code)
    after = world.counts()
    assert {k: v for k, v in after.items() if k != "audit_records"} == {
        k: v for k, v in before.items() if k != "audit_records"
    }
