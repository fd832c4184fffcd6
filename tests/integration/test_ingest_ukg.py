"""UKG Pro as the HRIS of a real store: the people, their managers and jobs that Workday would have given."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ascertain.connectors.registry import open_connectors
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.ingest import sync
from ascertain.sandbox.server import Sandbox
from tests.unit.pipeline.ingest_world import FixedClock, evidence_of, new_store

FILE = CONFIG_DIR / "connectors-sandbox.yaml"
SYSTEMS = ("ukg", "docebo", "jira")


def test_ukg_in_place_of_workday(tmp_path: Path) -> None:
    with Sandbox(anchor=date(2026, 5, 1), systems=SYSTEMS) as sandbox:
        connectors = open_connectors(FILE, names=SYSTEMS, environ=sandbox.environment())
        store = new_store(tmp_path)
        try:
            first = sync(connectors, store.units, clock=FixedClock())
            assert first.ok, [r.error for r in first.entities if r.error]
            company = sandbox.company.current
            with store.units(write=False) as uow:
                people = {p.id: p for p in uow.people.all()}
            assert set(people) == {p.id for p in company.people}, "nobody is there twice"
            for person in company.people:
                assert people[person.id].manager_id == person.manager_id
            solved = [e for rows in evidence_of(store).values() for e in rows if e.system == "jira"]
            assert len(solved) == sum(bool(t.resolved) for t in company.tickets)
            assert not [t for t in tmp_path.iterdir() if t.is_file() and _holds(t, company.people[0].national_id)]
            again = sync(connectors, store.units, clock=FixedClock())
            assert (again.total("new"), again.total("changed"), again.total("removed")) == (0, 0, 0)
            sandbox.company.change_person("FL1102", manager_id="FL1002")
            sync(connectors, store.units, clock=FixedClock())
            with store.units(write=False) as uow:
                moved = next(p for p in uow.people.all() if p.id == "FL1102")
            assert moved.manager_id == "FL1002"
        finally:
            store.close()
            for connector in connectors:
                connector.close()


def _holds(file: Path, text: str) -> bool:
    return text.encode() in file.read_bytes()
