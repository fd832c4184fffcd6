"""Key roles and readiness over HTTP and on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Purpose
from ascertain.domain.permission import Role
from ascertain.pipeline.permit import operator
from ascertain.pipeline.readiness import keep_month
from ascertain.pipeline.succession_roles import import_key_roles
from tests.integration.pipeline.world import ANN, BOB
from tests.integration.service.pages_world import Page, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

RULES = Path(__file__).parent / "talent.yaml"
HRBP: dict[Role, tuple[str, ...]] = {Role.HRBP: ("Data",)}
L_AND_D: dict[Role, tuple[str, ...]] = {Role.L_AND_D: ("Data",)}
ROLES: dict[str, Any] = {
    "source": "board",
    "roles": [{"id": "K-1", "title": "Analyst <b>lead</b>", "job_profile": "analyst", "seats": 2}],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("succession"), talent_file=RULES) as found:
        for person in (ANN, BOB):
            found.world.says(person, True, Purpose.MOBILITY)
        found.world.assess(ANN.id)
        with found.app.units() as uow:
            row = next(a for a in uow.assertions.of(ANN.id) if a.skill_id == "sql")
            uow.assertions.set_state(row.id, AssertionState.ACCEPTED, level=2, human_reviewed=True)
            assert not import_key_roles(uow, ROLES, actor=operator("test")).refused
            uow.commit()
        yield found


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def kept(world: WritingWorld) -> None:
    with world.app.units() as uow:
        keep_month(uow, world.app.readiness, world.app.clock)
        uow.commit()


def test_over_http_from_the_nomination_to_the_objection(world: WritingWorld) -> None:
    at = f"/v1/learners/{ANN.id}"
    with world.signed_in(ANN.email) as ann, world.signed_in(roles=HRBP) as hal:
        given = {"role": "K-1", "reason": "Leads the reports."}
        assert ann.post(f"{at}/nominations", json=given).status_code == 403, "nobody nominates themselves"
        done = data(hal.post(f"{at}/nominations", json=given, headers={"Idempotency-Key": "n-1"}))
        assert done == {"role": "K-1", "person": ANN.id, "on": True}
        assert data(hal.post(f"{at}/nominations", json=given, headers={"Idempotency-Key": "n-1"})) == done
        kept(world)
        mine = data(ann.get(f"{at}/readiness"))
        (role,) = mine["roles"]
        assert role["nomination"]["reason"] == "Leads the reports."
        assert (role["band"], len(role["months"])) == ("ready now", 1)
        assert role["coverage"]["low"] <= role["coverage"]["point"] <= role["coverage"]["high"]
        board = data(hal.get("/v1/succession"))
        assert [p["person"]["id"] for p in board["roles"][0]["people"]] == [ANN.id]
        assert board["roles"][0]["strength"]["risk"] == "fewer than one a seat, even at best"
        found = data(hal.get("/v1/succession/K-1"))
        assert (found["bias_check"], found["rows"][0]["place"]) == ("not checked as it stands", {"best": 1, "worst": 1})
        assert "no decision" in found["notice"]
        assert hal.get("/v1/succession/K-9").status_code == 404
        said = data(ann.post(f"{at}/objections", json={"role": "K-1", "words": "Not now."}))
        assert said == {"role": "K-1", "objects": True}
        found = data(hal.get("/v1/succession/K-1"))
        assert (found["rows"], found["objecting"][0]["words"]) == ([], "Not now.")
        assert hal.post(f"{at}/nominations", json=given).status_code == 409
        data(ann.post(f"{at}/objections", json={"role": "K-1", "agree": True}))
        compared = data(ann.get(f"{at}/readiness", params={"role": "coach"}))
        assert compared["roles"][0]["plan"][0]["skill"] == "negotiation"
        assert data(hal.post(f"{at}/nominations", json=given | {"on": False}))["on"] is False
        assert data(ann.get(f"{at}/readiness"))["roles"] == []
    looked = world.world.sql("SELECT what FROM accesses WHERE learner_id = :i", i=ANN.id)
    assert any("readiness" in row for row in looked)


def test_on_the_pages_from_the_nomination_to_the_objection(world: WritingWorld) -> None:
    hal, ann = Visitor(world.app, "hal@example.org", HRBP), Visitor(world.app, ANN.email)
    page = hal.get("/succession/K-1")
    assert "<b>lead</b>" not in page
    assert ANN.name in page, "offered in the form"
    assert hal.send("/succession/K-1/nominations", learner=ANN.id, on="yes", reason="").status_code == 303
    assert "needs a reason" in hal.get("/succession/K-1")
    assert hal.send("/succession/K-1/nominations", learner=ANN.id, on="yes", reason="Leads.").status_code == 303
    kept(world)
    assert "may object" in hal.get("/succession/K-1")
    board = hal.get("/succession")
    assert ANN.name in board
    assert "/succession/K-1" in Page(board).links
    mine = ann.get("/me/readiness")
    assert "Leads." in mine
    assert "Covered by month" in mine
    assert ann.send("/me/readiness", role="K-1", agree="no", words="Not now.").status_code == 303
    assert "you are off this list" in ann.get("/me/readiness")
    assert "Not now." in hal.get("/succession/K-1")
    assert ann.send("/me/readiness", role="K-1", agree="yes").status_code == 303
    reader = Visitor(world.app, "lena@example.org", L_AND_D)
    shown = reader.get("/succession/K-1")
    assert ANN.name in shown
    assert "Nominate somebody" not in shown, "learning and development reads"
    assert reader.send("/succession/K-1/nominations", learner=ANN.id, on="no", reason="x").status_code == 403
    stranger = Visitor(world.app, "hal2@example.org", {Role.HRBP: ("Nowhere",)})
    assert ANN.name not in stranger.get("/succession/K-1")
    assert ann.status("/succession") == 403
    assert hal.send("/succession/K-1/nominations", learner=ANN.id, on="no", reason="moved on").status_code == 303
    assert "no key role" in ann.get("/me/readiness")


def test_what_is_off_is_not_offered_and_answers_so(tmp_path: Path) -> None:
    with writing_world(tmp_path) as shipped:
        ann, hal = Visitor(shipped.app, ANN.email), Visitor(shipped.app, "hal@example.org", HRBP)
        assert "/me/readiness" not in Page(ann.get("/me")).links
        assert ann.status("/me/readiness") == 409
        assert hal.status("/succession") == 409
        assert hal.send("/succession/K-1/nominations", learner=ANN.id, on="yes", reason="x").status_code == 409
        with shipped.signed_in(ANN.email) as caller:
            assert caller.get(f"/v1/learners/{ANN.id}/readiness").status_code == 409
