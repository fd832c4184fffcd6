"""Who looked at me, through every command and call that shows a person's skills."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.access import Scope
from ascertain.domain.audit import verify
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event
from ascertain.errors import InputError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.keys import create_key
from ascertain.runtime import App, open_app
from ascertain.store.schema import Base
from tests.agreed import tell_everybody
from tests.integration.command import Answer, call, granted
from tests.integration.job_harness import settings_in
from tests.integration.service.harness import serving

ANN = Learner("W-7001", "Annabel Quistgaard", "annabel.q@example.org", "Data", job_profile_id="platform-engineer")
BOB = Learner("W-7002", "Bob Baker", "bob@example.org", "Data")
WORK = "Wrote the Terraform modules that build our AWS accounts, and the Python tooling around them."


@pytest.fixture(scope="module")
def assessed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two people, of whom one was assessed. To copy."""
    folder = tmp_path_factory.mktemp("person")
    app = open_app(settings_in(folder))
    piece = Evidence(
        "e-1",
        ANN.id,
        EvidenceKind.PROJECT,
        "lms",
        "lms:thing:1",
        "o-1",
        "Terraform",
        WORK,
        occurred_on=date(2026, 5, 1),
    )
    with app.units() as uow:
        uow.people.upsert([ANN, BOB])
        uow.evidence.upsert([piece])
        uow.commit()
    tell_everybody(app.units)
    app.assess(ANN.id, trigger="test")
    app.close()
    return folder / "home"


