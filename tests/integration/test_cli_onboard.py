"""`onboard plan`, `list`, `show`, `edit`, `approve`, `tick`, `comment`, `progress`, `export`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from ascertain.domain.people import Learner
from ascertain.runtime import open_app
from tests.agreed import tell_everybody
from tests.integration.command import Answer, call
from tests.integration.job_harness import settings_in

TODAY = date.today()
NEW = Learner("E1", "Nia Novak", "nia@example.org", "Data", "Analyst", "data-analyst", "E3", TODAY)
CHI = Learner("E3", "Chi Carver", "chi@example.org", "Data", "Head of data")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    app = open_app(settings_in(tmp_path))
    with app.units() as uow:
        uow.people.upsert([NEW, CHI, Learner("E2", "Bob Baker", "bob@example.org", "Sales", manager_id="E4")])
        uow.commit()
    tell_everybody(app.units)
    app.close()
    return app.settings.home_dir


def test_from_asking_to_the_calendar(home: Path, tmp_path: Path) -> None:
    given, changes, out = tmp_path / "given.yaml", tmp_path / "changes.yaml", tmp_path / "plan.ics"
    given.write_text("priorities: [SQL]\nsystems:\n  - {name: Warehouse, contact: IT desk}\n", encoding="utf-8")

    def onboard(*words: str, who: str = "chi@example.org") -> Answer:
        return call("onboard", *words, "--as", who, home=home)

    assert onboard("plan", "E1", who="nia@example.org").code == 9, "nobody makes their own"
    bad = tmp_path / "bad.yaml"
    bad.write_text("systems:\n  - nme: Warehouse\n", encoding="utf-8")
    wrong = onboard("plan", "E1", "--input", str(bad))
    assert (wrong.code, "bad.yaml:2" in wrong.err) == (3, True), wrong.err
    made: dict[str, Any] = onboard("plan", "E1", "--input", str(given), "--json").json
    plan, first = made["id"], made["milestones"][0]["id"]
    assert (made["state"], made["given"]["priorities"][0]["label"]) == ("draft", "SQL")
    assert onboard("plan", "E1").code == 5, "there is one"
    assert "Get to know Warehouse" in onboard("show", plan).out
    assert onboard("show", plan, who="bob@example.org").code == 9
    day = made["ends_on"]
    rows = [
        {"op": "move", "milestone": first, "due_on": day},
        {"op": "add", "kind": "task", "title": "Read", "due_on": day},
    ]
    changes.write_text(json.dumps(rows), encoding="utf-8")
    edited = onboard("edit", plan, "--changes", str(changes), "--reason", "as agreed", "--version", "1", "--json").json
    assert (edited["version"], len(edited["changes"])) == (2, 2)
    assert onboard("edit", plan, "--changes", str(changes), "--reason", "again", "--version", "1").code == 5
    assert onboard("tick", plan, first, who="nia@example.org").code == 5, "not approved yet"
    assert "approved by chi@example.org" in onboard("approve", plan, "--reason", "Welcome").out
    assert onboard("tick", plan, first, who="nia@example.org").code == 0
    assert onboard("tick", plan, first, "--state", "skipped", who="nia@example.org").code == 3
    assert onboard("comment", plan, "--words", "Where is it?", who="nia@example.org").code == 0
    went = onboard("progress", plan, "--json").json
    assert went["done"] == 1
    assert any("1 of" in s for s in went["told"])
    assert onboard("list", "--json").json["plans"][0]["learner"] == "E1"
    assert onboard("export", plan, "--out", str(out)).code == 0
    parsed: Any = Calendar.from_ical(out.read_bytes())
    assert len(list(parsed.walk("VEVENT"))) == went["total"]
    assert onboard("export", plan, "--format", "json").json["id"] == plan
    assert onboard("withdraw", plan, "--reason", "Another role.").code == 0
    assert onboard("list", "--json").json["plans"] == []


def test_a_new_hire_of_the_last_sync_is_drafted_once(home: Path) -> None:
    first = call("onboard", "draft", "--json", home=home).json
    assert [p["learner"] for p in first["plans"]] == ["E1"]
    assert call("onboard", "draft", "--json", home=home).json == {"plans": [], "failed": []}
