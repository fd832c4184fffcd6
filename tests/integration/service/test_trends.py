"""A cohort over time, on the page and by the API: whom it is made from, and what it says of little."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from ascertain.domain.permission import Role
from ascertain.pipeline import trends_view
from ascertain.pipeline.units_view import by_unit
from tests.integration.pipeline.world import ANN, BOB, exam
from tests.integration.service.api_world import ApiWorld, served_world

EVERYBODY = {Role.L_AND_D: ("all",)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    with served_world(tmp_path_factory.mktemp("trends")) as found:
        yield found


def test_trends_are_of_those_whom_the_reader_may_see(world: ApiWorld) -> None:
    with world.caller(roles=EVERYBODY) as client:
        page = client.get("/learning/trends")
        found = client.get("/v1/trends").json()["data"]
    assert page.status_code == 200
    assert "How gaps close" in page.text
    assert found["people"] == 5
    assert found["everything"]["people"] == 6, "three requirements of two people"
    assert len(found["everything"]["points"]) == trends_view.POINTS
    assert found["everything"]["points"][0]["mean"] < found["everything"]["points"][-1]["mean"]
    assert sum(w["made"] for w in found["weeks"]) == 4
    assert {w["accepted"] for w in found["weeks"]} == {1}, "a human has accepted one"
    with world.caller(roles={Role.L_AND_D: ("Sales",)}) as client:
        theirs = client.get("/v1/trends", params={"cohort": "Sales"}).json()["data"]
        assert theirs["everything"] is None
        assert client.get("/learning/trends", params={"cohort": "Data"}).status_code == 403
    with world.caller("ann@example.org") as client:
        assert client.get("/learning/trends").status_code == client.get("/v1/trends").status_code == 403


def test_whoever_is_shown_can_see_who_looked(world: ApiWorld) -> None:
    with world.caller(roles=EVERYBODY) as client:
        client.get("/learning/trends")
    with world.app.units(write=False) as uow:
        assert "trends" in [a.what for a in uow.accesses.of("E1")]


def test_evidence_before_its_day_moves_nothing_and_what_is_contested_is_left_out(world: ApiWorld) -> None:
    app = world.app
    with app.units(write=False) as uow:
        m = trends_view.material(uow, [ANN, BOB])
        rules, taxonomy = app.policy.belief, world.world.taxonomy
        found = trends_view.closing(uow, m, rules, taxonomy, date(2026, 4, 7))
    sql = next(s for s in found["skills"] if s["skill"] == "sql")
    values = dict(sql["points"])
    assert values[date(2026, 1, 13)] < values[date(2026, 3, 10)], "the evidence is of the first of March"
    world.world.sql("UPDATE assertions SET state = 'contested' WHERE learner_id = 'E1' AND skill_id = 'sql'")
    try:
        with app.units(write=False) as uow:
            assert "sql" not in trends_view.material(uow, [ANN]).pieces["E1"]
    finally:
        world.world.sql("UPDATE assertions SET state = 'accepted' WHERE learner_id = 'E1' AND skill_id = 'sql'")


def test_of_a_few_who_finished_a_course_nothing_is_said(world: ApiWorld) -> None:
    own = world.world
    with world.app.units(write=False) as uow:
        m = trends_view.material(uow, [ANN, BOB])
        rows = trends_view.effects(uow, m, own.tagger, world.app.policy.belief, own.taxonomy, date(2026, 12, 1))
    assert [(r["content"], r["skill"], r["finished"], r["verdict"]) for r in rows] == [("sql-101", "sql", 2, "too few")]
    assert rows[0]["difference"] is None


def test_a_large_cohort_is_a_sample_that_is_always_the_same(world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trends_view, "MOST_PEOPLE", 2)
    with world.app.units(write=False) as uow:
        people = uow.people.all()
        one, two = trends_view.material(uow, people), trends_view.material(uow, people[::-1])
    assert one.people == two.people
    assert (len(one.people), one.left_out) == (2, len(people) - 2)


def test_mentions_are_counted_by_half_years_and_not_of_a_few(world: ApiWorld) -> None:
    with world.app.units(write=False) as uow:
        m = trends_view.material(uow, [ANN, BOB])
        assert trends_view.emerging(m, world.world.taxonomy, date(2026, 4, 7)) == [], "of two people nothing is said"


def test_assertions_stay_with_the_week_in_which_they_were_made(world: ApiWorld) -> None:
    world.world.clock.at = datetime(2026, 4, 21, 9, tzinfo=UTC)
    world.world.add(exam("e-later", "E2", score=0.8))
    world.world.assess("E2")
    with world.app.units(write=False) as uow:
        weeks = trends_view.by_week(uow, uow.people.all(), date(2026, 4, 21))
    assert [w["day"] for w in weeks] == [date(2026, 4, 6), date(2026, 4, 20)]
    assert weeks[0]["made"] == 4, "what was superseded since stays counted"


def test_a_unit_is_the_mean_of_those_of_whom_there_is_enough() -> None:
    cells = [
        {"p_below": p, "current": 2, "required": 2, "status": s} for p, s in ((0.2, "likely met"), (0.6, "unsure"))
    ]
    unknown = {"p_below": 0.9, "current": None, "required": 2, "status": "not enough evidence"}
    people = [
        {"id": "E1", "cells": [cells[0], None, unknown]},
        {"id": "E2", "cells": [cells[1], None, unknown]},
    ]
    found = by_unit({"skills": [{"id": s} for s in "abc"], "people": people}, [ANN, BOB], {"analyst": "Data Analyst"})
    assert (found["of"], found["units"][0]["name"]) == ("role", "Data Analyst")
    first, second, third = found["units"][0]["cells"]
    assert first == {"people": 2, "known": 2, "mean": pytest.approx(0.4), "status": "unsure"}
    assert second is None
    assert third == {"people": 2, "known": 0, "mean": None, "status": "not enough evidence"}
