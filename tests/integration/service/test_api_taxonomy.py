"""Changes of the taxonomy over HTTP and in the pages: proposed, previewed, approved, applied, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ascertain.domain.permission import Role
from ascertain.service.pages.forms import token_of
from tests.integration.service.pages_world import ORIGIN, Page, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

LND: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("all",)}
ONE, TWO, THREE = "one@example.org", "two@example.org", "three@example.org"
MERGE = {"kind": "merge", "skill": "project-estimation", "target": "project-planning"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("api-taxonomy")) as found:
        yield found


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def test_a_merge_goes_all_the_way_and_back(world: WritingWorld) -> None:
    with world.signed_in(ONE, LND) as one, world.signed_in(TWO, LND) as two, world.signed_in(THREE, LND) as three:
        made = data(one.post("/v1/taxonomy/proposals", json=MERGE), 201)
        assert made["words"] == "“Work estimation” becomes part of “Project planning”"
        at = f"/v1/taxonomy/proposals/{made['id']}"
        assert data(one.post("/v1/taxonomy/proposals", json=MERGE), 201)["id"] == made["id"]
        own = one.post(f"{at}/answer", json={"answer": "yes", "reason": "mine"})
        assert own.status_code == 409
        header = {"Idempotency-Key": "t-1"}
        first = two.post(f"{at}/answer", json={"answer": "yes", "reason": "one thing"}, headers=header)
        assert (data(first)["yes"], data(first)["needed"], data(first)["state"]) == (1, 2, "open")
        again = two.post(f"{at}/answer", json={"answer": "yes", "reason": "one thing"}, headers=header)
        assert again.headers["idempotency-replayed"] == "true"
        early = two.post(f"{at}/apply", json={"reason": "now"})
        assert early.status_code == 409
        assert "1 of 2 yes" in early.json()["detail"]
        assert data(three.post(f"{at}/answer", json={"answer": "yes", "reason": "yes"}))["state"] == "approved"
        before = data(two.get(at))
        assert before["impact"]["words"] == "moves 0 assertions"
        assert before["impact"]["flows"][0]["target_label"] == "Project planning"
        done = data(two.post(f"{at}/apply", json={"reason": "now"}))
        assert (done["state"], done["impact"]) == ("applied", before["impact"])
        assert two.get("/v1/skills/project-estimation").status_code == 404
        planning = data(two.get("/v1/skills/project-planning"))
        assert "Work estimation" in planning["synonyms"]
        assert data(two.get("/v1/taxonomy/proposals", params={"state": "applied"}))[0]["overlay"] == done["overlay"]
        back = data(two.post(f"{at}/revert", json={"reason": "a mistake"}))
        assert back["version"] == done["overlay"].partition("~")[0]
        assert data(two.get("/v1/skills/project-estimation"))["label"] == "Work estimation"


def test_a_new_skill_needs_a_definition_and_no_trait_becomes_one(world: WritingWorld) -> None:
    with world.signed_in(ONE, LND) as one, world.signed_in(TWO, LND) as two:
        made = data(one.post("/v1/taxonomy/proposals", json={"kind": "new", "names": ["Prompt engineering 2"]}), 201)
        at = f"/v1/taxonomy/proposals/{made['id']}"
        refused = two.post(f"{at}/answer", json={"answer": "yes", "reason": "x"})
        assert refused.status_code == 409
        assert "no definition" in refused.json()["detail"]
        amended = one.post(f"{at}/amendment", json={"definitions": ["Writing prompts."], "reason": "what it is"})
        assert data(amended)["change"]["skills"][0]["definition"] == "Writing prompts."
        assert data(two.post(f"{at}/answer", json={"answer": "no", "reason": "we have it"}))["state"] == "rejected"
        denied = one.post("/v1/taxonomy/proposals", json={"kind": "new", "names": ["Empathy"]})
        assert denied.status_code == 422
        assert "can never be a skill" in denied.text
        wrong = one.post("/v1/taxonomy/proposals", json={"kind": "merge", "skill": "sql", "target": "nothing at all"})
        assert wrong.status_code == 422


def test_who_may_not_approve_sees_no_proposal(world: WritingWorld) -> None:
    with world.signed_in("chi@example.org") as manager:
        assert manager.get("/v1/taxonomy/proposals").status_code == 403
        assert manager.get("/v1/taxonomy/proposals/x1").status_code == 403
        assert manager.post("/v1/taxonomy/proposals", json=MERGE).status_code == 403
        for what in ("answer", "amendment", "apply", "revert"):
            body = {"reason": "x"} | ({"answer": "yes"} if what == "answer" else {})
            assert manager.post(f"/v1/taxonomy/proposals/x1/{what}", json=body).status_code == 403


def test_the_pages_search_propose_preview_decide_apply_and_take_back(world: WritingWorld) -> None:
    one, two = Visitor(world.app, ONE, LND), Visitor(world.app, TWO, LND)
    assert "NoSQL databases" in one.get("/taxonomy?q=sql")
    sent = one.send("/taxonomy/proposals", kind="synonym", skill="SQL", names="Sequel", target="", definitions="")
    assert sent.status_code == 303, sent.text
    at = sent.headers["location"]
    page = two.get(at)
    assert "“Sequel” is another name of “SQL”" in page
    assert not [a for a in Page(page).attributes if a[1] == "style" or a[1].startswith("on")]
    assert "so somebody else does" in one.get(at)
    assert two.send(f"{at}/answer", answer="yes", reason="").status_code == 422
    assert two.send(f"{at}/answer", answer="yes", reason="It is.").status_code == 303
    assert "Apply it" in two.get(at)
    assert two.send(f"{at}/apply", reason="now").status_code == 303
    assert "SQL" in one.get("/taxonomy?q=sequel")
    assert "with 1 change of your own" in one.get("/taxonomy")
    assert two.send(f"{at}/revert", reason="a mistake").status_code == 303
    assert "No skill goes by that name" in one.get("/taxonomy?q=sequel")
    wrong = one.send("/taxonomy/proposals", kind="new", names="Empathy")
    assert wrong.status_code == 422
    assert "can never be a skill" in wrong.text
    assert one.send("/taxonomy/proposals", kind="", names="x").status_code == 422
    learner = Visitor(world.app, "ann@example.org")
    assert "Proposed changes" not in learner.get("/taxonomy?q=sql")
    assert learner.status(at) == 403


def test_a_crosswalk_goes_all_the_way_and_back(world: WritingWorld) -> None:
    rows = [
        {"source": "H1", "target": "sql", "relation": "exact", "label": "SQL queries"},
        {"source": "H2", "target": "python", "relation": "broader"},
    ]
    given = {"kind": "crosswalk", "crosswalk": {"source": "hris", "links": rows}}
    with world.signed_in(ONE, LND) as one, world.signed_in(TWO, LND) as two:
        trait = {"source": "H3", "target": "sql", "relation": "exact", "label": "Empathy"}
        refused = one.post(
            "/v1/taxonomy/proposals", json={**given, "crosswalk": {"source": "hris", "links": [*rows, trait]}}
        )
        assert refused.status_code == 422
        assert "crosswalk.links[2]" in refused.text
        assert "can never be a skill" in refused.text
        made = data(one.post("/v1/taxonomy/proposals", json=given), 201)
        assert made["words"].startswith("The crosswalk skill-hris-starter+")
        at = f"/v1/taxonomy/proposals/{made['id']}"
        told = data(two.get(at))["crosswalk"]
        assert told["words"] == "leads skills of hris: 1 broader, 1 exact"
        assert [(k["source"], k["target"], k["label"]) for k in told["links"]] == [
            ("H1", "sql", "SQL"),
            ("H2", "python", "Python"),
        ]
        assert data(two.post(f"{at}/answer", json={"answer": "yes", "reason": "checked"}))["state"] == "approved"
        assert data(two.post(f"{at}/apply", json={"reason": "now"}))["state"] == "applied"
        assert (link := world.app.bundle.taxonomy.led("H1", "HRIS")) is not None
        assert link.target == "sql"
        data(two.post(f"{at}/revert", json={"reason": "a mistake"}))
        assert world.app.bundle.taxonomy.led("H1", "HRIS") is None
        missing = one.post("/v1/taxonomy/proposals", json={"kind": "crosswalk", "target": "skill-none"})
        assert missing.status_code == 404


def test_the_page_takes_a_crosswalk_and_names_what_it_leaves_out(world: WritingWorld) -> None:
    one, two = Visitor(world.app, ONE, LND), Visitor(world.app, TWO, LND)
    rows = ("H7,sql,exact,yes,Query tables", "H8,sql,same,yes,", "H9,python,exact,yes,Empathy", "")
    file = "\n".join(("from,to,relation,decision,label", *rows)).encode()

    def sent(body: bytes, source: str = "hr-list") -> Any:
        fields = {"csrf": token_of(one.secret), "kind": "crosswalk", "source": source, "about": ""}
        return one.client.post(
            "/taxonomy/proposals", data=fields, files={"file": ("list.csv", body, "text/csv")}, headers=ORIGIN
        )

    made = sent(file)
    assert made.status_code == 303, made.text
    at = made.headers["location"]
    page = one.get(at)
    assert "list.csv:3" in page
    assert "can never be a skill" in page
    assert "What leads where" in (shown := two.get(at))
    assert "H7" in shown
    assert "H9" not in shown
    assert "Propose a crosswalk" in two.get("/taxonomy")
    wrong = sent(b"a,b\n1,2\n")
    assert wrong.status_code == 422
    assert "has neither the columns" in wrong.text
    assert "is no name of a taxonomy" in sent(file, "Our list").text
