"""Compliance, readiness and the team's cover, against figures worked out by hand; sentences say only these figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ascertain.domain.compliance import ComplianceRules
from ascertain.pipeline import overview, overview_words, team_view
from tests.integration.pipeline.world import ANN, BOB, CHI, OTHER_ROLE, POLICY, ROLE, World, course, exam

GDPR = course("gdpr", "GDPR at work", mandatory=True)
GERMAN = course("datenschutz", "Datenschutz", mandatory=True, language="de")


def _state(world: World, learner: str, skill: str, state: str, level: int) -> None:
    world.sql(
        "UPDATE assertions SET state = :s, level = :l WHERE learner_id = :p AND skill_id = :k",
        s=state,
        l=level,
        p=learner,
        k=skill,
    )


@pytest.fixture
def company(world: World) -> World:
    """Ann finished the mandatory course, Bob failed it, Chi never began; both analysts were assessed."""
    world.content(GDPR, GERMAN)
    world.person(CHI, language="de")
    world.add(
        exam("e-gdpr-ann", title="GDPR", content_id="gdpr", score=0.9),
        exam("e-gdpr-bob", "E2", title="GDPR", content_id="gdpr", score=0.3),
    )
    world.assess("E1")
    world.assess("E2")
    return world


TODAY = date(2026, 4, 7)
RULES = ComplianceRules()


def _overview(world: World, today: date = TODAY) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    with world.store.units(write=False) as uow:
        people = uow.people.all()
        rows = overview.readiness(uow, people, world.taxonomy, today)
        return overview.compliance(uow, people, RULES, today), rows


def test_mandatory_training_counts_who_finished_failed_and_never_began(company: World) -> None:
    rows, _ = _overview(company)
    assert [(r["title"], r["people"], r["finished"], r["failed"], r["open"]) for r in rows] == [
        ("Datenschutz", 1, 0, 0, 1),  # another language than the catalogue's: it concerns who reads it
        ("GDPR at work", 3, 1, 1, 1),
    ]
    assert rows[1]["departments"] == [{"name": "Data", "finished": 1, "overdue": 0, "people": 3, "share": 1 / 3}]
    assert {w["due"] for w in rows[1]["who"]} == {None}, "nobody knows since when they are here"


def test_who_is_late_and_to_whom_it_soon_counts_no_longer(company: World) -> None:
    with company.store.units() as uow:
        people = [replace(p, hired_on=date(2025, 1, 1)) for p in uow.people.all()]
        finished = {e.learner_id: e.occurred_on for p in people for e in uow.evidence.of(p.id) if e.id == "e-gdpr-ann"}
        day = finished["E1"]
        assert day is not None
        rules = ComplianceRules(due_days=30, soon_days=30, repeat_days={"gdpr": 100})

        def on(today: date) -> dict[str, Any]:
            return next(r for r in overview.compliance(uow, people, rules, today) if r["content"] == "gdpr")

        before, soon, after = (on(day + timedelta(days=n)) for n in (69, 71, 101))
    assert [(r["finished"], r["expiring"], r["overdue"]) for r in (before, soon, after)] == [
        (1, 0, 2),
        (1, 1, 2),
        (0, 0, 3),
    ]
    assert after["before"] == {
        "on": (day + timedelta(days=11)).isoformat(),
        "finished": 1,
        "people": 3,
        "share": pytest.approx(1 / 3),
    }
    assert [(w["id"], w["due"], w["standing"]) for w in after["who"] if w["id"] == "E1"] == [
        ("E1", (day + timedelta(days=100)).isoformat(), "overdue")
    ]


def test_the_bands_and_the_figure_of_a_period_ago_are_of_the_runs_of_then(company: World) -> None:
    _, (row,) = _overview(company, company.clock.today())
    assert row["ready"] + row["close"] + row["far"] == row["assessed"] == 2
    assert 0 <= row["ready_range"]["low"] <= row["ready_range"]["high"] <= 1
    assert row["before"]["point"] is None, "nobody had been assessed a period ago"
    _, (later,) = _overview(company, company.clock.today() + overview.PERIOD)
    assert later["before"]["point"] == pytest.approx(row["computed"]["point"])


def test_skills_that_the_law_asks_for_count_by_department(company: World) -> None:
    lawful = replace(ROLE, requirements=tuple(replace(r, compliance=r.skill_id == "sql") for r in ROLE.requirements))
    with company.store.units() as uow:
        uow.roles.upsert([lawful])
        uow.commit()
    company.sql("UPDATE assertions SET state = 'in_review'")
    _state(company, "E1", "sql", "accepted", 3)
    with company.store.units(write=False) as uow:
        (row,) = overview.mandatory_skills(uow, uow.people.all(), company.taxonomy)
    assert (row["skill"], row["covered"], row["people"]) == ("sql", 1, 2)
    assert row["departments"] == [{"name": "Data", "covered": 1, "people": 2}]


def test_a_failure_that_was_made_good_is_finished(company: World) -> None:
    company.add(exam("e-gdpr-bob-2", "E2", title="GDPR", content_id="gdpr", score=0.8))
    rows, _ = _overview(company)
    assert (rows[1]["finished"], rows[1]["failed"]) == (2, 0)


def test_readiness_counts_only_what_was_accepted(company: World) -> None:
    company.sql("UPDATE assertions SET state = 'in_review'")
    _, rows = _overview(company)
    assert [(r["role"], r["people"], r["confirmed"]) for r in rows] == [("analyst", 2, 0.0)]
    _state(company, "E1", "sql", "accepted", 2)
    _state(company, "E1", "kubernetes", "accepted", 1)  # asked for at level 2
    _, rows = _overview(company)
    total = sum(r.importance for r in ROLE.requirements)
    assert rows[0]["confirmed"] == pytest.approx(1.0 / total / 2)
    assert rows[0]["least"]["missing"] == 2
    assert rows[0]["computed"]["low"] <= rows[0]["computed"]["point"] <= rows[0]["computed"]["high"]


def test_without_people_there_is_nothing_to_say(world: World) -> None:
    with world.store.units(write=False) as uow:
        assert overview.readiness(uow, [], world.taxonomy, TODAY) == []
        compliance = overview.compliance(uow, [], RULES, TODAY)
        assert overview_words.summary(compliance, [], [], waiting=0, overdue=0) == []


def test_a_skill_that_one_person_has_is_a_risk(company: World) -> None:
    company.sql("UPDATE assertions SET state = 'in_review'")
    _state(company, "E1", "sql", "accepted", 3)
    with company.store.units(write=False) as uow:
        rows = {r["skill"]: r for r in team_view.coverage_risks(uow, [ANN, BOB], company.taxonomy)}
    assert rows["sql"]["risk"] == "one person"
    assert [h["id"] for h in rows["sql"]["holders"]] == ["E1"]
    assert rows["negotiation"]["risk"] == "nobody"
    _state(company, "E2", "sql", "accepted", 2)
    with company.store.units(write=False) as uow:
        again = {r["skill"]: r for r in team_view.coverage_risks(uow, [ANN, BOB], company.taxonomy)}
    assert again["sql"]["risk"] == "covered"


def test_people_are_close_to_roles_of_which_they_show_something(company: World) -> None:
    unrelated = replace(OTHER_ROLE, id="welder", title="Welder", requirements=(OTHER_ROLE.requirements[0],))
    with company.store.units(write=False) as uow:
        (ann,) = team_view.close_to(uow, [ANN], [ROLE, unrelated], POLICY.belief, company.taxonomy)
    assert [(r["role"], r["own"]) for r in ann["roles"]] == [("analyst", True)], "no evidence of a role: not shown"
    fit = ann["roles"][0]
    assert 0 <= fit["coverage"]["low"] <= fit["coverage"]["point"] <= fit["coverage"]["high"] <= 1


def test_contested_skills_bring_nobody_closer(company: World) -> None:
    def point() -> float:
        with company.store.units(write=False) as uow:
            (ann,) = team_view.close_to(uow, [ANN], [ROLE], POLICY.belief, company.taxonomy)
        return float(ann["roles"][0]["coverage"]["point"])

    before = point()
    company.sql("UPDATE assertions SET state = 'contested' WHERE learner_id = 'E1' AND skill_id = 'sql'")
    assert point() < before
