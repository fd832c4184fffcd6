"""Reviewing, disputing, consenting, approving and accepting over HTTP, with the rules of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from ascertain.domain.access import Scope
from ascertain.domain.activity import JobProposal
from ascertain.domain.permission import Role
from ascertain.pipeline.review_desk import Suggestion
from ascertain.pipeline.review_writes import Written
from ascertain.service.api.writing import Writes
from ascertain.service.app import routes_of
from tests.integration.service.matrix_world import Call, body_of
from tests.integration.service.test_routes import asks
from tests.integration.service.writing_world import DATA, WritingWorld, writing_world

HRBP = {Role.HRBP: ("Data",)}
CHI = "chi@example.org"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("api-writes")) as found:
        yield found


@pytest.fixture
def world(served: WritingWorld) -> WritingWorld:
    served.world.clock.at = served.world.clock.at.replace(microsecond=0)
    return served


@pytest.fixture(scope="module")
def item(served: WritingWorld) -> str:
    """What waits for a human about Ann."""
    served.world.assess("E1")
    with served.app.units() as uow:
        uow.grants.train(CHI, served.app.clock.today(), "E3")
        uow.commit()
    with served.app.units(write=False) as uow:
        return next(i.id for i in uow.reviews.open(learner_id="E1"))


def data(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_a_review_goes_evidence_first_then_judgement_then_suggestion_then_decision(
    world: WritingWorld, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = f"/v1/reviews/{item}"
    written = Written("lms", "7", "skills", "SQL · level 2")

    def accepted(
        _: object, __: object, ___: object, suggestion: Suggestion, *____: object
    ) -> tuple[list[Written], str]:
        assert suggestion.item_id == item
        return [written], ""

    monkeypatch.setattr("ascertain.service.api.review_desk.if_accepted", accepted)
    with world.signed_in(CHI) as chi:
        early = chi.post(f"{at}/judgement", json={"own_level": 3})
        assert early.status_code == 422
        assert "its evidence was not shown yet" in early.json()["detail"]
        shown = chi.get(at)
        question = data(shown)
        assert question["evidence"]
        assert not {"level", "confidence", "suggested"} & set(question)
        unjudged = chi.post(f"{at}/decision", json={"decision": "accept", "reason": "fine"})
        assert unjudged.status_code == 422
        assert "your own judgement comes first" in unjudged.json()["detail"]
        told = data(chi.post(f"{at}/judgement", json={"own_level": 3}))
        assert told["own_level"] == 3
        assert told["level"] in (1, 2, 3, 4, 5)
        assert (told["would_write"], told["would_write_problem"]) == ([asdict(written)], "")
        assert "would_write" not in question
        assert chi.post(f"{at}/judgement", json={"own_level": 1}).status_code == 409, "the first judgement stands"
        decision = {"decision": "adjust", "level": 2, "reason": "Two tickets only."}
        stale = chi.post(f"{at}/decision", json=decision, headers={"If-Match": '"another"'})
        assert stale.status_code == 412
        header = {"If-Match": shown.headers["etag"], "Idempotency-Key": "d-1"}
        done = data(chi.post(f"{at}/decision", json=decision, headers=header))
        again = chi.post(f"{at}/decision", json=decision, headers=header)
        assert data(again) == done
        assert again.headers["idempotency-replayed"] == "true"
        assert (done["decision"], done["level"], done["was_check"]) == ("adjust", 2, False)
        assert chi.post(f"{at}/decision", json=decision, headers={"If-Match": shown.headers["etag"]}).status_code == 412
    with world.app.units(write=False) as uow:
        row = uow.reviews.get(item)
        assert row is not None
        assert (row.own_level, row.decided_by) == (3, CHI)


def test_nobody_reviews_without_being_asked_and_a_key_never_decides(world: WritingWorld, item: str) -> None:
    with world.signed_in("bob@example.org") as bob, world.with_key("all", list(Scope)) as key:
        for client in (bob, key):
            for call in (
                client.get(f"/v1/reviews/{item}"),
                client.post(f"/v1/reviews/{item}/judgement", json={"own_level": 1}),
                client.post(f"/v1/reviews/{item}/decision", json={"decision": "accept", "reason": "x"}),
                client.get("/v1/reviews/nothing"),
            ):
                assert call.status_code == 403, call.text


def test_a_dispute_is_opened_added_to_decided_and_another_withdrawn(world: WritingWorld, item: str) -> None:
    found = next(a for a in world.world.assertions("E1").values() if a.skill_id == "sql")
    body = {"assertion": found.id, "reason": "I led the move to the new warehouse.", "evidence": ["The plan is mine."]}
    with world.signed_in("ann@example.org") as ann, world.signed_in(roles=DATA) as l_and_d:
        opened = data(ann.post("/v1/disputes", json=body, headers={"Idempotency-Key": "x"}), 201)
        at = f"/v1/disputes/{opened['id']}"
        assert data(ann.post("/v1/disputes", json=body, headers={"Idempotency-Key": "x"}), 201) == opened
        more = data(ann.post(f"{at}/evidence", json={"evidence": ["And so is the test suite."]}))
        assert len(more["evidence"]) == 2
        shown = l_and_d.get(at)
        assert [d["id"] for d in l_and_d.get("/v1/disputes").json()["data"]] == [opened["id"]]
        decision = {"outcome": "amend", "level": 4, "reason": "Agreed.", "confirmed": more["evidence"][:1]}
        assert ann.post(f"{at}/decision", json=decision).status_code == 403, "nobody decides about themselves"
        done = data(l_and_d.post(f"{at}/decision", json=decision, headers={"If-Match": shown.headers["etag"]}))
        assert (done["state"], done["decided_level"]) == ("amended", 4)
        assert l_and_d.get("/v1/disputes").json()["data"] == []
        assert len(l_and_d.get("/v1/disputes", params={"closed": True}).json()["data"]) == 1
        assert ann.post(f"{at}/withdraw").status_code == 409
        second = next(a for a in world.world.assertions("E1").values() if a.skill_id == "kubernetes")
        mine = data(ann.post("/v1/disputes", json={"assertion": second.id, "reason": "Not me."}), 201)
        assert data(ann.post(f"/v1/disputes/{mine['id']}/withdraw"))["state"] == "withdrawn"
        strange = l_and_d.post(f"/v1/disputes/{mine['id']}/evidence", json={"evidence": ["x"]})
        assert strange.status_code == 403


def test_consent_is_given_and_withdrawn_by_the_person_and_recorded_by_hr(world: WritingWorld) -> None:
    at = "/v1/learners/E2/consents"
    no = {"given": False, "sources": ["reviews"], "reason": "I would rather not."}
    with world.signed_in("bob@example.org") as bob, world.signed_in(roles=HRBP) as partner:
        said = data(bob.post(at, json=no))
        assert (said["recorded"], said["given"]) == (["reviews"], False)
        assert data(bob.post(at, json=no))["recorded"] == [], "the same again changes nothing"
        yes = {"given": True, "sources": ["reviews"], "reason": "Asked again.", "text_version": "2026-1"}
        assert bob.post("/v1/learners/E1/consents", json=yes).status_code == 403
        assert bob.post(at, json={**yes, "text_version": ""}).status_code == 422
        assert bob.post(at, json={**yes, "on": "2026-02-31"}).status_code == 422
        assert data(bob.post(at, json=yes))["recorded"] == ["reviews"]
        assert data(partner.post(at, json={**no, "reason": "A letter."}))["recorded"] == ["reviews"]
        assert bob.post(at, json={"given": False, "reason": "nothing asked"}).status_code == 422


def test_a_path_is_approved_by_whoever_may(world: WritingWorld, item: str) -> None:
    with world.signed_in(CHI) as chi, world.signed_in("ann@example.org") as ann:
        rows = [r for r in chi.get("/v1/assignments").json()["data"] if r["learner"] == "E1"]
        assert len(rows) == 1
        at = f"/v1/assignments/{rows[0]['id']}"
        shown = ann.get(at)
        assert data(shown) == rows[0]
        body = {"decision": "approve", "reason": "Good plan."}
        assert ann.post(f"{at}/decision", json=body).status_code == 403
        done = data(chi.post(f"{at}/decision", json=body, headers={"If-Match": shown.headers["etag"]}))
        assert (done["state"], done["decided_by"]) == ("approved", CHI)
        other = chi.post(f"{at}/decision", json={**body, "decision": "reject"})
        assert other.status_code == 409
    with world.signed_in("bob@example.org") as bob:
        assert bob.get(at).status_code == bob.get("/v1/assignments/none").status_code == 403


def test_a_proposal_becomes_a_role(world: WritingWorld) -> None:
    named, now = ("Kubernetes", "SQL"), world.app.clock.now()
    proposal = JobProposal("hris:job:7", "hris", "J7", "Platform Engineer", "", "Data", named, True, now)
    with world.app.units() as uow:
        uow.proposals.put([proposal])
        uow.commit()
    with world.signed_in(roles=DATA) as l_and_d, world.signed_in(CHI) as chi:
        assert chi.post("/v1/roles", json={"proposal": "J7"}).status_code == 403
        made = data(l_and_d.post("/v1/roles", json={"proposal": "J7", "level": 4}), 201)
        assert (made["id"], {r["level"] for r in made["requirements"]}) == ("J7", {4})
        assert l_and_d.post("/v1/roles", json={"proposal": "J7"}).status_code == 409
        assert l_and_d.post("/v1/roles", json={"proposal": "none"}).status_code == 404


def test_every_write_declares_its_action_and_is_closed_to_strangers(world: WritingWorld) -> None:
    """From the table of routes: a new write is covered by being there."""
    tried = 0
    with world.served.client() as nobody, world.signed_in() as stranger:
        for route in routes_of(world.served.api):
            declared = asks(route.dependant) if isinstance(route, APIRoute) else None
            if declared is None or not isinstance(route, APIRoute) or "GET" in (route.methods or ()):
                continue
            assert isinstance(declared, Writes), f"{route.path}: a write is not for other sites to send"
            assert declared.action is not None, route.path
            path = route.path.replace("{learner}", "E1")
            assert nobody.post(path, json={}).status_code == 401, path
            call = Call("POST", route.path, (), page=False)
            body = EXAMPLES.get(route.path) or body_of(world.served.api, call, {})
            answer = stranger.post(path, json=body)
            assert answer.status_code == 403, (path, answer.text)
            tried += 1
    assert tried >= 11


EXAMPLES: dict[str, Any] = {
    "/v1/runs": {"learner": "E1"},
    "/v1/reviews/{item}/judgement": {"own_level": 1},
    "/v1/reviews/{item}/decision": {"decision": "accept", "reason": "x"},
    "/v1/disputes": {"assertion": "none", "reason": "x"},
    "/v1/disputes/{dispute}/evidence": {"evidence": ["x"]},
    "/v1/disputes/{dispute}/decision": {"outcome": "uphold", "reason": "x"},
    "/v1/learners/{learner}/consents": {"given": False, "sources": ["reviews"], "reason": "x"},
    "/v1/assignments/{assignment}/decision": {"decision": "approve", "reason": "x"},
    "/v1/roles": {"proposal": "x"},
}


def test_an_answer_under_a_key_goes_with_the_person(world: WritingWorld) -> None:
    with world.signed_in("bob@example.org") as bob:
        body = {"given": False, "sources": ["messages"], "reason": "no"}
        assert bob.post("/v1/learners/E2/consents", json=body, headers={"Idempotency-Key": "k"}).status_code == 200
    held = world.app.store.held_on("E2")
    assert any(r["key"] == "k" for r in held["api_requests"])
    assert not world.world.sql("SELECT 1 FROM api_requests WHERE caller LIKE '%bob%'"), "callers stand as keyed hashes"
