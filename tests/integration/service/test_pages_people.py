"""What a learner sees and does in the browser, and what others may see of them, over real sockets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from ascertain.cli.demo_people import MARK
from ascertain.cli.serve import _connections
from ascertain.domain.consent import Source
from ascertain.domain.permission import Grant, Role
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.grants import grant_role
from ascertain.pipeline.permit import operator
from ascertain.pipeline.sign_in import make_link
from ascertain.runtime import App, open_app
from ascertain.service.app import routes_of
from ascertain.service.pages.errors import NOT_YOURS
from ascertain.service.pages.menu import ENTRIES
from ascertain.service.pages.sign_in import DEMONSTRATION
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.world import World
from tests.integration.service.harness import Served, serving

NOWHERE = "redis://127.0.0.1:1/0"
ANN, BOB, CHI, EVE = "ann@example.org", "bob@example.org", "chi@example.org", "eve@example.org"


@dataclass
class Browser:
    """Somebody who is signed in."""

    client: httpx.Client

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def token(self) -> str:
        return str(re.findall(r'name="csrf" value="([0-9a-f]{64})"', self.get("/welcome"))[0])

    def post(self, path: str, status: int = 303, **fields: str) -> httpx.Response:
        answer = self.client.post(path, data={"csrf": self.token(), **fields})
        assert answer.status_code == status, answer.text
        return answer


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("pages")
    made = open_app(settings_in(folder, queue_url=NOWHERE))
    world = World(folder / "home" / "ascertain.sqlite", made.store).fill()
    for learner in ("E1", "E2"):
        world.assess(learner)
    with made.units() as uow:
        grant_role(uow, operator("test"), EVE, Grant(Role.AUDITOR), clock=made.clock)
        uow.commit()
    yield made
    made.close()


@pytest.fixture(scope="module")
def served(app: App) -> Iterator[Served]:
    with serving(app) as running:
        yield running


def sign_in(served: Served, app: App, name: str) -> Browser:
    served.api.state.service.api_limit._buckets.clear()
    served.api.state.service.link_limit._buckets.clear()
    with app.units() as uow:
        secret = make_link(uow, operator("test"), name, clock=app.clock)
        uow.commit()
    client = served.client(follow_redirects=False)
    assert client.post("/sign-in/link", data={"token": secret}).headers["location"] == "/"
    return Browser(client)


@pytest.fixture(scope="module")
def people(served: Served, app: App) -> Iterator[dict[str, Browser]]:
    found = {name: sign_in(served, app, name) for name in (ANN, BOB, CHI, EVE)}
    yield found
    for browser in found.values():
        browser.client.close()


def assertion_of(app: App, skill: str = "sql", learner: str = "E1") -> str:
    with app.units(write=False) as uow:
        return next(a.id for a in uow.assertions.of(learner) if a.skill_id == skill)


def test_each_begins_where_their_roles_lead(people: dict[str, Browser]) -> None:
    assert people[ANN].client.get("/").headers["location"] == "/me"
    assert people[EVE].client.get("/").headers["location"] == "/audit"
    assert menu_of(people[CHI]) == ["/me", "/team", "/onboarding", "/review", "/disputes", "/paths", "/overview"]
    assert menu_of(people[BOB]) == ["/me"]


def menu_of(browser: Browser) -> list[str]:
    """The menu's addresses; it is there twice, for wide and for narrow screens, of which one is shown."""
    wide, narrow = browser.get("/me").split("</header>")[0].split('<details class="menu"')
    found = re.findall(r'<li><a href="(/[a-z]+)"', wide)
    assert re.findall(r'<li><a href="(/[a-z]+)"', narrow) == found
    return found


def test_my_page_has_my_skills_their_evidence_and_what_would_raise_them(people: dict[str, Browser], app: App) -> None:
    page = people[ANN].get("/me")
    for word in ("My skills", "Data Analyst", "Rewrote the SQL of the revenue report.", "This is not right"):
        assert word in page
    assert f'href="/assertions/{assertion_of(app)}"' in page
    assert "The smallest new proof that would settle it" in page
    assert "Ann Archer" in page


