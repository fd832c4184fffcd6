"""Asking for assessments over HTTP: started, watched, cancelled, and asked for twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ascertain.domain.access import Scope
from ascertain.service.watching import STREAMS_EACH
from tests.integration.job_harness import wait_for
from tests.integration.pipeline.world import exam, piece
from tests.integration.service.writing_world import DATA, WritingWorld, writing_world

RUNS = "/v1/runs"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    with writing_world(tmp_path_factory.mktemp("api-runs")) as found:
        yield found


@pytest.fixture
def world(served: WritingWorld) -> Iterator[WritingWorld]:
    """Nothing is left over in the queue, and everybody has something new."""
    served.work_off()
    served.world.clock.at = served.world.clock.at.replace(microsecond=0)
    number = len(served.world.actions())
    served.world.add(exam(f"e-new-{number}", score=0.9), piece(f"e-more-{number}", "E2", text="Rewrote SQL again."))
    yield served
    served.world.crew.meanwhile = lambda: None


def started(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post(RUNS, json=body)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()["data"]
    assert answer.headers["location"] == f"/v1/runs/{found['id']}"
    return found


def told(text: str) -> list[tuple[str, dict[str, Any]]]:
    """(event, data) of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_learners_run_is_queued_works_and_is_done(world: WritingWorld) -> None:
    with world.signed_in(roles=DATA) as client:
        begun = started(client, learner="ann@example.org")
        assert (begun["state"], begun["total"], begun["learners"][0]["state"]) == ("queued", 1, "queued")
        assert world.work_off() == 1
        until_ended(client, begun["id"])
        done = client.get(f"{RUNS}/{begun['id']}").json()["data"]
    assert (done["state"], done["done"], done["counts"]) == ("done", 1, {"done": 1})
    with world.app.units(write=False) as uow:
        run = uow.runs.get(done["learners"][0]["run"])
        assert run is not None
        assert run.trigger == f"request:{begun['id']}"


def until_ended(client: httpx.Client, ident: str) -> list[tuple[str, dict[str, Any]]]:
    """The stream to its end."""
    with client.stream("GET", f"{RUNS}/{ident}/events") as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        return told("".join(answer.iter_text()))


def test_a_cohort_is_sorted_out_by_a_job_and_the_stream_ends_with_the_state(world: WritingWorld) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    with world.signed_in(roles=DATA) as client:
        begun = started(client, cohort="Data")
        assert begun["counts"] == {"waiting": 3}
        watching = threading.Thread(target=lambda: seen.extend(until_ended(client, begun["id"])))
        watching.start()
        world.work_off()
        watching.join(20)
        done = client.get(f"{RUNS}/{begun['id']}").json()["data"]
    assert [e for e, _ in seen][-1] == "end"
    assert seen[-1][1] == {k: done[k] for k in ("state", "ended", "total", "done", "counts")}
    assert (done["state"], done["total"], done["done"]) == ("done", 3, 3)
    assert {r["learner"]: r["state"] for r in done["learners"]}["E1"] == "done"


def test_the_same_key_starts_nothing_twice_and_takes_no_other_body(world: WritingWorld) -> None:
    with world.signed_in(roles=DATA) as client:
        header = {"Idempotency-Key": "night-1"}
        first = client.post(RUNS, json={"learner": "E1"}, headers=header)
        again = client.post(RUNS, json={"learner": "E1"}, headers=header)
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.json() == again.json()
        assert first.headers["location"] == again.headers["location"]
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        other = client.post(RUNS, json={"learner": "E2"}, headers=header)
        assert other.status_code == 422
        assert "another request" in other.json()["detail"]
        wrong = client.post(RUNS, json={"learner": "E2"}, headers={"Idempotency-Key": "two words"})
        assert wrong.status_code == 422
    with world.with_key("robot", [Scope.RUNS]) as robot:
        mine = robot.post(RUNS, json={"learner": "E1"}, headers=header)
        assert mine.json()["data"]["id"] != first.json()["data"]["id"], "a key means something to its caller alone"


def test_what_was_refused_may_be_tried_again_under_the_same_key(world: WritingWorld) -> None:
    with world.with_key("elsewhere", [Scope.RUNS]) as client:
        header = {"Idempotency-Key": "late"}
        assert client.post(RUNS, json={"learner": "E77"}, headers=header).status_code in (403, 404)
        assert client.post(RUNS, json={"learner": "E1"}, headers=header).status_code == 202


