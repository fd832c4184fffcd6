"""How the product runs, on pages and by the API: rounds of assessments, connections, quarantine, cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from rq.job import Job
from rq.job_lifecycle import record_job_failure

from ascertain.domain.casefile import Versions
from ascertain.domain.permission import Role
from ascertain.domain.records import Entity
from ascertain.domain.runs import QuarantinedRecord, Run, RunState
from ascertain.domain.spending import Usage
from ascertain.domain.sweeps import Sweep, SweepState
from ascertain.domain.sync_attempts import SyncAttempt
from ascertain.jobs.killed import end_lost_runs
from ascertain.pipeline import runs_view
from ascertain.pipeline.assess_ends import KILLED
from ascertain.pipeline.connections_view import Condition, connections, watermark_in
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.sync_attempts import note_attempt
from ascertain.service.auth import COOKIE
from ascertain.service.pages.forms import token_of
from tests.integration.pipeline.world import exam
from tests.integration.service.pages_world import ORIGIN, Page
from tests.integration.service.writing_world import DATA, Roles, WritingWorld, writing_world

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)
ALL: Roles = {Role.L_AND_D: ("all",)}
ADMIN: Roles = {Role.ADMIN: ()}
ELSEWHERE: Roles = {Role.L_AND_D: ("Sales",)}
FILE = """
connections:
  - name: lms
    system: docebo
    url_env: NOT_SET_ANYWHERE
    secrets: {}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WritingWorld]:
    folder = tmp_path_factory.mktemp("operation")
    file = folder / "connections.yaml"
    file.write_text(FILE, encoding="utf-8")
    with writing_world(folder, connectors_file=file) as found:
        yield found


@pytest.fixture
def world(served: WritingWorld) -> WritingWorld:
    served.work_off()
    return served


