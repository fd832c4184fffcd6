"""Cornerstone, Moodle and a record store into a real store, beside the HRIS: nobody is there twice, all is known."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from ascertain.connectors.connection import ConnectionEntry, resolve
from ascertain.connectors.registry import open_connector, open_connectors
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.ingest import sync
from ascertain.sandbox.server import Sandbox
from tests.unit.pipeline.ingest_world import FixedClock, evidence_of, new_store

FILE = CONFIG_DIR / "connectors-sandbox.yaml"


@pytest.mark.parametrize("system", ["cornerstone", "moodle", "xapi"])
def test_a_system_beside_the_hris(system: str, tmp_path: Path) -> None:
    with Sandbox(anchor=date(2026, 5, 1), systems=("workday", system)) as sandbox:
        connectors = open_connectors(FILE, names=("workday", system), environ=sandbox.environment())
        store = new_store(tmp_path)
        try:
            first = sync(connectors, store.units, clock=FixedClock())
            assert first.ok, [r.error for r in first.entities if r.error]
            learners = evidence_of(store)
            kinds = Counter(e.kind for rows in learners.values() for e in rows if e.system == system)
            with store.units(write=False) as uow:
                people = {p.id for p in uow.people.all()}
                courses = {c.item.content_id for c in uow.contents.all() if c.system == system}
            assert people == {p.id for p in sandbox.company.current.people}, "nobody is there twice"
            assert len(courses) > 100
            assert sum(kinds.values()) > 500
            assert kinds[EvidenceKind.ASSESSMENT] > 300
            told = [e for rows in learners.values() for e in rows if e.system == system]
            assert {e.content_id for e in told if e.content_id} <= courses
            # Only somebody or something that nobody knows may wait: the company has one of each.
            assert first.total("quarantined") <= 2
            sandbox.company.add_enrolment("FL1101", "SQL-201", score=88)
            second = sync(connectors, store.units, clock=FixedClock())
            assert second.ok
            assert (second.total("new"), second.total("changed")) != (0, 0)
            third = sync(connectors, store.units, clock=FixedClock())
            assert (third.total("new"), third.total("changed"), third.total("removed")) == (0, 0, 0)
        finally:
            store.close()
            for connector in connectors:
                connector.close()


def test_scorm_results_beside_the_hris(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (tmp_path / "store").mkdir()
    with Sandbox(anchor=date(2026, 5, 1), systems=("workday",)) as sandbox:
        people = [p.id for p in sandbox.company.current.people][:10]
        words = ("passed", "completed", "failed", "incomplete", "not attempted")
        rows = [
            {
                "cmi": {"core": {"student_id": who, "lesson_status": words[n % 5], "score": {"raw": 60 + n}}},
                "course_id": f"c-{n % 2}",
                "title": ("Terraform basics", "SQL joins")[n % 2],
                "recorded_at": "2026-03-01T10:00:00Z",
            }
            for n, who in enumerate([*people, "nobody"])
        ]
        (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        entry = ConnectionEntry(name="scorm", system="scorm", path=str(folder))
        connectors = [
            *open_connectors(FILE, names=("workday",), environ=sandbox.environment()),
            open_connector(resolve(entry, {})),
        ]
        store = new_store(tmp_path / "store")
        try:
            report = sync(connectors, store.units, clock=FixedClock())
            assert report.ok
            (row,) = (r for r in report.entities if (r.connector, r.entity) == ("scorm", Entity.ENROLMENT))
            assert (row.new, row.idle, row.quarantined) == (6, 4, 1)
            told = [e for rows in evidence_of(store).values() for e in rows if e.system == "scorm"]
            assert Counter(e.passed for e in told) == {True: 4, False: 2}
            assert {e.title for e in told} == {"Terraform basics", "SQL joins"}
        finally:
            store.close()
            for connector in connectors:
                connector.close()
