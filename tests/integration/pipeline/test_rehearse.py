"""Another crew or policy in shadow: what would change is found, and nothing of it is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.findings import Verdict
from ascertain.domain.rehearsal import Rehearsal, by_state
from ascertain.domain.rules import Policy
from ascertain.domain.runs import DecisionKind
from ascertain.errors import BrainError, BudgetError, InputError
from ascertain.pipeline.fairness_rehearsal import rehearsal_by_group
from ascertain.pipeline.permit import operator
from ascertain.pipeline.rehearse import Rehearser, Shadow
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.results import review_id
from ascertain.pipeline.review import decide
from tests.integration.pipeline.world import ANN, BOB, CHI, ScriptedCrew, World

WHO = operator("ola")


def rehearsed(world: World, crew: ScriptedCrew | None = None, policy: Policy | None = None) -> Rehearsal:
    present = world.assessor
    services = replace(present.services, policy=policy or present.services.policy)
    versions = replace(present.builder.versions, brain="script-2")
    shadow = Shadow(crew or ScriptedCrew("script-2"), services, versions)
    return Rehearser(present, shadow).rehearse(WHO, [ANN, BOB, CHI], cohort="all")


def everything(world: World) -> dict[str, Any]:
    tables = ("runs", "run_documents", "assertions", "review_items", "assignments", "evidence")
    return {t: sorted(map(str, world.sql(f"SELECT * FROM {t}"))) for t in tables}


def test_the_same_again_changes_nothing(world: World) -> None:
    world.assess("E1")
    found = rehearsed(world)
    assert (len(found.changes), found.stored) == (3, 1), "of the others the result before is made in shadow too"
    assert found.changed == ()
    assert found.versions == (("brain", "script-1", "script-2"),)


def test_a_stricter_reviewer_is_seen_by_person_skill_and_role_and_nothing_is_stored(world: World) -> None:
    world.assess("E1")
    before = everything(world)
    found = rehearsed(world, ScriptedCrew("script-2", verdict=Verdict.UNSUPPORTED))
    assert everything(world) == before
    (ann,) = (c for c in found.changed if c.learner_id == "E1")
    sql = next(s for s in ann.skills if s.skill_id == "sql")
    assert sql.before is not None
    assert sql.after is not None
    stored = world.assertions()["sql"]
    assert (sql.before.level, sql.before.confidence, sql.before.state) == (
        stored.level,
        stored.confidence,
        stored.state,
    )
    assert sql.before.state is AssertionState.ACCEPTED
    assert sql.after.state is AssertionState.IN_REVIEW, "no agent turns a passed result, it holds it back"
    assert sql.after.confidence == sql.before.confidence, "a verdict moves no number"
    assert any(
        c.role == "Data Analyst" and (c.before, c.after) == ("accepted", "in_review") for c in by_state(found.changes)
    )


def test_another_policy_moves_numbers(world: World) -> None:
    world.assess("E1")
    policy = world.policy
    weaker = replace(policy.belief, prior_strength=policy.belief.prior_strength * 4)
    found = rehearsed(world, policy=replace(policy, belief=weaker))
    assert any(
        s.before and s.after and (s.after.confidence or 0) < (s.before.confidence or 0)
        for c in found.changed
        for s in c.skills
    )


def test_a_humans_decision_stands_whatever_the_new_brain_says(world: World) -> None:
    world.assess("E1")
    waiting = next(a for a in world.assertions().values() if a.state is AssertionState.IN_REVIEW)
    with world.store.units() as uow:
        decide(uow, review_id(waiting.id), DecisionKind.ACCEPT, reason="saw it", reviewer="E3", clock=world.clock)
        uow.commit()
    found = rehearsed(world, ScriptedCrew("script-2", verdict=None))
    (ann,) = (c for c in found.changes if c.learner_id == "E1")
    changed = {s.skill_id for s in ann.skills}
    assert changed, "without a verdict code accepts nothing"
    assert waiting.skill_id not in changed


def test_it_is_on_record_and_what_it_cost_is_counted(world: World) -> None:
    rehearsed(world)
    with world.store.units(write=False) as uow:
        (made,) = [r for r in uow.audit.records() if r.action == "rehearsal.made"]
        used = uow.usage.between(world.clock.today(), world.clock.today())
        assert uow.audit.open_payload(made.seq) == {"by": "operator:ola", "cohort": "all"}
    assert made.header["people"] == 3
    assert made.header["versions"] == [["brain", "script-1", "script-2"]]
    assert "E1" not in str(made.header)
    assert {u.crew for u in used} == {"rehearsal"}


def test_who_may_not_be_assessed_is_left_out_and_no_brain_sees_them(world: World) -> None:
    with world.store.units() as uow:
        restrict(uow, BOB, reason="asked for", actor="ola", clock=world.clock)
        uow.commit()
    crew = ScriptedCrew("script-2")
    found = rehearsed(world, crew)
    assert dict(found.left_out) == {"blocked_restricted": 1}
    assert len(crew.seen) == 2
    assert "E2" not in {c.learner_id for c in found.changes}


def test_one_who_fails_does_not_stop_the_others_but_a_used_up_day_does(world: World) -> None:
    for who in ("E1", "E2", "E3"):
        world.assess(who)
    found = rehearsed(world, ScriptedCrew("script-2", error=BrainError("it said nothing")))
    assert [(f.state, f.why) for f in found.failed] == [("brain_failed", "it said nothing")] * 3
    assert found.stopped == ""
    found = rehearsed(world, ScriptedCrew("script-2", error=BudgetError("the day's budget is used up", day=True)))
    assert len(found.failed) == 1
    assert "day" in found.stopped


class Labels:
    """Group labels of three people."""

    def __init__(self, groups: dict[str, dict[str, str]]) -> None:
        self.groups = groups

    def read(self, auditor: object, ids: object) -> dict[str, dict[str, str]]:
        return self.groups


def test_groups_are_compared_and_small_ones_are_too_few(world: World) -> None:
    found = rehearsed(world, ScriptedCrew("script-2", verdict=Verdict.UNSUPPORTED))
    labels: Any = Labels({"E1": {"sex": "f"}, "E2": {"sex": "m"}, "E3": {"sex": "m"}})

    class Auditor:
        name = "ada"

    def by(attribute: str, least: int) -> Any:
        who: Any = Auditor()
        return rehearsal_by_group(world.store.units, labels, who, found.changes, by=[attribute], least_people=least)

    tables = by("Sex ", 2).tables
    assert [t.measure for t in tables] == ["changed", "accepted", "coverage"]
    verdicts = {g.group: (g.verdict.value, g.mean is None) for g in tables[0].groups}
    assert verdicts[("f",)] == ("too few", True)
    assert verdicts[("m",)][1] is False
    with pytest.raises(InputError, match="faith"):
        by("faith", 2)
    assert world.actions().count("fairness.labels_read") == 2, "each reading is on record before it happens"


def test_a_stop_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ascertain.pipeline.rehearse.is_stopped", lambda units: True)
    found = rehearsed(world)
    assert (found.changes, found.stopped) == ((), "everything is stopped")