@pytest.fixture
def home(assessed: Path, tmp_path: Path) -> Path:
    shutil.copytree(assessed, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    made = open_app(settings_in(home.parent))
    yield made
    made.close()


def tell(home: Path, *arguments: str, **env: str) -> Answer:
    answer = call(*arguments, home=home, env=env)
    assert answer.code == 0, answer
    return answer


def seen(home: Path, person: str = ANN.id) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(tell(home, "person", "access", person, "--json").out)["accesses"]
    return found


def test_each_command_that_shows_a_person_leaves_their_entry(home: Path, tmp_path: Path) -> None:
    for name in ("zoe", "yan"):
        granted(home, name, "hrbp", "--population", "all")
    skills = json.loads(tell(home, "profile", ANN.email, "--as", "zoe", "--json").out)["skills"]
    tell(home, "gaps", ANN.id, "--as", "zoe")
    tell(home, "gaps", "--cohort", "all", ASCERTAIN_ACTOR="yan")
    tell(home, "path", ANN.id, "--as", "zoe", ASCERTAIN_ACTOR="yan")
    tell(home, "explain", skills[0]["id"], "--as", "zoe")
    tell(home, "report", "--out", str(tmp_path / "r.html"), "--as", "zoe")
    tell(home, "review", "list", "--as", "zoe")
    reviewed = [("zoe", "reviews", 1)] if json.loads(tell(home, "review", "list", "--json").out)["waiting"] else []
    found = [(a["actor"], a["what"], a["people"]) for a in seen(home)][len(reviewed) :]  # the last is the login's name
    assert found == [
        *reviewed,
        ("zoe", "report", 2),
        ("zoe", "explain", 1),
        ("zoe", "path", 1),
        ("yan", "gaps", 2),
        ("zoe", "gaps", 1),
        ("zoe", "profile", 1),
    ]
    assert [(a["actor"], a["what"]) for a in seen(home, BOB.id)] == [("zoe", "report"), ("yan", "gaps")]
    assert "zoe" in tell(home, "person", "access", ANN.id).out
    assert tell(home, "audit", "verify").code == 0


def test_a_batch_is_one_record_that_names_nobody_in_clear(app: App) -> None:
    with app.units(write=False) as uow:
        before = uow.audit.head()
    note_access(app.units, "zoe", "report", [ANN.id, BOB.id, BOB.id])
    note_access(app.units, "zoe", "report", [])
    with app.units(write=False) as uow:
        (record,) = uow.audit.records(after=before.seq if before else 0)
        assert (record.action, record.subject, dict(record.header)) == (
            "people.read",
            "",
            {"what": "report", "people": 2},
        )
        assert uow.audit.open_payload(record.seq) == {"actor": "zoe"}
        assert [a.record for p in (ANN, BOB) for a in uow.accesses.of(p.id)][-2:] == [record.seq] * 2
        assert verify(uow.audit.records(), app.store.checkpoints(), uow.audit.ciphertexts()) == ()
    with pytest.raises(InputError, match="nobody is named"):
        note_access(app.units, " ", "report", [ANN.id])


def test_the_api_leaves_an_entry_under_the_name_of_its_key(app: App) -> None:
    key, secret = create_key(app.units, app.clock, "lms", [Scope.INFER], actor="zoe")
    body = {
        "learner_id": ANN.id,
        "activity_type": "project",
        "activity_id": "p-1",
        "content": WORK,
        "metadata": {"course_id": None, "completion_date": "2026-05-01", "score": 90},
    }
    with serving(app) as served, served.client(headers={"Authorization": f"Bearer {secret}"}) as client:
        assert client.post("/v1/skills/infer", json=body).status_code == 200
        with app.units(write=False) as uow:
            run = uow.runs.latest(ANN.id)
        assert run is not None
        assert client.get(f"/v1/runs/{run.id}").status_code == 200
        assert client.get("/v1/runs/r000000000000000").status_code == 404
    with app.units(write=False) as uow:
        found = [(a.actor, a.what) for a in uow.accesses.of(ANN.id)]
    assert found == [(f"key:{key.id}", "api.run"), (f"key:{key.id}", "api.infer")]


def test_another_configuration_at_a_start_is_one_record(home: Path, tmp_path: Path) -> None:
    def records() -> list[dict[str, Any]]:
        chain = map(json.loads, tell(home, "audit", "export").out.splitlines())
        return [r["header"]["changed"] for r in chain if r["action"] == "configuration.changed"]

    assert records() == []
    schedules = tmp_path / "schedules.yaml"
    schedules.write_text("schedules: {}\n")
    changed = {"ASCERTAIN_SCHEDULES_FILE": str(schedules)}
    for _ in range(2):
        tell(home, "person", "access", ANN.id, **changed)
    first = records()  # this start went back to the shipped file, and says so
    assert [sorted(c) for c in first] == [["schedules"], ["schedules"]]
    assert first[0]["schedules"] == first[1]["schedules"][::-1]
    assert len(records()) == 2


def test_an_export_holds_every_row_about_a_person_and_nobody_elses(home: Path, app: App, tmp_path: Path) -> None:
    event = Event("k-1", "completed", (SourceRef("lms", Entity.USER, "u-77"),))
    other = Event("k-2", "completed", (SourceRef("lms", Entity.USER, "u-78"),))
    with app.units() as uow:
        uow.people.link("lms:user:u-77", ANN.id)
        uow.inbox.record("lms", [event, other])
        bobs = Evidence("e-bob", BOB.id, EvidenceKind.PROJECT, "lms", "lms:thing:2", "o-2", "Bobs", "only Bob's")
        uow.evidence.upsert([bobs])
        uow.commit()
    out = tmp_path / "mine"
    granted(home, "zoe", "hrbp", "--population", "all")
    tell(home, "person", "export", ANN.email, "--out", str(out), "--as", "zoe")
    data = json.loads((out / "person.json").read_text())
    assert {"learners", "learner_links", "evidence", "runs", "run_documents", "assertions", "accesses"} <= set(
        data["held"]
    )
    assert [e["key"] for e in data["held"]["webhook_inbox"]] == ["k-1"]
    assert data["held"]["accesses"][0]["what"] == "export"
    assert data["held"]["evidence"][0]["text"] == WORK
    assert any(r["action"] == "run.concluded" and r["payload"]["assertions"] for r in data["audit"])
    page = (out / "person.html").read_text()
    assert ANN.name in page
    assert "terraform" in page.lower()
    for text in (page, json.dumps(data)):
        assert "only Bob" not in text
        assert "<script" not in text
    assert {f.stat().st_mode & 0o777 for f in out.iterdir()} == {0o600}


def test_each_table_that_names_a_person_is_part_of_the_export() -> None:
    apart = {"audit_records", "person_keys"}
    columns = {t.name: set(t.c.keys()) for t in Base.metadata.sorted_tables if t.name not in apart}
    by_person = {name for name, c in columns.items() if "learner_id" in c} | {"learners", "run_documents"}
    named = {"webhook_inbox", "quarantine"}
    nobody = {
        "api_keys", "audit_cuts", "calibration_uses", "calibrations", "call_budgets", "content_tags", "contents",
        "deletion_marks", "deletions", "fairness_audits", "job_proposals", "kept_secrets", "notices",
        "organisation_consents", "leases", "policies", "revisions", "roles", "switches", "sync_cursors",
        "tombstones", "writeback_runs", "run_requests", "content_tag_votes", "content_tag_rulings",
        "openings", "match_lists", "match_checks", "content_tag_outcomes", "content_transcripts", "content_weighings",
        "key_roles", "succession_checks", "usage_days", "sync_attempts", "rollout_advances", "rollout_reports",
        "content_tag_notices",
        "taxonomy_proposals", "taxonomy_answers", "taxonomy_overlays", "taxonomy_uses",
        "taxonomy_crosswalks",
        "sweeps", "sweep_marks",  # a sweep holds an id while it runs, as the place where to go on
    }  # fmt: skip
    assert set(columns) == by_person | named | nobody, "a new table: does it name people?"


def test_nothing_hidden_in_what_is_stored_is_shown_by_any_command(home: Path, app: App, tmp_path: Path) -> None:
    """What came in before texts were cleaned, or past it: invisible, a command to the terminal, or markup of ours."""
    hidden = "\u200b\u202e\u2066\ufe0f\u2060\U000e0041\u00ad\x1b\x07\x08\r\x7f\x9b"
    markup = "[red]Ask [person] [/] [/nothing] [link=x]"
    name = f"Anna{hidden}bel\x1b[2J {markup}"
    with app.units() as uow:
        uow.people.upsert([replace(ANN, name=name, department=f"Da{hidden}ta", job_title=f"Engi{hidden}neer")])
        held = uow.evidence.of(ANN.id)
        uow.evidence.upsert(
            [replace(e, title=f"Terra{hidden}form {markup}", text=f"{markup} Terra{hidden}form") for e in held]
        )
        uow.commit()
    granted(home, "zoe", "hrbp", "--population", "all")
    skill = json.loads(tell(home, "profile", ANN.id, "--as", "zoe", "--json").out)["skills"][0]["id"]
    page, folder = tmp_path / "r.html", tmp_path / "mine"
    shown = []
    for command in (
        ("profile", ANN.id),
        ("gaps", ANN.id),
        ("gaps", "--cohort", "all"),
        ("path", ANN.id),
        ("explain", skill),
        ("review", "list"),
        ("person", "access", ANN.id),
        ("report", "--out", str(page)),
        ("person", "export", ANN.id, "--out", str(folder)),
    ):
        for form in ((), ("--json",)):
            answer = call(*command, "--as", "zoe", *form, home=home)
            assert answer.code == 0 or form, answer
            shown += [answer.out, answer.err]
    shown.append(call("profile", f"no{hidden}body", "--as", "zoe", home=home).err)
    assert "no\\u200b\\u202e" in shown[-1]  # what somebody typed is quoted as it was
    shown += [f.read_text() for f in (page, *folder.iterdir())]
    assert not [t for t in shown if set(t) & set(hidden)]
    assert sum("Annabel" in t for t in shown) > 7  # JSON writes a control character as an escape
    assert sum(f"Annabel {markup}" in t for t in shown) > 6  # as it was written, and neither obeyed nor left out
    assert any(f"Terraform {markup}" in " ".join(t.split()) for t in shown)
    assert sum("[person]" in t for t in shown) > 12
    assert sum("Terraform" in t for t in shown) > 4
