"""Pages about several people, the catalogue and the trail: whom they show, what they never hold, what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from ascertain.domain.permission import Role
from ascertain.runtime import App
from ascertain.service.app import create_app
from tests.integration.pipeline.world import World
from tests.integration.service.pages_world import Page, Visitor, app_on, assessed_world

EVERYBODY: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("all",)}
LEARNING = ("/learning", "/learning/trends", "/runs", "/runs/new", "/connectors", "/cost")
PAGES = ("/team", "/overview", *LEARNING, "/quarantine", "/audit", "/audit/records/3")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with assessed_world(tmp_path_factory.mktemp("pages")) as made:
        yield made


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with app_on(world, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture(scope="module")
def trainer(app: App) -> Visitor:
    return Visitor(app, "ld@example.org", EVERYBODY)


@pytest.fixture(scope="module")
def auditor(app: App) -> Visitor:
    return Visitor(app, "audit@example.org", {Role.AUDITOR: ()})


@pytest.mark.parametrize(
    ("email", "roles", "allowed"),
    [
        ("ann@example.org", {}, set()),
        ("chi@example.org", {}, {"/team", "/overview"}),
        ("ld@example.org", EVERYBODY, {"/team", "/overview", "/quarantine", *LEARNING}),
        ("audit@example.org", {Role.AUDITOR: ()}, {"/audit", "/audit/records/3", "/connectors", "/cost"}),
        ("nobody@example.org", {}, set()),
    ],
    ids=["learner", "manager", "l_and_d", "auditor", "nobody"],
)
def test_each_sees_the_pages_of_their_roles(
    app: App, email: str, roles: dict[Role, tuple[str, ...]], allowed: set[str]
) -> None:
    visitor = Visitor(app, email, roles)
    assert {p for p in PAGES if visitor.status(p) == 200} == allowed
    assert {visitor.status(p) for p in PAGES if p not in allowed} <= {403}


def test_nobody_who_is_not_signed_in_sees_any(app: App) -> None:
    stranger = TestClient(create_app(app, []), base_url="http://localhost", follow_redirects=False)
    for path in PAGES:
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers.get("location", "")[:8]) == (303, "/sign-in"), path


def test_a_manager_sees_their_reports_and_nobody_else(app: App) -> None:
    page = Visitor(app, "chi@example.org").get("/team")
    assert "Ann Archer" in page
    assert "Chi Carver</a>" not in page


def test_a_cell_of_the_heat_map_leads_to_what_its_figure_rests_on(app: App) -> None:
    manager = Visitor(app, "chi@example.org")
    cells = re.findall(r'href="(/assertions/a[0-9a-f]+)" aria-label="Ann Archer, ([^:"]+):', manager.get("/team"))
    assert cells
    for address, skill in cells:
        page = manager.get(address)
        assert f"<h1>{skill}</h1>" in page
        assert "What each piece of evidence added" in page


def test_a_manager_finds_what_waits_about_their_team_and_a_trainer_of_nobody_does_not(app: App) -> None:
    manager = Visitor(app, "chi@example.org")
    page = manager.get("/team")
    assert "What waits for a human here" in page
    items = re.findall(r'href="(/review/v[0-9a-f]+)"', page)
    assert items
    assert manager.status(items[0]) == 200


def test_whoever_is_shown_can_see_who_looked(app: App, trainer: Visitor) -> None:
    trainer.get("/team")
    with app.units(write=False) as uow:
        assert ("ld@example.org", "team") in [(a.actor, a.what) for a in uow.accesses.of("E1")]


def test_a_cohort_that_is_not_there_and_one_that_is_not_theirs_look_the_same(app: App) -> None:
    manager = Visitor(app, "chi@example.org")
    there, not_there = (manager.client.get(f"/team?cohort={c}") for c in ("coach", "no-such-cohort"))
    assert there.status_code == not_there.status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_nothing_inline_and_nothing_from_elsewhere(
    path: str, app: App, trainer: Visitor, auditor: Visitor
) -> None:
    html = (auditor if path.startswith("/audit") else trainer).get(path)
    assert "<img src=x" not in html, "a name became markup"
    page = Page(html)
    for tag, name, value in page.attributes:
        assert name != "style", (tag, value)
        assert not name.startswith("on"), (tag, name)
        assert not value.startswith(("http:", "https:", "//", "javascript:")), (tag, name, value)
    assert re.findall(r"<script(?![^>]*\ssrc=)", html) == []
    assert html.count("<h1") == 1


def test_every_figure_that_is_told_stands_in_a_table_of_the_page(trainer: Visitor) -> None:
    page = Page(trainer.get("/overview"))
    said, shown = " ".join(page.told), " ".join(page.tables)
    assert "GDPR at work" in said
    counts = {"1", str(shown.count("GDPR at work"))}  # how many rows a table has is a figure of the table
    for figure in re.findall(r"\d+", said):
        assert figure in re.findall(r"\d+", shown) or figure in counts or "wait for a human" in said, figure
    assert all(h.removeprefix("#") in page.ids for h in page.links if h.startswith("#")), "a figure leads nowhere"


def test_the_trail_is_filtered_and_paged(auditor: Visitor) -> None:
    assert "run.concluded" in auditor.get("/audit?action=run.")
    assert "No record fits" in auditor.get("/audit?until=2001-01-01")
    assert auditor.client.get("/audit?since=yesterday").status_code == 422


def test_verifying_needs_a_form_of_this_session_and_tells_of_a_change(auditor: Visitor, world: World) -> None:
    assert auditor.client.post("/audit/verify", data={"csrf": "guess"}).status_code == 403
    assert "The chain is whole" in auditor.send("/audit/verify").text
    before = world.sql("SELECT header FROM audit_records WHERE seq = 3")[0][0]
    for (name,) in world.sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_records'"):
        world.sql(f"DROP TRIGGER {name}")
    world.sql("UPDATE audit_records SET header = :h WHERE seq = 3", h='{"changed":1}')
    try:
        page = auditor.send("/audit/verify").text
        assert "The chain is broken" in page
        assert "/audit/records/3" in page
        assert "content does not match its hash" in auditor.get("/audit/records/3")
    finally:
        world.sql("UPDATE audit_records SET header = :h WHERE seq = 3", h=before)


def test_a_record_that_is_not_there_is_not_found(auditor: Visitor) -> None:
    assert auditor.status("/audit/records/999999") == 404


def test_the_catalogue_and_its_holes(trainer: Visitor) -> None:
    page = trainer.get("/learning")
    assert "Asked for, taught by no course" in page
    assert "Where the gaps are" in page
