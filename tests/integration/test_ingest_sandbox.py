"""The demonstration company over HTTP into a real store: its stories come out as they should."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ascertain.connectors.registry import open_connectors
from ascertain.domain.consent import Source
from ascertain.domain.evidence import EvidenceKind
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.ingest_report import SyncReport
from ascertain.sandbox.server import Sandbox
from ascertain.store import Store
from tests.agreed import OPINIONS, opt_in
from tests.unit.pipeline.ingest_world import FixedClock, evidence_of, new_store


class World:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self.sandbox, self.store = sandbox, store
        self.connectors = open_connectors(environ=sandbox.environment())

    def sync(self, *, full: bool = False) -> SyncReport:
        return sync(self.connectors, self.store.units, clock=FixedClock(), full=full)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("ingest")
    with Sandbox(anchor=date(2026, 5, 1)) as sandbox:
        store = new_store(folder)
        opt_in(store.units, *OPINIONS)
        found = World(sandbox, store)
        report = found.sync()
        assert report.ok
        assert report.total("quarantined") == 4
        yield found
        for connector in found.connectors:
            connector.close()
        store.close()


def test_everybody_is_one_learner(world: World) -> None:
    company = world.sandbox.company.current
    with world.store.units(write=False) as uow:
        people = {p.id: p for p in uow.people.all()}
    assert set(people) == {p.id for p in company.people}
    for person in company.people:
        assert people[person.id].manager_id == person.manager_id
        assert people[person.id].job_profile_id == (person.role or None)
        assert people[person.id].hired_on == person.hire_date
        assert people[person.id].consents.allows(Source.REVIEWS) == person.reviews_consent


def test_a_course_its_badge_and_its_mention_are_one_origin(world: World) -> None:
    course = world.sandbox.company.current.course("AWS-301")
    about = [e for e in evidence_of(world.store)["FL1201"] if e.content_id == f"docebo:{course.id}"]
    assert {e.kind for e in about} >= {EvidenceKind.BADGE, EvidenceKind.MANAGER_REVIEW}
    assert len({e.origin for e in about}) == 1
    own = [e for e in evidence_of(world.store)["FL1201"] if "runs our Kubernetes clusters" in e.text]
    assert [e.origin == e.source_ref for e in own] == [True]


def test_each_try_at_a_certification_counts(world: World) -> None:
    course = world.sandbox.company.current.course("AWS-390")
    tries = [
        e
        for e in evidence_of(world.store)["FL1202"]
        if e.content_id == f"docebo:{course.id}" and e.kind is EvidenceKind.CERTIFICATION
    ]
    assert [(e.passed, e.score) for e in sorted(tries, key=lambda e: e.score or 0)] == [(False, 0.54), (False, 0.61)]
    assert len({e.origin for e in tries}) == 2


def test_the_zero_date_is_no_date(world: World) -> None:
    course = world.sandbox.company.current.course("ITIL-101")
    dates = {e.occurred_on for e in evidence_of(world.store)["FL1404"] if e.content_id == f"docebo:{course.id}"}
    assert None in dates
    assert all(e.occurred_on is None or e.occurred_on.year > 2015 for r in evidence_of(world.store).values() for e in r)


def test_quarantine_names_what_is_wrong(world: World) -> None:
    with world.store.units(write=False) as uow:
        held = sorted((q.field, q.reason.split(" (")[0]) for q in uow.sync.quarantined())
    assert held == [
        ("course_id", "no course with id '9999' is in the catalogue"),
        ("score", "'n/a' is not a number"),
        ("user_id", "is empty"),
        ("user_id", "no account with id '99999' is known"),
    ]


def test_hidden_characters_of_the_poisoned_course_are_gone(world: World) -> None:
    poisoned = world.sandbox.company.current.course("PLAT-219")
    with world.store.units(write=False) as uow:
        stored = uow.contents.get(f"docebo:{poisoned.id}")
    assert stored is not None
    assert "\u200b" in poisoned.description
    assert "\u200b" not in stored.description
    assert "<" not in stored.description


def test_no_national_id_is_stored(world: World) -> None:
    with world.store.units(write=False) as uow:
        kept = str(
            [*uow.people.all(), *uow.sync.quarantined(), *uow.audit.records(), *evidence_of(world.store).values()]
        )
    assert not [p.id for p in world.sandbox.company.current.people if p.national_id in kept]


def test_a_second_run_pulls_nothing_and_a_change_alone_comes(world: World) -> None:
    assert world.sync().total("pulled") == 0
    world.sandbox.company.add_enrolment("FL1101", "SQL-201", score=88)
    report = world.sync()
    assert (report.total("pulled"), report.total("new"), report.total("changed")) == (1, 1, 0)
    before = evidence_of(world.store)
    assert not world.sync(full=True).changed
    assert evidence_of(world.store) == before
