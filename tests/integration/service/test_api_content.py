"""Content tags over HTTP: who may, what a vote changes, and that it is answered again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ascertain.domain.access import Scope
from ascertain.domain.permission import Grant, Role, RoleGrant
from tests.integration.service.writing_world import WritingWorld, writing_world

LND = {Role.L_AND_D: ("all",)}
EMAIL = "lnd@example.org"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("api-content")) as found:
        found.app.tag()
        yield found


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def first(client: httpx.Client, **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = data(client.get("/v1/content/tags", params=asked))[0]
    return found


def test_a_vote_changes_the_tag_and_is_answered_again(world: WritingWorld) -> None:
    with world.signed_in(EMAIL, LND) as lnd:
        tag = first(lnd, content="sql-101")
        assert (tag["state"], tag["people"], tag["predicts"]["says"]) == ("suggested", 2, "too few")
        body = {"skill": tag["skill"], "vote": "adjust", "level": 3, "reason": "It goes further than it says."}
        header = {"Idempotency-Key": "c-1"}
        done = lnd.post("/v1/content/sql-101/tags", json=body, headers=header)
        assert (data(done)["state"], data(done)["level"], data(done)["votes"]) == ("accepted", 3, {"yes": 1, "no": 0})
        again = lnd.post("/v1/content/sql-101/tags", json=body, headers=header)
        assert again.headers["idempotency-replayed"] == "true"
        assert data(again) == data(done)
        (seen,) = [t for t in data(lnd.get("/v1/catalogue/sql-101"))["tags"] if t["skill"] == tag["skill"]]
        assert (seen["level"], seen["probability"]) == (3, data(done)["probability"])
        body = {"skill": tag["skill"], "vote": "reject", "reason": "I was wrong."}
        assert data(lnd.post("/v1/content/sql-101/tags", json=body))["state"] == "rejected"
        assert tag["skill"] not in [t["skill"] for t in data(lnd.get("/v1/catalogue/sql-101"))["tags"]]
        assert first(lnd, state="rejected")["content"] == "sql-101"


def test_many_are_voted_on_at_once(world: WritingWorld) -> None:
    with world.signed_in(EMAIL, LND) as lnd:
        tag = first(lnd, content="k8s-101")
        body = {"skill": tag["skill"], "system": "lms", "vote": "accept", "reason": "All of them are about it."}
        assert data(lnd.post("/v1/content-tags", json=body)) == {"tags": 1, "vote": "accept"}
        assert data(lnd.post("/v1/content-tags", json=body))["tags"] == 0
        wrong = lnd.post("/v1/content-tags", json=body | {"vote": "adjust"})
        assert wrong.status_code == 422


def test_what_is_wrong_is_said(world: WritingWorld) -> None:
    with world.signed_in(EMAIL, LND) as lnd:
        at, good = "/v1/content/py-101/tags", {"skill": "python", "vote": "accept", "reason": "x"}
        assert lnd.post("/v1/content/nothing/tags", json=good).status_code == 404
        assert lnd.post(at, json=good | {"skill": "no-such-skill"}).status_code == 404
        assert lnd.post(at, json=good | {"vote": "perhaps"}).status_code == 422
        assert lnd.post(at, json=good | {"level": 3}).status_code == 422
        assert lnd.post(at, json=good | {"reason": " "}).status_code == 422


def test_who_may_not_tag_sees_no_tags(world: WritingWorld) -> None:
    with world.signed_in("chi@example.org") as manager:
        assert manager.get("/v1/content/tags").status_code == 403
        body = {"skill": "python", "vote": "accept", "reason": "x"}
        assert manager.post("/v1/content/py-101/tags", json=body).status_code == 403


def test_an_owner_of_a_skill_votes_about_that_one(world: WritingWorld) -> None:
    with world.signed_in(EMAIL, LND) as lnd:
        python, k8s = first(lnd, content="py-101")["skill"], first(lnd, content="k8s-101")["skill"]
    with world.app.units() as uow:
        grant = Grant(Role.SKILL_OWNER, skills=frozenset({python}))
        uow.grants.add(RoleGrant("g1", "owner@example.org", grant, "test", world.app.clock.now()))
        uow.commit()
    with world.signed_in("owner@example.org") as owner:
        body = {"vote": "accept", "reason": "I own it."}
        assert owner.post("/v1/content/py-101/tags", json=body | {"skill": python}).status_code == 200
        assert owner.post("/v1/content/k8s-101/tags", json=body | {"skill": k8s}).status_code == 403


def test_a_learner_says_their_word_and_nobody_says_it_for_them(world: WritingWorld) -> None:
    with world.signed_in(EMAIL, LND) as lnd:
        skill = first(lnd, content="k8s-101")["skill"]
        body = {"content": "k8s-101", "skill": skill, "said": "no"}
        assert lnd.post("/v1/learners/E1/content-words", json=body).status_code == 403
    with world.signed_in("ann@example.org") as ann:
        at = "/v1/learners/E1/content-words"
        assert data(ann.post(at, json=body)) == {"content": "k8s-101", "skill": skill, "teaches": False}
        assert data(ann.post(at, json=body | {"said": "nothing"}))["teaches"] is None
        assert ann.post(at, json=body | {"said": "perhaps"}).status_code == 422
        assert ann.post(at, json=body | {"content": "nothing"}).status_code == 404


def test_a_transcript_comes_in_within_its_limits(world: WritingWorld) -> None:
    at = "/v1/content/py-101/transcript"
    captions = "WEBVTT\n\n03:12.000 --> 03:20.000\nNow we write Python functions.\n"
    with world.with_key("captions", [Scope.SYNC]) as key:
        kept = data(key.post(at, json={"name": "week.vtt", "text": captions}))
        assert (kept["name"], kept["passages"], kept["seconds"]) == ("week.vtt", 1, 192.0)
        assert kept["tags"] >= 1
        page = base64.b64encode(b"Python functions and classes.").decode()
        assert data(key.post(at, json={"name": "week.txt", "base64": page}))["seconds"] is None
        for wrong in (
            {"text": ""},
            {"text": "x", "base64": "eA=="},
            {"base64": "%"},
            {"name": "week.exe", "text": "x"},
        ):
            assert key.post(at, json={"name": "week.vtt"} | wrong).status_code == 422, wrong
        bad = key.post(at, json={"name": "week.vtt", "text": "WEBVTT\n\n03:12 > 3\nx\n"})
        assert bad.status_code == 422
        assert key.post("/v1/content/nothing/transcript", json={"name": "a.txt", "text": "x"}).status_code == 404
        assert key.post(at, json={"name": "week.txt", "text": "x" * 2_200_000}).status_code == 413
    with world.with_key("reader", [Scope.SKILLS_READ]) as other:
        assert other.post(at, json={"name": "week.vtt", "text": captions}).status_code == 403
