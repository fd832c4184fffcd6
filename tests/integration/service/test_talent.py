"""Openings, wishes and lists over HTTP and on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ascertain.domain.access import Scope
from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Purpose
from ascertain.domain.permission import Role
from ascertain.pipeline.matches import refresh
from tests.integration.pipeline.world import ANN, BOB
from tests.integration.service.pages_world import Page, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

RULES = Path(__file__).parent / "talent.yaml"
HRBP: dict[Role, tuple[str, ...]] = {Role.HRBP: ("Data",)}
OPENING: dict[str, Any] = {
    "id": "R-1",
    "kind": "role",
    "title": "Analyst <b>lead</b>",
    "requirements": [{"skill": "sql", "level": 2}, {"skill": "negotiation", "level": 2}],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("talent"), talent_file=RULES) as found:
        for person in (ANN, BOB):
            found.world.says(person, True, Purpose.MOBILITY)
            with found.app.units() as uow:
                rows = {a.skill_id: a for a in uow.assertions.of(person.id)}
                if "sql" in rows:
                    uow.assertions.set_state(rows["sql"].id, AssertionState.ACCEPTED, level=2, human_reviewed=True)
                uow.commit()
        yield found


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def made(world: WritingWorld) -> None:
    with world.app.units() as uow:
        refresh(uow, world.app.talent, world.app.policy.belief, world.app.clock)
        uow.commit()


def test_over_http_from_the_opening_to_the_list(world: WritingWorld) -> None:
    wrong = OPENING | {"id": "R-2", "kind": "job"}
    with world.with_key("ats", [Scope.OPENINGS]) as ats:
        sent = {"source": "ats", "openings": [OPENING, wrong]}
        report = data(ats.post("/v1/openings", json=sent, headers={"Idempotency-Key": "o-1"}))
        assert (report["new"], [r["field"] for r in report["refused"]]) == (1, ["kind"])
        assert data(ats.post("/v1/openings", json=sent, headers={"Idempotency-Key": "o-1"})) == report
        assert data(ats.post("/v1/openings", json=sent))["unchanged"] == 1
        assert ats.post("/v1/openings", json={"source": "Ä", "openings": []}).status_code == 422
        assert [o["id"] for o in ats.get("/v1/openings").json()["data"]] == ["R-1"]
        assert ats.get("/v1/openings/R-1/matches").status_code == 403, "a key sees nobody beside an opening"
    with world.signed_in(ANN.email) as ann, world.signed_in(roles=HRBP) as hal:
        made(world)
        assert ann.post("/v1/openings", json=sent).status_code == 403
        at = f"/v1/learners/{ANN.id}"
        said = data(ann.post(f"{at}/wishes", json={"kind": "opening", "about": "R-1", "want": "interested"}))
        assert said == {"kind": "opening", "about": "R-1", "want": "interested"}
        assert ann.post(f"{at}/wishes", json={"kind": "skill", "about": "sql", "want": "interested"}).status_code == 422
        assert hal.post(f"{at}/wishes", json={"kind": "skill", "about": "sql", "want": "use"}).status_code == 403
        (mine,) = data(ann.get(f"{at}/openings"))
        assert (mine["opening"], mine["interest"]) == ("R-1", "interested")
        assert mine["coverage"]["low"] <= mine["coverage"]["point"] <= mine["coverage"]["high"]
        made(world)
        found = data(hal.get("/v1/openings/R-1/matches"))
        assert found["data"][0]["person"]["id"] == ANN.id
        assert found["bias_check"] == "not checked as it stands"
        assert "no decision" in found["notice"]
        assert [w["want"] for w in data(hal.get(f"{at}/wishes"))] == ["interested"]
        assert hal.get("/v1/openings/R-9/matches").status_code == 404
        closed = data(hal.post("/v1/openings/R-1/close", json={"reason": "filled"}))
        assert closed["closed"] == "by hand: filled"
        assert data(hal.get("/v1/openings/R-1/matches"))["data"] == []
        gone = ann.post(f"{at}/wishes", json={"kind": "opening", "about": "R-1", "want": "not_interested"})
        assert gone.status_code == 409
    looked = world.world.sql("SELECT what FROM accesses WHERE learner_id = :i", i=ANN.id)
    assert any("matches" in row for row in looked)


def test_a_person_says_what_they_want_on_their_page(world: WritingWorld) -> None:
    _opened(world)
    ann = Visitor(world.app, ANN.email)
    page = ann.get("/marketplace")
    assert "<b>lead</b>" not in page
    assert "lead" in page
    assert "You may be found" in page
    assert ann.send("/me/wishes", kind="skill", about="negotiation", want="learn").status_code == 303
    assert "you want to learn it" in ann.get("/marketplace")
    assert ann.send("/me/wishes", kind="skill", about="negotiation", want="love").status_code == 303
    assert "cannot be said of skills" in ann.get("/marketplace")
    assert ann.send("/me/wishes", kind="skill", about="negotiation", want="nothing").status_code == 303
    assert "you want to learn it" not in ann.get("/marketplace")


def test_whoever_may_sees_the_list_with_reasons(world: WritingWorld) -> None:
    _opened(world)
    made(world)
    hal = Visitor(world.app, "hal@example.org", HRBP)
    assert "/openings/R-5" in Page(hal.get("/openings")).links
    page = hal.get("/openings/R-5")
    assert ANN.name in page
    assert "not checked as it stands" in page
    assert "no decision" in page
    stranger = Visitor(world.app, "hal2@example.org", {Role.HRBP: ("Nowhere",)})
    assert ANN.name not in stranger.get("/openings/R-5")
    assert Visitor(world.app, ANN.email).status("/openings/R-5") == 403


def test_what_is_off_is_not_offered_and_answers_so(tmp_path: Path) -> None:
    with writing_world(tmp_path) as shipped:
        ann = Visitor(shipped.app, ANN.email)
        assert "/marketplace" not in Page(ann.get("/me")).links
        assert ann.status("/marketplace") == 409
        with shipped.signed_in(ANN.email) as caller:
            assert caller.get(f"/v1/learners/{ANN.id}/openings").status_code == 409


def _opened(world: WritingWorld) -> None:
    """Open, and Ann is interested."""
    with world.signed_in(roles=HRBP) as hal, world.signed_in(ANN.email) as ann:
        data(hal.post("/v1/openings", json={"source": "ats", "openings": [OPENING | {"id": "R-5"}]}))
        said = {"kind": "opening", "about": "R-5", "want": "interested"}
        data(ann.post(f"/v1/learners/{ANN.id}/wishes", json=said))
