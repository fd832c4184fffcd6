"""The example of docs/connectors/files.md, as it stands there, through the command line into the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import ROOT, Place
from tests.integration.command import call

PAGE = ROOT / "docs" / "connectors" / "files.md"
MARKED = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?\n)```", re.S)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "work")
    for name, text in MARKED.findall(PAGE.read_text(encoding="utf-8")):
        file = made.folder / "archive" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            text.replace("/srv/ascertain/archive", str(made.folder / "archive")),
            encoding="cp1252" if name == "lms/completions.csv" else "utf-8",
        )
    certificate = made.folder / "archive" / "certificates" / "1001" / "Terraform_Associate.pdf"
    certificate.parent.mkdir(parents=True)
    certificate.write_bytes(b"%PDF-1.4 a scan")
    return made


def told(place: Place, *arguments: str) -> Any:
    """What a command says under ``--json``."""
    files = {"ASCERTAIN_CONNECTORS_FILE": str(place.folder / "archive" / "connectors.yaml")}
    answer = call(*arguments, "--json", home=place.home, folder=place.folder, env=files)
    assert answer.code == 0, answer
    return answer.json


@pytest.mark.slow
def test_the_example_is_read_as_the_page_says(place: Place) -> None:
    listed = told(place, "connector", "list")["connections"]
    assert listed[0]["problem"] == ""
    assert "8 of 10 files fit" in told(place, "connector", "check", "archive")["detail"]
    probed = told(place, "connector", "probe", "archive")["fields"]
    assert {f["key"] for f in probed if not f["mapped"]} >= {"Steuer-ID"}

    told(place, "sync")
    assert place.rows("SELECT id, name, manager_id, job_profile_id FROM learners ORDER BY id") == [
        ("1001", "Jörg Müller", "1002", "data-engineer"),
        ("1002", "Ana Ruiz", None, None),
    ]
    kinds = place.rows("SELECT learner_id, kind, score FROM evidence ORDER BY learner_id, kind")
    assert kinds == [
        ("1001", "completion", 0.875),
        ("1001", "external_training", None),
        ("1001", "project", None),
        ("1002", "assessment", 0.92),
        ("1002", "project", None),
    ]
    held = told(place, "connector", "quarantine", "archive")["records"]
    assert sorted((h["field"], h["reason"].partition(":")[0]) for h in held) == [
        ("Result", "lms/completions.csv"),
        ("user", "projects/notes.md"),
    ]
    assert "12 345 678 901" not in place.database.read_bytes().decode("latin-1")

    (place.folder / "archive" / "projects" / "archive.md").unlink()
    (place.folder / "archive" / "projects" / "notes.md").unlink()
    told(place, "sync")
    assert place.rows("SELECT count(*) FROM evidence WHERE kind = 'project'") == [(0,)]
    held = told(place, "connector", "quarantine", "archive")["records"]
    assert [h["field"] for h in held] == ["Result"]
    again = told(place, "sync")
    assert sum(e["pulled"] for e in again["sync"]["entities"]) == 0
