"""Erase, then look for the person in every file there is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.records import Entity, SourceRef, WorkerRecord
from ascertain.domain.webhooks import Event
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.pipeline.ingest_pages import Ingest
from ascertain.pipeline.ingest_report import EntityReport
from ascertain.runtime import App, open_app
from tests.integration.command import call, granted
from tests.integration.job_harness import settings_in
from tests.integration.test_cli_person import ANN, BOB, assessed

__all__ = ["assessed"]

WORDS = (ANN.id, ANN.name, ANN.email, "annabel")
PRINT = "ab" * 32


@pytest.fixture
def home(assessed: Path, tmp_path: Path) -> Path:
    shutil.copytree(assessed, tmp_path / "home")
    return tmp_path / "home"


def holding(home: Path) -> dict[str, list[str]]:
    """Files in which one of the person's words stands, with the words."""
    files = {f: f.read_bytes().lower() for f in home.rglob("*") if f.is_file()}
    found = {str(f.relative_to(home)): [w for w in WORDS if w.casefold().encode() in b] for f, b in files.items()}
    return {f: words for f, words in found.items() if words}


def worker(learner: Learner, **changed: Any) -> WorkerRecord:
    ref = SourceRef("hris", Entity.WORKER, learner.id)
    return WorkerRecord(ref, learner.id, learner.email, learner.name, **changed)


def sync(app: App, *records: Any) -> EntityReport:
    """A page of an HRIS."""
    row = EntityReport("hris", Entity.WORKER)
    ingest = Ingest.load(app.units, app.clock, ["hris"])
    with app.units() as uow:
        ingest.apply(uow, records, row)
        uow.commit()
    ingest.end(app.units, "hris", Entity.WORKER, row)
    return row


def fill(app: App) -> None:
    """The person in every place that we know of."""
    told = f"Worked with {ANN.name} ({ANN.email}, {ANN.id}) on Terraform."
    with app.units() as uow:
        uow.people.link_all({"lms:user:u-77": ANN.id, f"hris:worker:{ANN.id}": ANN.id})
        uow.people.upsert([Learner(BOB.id, BOB.name, BOB.email, "Data", manager_id=ANN.id)])
        uow.evidence.upsert([Evidence("e-b", BOB.id, EvidenceKind.PROJECT, "lms", "lms:thing:2", "o-2", "T", told)])
        uow.inbox.record("lms", [Event("k-1", "completed", (SourceRef("lms", Entity.USER, "u-77"),))])
        uow.sync.set_cursor("ingest", "x", {"managers": {ANN.id: ["hris", "9"]}, "unsettled": [ANN.id, BOB.id]})
        uow.commit()
    handle = open_queue(app.settings)
    try:
        jobs = JobQueue(handle, app.settings)
        jobs.enqueue_assessment(ANN.id, PRINT, trigger="test")
        jobs.enqueue_assessment(BOB.id, PRINT[::-1], trigger="test")
    finally:
        handle.close()


def test_nothing_of_an_erased_person_is_left_in_any_file(home: Path) -> None:
    app = open_app(settings_in(home.parent))
    fill(app)
    granted(home, "zoe", "hrbp", "--population", "all")
    granted(home, "zoe", "admin")
    handle = open_queue(app.settings)  # the server stays, so that its file is there to look at
    try:
        assert call("profile", ANN.id, "--as", "zoe", home=home).code == 0
        app.close()
        assert any("sqlite" in f for f in holding(home)), "the search finds what is there"
        answer = call("person", "erase", ANN.email, "--reason", "asked", "--as", "zoe", "--yes", "--json", home=home)
        assert answer.code == 0, answer
        done = answer.json
        assert (done["jobs"], done["queue_rewritten"], done["files"]) == (1, True, [])
        assert holding(home) == {}
        assert JobQueue(handle, app.settings).waiting()["default"] == 1
        assert call("audit", "verify", home=home).code == 0
        assert call("profile", ANN.id, "--as", "zoe", home=home).code == 4
    finally:
        handle.close()
    with app.units(write=False) as uow:
        assert uow.evidence.of(BOB.id)[0].text == "Worked with [erased] ([erased], [erased]) on Terraform."
        bob = uow.people.get(BOB.id)
        assert bob is not None
        assert bob.manager_id is None
        assert uow.sync.cursor("ingest", "x") == {"managers": {}, "unsettled": [BOB.id]}

    for _ in range(2):  # the next syncs do not bring them back, nor as somebody's manager
        row = sync(app, worker(ANN), worker(BOB, manager_employee_id=ANN.id))
        assert any("erased" in w for w in row.warnings)
    app.close()
    assert holding(home) == {}
    assert call("person", "lift", done["tombstone"], "--as", "zoe", home=home).code == 0
    assert call("person", "lift", done["tombstone"], "--as", "zoe", home=home).code == 4
    assert sync(app, worker(ANN)).new == 1
    with app.units(write=False) as uow:
        assert uow.people.get(ANN.id) is not None
        sealed = [r for r in uow.audit.records() if r.action.startswith("person.eras")]
        assert [r.action for r in sealed] == ["person.erased", "person.erasure_lifted"]
        assert ANN.id not in json.dumps([dict(r.header) for r in sealed])
    app.close()


def test_group_labels_go_with_the_person(home: Path, tmp_path: Path) -> None:
    labels, named = tmp_path / "labels.csv", {"ASCERTAIN_FAIRNESS_AUDITORS": "ada"}
    labels.write_text(f"learner,attribute,value\n{ANN.id},gender,f\n{BOB.id},gender,m\n")
    noted = ("--source", "invented", "--purpose", "tests", "--as", "ada")
    imported = call("fairness", "labels", "import", str(labels), *noted, home=home, env=named)
    assert imported.code == 0, imported.err
    labels.unlink()
    granted(home, "zoe", "hrbp", "--population", "all")
    answer = call("person", "erase", ANN.id, "--reason", "asked", "--as", "zoe", "--yes", "--json", home=home)
    assert answer.code == 0, answer
    assert answer.json["rows"]["group_labels"] == 1
    listed = call("fairness", "labels", "list", "--as", "ada", "--json", home=home, env=named)
    assert listed.json["attributes"]["gender"] == 1


def test_nobody_is_erased_unasked(home: Path) -> None:
    assert call("person", "erase", ANN.id, "--reason", "asked", "--as", "zoe", "--yes", home=home).code == 9
    granted(home, "zoe", "hrbp", "--population", "all")
    assert call("person", "erase", ANN.id, "--reason", "asked", "--as", "zoe", home=home).code == 2
    assert call("person", "erase", ANN.id, "--reason", " ", "--as", "zoe", "--yes", home=home).code == 3
    assert call("person", "erase", "nobody", "--reason", "x", "--as", "zoe", "--yes", home=home).code == 4
    assert call("profile", ANN.id, "--as", "zoe", home=home).code == 0
