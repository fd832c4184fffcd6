"""Who looked at me, through every command and call that shows a person's skills."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.access import Scope
from ascertain.domain.audit import verify
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.errors import InputError
from ascertain.pipeline.access import note_access
from ascertain.pipeline.keys import create_key
from ascertain.runtime import App, open_app
from tests.integration.command import Answer, call
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
