"""A record store as it may be: slow to show, forgetful, of either version; what is voided there goes here."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from ascertain.connectors.xapi import XapiConnector
from ascertain.domain.connector import Cursor
from ascertain.domain.records import AssessmentRecord, EnrolmentRecord, EnrolmentStatus, Entity
from ascertain.sandbox.lrs import LrsOptions
from tests.contract.bench import Bench, everything, serve
from tests.contract.specs import SPECS
from tests.contract.test_writing import CLAIMS

SPEC = SPECS["xapi"]


def pulled(connector: Any, cursor: Cursor | None = None) -> tuple[list[Any], Cursor]:
    pages = list(connector.pull(Entity.STATEMENT, cursor))
    return [r for p in pages for r in p.records], pages[-1].checkpoint


def test_what_a_store_shows_late_is_not_lost(bench: Bench) -> None:
    with serve(SPEC, LrsOptions(lag_seconds=1.5)) as slow:
        connector = bench.connect(SPEC, to=slow, options={"overlap_seconds": 0})
        _, cursor = pulled(connector)
        slow.company.add_enrolment("FL1101", "SQL-201", score=88)
        early, cursor = pulled(connector, cursor)
        assert early == []
        time.sleep(1.6)
        late, cursor = pulled(connector, cursor)
        assert [type(r) for r in late] == [EnrolmentRecord]
        assert pulled(connector, cursor)[0] == []


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_both_versions_are_spoken(version: str, bench: Bench) -> None:
    connector = bench.connect(SPEC, options={"version": version})
    health = connector.check()
    assert health.ok
    assert version in health.detail


def test_a_forgotten_query_is_begun_again(bench: Bench) -> None:
    connector = bench.connect(SPEC)
    page = next(iter(connector.pull(Entity.STATEMENT, None)))
    lost = json.loads(re.sub(r"/more/[^/]+/", "/more/forgotten/", json.dumps(page.checkpoint)))
    assert lost != page.checkpoint
    pages = list(connector.pull(Entity.STATEMENT, lost))
    assert "begun again" in pages[0].warnings[0]
    refs = {str(r.ref) for p in pages for r in p.records}
    assert len(refs) == SPEC.entities[Entity.STATEMENT](bench.sandbox(SPEC).company)


def test_what_is_voided_shows_nothing_any_more(bench: Bench) -> None:
    with serve(SPEC) as store:
        connector = bench.connect(SPEC, to=store)
        before, cursor = pulled(connector)
        company = store.company.current
        people = {p.docebo_id: p.id for p in company.learners}
        codes = {c.id: c.code for c in company.courses}
        once = [e for e in company.enrolments if e.status == "completed" and e.user_id in people]
        keys = [(e.user_id, e.course_id) for e in company.enrolments]
        gone = next(e for e in once if keys.count((e.user_id, e.course_id)) == 1 and e.course_id in codes)
        store.company.remove_enrolment(people[gone.user_id], codes[gone.course_id])
        after, cursor = pulled(connector, cursor)
        (record,) = after
        assert record.ref in {r.ref for r in before}
        assert record.status is EnrolmentStatus.ENROLLED
        assert (record.score, record.completed_at) == (None, None)
        assert pulled(connector, cursor)[0] == []


def test_what_is_written_here_is_not_read_back_as_evidence(bench: Bench) -> None:
    with serve(SPEC) as store:
        connector = bench.connect(SPEC, to=store, options={"write": True})
        assert isinstance(connector, XapiConnector)
        _, cursor = pulled(connector)
        user = connector.account("someone@fjordlane.example")
        assert user is not None
        (intended,) = connector.intend(user, CLAIMS)
        connector.write(user, intended.target, intended.value, request_id="r1")
        connector.write(user, intended.target, None, request_id="r2")
        assert connector.read(user, [intended.target]) == {intended.target: None}
        assert pulled(connector, cursor)[0] == []
        assert (
            everything(connector, Entity.COURSE)[0].keys() == everything(bench.connect(SPEC), Entity.COURSE)[0].keys()
        )


def test_a_failed_course_is_a_result_in_that_course(bench: Bench) -> None:
    records, _ = pulled(bench.connect(SPEC))
    failed = [r for r in records if isinstance(r, AssessmentRecord)]
    assert failed
    assert all(r.passed is False and r.course_id.startswith("https://learn.") for r in failed)
