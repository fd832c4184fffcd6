"""Mentors over HTTP and on the page: from the offer to the end, and what either side is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.permission import Role
from tests.integration.service.pages_world import Page, Visitor
from tests.integration.service.writing_world import WritingWorld, writing_world

HRBP: dict[Role, tuple[str, ...]] = {Role.HRBP: ("Data",)}
OFFER = {"places": 1, "skills": ["sql"], "note": "Ask <b>me</b>"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("mentors")) as found:
        for person in ("E1", "E2"):
            found.world.assess(person)
        with found.app.units() as uow:
            row = next(a for a in uow.assertions.of("E1") if a.skill_id == "sql")
            uow.assertions.set_state(row.id, AssertionState.ACCEPTED, level=5, human_reviewed=True)
            uow.commit()
        yield found


def data(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def test_over_http_from_the_offer_to_the_end(world: WritingWorld) -> None:
    at = "/v1/learners/{}/mentoring"
    with world.signed_in("ann@example.org") as ann, world.signed_in("bob@example.org") as bob:
        assert data(ann.post(f"{at.format('E1')}/offer", json=OFFER))["offer"]["places"] == 1
        wrong = ann.post(f"{at.format('E1')}/offer", json=OFFER | {"places": 40})
        assert (wrong.status_code, "40 places" in wrong.text) == (422, True)
        assert bob.post(f"{at.format('E1')}/offer", json=OFFER).status_code == 403
        (found,) = bob.get(f"{at.format('E2')}/found", params={"skill": "sql"}).json()["data"]
        assert (found["mentor"], found["level"], found["note"]) == ("E1", None, "Ask <b>me</b>")
        sent = {"mentor": "E1", "skill": "sql", "words": "Joins, please."}
        asked = data(bob.post(f"{at.format('E2')}/requests", json=sent, headers={"Idempotency-Key": "m-1"}))
        again = bob.post(f"{at.format('E2')}/requests", json=sent, headers={"Idempotency-Key": "m-1"})
        assert (data(again)["id"], again.headers["Idempotency-Replayed"]) == (asked["id"], "true")
        assert bob.post(f"{at.format('E2')}/{asked['id']}/answer", json={"accept": True}).status_code == 404
        assert data(ann.get(at.format("E1")))["mentees"][0]["words"] == "Joins, please."
        yes = data(ann.post(f"{at.format('E1')}/{asked['id']}/answer", json={"accept": True}))
        assert yes["state"] == "accepted"
        assert bob.get(at.format("E1")).status_code == 403
        ended = data(bob.post(f"{at.format('E2')}/{asked['id']}/end", json={"said": "Thank you."}))
        assert (ended["state"], ended["ended_by"]) == ("ended", "learner")
        assert data(bob.post(f"{at.format('E2')}/objections", json={"other": "E1"}))["holds"] is True
        assert bob.get(f"{at.format('E2')}/found", params={"skill": "sql"}).json()["data"] == []
        assert data(bob.post(f"{at.format('E2')}/objections", json={"other": "E1", "lift": True}))["holds"] is False
        assert bob.post(f"{at.format('E2')}/objections", json={"other": "E5"}).status_code == 404
    with world.signed_in("hr@example.org", HRBP) as hr:
        leave = {"mentor": "E1", "reason": "Both asked for it."}
        assert data(hr.post(f"{at.format('E3')}/leave", json=leave))["holds"] is True
        assert data(hr.get(at.format("E1")))["mentees"][0]["words"] == ""


def test_the_page_of_both_sides(world: WritingWorld) -> None:
    ann, bob = Visitor(world.app, "ann@example.org"), Visitor(world.app, "bob@example.org")
    sent = ann.send("/me/mentors/offer", places="2", level_shown="1", note="Ask <b>me</b>", timezone="Mars/Olympus")
    assert sent.status_code == 303
    assert "no time zone" in ann.get("/me/mentors")
    assert ann.send("/me/mentors/offer", places="2", level_shown="1", timezone="Europe/Vienna").status_code == 303
    assert "You offer 2 places" in ann.get("/me/mentors")
    offered = bob.get("/me/mentors?skill=sql")
    assert "Level 5" in offered
    assert "form" in {tag for tag, _, _ in Page(offered).attributes}
    asked = bob.send("/me/mentors/requests", mentor="E1", skill="sql", words="More <i>joins</i>")
    assert asked.status_code == 303
    theirs = bob.get("/me/mentors")
    assert "waits for an answer" in theirs
    shown = ann.get("/me/mentors")
    assert "joins" in shown
    assert "<i>joins" not in shown
    with world.app.units(write=False) as uow:
        (row,) = [m for m in uow.mentoring.of("E1") if m.state == "asked"]
    assert bob.send(f"/me/mentors/{row.id}/answer", answer="yes").status_code == 403, "the answer is the mentor's"
    assert "waits for an answer" in bob.get("/me/mentors")
    assert ann.send(f"/me/mentors/{row.id}/answer", answer="yes").status_code == 303
    assert "accepted" in bob.get("/me/mentors")
    assert ann.send(f"/me/mentors/{row.id}/end").status_code == 303
    assert ann.send("/me/mentors/objections", other="E2").status_code == 303
    assert "do not want to be brought together" in ann.get("/me/mentors")
    assert ann.send("/me/mentors/objections", other="E2", lift="1").status_code == 303
    assert ann.send("/me/mentors/offer", close="1").status_code == 303
    assert "You offer nothing" in ann.get("/me/mentors")
