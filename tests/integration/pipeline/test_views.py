"""Read models: JSON, the same shape for everybody, and nothing shown that must not be."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from ascertain.pipeline import views, views_gaps
from tests.integration.pipeline.world import ANN, World


def _all(world: World, learner: str = "E1") -> dict[str, Any]:
    with world.store.units(write=False) as uow:
        who = uow.people.get(learner)
        assert who is not None
        everybody = uow.people.all()
        return {
            "profile": views.profile(uow, who),
            "gaps": views_gaps.gaps(uow, who, world.taxonomy),
            "path": views.path(uow, who, world.taxonomy),
            "heatmap": views_gaps.heatmap(uow, everybody, world.taxonomy),
            "cohort": views_gaps.cohort_gaps(uow, everybody, world.taxonomy),
            "reviews": views.reviews(uow, world.taxonomy, world.clock.today()),
            "refusals": views.refusals(uow, everybody),
        }


def _shape(value: Any) -> Any:
    return {k: _shape(v) for k, v in value.items()} if isinstance(value, dict) else None


def test_everything_is_json(world: World) -> None:
    world.assess()
    found = _all(world)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_learner_never_assessed_lacks_no_key(world: World) -> None:
    nobody = _all(world)
    assert nobody["profile"]["run"] is None
    assert nobody["profile"]["skills"] == []
    assert (nobody["gaps"]["gaps"], nobody["gaps"]["coverage"], nobody["path"]["plan"]) == ([], None, None)
    assert nobody["heatmap"]["skills"] == []
    assert [p["cells"] for p in nobody["heatmap"]["people"]] == [[], [], []]
    world.assess()
    somebody = _all(world)
    for name in ("profile", "gaps", "path", "refusals"):
        assert set(nobody[name]) == set(somebody[name]), name
    assert set(nobody["profile"]["notes"]) == set(somebody["profile"]["notes"])
    json.dumps(nobody, allow_nan=False)


def test_a_profile_shows_figures_as_stored_and_the_evidence_behind_them(world: World) -> None:
    world.assess()
    rows = world.assertions()
    shown = {s["skill"]: s for s in _all(world)["profile"]["skills"]}
    assert set(shown) == set(rows)
    for skill, row in rows.items():
        assert shown[skill]["confidence"] == row.confidence
        assert shown[skill]["interval"] == [row.low, row.high]
        assert shown[skill]["state"] == row.state.value
    assert shown["negotiation"]["confidence"] is None
    assert shown["negotiation"]["level"] is None
    sql = {e["id"]: e for e in shown["sql"]["evidence"]}
    assert set(sql) == {"e-exam", "e-cert", "e-ticket"}
    assert (sql["e-exam"]["score"], sql["e-exam"]["on"], sql["e-exam"]["supports"]) == (0.95, "2026-03-01", True)
    assert next(s["skill"] for s in _all(world)["profile"]["skills"]) == "sql"
    assert [s["skill"] for s in _all(world)["profile"]["skills"]][-1] == "negotiation"


def test_an_opinion_is_not_shown_once_consent_is_withdrawn(world: World) -> None:
    world.assess()
    assert "says she is good at" in repr(_all(world)["profile"])
    world.says(ANN, False)
    assert "says she is good at" not in repr(_all(world)["profile"])  # even before the next run


def test_gaps_keep_not_enough_evidence_apart_from_zero(world: World) -> None:
    world.assess()
    rows = {g["skill"]: g for g in _all(world)["gaps"]["gaps"]}
    assert rows["negotiation"]["status"] == "not enough evidence"
    assert rows["negotiation"]["current"] is None
    assert rows["sql"]["current"] == world.assertions()["sql"].level
    for g in rows.values():
        assert g["range"][0] <= g["p_below"] <= g["range"][1]
    heat = _all(world)["heatmap"]
    column = [s["id"] for s in heat["skills"]].index("negotiation")
    mine = next(p for p in heat["people"] if p["id"] == "E1")
    assert mine["cells"][column]["status"] == "not enough evidence"
    assert next(p for p in heat["people"] if p["id"] == "E3")["cells"][column] is None
    cohort = {g["skill"]: g for g in _all(world)["cohort"]}
    assert (cohort["negotiation"]["people"], cohort["negotiation"]["without_evidence"]) == (1, 1)


def test_a_path_has_the_curators_plan(world: World) -> None:
    world.assess()
    path = _all(world)["path"]
    assert path["plan"]["id"] == "quick"
    assert path["plan"]["steps"][0]["skills"] == ["Kubernetes"]
    assert path["summary"] == "Short first."


def test_reviews_are_shown_by_urgency_and_to_whom_they_belong(world: World) -> None:
    world.assess()
    world.clock.at += timedelta(days=1)
    (row,) = _all(world)["reviews"]
    assert (row["name"], row["label"], row["assignee"]) == ("Ann Archer", "Kubernetes", "E3")
    assert not {"level", "confidence", "assertion"} & row.keys()
    with world.store.units(write=False) as uow:
        assert views.reviews(uow, world.taxonomy, world.clock.today(), assignee="E3") == [row]
        assert views.reviews(uow, world.taxonomy, world.clock.today(), assignee="somebody") == []
        assert views.reviews(uow, world.taxonomy, world.clock.today(), learner_id="E2") == []


def test_refusals_name_what_was_withheld(world: World) -> None:
    world.says(ANN, False)
    world.assess()
    assert _all(world)["refusals"]["withheld"] == [
        {"learner": "E1", "name": "Ann Archer", "what": f"{source}: the person has said no"}
        for source in ("manager reviews", "feedback of colleagues")
    ]
