"""Openings come in from a list, change, and close."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.openings import OpeningKind
from ascertain.errors import InputError, NotFoundError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.list_import import ListReport
from ascertain.pipeline.openings import (
    GONE,
    close_opening,
    import_openings,
    must_be_a_list,
    open_ones,
    read_openings,
)
from ascertain.pipeline.permit import operator
from tests.integration.pipeline.world import World

GOOD: dict[str, Any] = {
    "id": "R-1",
    "kind": "role",
    "title": "Analyst",
    "timezone": "Europe/Berlin",
    "closes_on": "2026-05-01",
    "manager": "chi@example.org",
    "requirements": [{"skill": "sql", "level": 2}, {"skill": "kubernetes", "level": 3, "importance": 0.5}],
}


def took(world: World, *records: Any, source: str = "ats", complete: bool = False) -> ListReport:
    raw = {"source": source, "openings": list(records), "complete": complete}
    must_be_a_list(raw, "test")
    with world.store.units() as uow:
        report = import_openings(uow, world.taxonomy, raw, actor=operator("test"), clock=world.clock)
        uow.commit()
    return report


def test_an_opening_is_taken_in_once_and_changes(world: World) -> None:
    assert took(world, GOOD).new == 1
    before = world.actions()
    assert took(world, GOOD).unchanged == 1
    assert world.actions() == before, "the same list leaves no record"
    assert took(world, GOOD | {"title": "Senior analyst"}).changed == 1
    with world.store.units(write=False) as uow:
        (found,) = open_ones(uow, world.clock.today())
    assert (found.title, found.kind, found.manager_id) == ("Senior analyst", OpeningKind.ROLE, "E3")
    assert [(r.skill_id, int(r.level), r.importance, r.essential) for r in found.requirements] == [
        ("sql", 2, 1.0, True),
        ("kubernetes", 3, 0.5, True),
    ]


def test_requirements_may_be_those_of_a_job_profile(world: World) -> None:
    by_profile = {k: v for k, v in GOOD.items() if k != "requirements"} | {"job_profile": "analyst"}
    took(world, by_profile)
    with world.store.units(write=False) as uow:
        found, profile = uow.openings.get("R-1"), uow.roles.get("analyst")
    assert found is not None
    assert profile is not None
    assert found.requirements == profile.requirements


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"kind": "job"}, "kind", "'job' is not one of"),
        ({"title": ""}, "title", "too short"),
        ({"closes_on": "2026-13-01"}, "closes_on", "is not a 'date'"),
        ({"timezone": "Berlin"}, "timezone", "not an IANA time zone"),
        ({"hours_per_week": 0}, "hours_per_week", "less than or equal"),
        ({"manager": "nobody@example.org"}, "manager", "works here"),
        ({"salary": 1}, "(top)", "'salary'"),
        ({"requirements": [{"skill": "juggling", "level": 2}]}, "requirements.0.skill", "no skill 'juggling'"),
        ({"requirements": [{"skill": "sql", "level": 9}]}, "requirements.0.level", "greater than the maximum"),
        ({"requirements": [{"skill": "sql", "level": 1}] * 2}, "requirements.1.skill", "asked for twice"),
        ({"job_profile": "analyst"}, "requirements", "and not both"),
    ],
)
def test_a_wrong_record_is_named_and_the_rest_goes_on(
    world: World, change: dict[str, Any], field: str, said: str
) -> None:
    report = took(world, GOOD | {"id": "R-0"} | change, GOOD, "no record")
    assert report.new == 1
    first, second = report.refused
    assert (first.place, first.id, first.field) == (0, "R-0", field)
    assert said in first.detail
    assert (second.place, second.id) == (2, "")


def test_a_profile_that_is_unknown_and_an_id_twice_are_named(world: World) -> None:
    unknown = {k: v for k, v in GOOD.items() if k != "requirements"} | {"id": "R-2", "job_profile": "astronaut"}
    report = took(world, GOOD, GOOD, unknown)
    assert [(r.id, r.field) for r in report.refused] == [("R-1", "id"), ("R-2", "job_profile")]


def test_an_id_belongs_to_the_source_that_sent_it_first(world: World) -> None:
    took(world, GOOD)
    (refused,) = took(world, GOOD | {"title": "Mine now"}, source="other").refused
    assert "belongs to 'ats'" in refused.detail


def test_a_complete_list_closes_what_is_missing_of_its_own_source(world: World) -> None:
    took(world, GOOD, GOOD | {"id": "R-2"})
    took(world, GOOD | {"id": "R-3"}, source="other")
    assert took(world, GOOD).closed == 0, "a part of a list closes nothing"
    assert took(world, GOOD, complete=True).closed == 1
    with world.store.units(write=False) as uow:
        closed = {o.id: o.closed_because for o in uow.openings.all()}
    assert closed == {"R-1": "", "R-2": GONE, "R-3": ""}
    assert took(world, GOOD, complete=True).closed == 0


def test_a_refused_record_is_not_closed_by_the_list_it_stands_in(world: World) -> None:
    took(world, GOOD)
    report = took(world, GOOD | {"kind": "job"}, complete=True)
    assert (len(report.refused), report.closed) == (1, 0)


def test_closing_by_hand_needs_a_reason_and_happens_once(world: World) -> None:
    took(world, GOOD)
    with world.store.units() as uow:
        with pytest.raises(InputError, match="needs a reason"):
            close_opening(uow, "R-1", reason=" ", actor=operator("test"), clock=world.clock)
        with pytest.raises(NotFoundError):
            close_opening(uow, "R-9", reason="gone", actor=operator("test"), clock=world.clock)
        done = close_opening(uow, "R-1", reason="filled", actor=operator("test"), clock=world.clock)
        again = close_opening(uow, "R-1", reason="other", actor=operator("test"), clock=world.clock)
        uow.commit()
    assert again == done
    assert not done.open_on(world.clock.today())
    assert world.actions().count("opening.closed") == 1
    assert took(world, GOOD).unchanged == 1, "its source does not open it again"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "is not of type 'object'"),
        ('{"source": "ats"}', "'openings' is a required property"),
        ('{"source": "Ä", "openings": []}', "does not match"),
        ('{"source": "ats", "openings": [], "more": 1}', "'more'"),
    ],
)
def test_a_file_that_is_no_list_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "openings.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"openings\.json") as e:
        read_openings(file)
    assert said in str(e.value)


def test_the_demonstrations_openings_are_a_list() -> None:
    raw = read_openings(CONFIG_DIR / "demo" / "openings.json")
    assert {o["kind"] for o in raw["openings"]} == {"role", "project", "gig"}
    assert json.dumps(raw)