def send(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """A form of the client's own session."""
    token = token_of(client.cookies[COOKIE])
    origin = {"Origin": str(client.base_url).rstrip("/")}
    return client.post(path, data={"csrf": token, **form}, headers=ORIGIN | origin)


def once(html: str) -> str:
    values = {(t, n): v for t, n, v in Page(html).attributes}
    assert ("input", "value") in values
    return html.split('name="once" value="')[1].split('"')[0]


def test_somebody_is_assessed_from_the_page_and_the_same_form_again_starts_nothing_more(world: WritingWorld) -> None:
    world.world.add(exam("e-page-1", score=0.8))
    with world.signed_in(roles=DATA) as client:
        asked = client.get("/runs/new", params={"learner": "E1"})
        assert asked.status_code == 200
        assert "To be assessed</dt><dd><strong>1</strong>" in asked.text
        form = {"learner": "E1", "cohort": "", "force": "0", "once": once(asked.text)}
        first = send(client, "/runs", **form)
        assert first.status_code == 303, first.text
        where = first.headers["location"]
        assert send(client, "/runs", **form).headers["location"] == where
        running = client.get(where).text
        assert f'data-events="/v1{where}/events"' in running
        assert "Cancel what has not ended" in running
        assert world.work_off() == 1
        client.get(f"/v1{where}/events")
        done = client.get(where).text
        listed = client.get("/runs").text
    assert "data-events" not in done
    assert "Ann Archer" in done
    assert where in listed
    with world.app.units(write=False) as uow:
        requests = uow.run_requests.newest(since=datetime(2026, 1, 1, tzinfo=UTC), limit=10)
    assert sum(f"/runs/{r.id}" == where for r in requests) == 1


@pytest.mark.parametrize(
    "form",
    [{"learner": "E1", "cohort": "all"}, {"learner": "", "cohort": ""}, {"learner": "E1", "cohort": "", "once": "x"}],
)
def test_a_form_that_is_not_complete_starts_nothing_and_says_why(world: WritingWorld, form: dict[str, str]) -> None:
    before = world.world.actions().count("run.requested")
    with world.signed_in(roles=DATA) as client:
        answer = send(client, "/runs", **({"once": "0" * 32, "force": "0"} | form))
    assert answer.status_code == 422
    assert 'class="note bad"' in answer.text
    assert world.world.actions().count("run.requested") == before


def test_whoever_may_not_assess_neither_starts_nor_sees(world: WritingWorld) -> None:
    with world.signed_in("bob@example.org") as client:
        assert client.get("/runs").status_code == 403
        assert client.get("/runs/new").status_code == 403
        assert send(client, "/runs", learner="E1", once="1" * 32).status_code == 403
    with world.signed_in(roles=ELSEWHERE) as client:
        assert client.get("/runs/new", params={"learner": "E1"}).status_code == 403
        assert send(client, "/runs", learner="E1", once="1" * 32).status_code == 403
        assert "Ann Archer" not in client.get("/runs").text


def test_a_run_is_cancelled_from_its_page(world: WritingWorld) -> None:
    world.world.add(exam("e-page-2", score=0.7))
    with world.signed_in(roles=DATA) as client:
        page = client.get("/runs/new", params={"learner": "E1"}).text
        where = send(client, "/runs", learner="E1", force="0", once=once(page)).headers["location"]
        assert send(client, f"{where}/cancel").status_code == 303
        shown = client.get(where).text
        assert send(client, f"{where}/cancel").status_code == 303  # again: nothing more happens
    assert ">cancelled</span>" in shown
    assert "It goes no further" in shown
    assert world.work_off() == 0


def test_rounds_are_shown_to_whoever_may_assess_everybody_in_them(world: WritingWorld) -> None:
    world.world.add(exam("e-by-itself", score=0.6))
    world.world.assess("E1")  # trigger: test
    with world.signed_in(roles=DATA) as client:
        begun = client.post("/v1/runs", json={"cohort": "Data"}).json()["data"]["id"]
        world.work_off()
        client.get(f"/v1/runs/{begun}/events")  # until its end
        mine = client.get("/v1/runs").json()
    kinds = {r["kind"] for r in mine["data"]}
    assert {"cohort", "other"} <= kinds
    cohort = next(r for r in mine["data"] if r["kind"] == "cohort")
    assert (cohort["state"], cohort["total"]) == ("done", 3)
    assert cohort["seconds"] >= 0
    own = next(r for r in mine["data"] if r["kind"] == "other")
    assert (own["id"], own["trigger"], own["learner"]) == (None, "test", "E1")
    assert own["usage"]["calls"] == 1
    with world.signed_in(roles=ELSEWHERE) as client:
        assert client.get("/v1/runs").json()["data"] == []
        assert client.get(f"/runs/{cohort['id']}").status_code == 403
        lost = client.get("/runs/rounds", params={"trigger": "test", "day": own["began"][:10]})
        assert lost.status_code == 404
    with world.signed_in(roles=DATA) as client:
        batch = client.get("/runs/rounds", params={"trigger": "test", "day": own["began"][:10]})
        assert "Ann Archer" in batch.text


def test_why_somebody_was_not_assessed_is_said_and_who_is_restricted_is_not_named(
    world: WritingWorld,
) -> None:
    world.world.add(exam("e-why", "E2", score=0.4))
    with world.app.units() as uow:
        bob = uow.people.get("E2")
        assert bob is not None
        restrict(uow, bob, reason="a request", actor="chi@example.org", clock=world.app.clock)
        uow.commit()
    try:
        with world.signed_in(roles=DATA) as client:
            ident = client.post("/v1/runs", json={"learner": "E2"}).json()["data"]["id"]
            page = client.get(f"/runs/{ident}")
            listed = client.get("/v1/runs")
        assert page.status_code == listed.status_code == 200
        assert "processing of the person is restricted" in page.text
        assert "Bob Baker" not in page.text, "their name is not for this reader while they are restricted"
        assert "blocked restricted" in page.text
    finally:
        world.world.sql("DELETE FROM restrictions")


def test_whoever_was_not_assessed_comes_first_with_the_reason() -> None:
    run = Run("r1", "E2", "f", RunState.BRAIN_FAILED, date(2026, 5, 1), Versions("p", "t", "b", "q"), "x", AT, AT)
    run = replace(
        run, outcome={"error": "no usable answer", "usage": {"calls": 1, "tokens": 5, "usd": 0.5, "unpriced": 0}}
    )
    well = replace(run, id="r2", learner_id="E1", state=RunState.DONE, outcome={"assertions": 3})
    rows = runs_view.members_of_batch(runs_view.Batch("x", AT.date(), (well, run)), {"E1": "Ann", "E2": "Zoe"})
    assert [(r["name"], r["why"], r["assertions"]) for r in rows] == [("Zoe", "no usable answer", None), ("Ann", "", 3)]
    row = runs_view.row(
        runs_view.Round(AT, batch=runs_view.Batch("schedule:nightly", AT.date(), (well, run))), None, {}
    )
    assert (row["kind"], row["state"], row["well"], row["failed"]) == ("schedule", "partly_failed", 1, 1)
    assert (row["usage"]["tokens"], row["usage"]["counted"]) == (5, 1)


def test_an_estimate_starts_nothing(world: WritingWorld) -> None:
    world.world.assess("E1")  # what one takes is known from those that were
    world.world.add(exam("e-estimate", score=0.9))
    before = world.world.actions().count("run.requested")
    with world.signed_in(roles=DATA) as client:
        found = client.get("/v1/run-estimate", params={"cohort": "Data"}).json()["data"]
        assert client.get("/v1/run-estimate").status_code == 422
        both = client.get("/v1/run-estimate", params={"cohort": "Data", "learner": "E1"})
        assert both.status_code == 422
    assert (found["people"], found["due"] + found["unchanged"]) == (3, 3)
    assert found["due"] >= 1
    assert world.world.actions().count("run.requested") == before
    with world.app.units(write=False) as uow:
        usual = runs_view.typical(uow, "script-1", world.app.clock.now())
        none = runs_view.typical(uow, "no such brain", world.app.clock.now())
    assert usual["n"] >= 1
    assert usual["seconds"] > 0
    assert none == {"n": 0, "seconds": None, "calls": None, "tokens": None, "usd": None}


def held(ident: str, raw: dict[str, Any] | None = None) -> QuarantinedRecord:
    ref = f"lms:{Entity.ENROLMENT.value}:{ident}"
    return QuarantinedRecord(
        f"qu_{ident}", "lms", ref, "no such course", "course_id", raw or {}, datetime(2026, 4, 1, tzinfo=UTC)
    )


def test_records_in_quarantine_are_tried_again_once_and_on_record(world: WritingWorld) -> None:
    with world.app.units() as uow:
        for ident in ("a", "b"):
            uow.sync.quarantine(held(ident))
        uow.commit()
    with world.signed_in() as client:
        assert client.get("/quarantine").status_code == 403, "not theirs by the table"
        assert client.get("/v1/quarantine").status_code == 403
    with world.signed_in(roles=ALL) as client:
        page = client.get("/quarantine").text
        assert "no such course" in page
        assert "/quarantine/retry" not in page, "they read it; trying again is the administrator's"
        assert send(client, "/quarantine/retry", connection="lms").status_code == 403
    with world.signed_in(roles=ADMIN) as client:
        page = client.get("/quarantine").text
        assert "no such course" in page
        assert "Try all 2 of lms again" in page
        rows = client.get("/v1/quarantine").json()["data"]
        assert [r["record"] for r in rows] == ["a", "b"]
        assert rows[0]["remedy"]
        assert send(client, "/quarantine/retry", connection="lms", record="qu_a").status_code == 303
        assert send(client, "/quarantine/retry", connection="lms", record="qu_a").status_code == 303
        with world.served.api.state.service.watch.queue(world.app) as queue:
            assert queue.waiting()["high"] == 1, "asked for twice, queued once"
        nothing = send(client, "/quarantine/retry", connection="lms", record="qu_none")
        assert nothing.status_code == 303
        assert "Nothing there is in quarantine any more" in client.get("/quarantine").text
        every = client.post("/v1/quarantine/retry", json={"connection": "lms"})
        assert (every.status_code, every.json()["data"]["records"]) == (202, 2)
    assert world.world.actions().count("quarantine.retried") == 3
    with world.app.units() as uow:
        for ident in ("a", "b"):
            uow.sync.release(f"qu_{ident}")
        uow.commit()
    with world.signed_in(roles=ADMIN) as client:
        assert "Nothing is in quarantine" in client.get("/quarantine").text


def test_a_job_that_failed_for_good_is_shown_with_its_reason_and_tried_again_on_record(world: WritingWorld) -> None:
    learner, fingerprint = "L-gone", "ab" * 16
    with world.served.api.state.service.watch.queue(world.app) as queue:
        ticket = queue.enqueue_assessment(learner, fingerprint, trigger="test", priority="low")
        (lane,) = [q for q in queue.handle.queues.values() if q.name.endswith("-low")]
        job = Job.fetch(ticket.id, connection=queue.handle.connection, serializer=lane.serializer)
        with queue.handle.connection.pipeline() as pipe:
            pipe.lrem(lane.key, 0, job.id)
            record_job_failure(job, "Traceback\nValueError: of Ann Smith", pipe)
            pipe.execute()
        assert queue.failed() == 1
    with world.signed_in(roles=ALL) as client:
        assert client.get("/queue").status_code == 403, "not theirs by the table"
        assert client.get("/v1/queue/dead").status_code == 403
        assert send(client, "/queue/requeue").status_code == 403
    with world.signed_in(roles=ADMIN) as client:
        page = client.get("/queue").text
        assert learner in page
        assert "ValueError" in page
        assert "Ann Smith" not in page, "the words of a foreign exception"
        (row,) = client.get("/v1/queue/dead").json()["data"]
        assert (row["id"], row["task"], row["reason"]) == (ticket.id, "assess_learner", "ValueError")
        assert client.get("/v1/queue").json()["data"]["dead"] == 1
        assert client.post("/v1/queue/requeue", json={"job": ticket.id}).status_code == 202
        assert "No job has failed for good" in client.get("/queue").text
        send(client, "/queue/requeue", job=ticket.id)
        assert "not among those that failed any more" in client.get("/queue").text
    with world.served.api.state.service.watch.queue(world.app) as queue:
        assert queue.progress([ticket.id])["queued"] == 1
        queue.handle.connection.lrem(lane.key, 0, ticket.id)
        queue.handle.connection.delete(Job.key_for(ticket.id))
    assert world.world.actions().count("queue.requeued") == 1


def test_sweeps_are_reported_to_whoever_runs_the_system(world: WritingWorld) -> None:
    at = datetime(2026, 5, 4, 2, 30, tzinfo=UTC)
    figures = {"looked": 4052, "due": 41, "unchanged": 4011, "queued": 40, "failed": 1}
    done = Sweep(
        "s1", "all", "schedule:nightly", at, at, queued=True, state=SweepState.DONE, ended_at=at, figures=figures
    )
    with world.app.units() as uow:
        uow.sweeps.put(replace(done, expected={"seconds": 9.4}))
        uow.sweeps.put(Sweep("s2", "Sales", "cli", at + timedelta(hours=1), at, after="E77", figures={"looked": 3}))
        uow.commit()
    with world.signed_in(roles=ALL) as client:
        assert client.get("/v1/queue/sweeps").status_code == 403
    with world.signed_in(roles=ADMIN) as client:
        rows = client.get("/v1/queue/sweeps").json()["data"]
        assert [(r["id"], r["state"]) for r in rows] == [("s2", "running"), ("s1", "done")]
        assert (rows[1]["figures"], rows[1]["expected"]) == (figures, {"seconds": 9.4})
        assert "E77" not in client.get("/v1/queue/sweeps").text, "where a sweep is names somebody"
        page = client.get("/queue").text
        assert "schedule:nightly" in page
        assert "4052" in page
        assert "E77" not in page


def test_a_run_that_nobody_works_on_any_more_ends_by_name(world: WritingWorld) -> None:
    app = world.app
    with app.units(write=False) as uow:
        person = uow.people.all()[0].id
    then = app.clock.now() - timedelta(seconds=app.settings.job_timeout) - timedelta(minutes=11)
    versions = Versions("b", "p", "t", "y")
    old = Run("rlost", person, "cd" * 16, RunState.STARTED, then.date(), versions, "test", then)
    waits = replace(old, id="rwaits", fingerprint="ef" * 16)
    young = replace(old, id="ryoung", fingerprint="0f" * 16, started_at=app.clock.now())
    with app.units() as uow:
        for run in (old, waits, young):
            uow.runs.put(run)
        uow.commit()
    with world.served.api.state.service.watch.queue(app) as queue:
        ticket = queue.enqueue_assessment(person, waits.fingerprint, trigger="test", priority="low")
        assert end_lost_runs(app, queue) == 1
        assert end_lost_runs(app, queue) == 0
        queue.handle.connection.lrem(queue.handle.queues["low"].key, 0, ticket.id)
        queue.handle.connection.delete(Job.key_for(ticket.id))
    with app.units(write=False) as uow:
        found = uow.runs.some(["rlost", "rwaits", "ryoung"])
    assert {i: r.state for i, r in found.items()} == {
        "rlost": RunState.FAILED,
        "rwaits": RunState.STARTED,
        "ryoung": RunState.STARTED,
    }
    assert found["rlost"].outcome == {"error": KILLED}


def test_a_connection_that_fails_says_so_with_its_remedy(world: WritingWorld) -> None:
    failed = EntityReport(
        "lms", Entity.COURSE, pulled=4, error="lms: GET /learn: no answer in time", remedy="look at it"
    )
    note_attempt(world.app.units, failed, world.app.clock.now())
    with world.signed_in(roles=ALL) as client:
        page = client.get("/connectors").text
        (row,) = client.get("/v1/connections").json()["data"]
    assert "NOT_SET_ANYWHERE" in page
    assert "no answer in time" in page
    assert "look at it" in page
    assert row["condition"] == "not usable"
    assert [e["remedy"] for e in row["errors"]][1] == "look at it"
    assert row["parts"][0]["failures"] == 1
    with world.signed_in("bob@example.org") as client:
        assert client.get("/connectors").status_code == 403


PLAIN: dict[str, Any] = {"name": "lms", "system": "docebo", "where": "", "problem": "", "remedy": ""}
PLAIN |= {"entities": {"course": "full"}, "receives": "", "writes": [], "limit": None, "busy": False}


@pytest.mark.parametrize(
    ("described", "tried", "condition"),
    [
        ({}, None, Condition.NEVER),
        ({}, SyncAttempt("lms", "course", AT, ok_at=AT), Condition.WORKS),
        ({"busy": True}, SyncAttempt("lms", "course", AT, ok_at=AT), Condition.BUSY),
        ({}, SyncAttempt("lms", "course", AT, failures=2, error="away"), Condition.FAILING),
        ({}, SyncAttempt("lms", "course", AT, failures=2, error="x", retry_at=AT + timedelta(1)), Condition.PAUSED),
        ({"limit": {"paused_until": AT + timedelta(1)}}, SyncAttempt("lms", "course", AT, ok_at=AT), Condition.PAUSED),
        ({"problem": "a secret is missing"}, SyncAttempt("lms", "course", AT, ok_at=AT), Condition.UNUSABLE),
    ],
)
def test_the_worst_that_holds_is_the_condition(
    world: WritingWorld, described: dict[str, Any], tried: SyncAttempt | None, condition: Condition
) -> None:
    with world.app.units() as uow:
        world.world.sql("DELETE FROM sync_attempts")
        if tried:
            uow.sync.note_attempt(tried)
        (row,) = connections(uow, [PLAIN | described], AT)
    assert row["condition"] == condition.value


def test_of_a_cursor_only_a_time_is_shown() -> None:
    assert watermark_in({"since": "2026-05-01T10:00:00Z", "open": ["E1"], "id": "2026", "who": "ann@example.org"}) == (
        "2026-05-01T10:00:00Z"
    )
    assert watermark_in({"page": 3, "ids": ["2026-05-01"]}) == ""


def test_what_agents_used_is_shown_by_day_and_brain(world: WritingWorld) -> None:
    today = world.app.clock.today()
    with world.app.units() as uow:
        uow.usage.add(today, "learner", [Usage("reviewer", "dear-llm", 3, 1000, 200, 1.5)])
        uow.usage.add(date(2020, 1, 1), "learner", [Usage("reviewer", "dear-llm", 9, 9, 9, 99.0)])
        uow.commit()
    with world.signed_in(roles=ALL) as client:
        found = client.get("/v1/usage", params={"days": 7}).json()["data"]
        page = client.get("/cost?days=7").text
    spent = next(b for b in found["by_brain"] if b["brain"] == "dear-llm")
    assert (spent["tokens"], spent["usd"]) == (1200, 1.5)
    assert found["total"]["usd"] == 1.5
    assert "dear-llm" in page
    assert "1.50" in page
    assert "99" not in [f["usd"] for f in found["by_day"]]
    with world.signed_in("bob@example.org") as client:
        assert client.get("/cost").status_code == client.get("/v1/usage").status_code == 403
