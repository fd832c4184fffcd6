"""`succession import`, `roles`, `nominate`, `object`, `bench`, `role`, `keep`, `withdraw`; `readiness person`, `plan`,
`history`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain.domain.consent import Origin, Purpose
from ascertain.domain.people import Learner
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.consent import say
from ascertain.runtime import open_app
from tests.agreed import tell_everybody
from tests.integration.command import Answer, call
from tests.integration.job_harness import settings_in

ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data", "Analyst", "data-analyst", "E3")
CHI = Learner("E3", "Chi Carver", "chi@example.org", "Data", "Head of data")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    app = open_app(settings_in(tmp_path))
    with app.units() as uow:
        uow.people.upsert([ANN, CHI])
        uow.commit()
    tell_everybody(app.units)
    yes = {"given": True, "origin": Origin.PERSON, "reason": "asked", "text_version": "1"}
    say(app.units, app.clock, ANN.id, [Purpose.MOBILITY], actor=ANN.email, **yes)  # type: ignore[arg-type]
    app.close()
    return app.settings.home_dir


def test_from_the_key_role_to_the_objection(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "roles.json"
    role = {"id": "K-1", "title": "Data Engineer", "job_profile": "data-engineer", "incumbents": ["chi@example.org"]}
    file.write_text(json.dumps({"source": "board", "roles": [role, role | {"id": "K-2", "seats": 0}]}))
    env = {"ASCERTAIN_TALENT_FILE": str(CONFIG_DIR / "demo" / "talent.yaml")}

    def run(*words: str, who: str = "chi@example.org") -> Answer:
        return call(*words, "--as", who, home=home, env=env)

    taken = call("succession", "import", str(file), home=home, env=env)
    assert (taken.code, "1 new" in taken.out, "(K-2), seats" in taken.out) == (3, True, True), taken
    assert "K-1  Data Engineer" in call("succession", "roles", home=home, env=env).out
    nominate = ("succession", "nominate", "K-1", ANN.id, "--reason", "Knows the pipelines.")
    assert call(*nominate, "--as", CHI.email, home=home).code == 5, "off as shipped"
    assert run(*nominate, who=ANN.email).code == 9
    assert run(*nominate).code == 0
    kept = call("succession", "keep", home=home, env=env)
    assert "1 looked at, 1 new or changed" in kept.out, kept
    board = run("succession", "bench")
    assert "depends on what" in board.out, board
    shown = run("succession", "role", "K-1", "--json").json
    assert [(r["band"], r["reason"]) for r in shown["rows"]] == [("not known", "Knows the pipelines.")]
    assert "Ann Archer" in run("succession", "role", "K-1").out
    mine = run("readiness", "person", ANN.id, who=ANN.email)
    assert "Data Engineer: not known (ready now to later)" in mine.out, mine
    assert "not known" in run("readiness", "history", ANN.id, who=ANN.email).out
    plan = run("readiness", "plan", ANN.id, "--role", "data-engineer", "--json")
    pulls = [n["covers"] / n["hours"]["point"] for n in plan.json["needs"] if n["essential"]]
    assert pulls == sorted(pulls, reverse=True)
    assert pulls
    assert run("succession", "object", "K-1", ANN.id, "--words", "No.", who=ANN.email).code == 0
    assert "Ann Archer does not want to be on it: No." in run("succession", "role", "K-1").out
    assert run("succession", "withdraw", "K-1", ANN.id, "--reason", "as she said").code == 0
    assert "on the list of no key role" in run("readiness", "person", ANN.id, who=ANN.email).out