def test_a_queued_run_is_taken_out_of_the_queue(world: WritingWorld) -> None:
    with world.signed_in(roles=DATA) as client:
        begun = started(client, learner="E1")
        done = client.post(f"{RUNS}/{begun['id']}/cancel").json()["data"]
        assert (done["state"], done["counts"]) == ("cancelled", {"cancelled": 1})
        assert world.work_off() == 0
        assert client.post(f"{RUNS}/{begun['id']}/cancel").json()["data"]["state"] == "cancelled"
        anew = started(client, learner="E1")
        assert world.work_off() == 1
        assert until_ended(client, anew["id"])[-1][1]["state"] == "done", "cancelling holds for what was asked, once"
        assert client.post(f"{RUNS}/{anew['id']}/cancel").status_code == 409
    assert "run.cancelled" in world.world.actions()


def test_a_running_run_ends_as_cancelled_and_nothing_of_it_is_stored(world: WritingWorld) -> None:
    with world.signed_in(roles=DATA) as client:
        begun = started(client, learner="E1")
        before = world.world.counts()["assertions"]
        answers: list[httpx.Response] = []
        world.world.crew.meanwhile = lambda: answers.append(client.post(f"{RUNS}/{begun['id']}/cancel"))
        assert world.work_off() == 1
        assert [a.status_code for a in answers] == [200], answers[0].text
        run = answers[0].json()["data"]["learners"][0]["run"]
        assert until_ended(client, begun["id"])[-1] == (
            "end",
            {"state": "cancelled", "ended": True, "total": 1, "done": 1, "counts": {"cancelled": 1}},
        )
    assert world.world.sql("SELECT state FROM runs WHERE id = :i", i=run) == [("cancelled",)]
    assert world.world.counts()["assertions"] == before


def test_somebody_else_neither_starts_nor_sees_nor_cancels(world: WritingWorld) -> None:
    with world.signed_in(roles=DATA) as client:
        begun = started(client, learner="E1")
    with world.signed_in("bob@example.org") as bob:
        for method, path in (("POST", ""), ("GET", "/{}"), ("GET", "/{}/events"), ("POST", "/{}/cancel")):
            theirs = bob.request(method, RUNS + path.format(begun["id"]), json=None if path else {"learner": "E1"})
            nobody = RUNS + path.format("q0000000000000000")
            none = bob.request(method, nobody, json=None if path else {"learner": "E99"})
            assert theirs.status_code == none.status_code == 403, (method, path, theirs.text, none.text)
            assert theirs.json()["detail"] == none.json()["detail"]


def test_nobody_watches_more_streams_than_allowed(world: WritingWorld) -> None:
    watch = world.served.api.state.service.watch
    with world.with_key("many", [Scope.RUNS]) as client:
        begun = started(client, learner="E1")
        name = next(n for n in (f"key:{k.id}" for k in _keys(world)) if n)
        for _ in range(STREAMS_EACH):
            watch.enter(name)
        try:
            refused = client.get(f"{RUNS}/{begun['id']}/events")
        finally:
            for _ in range(STREAMS_EACH):
                watch.leave(name)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        world.work_off()
        until_ended(client, begun["id"])
    wait_for(lambda: watch._streams == {})  # a stream that ended is given back


def _keys(world: WritingWorld) -> list[Any]:
    with world.app.units(write=False) as uow:
        return [k for k in uow.api_keys.all() if k.name == "many"]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "text/plain"}, b"{}", 415),
        ({"content-type": "application/json"}, b'{"learner": "E1", "cohort": "all"}', 422),
        ({"content-type": "application/json"}, b'{"learner": "E1", "more": 1}', 422),
        ({"content-type": "application/json"}, b'{"learner": "' + b"x" * 200_000 + b'"}', 413),
        ({"content-type": "application/json", "sec-fetch-site": "cross-site"}, b'{"learner": "E1"}', 403),
        ({"content-type": "application/json", "origin": "https://evil.example"}, b'{"learner": "E1"}', 403),
    ],
    ids=["no-json", "no-type", "both", "unknown-field", "too-large", "another-site", "another-origin"],
)
def test_a_write_that_is_not_as_described_does_nothing(
    world: WritingWorld, headers: dict[str, str], body: bytes, status: int
) -> None:
    before = world.world.actions().count("run.requested")
    with world.signed_in(roles=DATA) as client:
        answer = client.post(RUNS, content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert world.world.actions().count("run.requested") == before
