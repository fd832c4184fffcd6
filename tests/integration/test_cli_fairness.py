"""Fairness audits on the command line; and what an agent is given never holds a label."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.report.fairness import fairness_csv
from ascertain.report.fairness_kept import kept_report
from ascertain.runtime import SystemClock
from tests.e2e.harness import Place, undecide
from tests.integration.command import Answer, call

LABELS = CONFIG_DIR / "demo" / "demographics.csv"
NAMED = {"ASCERTAIN_FAIRNESS_AUDITORS": "grace, ada"}
NOTED = ("--source", "invented", "--purpose", "tests")
SOMEBODY = "FL1109"


def command(place: Place, *arguments: str, env: dict[str, str] | None = None) -> Answer:
    return call("fairness", *arguments, home=place.home, env=NAMED if env is None else env)


@pytest.fixture
def labelled(own: Place) -> Place:
    answer = command(own, "labels", "import", str(LABELS), *NOTED, "--as", "ada")
    assert answer.code == 0, answer.err
    return own


def test_nobody_may_look_by_default_and_only_the_named_may(own: Place) -> None:
    undecide(own)
    for env, actor in [({}, "ada"), (NAMED, "eve")]:
        for arguments in (["audit"], ["labels", "list"], ["labels", "import", str(LABELS), *NOTED]):
            answer = command(own, *arguments, "--as", actor, env=env)
            assert answer.code == 9
            assert "is not a fairness auditor" in answer.err
    assert command(own, "labels", "forget", SOMEBODY, "--json").json["forgotten"] == 0
    assert not (own.home / "fairness" / "groups.sqlite").exists()


def test_an_audit_compares_writes_names_nobody_and_is_remembered(labelled: Place, tmp_path: Path) -> None:
    html, table = tmp_path / "fair.html", tmp_path / "fair.csv"
    assert command(labelled, "audit", "--stale").code == 1

    answer = command(labelled, "audit", "--as", "Ada", "--html", str(html), "--csv", str(table))

    assert answer.code == 0, answer.err
    assert answer.out.index("How much evidence could each group leave") < answer.out.index("Has an accepted skill by")
    assert "too few" in answer.out
    written = answer.out + html.read_text(encoding="utf-8") + table.read_text(encoding="utf-8")
    people = labelled.rows("SELECT id, name, email FROM learners")
    assert len(people) == 52
    assert not [p for p in people if any(part in written for part in p)]
    assert html.stat().st_mode & 0o077 == 0
    ((header,),) = labelled.rows("SELECT header FROM audit_records WHERE action = 'fairness.audited'")
    kept = labelled.home / "fairness" / "reports" / f"{json.loads(header)['report']}.json"
    assert kept.stat().st_mode & 0o077 == 0
    found = kept_report(labelled.home, kept.stem)
    assert found is not None
    assert fairness_csv(found) == table.read_bytes().decode(), "what is kept gives the same report"
    assert not [p for p in people if any(part in kept.read_text(encoding="utf-8") for part in p)]
    assert "accepted" in {r[1] for r in csv.reader(table.read_text(encoding="utf-8").splitlines()) if len(r) > 2}
    assert command(labelled, "audit", "--stale", "--json").json["stale"] is False
    listed = command(labelled, "list", "--json").json
    assert [(a["population"], a["actor"], a["people"]) for a in listed] == [("all", "Ada", 52)]
    assert call("audit", "verify", home=labelled.home).code == 0


def test_what_is_audited_by_what_can_be_chosen(labelled: Place) -> None:
    found = command(
        labelled, "audit", "--as", "ada", "--by", "gender", "--on", "score", "--min-group", "2", "--json"
    ).json

    assert list(found["labels"]) == ["gender"]
    assert {t["measure"] for t in found["rates"]} == {"score"}
    assert not any(g["verdict"] == "too few" for t in found["rates"] for g in t["groups"])
    wrong = command(labelled, "audit", "--as", "ada", "--by", "faith")
    assert wrong.code == 3
    assert "'faith'" in wrong.err


def test_an_audit_is_out_of_date_after_a_year(labelled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    made = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    for days, code in [(0, 0), (365, 0), (366, 1)]:
        moment = made + timedelta(days=days)
        monkeypatch.setattr(SystemClock, "now", lambda _self, at=moment: at)
        if days == 0:
            assert command(labelled, "audit", "--as", "ada", "--by", "gender", "--on", "path").code == 0
        assert command(labelled, "audit", "--stale").code == code, days
    assert command(labelled, "audit", "--stale", "--cohort", "Data").code == 1


def test_labels_are_listed_without_values_and_forgotten_with_the_person(labelled: Place) -> None:
    listed = command(labelled, "labels", "list", "--as", "ada")
    assert "gender: 52 people" in listed.out
    assert "40-49" not in listed.out

    gone = command(labelled, "labels", "forget", SOMEBODY, "--json").json

    assert gone == {"learner": SOMEBODY, "forgotten": 2}
    assert command(labelled, "labels", "list", "--as", "ada", "--json").json["attributes"]["gender"] == 51


LISTENING = """
import json, os
from crews.environment import prepare

prepare()
from agents.brains.embedded import EmbeddedBrain
from ascertain.cli import main

think = EmbeddedBrain.think

def listening(self, messages, tools, schema):
    with open(os.environ["HEARD"], "a") as out:
        out.write(json.dumps(f"{messages} {tools}") + "\\n")
    return think(self, messages, tools, schema)

EmbeddedBrain.think = listening
main()
"""
"""The command line with an ear at every brain; a process of its own, since a kickoff leaves threads behind."""


def test_no_brain_is_given_a_label_and_no_other_file_holds_one(fresh: Place, tmp_path: Path) -> None:
    """Every message and every tool result that a brain is given for a run made while labels are there."""
    heard, program = tmp_path / "heard.jsonl", tmp_path / "listening.py"
    program.write_text(LISTENING, encoding="utf-8")
    people = [r[0] for r in fresh.rows("SELECT id FROM learners")]
    rows = "".join(f"{p},zqattribute,zqvalue{i % 3}\n" for i, p in enumerate(people))
    (tmp_path / "labels.csv").write_text(f"learner,attribute,value\n{rows}", encoding="utf-8")
    assert command(fresh, "labels", "import", str(tmp_path / "labels.csv"), *NOTED, "--as", "ada").code == 0

    fresh.run(
        "assess", "--learner", SOMEBODY, env=NAMED | {"HEARD": str(heard)}, command=(sys.executable, str(program))
    )

    seen = heard.read_text(encoding="utf-8").splitlines()
    assert len(seen) >= 5, "fewer calls than agents: nothing was listened to"
    assert any("Software architecture" in s for s in seen), "what a run is about was not listened to"
    assert not [s for s in seen if "zqattribute" in s or "zqvalue" in s]
    files = [f for f in fresh.home.rglob("*") if f.is_file()]
    assert any(f.name == "groups.sqlite" for f in files)
    assert not [f for f in files if b"zqvalue" in f.read_bytes()]