def test_the_manager_sees_the_same_without_the_rights(people: dict[str, Browser]) -> None:
    page = people[CHI].get("/learners/E1")
    assert "Rewrote the SQL" in page
    for word in ("This is not right", "/me/consents", "My skills"):
        assert word not in page


@pytest.mark.parametrize("path", ["/learners/{}", "/assertions/{}", "/assertions/{}/replay", "/disputes/{}"])
def test_somebody_elses_and_nobodys_read_the_same(people: dict[str, Browser], app: App, path: str) -> None:
    with app.units(write=False) as uow:
        disputes = [d.id for d in uow.disputes.all()]
    there = {"learners": "E1", "assertions": assertion_of(app), "disputes": next(iter(disputes), "d0")}
    for name in (BOB, EVE):
        pages = [
            people[name].client.get(path.format(ident)) for ident in (there[path.split("/")[1]], "no-such-thing-here")
        ]
        assert [p.status_code for p in pages] == [403, 403]
        plain = [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", p.text) for p in pages]
        assert plain[0] == plain[1]
        assert NOT_YOURS in plain[0]
        assert "Archer" not in plain[0]


def test_every_look_is_on_record_before_it_is_shown(people: dict[str, Browser], app: App) -> None:
    people[ANN].get("/me")
    people[CHI].get("/learners/E1")
    people[CHI].get(f"/assertions/{assertion_of(app)}")
    page = people[ANN].get("/me/access")
    assert CHI in page
    with app.units(write=False) as uow:
        mine = [(a.actor, a.what) for a in uow.accesses.of("E1")]
    assert {(CHI, "profile"), (CHI, "explain")} <= set(mine)
    assert '<th scope="row">you</th>' in page


def test_a_receipt_draws_each_piece_and_builds_the_figure_again(people: dict[str, Browser], app: App) -> None:
    page = people[ANN].get(f"/assertions/{assertion_of(app)}")
    assert page.count('class="figure signed"') >= 2
    assert "What each piece of evidence added" in page
    assert "Built again" not in page
    again = people[ANN].get(f"/assertions/{assertion_of(app)}/replay")
    assert "Built again" in again


def test_a_dispute_from_its_form_to_its_answer(people: dict[str, Browser], app: App) -> None:
    ident = assertion_of(app)
    assert "level" in people[ANN].get(f"/disputes/new?assertion={ident}")
    empty = people[ANN].post("/disputes", 422, assertion=ident, reason=" ", evidence="kept words")
    assert "a reason" in empty.text
    assert "kept words" in empty.text  # nothing that was typed is lost
    made = people[ANN].post(
        "/disputes", assertion=ident, reason="I know joins & more.", evidence="Tuned the slow joins."
    )
    where = made.headers["location"]
    page = people[ANN].get(where)
    assert "It is contested." in page
    assert "I know joins &amp; more." in page
    assert "It is contested." not in people[ANN].get(where)  # said once
    assert "contested" in people[ANN].get("/me")
    for other in (BOB, EVE):
        people[other].get(where, 403)
    people[ANN].post(f"{where}/decide", 403, outcome="amend", level="5", reason="mine")
    assert "Your answer" not in people[ANN].get(where)
    assert where in people[CHI].get("/disputes")
    assert "Your answer" in people[CHI].get(where)
    wrong = people[CHI].post(f"{where}/decide", 422, outcome="amend", level="", reason="She does.")
    assert "level" in wrong.text
    people[CHI].post(f"{where}/decide", outcome="amend", level="4", reason="The joins show it.")
    answer = people[ANN].get(where)
    assert "The joins show it." in answer
    assert "another level" in answer
    assert "Chi Carver" in answer
    with app.units(write=False) as uow:
        row = uow.assertions.get(ident)
        assert row is not None
        assert (int(row.level or 0), row.state.value) == (4, "accepted")


def test_a_dispute_can_be_taken_back(people: dict[str, Browser], app: App) -> None:
    ident = assertion_of(app, learner="E2")
    where = people[BOB].post("/disputes", assertion=ident, reason="Too low.").headers["location"]
    people[BOB].post(f"{where}/evidence", evidence="Wrote the report alone.")
    assert "Wrote the report alone." in people[BOB].get(where)
    people[BOB].post(f"{where}/withdraw")
    assert "withdrawn" in people[BOB].get("/me/disputes")


def test_a_no_says_first_what_it_takes_and_then_takes_it(people: dict[str, Browser], app: App) -> None:
    page = people[ANN].get("/me/consents/reviews")
    assert "1 piece of evidence is deleted at once" in page
    people[ANN].post("/me/consents/reviews", 422, answer="perhaps")
    assert people[ANN].post("/me/consents/reviews", answer="no").headers["location"] == "/me/consents"
    assert "Deleted: 1 pieces of evidence" in people[ANN].get("/me/consents")
    with app.units(write=False) as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        assert not learner.consents.allows(Source.REVIEWS)
        assert "e-review" not in {e.id for e in uow.evidence.of("E1")}
    yes = people[ANN].get("/me/consents/reviews")
    assert "I say yes" in yes
    people[ANN].post("/me/consents/reviews", answer="yes")
    with app.units(write=False) as uow:
        said = uow.consents.of("E1")[-1]
    assert said.given
    assert said.text_version in yes  # what was agreed to is the text that was shown
    people[ANN].get("/me/consents/nothing", 404)


def test_the_copy_holds_everything_and_whoever_made_it(people: dict[str, Browser]) -> None:
    answer = people[ANN].client.get("/me/export.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="ascertain-my-data.json"'
    held = json.loads(answer.text)
    assert held["person"]["id"] == "E1"
    assert any(a["what"] == "export" for a in held["held"]["accesses"])
    page = people[ANN].client.get("/me/export.html")
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "Bob Baker" not in answer.text.replace("Bob says", "")
    people[ANN].get("/me/export.exe", 404)


def test_mails_go_off_and_on(people: dict[str, Browser]) -> None:
    people[BOB].post("/me/mails", mails="off")
    assert "You get no mails." in people[BOB].get("/me/data")
    people[BOB].post("/me/mails", mails="on")
    assert "You get mails about" in people[BOB].get("/me/data")


def test_somebody_who_is_no_learner_has_no_pages_of_their_own(people: dict[str, Browser]) -> None:
    for path in ("/me", "/me/consents", "/me/access", "/me/data", "/me/disputes", "/me/export.json"):
        assert NOT_YOURS in people[EVE].get(path, 403)


def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(people: dict[str, Browser], app: App) -> None:
    ident = assertion_of(app)
    own = ("/me", "/me/consents", "/me/consents/tests", "/me/access", "/me/data", "/me/disputes")
    for path in (*own, f"/assertions/{ident}/replay", "/welcome"):
        page = people[ANN].get(path)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page), path
        assert not re.findall(r'(?:src|href|action)="(?!/|#)', page), path
        assert len(re.findall(r"<h1", page)) == 1, path
        labelled = set(re.findall(r'<label for="([^"]+)"', page))
        fields = set(re.findall(r'<(?:input|textarea|select) id="([^"]+)"', page))
        assert fields <= labelled, path


def test_every_address_of_the_menu_is_a_page(served: Served) -> None:
    pages = {getattr(r, "path", "") for r in routes_of(served.api)}
    assert {e.href for e in ENTRIES} | {"/me", "/welcome"} <= pages


def test_the_sign_in_page_names_people_of_the_demonstration_there_alone(app: App, served: Served) -> None:
    mark = app.settings.home_dir / DEMONSTRATION
    with served.client() as client:
        assert "fjordlane" not in client.get("/sign-in").text
        mark.write_text("here")
        try:
            assert f"--at {served.url}" in client.get("/sign-in").text
            people = set(re.findall(r"[a-z.-]+@fjordlane.example", client.get("/sign-in").text))
        finally:
            mark.unlink()
    told = (CONFIG_DIR / "demo" / "people.json").read_text(encoding="utf-8")
    assert len(people) == 3
    for name in people - {"auditor@fjordlane.example"}:
        given, _, family = name.partition("@")[0].title().partition(".")
        assert f'"given": "{given}", "family": "{family}"' in told


def test_the_demonstration_is_served_without_its_systems(app: App) -> None:
    mark = app.settings.home_dir / MARK
    assert _connections(app) is None
    mark.write_text("here")
    try:
        assert _connections(app) == []
    finally:
        mark.unlink()
