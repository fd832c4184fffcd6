"""Cornerstone's other surfaces: changes by delta link, with deletions; the employee list; links without a host."""

from __future__ import annotations

import json
import re

import pytest

from ascertain.domain.records import EnrolmentRecord, Entity
from ascertain.sandbox.cornerstone import CornerstoneOptions
from tests.contract.bench import Bench, everything, serve
from tests.contract.specs import SPECS

SPEC = SPECS["cornerstone"]
EXPORTED = {"transcripts": "dataexporter", "courses": "dataexporter"}


@pytest.mark.parametrize("relative", [False, True])
def test_delta_links_bring_what_changed(relative: bool, bench: Bench) -> None:
    with serve(SPEC, CornerstoneOptions(minute_share=None, relative_links=relative)) as sandbox:
        connector = bench.connect(SPEC, to=sandbox, options=EXPORTED)
        before, cursor = everything(connector, Entity.ENROLMENT)
        assert len(before) == SPEC.entities[Entity.ENROLMENT](sandbox.company)
        assert everything(connector, Entity.ENROLMENT, cursor)[0] == {}
        sandbox.company.change_score("FL1201", "AWS-301", 70)
        sandbox.company.add_enrolment("FL1101", "SQL-201", score=88)
        found, cursor = everything(connector, Entity.ENROLMENT, cursor)
        # The attempt before the new one is no longer the latest: its row comes too, its record is the same.
        assert len([ref for ref, mark in found.items() if before.get(ref) != mark]) == 2
        assert len(found) <= 3
        assert everything(connector, Entity.ENROLMENT, cursor)[0] == {}


def test_the_exported_transcript_is_the_reported_one(bench: Bench) -> None:
    def scores(options: dict[str, str]) -> dict[str, object]:
        pages = bench.connect(SPEC, options=options).pull(Entity.ENROLMENT, None)
        return {str(r.ref): (r.score, r.status) for p in pages for r in p.records if isinstance(r, EnrolmentRecord)}

    assert scores(EXPORTED) == scores({})


def test_a_lost_delta_link_starts_again(bench: Bench) -> None:
    connector = bench.connect(SPEC, options=EXPORTED)
    before, cursor = everything(connector, Entity.ENROLMENT)
    lost = json.loads(re.sub(r"deltatoken=[\w-]+", "deltatoken=lost", json.dumps(cursor)))
    assert lost != cursor
    again, _ = everything(connector, Entity.ENROLMENT, lost)
    assert set(again) <= set(before)
    assert len(again) > 0.9 * len(before), "only what was seen last and has not changed may be left out"


def test_the_employee_list_gives_the_same_people(bench: Bench) -> None:
    listed, _ = everything(bench.connect(SPEC, options={"users": "employees"}), Entity.USER)
    reported, _ = everything(bench.connect(SPEC), Entity.USER)
    assert set(listed) == set(reported)
