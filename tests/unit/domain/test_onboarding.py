from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ascertain.domain.onboarding import (
    Given,
    Milestone,
    MilestoneKind,
    MilestoneState,
    OnboardingPlan,
    Owner,
    PlanState,
    progress,
    workday,
)
from ascertain.domain.onboarding_build import Built, build
from ascertain.domain.onboarding_case import Choice, ordered_needs, wanted_phases
from ascertain.domain.onboarding_edit import Change, Op, changed, differences, ticked
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.planning.phases import CpSatPhases
from ascertain.policy import read_policy
from tests.unit.domain.onboarding_cases import RULES, START, case

PATH = read_policy()[0].path
K = MilestoneKind


def built(choice: Choice | None = None, **changes: object) -> Built:
    return build(case(**changes), choice or Choice(), CpSatPhases(5.0), RULES, PATH, str)  # type: ignore[arg-type]


def of(found: Built, kind: MilestoneKind) -> dict[str, Milestone]:
    return {m.title: m for m in found.milestones if m.kind is kind}


def test_needs_are_what_is_not_shown_and_the_manager_comes_first() -> None:
    needs = case(shown={"sql": Level.FOUNDATION, "kubernetes": Level.EXPERT}).needs
    assert [n.skill_id for n in needs] == ["negotiation", "python", "sql"]
    sql = needs[-1]
    assert (sql.required, sql.shown, sql.holders) == (Level.PRACTITIONER, Level.FOUNDATION, 2)
    assert sql.weight(RULES) == pytest.approx(1.0 * 1 / 3)
    named = needs[0]
    assert named.weight(RULES) == pytest.approx(0.4 * 1.5 * 1.25)  # named, and nobody in the team has it


def test_agents_order_among_equals_only() -> None:
    asked = Choice(order=("kubernetes", "sql", "python", "negotiation"))
    order = [n.skill_id for n in ordered_needs(case(), asked, 8)]
    assert order == ["negotiation", "python", "kubernetes", "sql"]
    assert len(ordered_needs(case(), asked, 2)) == 2


def test_what_is_wanted_is_spread_over_the_phases() -> None:
    needs = ordered_needs(case(), Choice(), 8)
    assert wanted_phases(needs) == {"negotiation": 0, "python": 0, "sql": 1, "kubernetes": 2}
    plain = ordered_needs(case(given=Given()), Choice(), 8)
    assert [n.skill_id for n in plain] == ["python", "sql", "kubernetes", "negotiation"]
    assert wanted_phases(plain) == {"python": 0, "sql": 1, "kubernetes": 1, "negotiation": 2}
    assert wanted_phases(()) == {}


def test_a_plan_has_people_work_courses_and_goals_on_working_days() -> None:
    found = built(Choice(helpers={"sql": "m-1"}, reasons={"sql": "Queries come first."}))
    assert [m.due_on for m in of(found, K.CHECK_IN).values()] == [
        workday(START + timedelta(d), START) for d in RULES.check_in_days
    ]
    assert set(of(found, K.COURSE)) >= {"GDPR basics", "SQL first steps", "SQL windows", "Negotiation basics"}
    buddy, talk = of(found, K.MEET).values()
    assert (buddy.colleague, talk.colleague, talk.goal and talk.goal.skill_id) == ("m-2", "m-1", "sql")
    goals = of(found, K.GOAL)
    assert goals["Show sql at level 3 (practitioner)"].reason == "Queries come first."
    assert "manager" in goals["Show python at level 2 (foundation)"].evidence
    assert set(of(found, K.TASK)) == {"Get to know Billing", "A churn report"}
    assert all(m.due_on.weekday() < 5 for m in found.milestones)
    assert [m.id for m in found.milestones] == [f"m{i:02}" for i in range(1, len(found.milestones) + 1)]
    assert [m.due_on for m in found.milestones] == sorted(m.due_on for m in found.milestones)


def test_courses_stand_after_their_prerequisites_and_within_the_hours() -> None:
    found = built()
    days = {m.content_id: m.due_on for m in found.milestones if m.content_id}
    assert days["sql-101"] <= days["sql-201"]
    plan = _plan(found.milestones)
    for p, row in zip((30, 60, 90), progress(plan, START), strict=True):
        assert row.hours <= 8.0 * 30 / 7 + 1e-6, p


def test_one_colleague_is_not_asked_for_everything() -> None:
    helpers = {"sql": "m-1", "python": "m-1", "kubernetes": "m-1", "negotiation": "m-1"}
    asked = Counter(m.colleague for m in built(Choice(helpers=helpers)).milestones if m.goal and m.kind is K.MEET)
    assert asked == {"m-1": RULES.meets_each}


def test_what_has_no_course_and_no_colleague_is_said() -> None:
    assert "No course fits and no colleague was found for: python." in built().left_out
    assert not any("python" in w for w in built(Choice(helpers={"python": "m-1"})).left_out)


def test_with_everything_shown_the_plan_is_about_people() -> None:
    level = {s: Level.EXPERT for s in ("sql", "kubernetes", "negotiation", "python")}
    found = built(given=Given(), shown=level)
    assert {m.kind for m in found.milestones} == {K.CHECK_IN, K.COURSE}  # the mandatory one
    assert found.left_out == ()


def _plan(milestones: tuple[Milestone, ...], state: PlanState = PlanState.APPROVED) -> OnboardingPlan:
    at = datetime(2026, 4, 1, tzinfo=UTC)
    return OnboardingPlan("o1", "E1", "analyst", START, Given(), "x", at, state, 1, 8.0, milestones)


def test_progress_counts_what_is_done_late_and_skipped() -> None:
    plan = _plan(built().milestones)
    first = plan.milestones[0]
    course = next(m for m in plan.milestones if m.content_id == "gdpr")
    plan = ticked(plan, course.id, MilestoneState.DONE, note="", by="E1", today=START)
    plan = ticked(plan, first.id, MilestoneState.SKIPPED, note="met before", by="E1", today=START)
    row = progress(plan, START + timedelta(40))[0]
    assert (row.done, row.skipped, row.hours_done) == (1, 1, 2.0)
    assert row.overdue == row.total - 1
    done = plan.milestone(course.id)
    assert done is not None
    assert (done.done_on, done.done_by) == (START, "E1")
    assert ticked(plan, course.id, MilestoneState.DONE, note="", by="E3", today=START) == plan


def test_ticks_have_rules() -> None:
    plan = _plan(built().milestones)
    with pytest.raises(InputError, match="why"):
        ticked(plan, "m01", MilestoneState.SKIPPED, note=" ", by="E1", today=START)
    with pytest.raises(NotFoundError, match="m99"):
        ticked(plan, "m99", MilestoneState.DONE, note="", by="E1", today=START)
    with pytest.raises(ConflictError, match="draft"):
        ticked(replace(plan, state=PlanState.DRAFT), "m01", MilestoneState.DONE, note="", by="E1", today=START)


def test_changes_make_a_version_and_say_what_is_different() -> None:
    plan = _plan(built().milestones, PlanState.DRAFT)
    day = START + timedelta(20)
    changes = [
        Change(Op.ADD, kind=K.TASK, title="Sit in  on a call", due_on=day, owner=Owner.BUDDY),
        Change(Op.REMOVE, "m02"),
        Change(Op.MOVE, "m03", due_on=day),
        Change(Op.EDIT, "m04", title="Another title", evidence="seen"),
    ]
    after = changed(plan, changes, by="E3")
    assert after.version == plan.version + 1
    said = differences(plan.milestones, after.milestones)
    assert f"added: Sit in on a call, by {day}" in said
    assert len(said) == 5
    assert changed(after, [], by="E3") is after
    again = changed(after, [Change(Op.ADD, kind=K.TASK, title="One more", due_on=day)], by="E3")
    assert len({m.id for m in again.milestones}) == len(again.milestones)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(Op.MOVE, "m03"), "due_on"),
        (Change(Op.MOVE, "m03", due_on=date(2027, 1, 1)), "outside"),
        (Change(Op.EDIT, "m03", title=" "), "title"),
        (Change(Op.ADD, kind=K.TASK, title="x"), "due_on"),
        (Change(Op.ADD, kind=K.MEET, title="x", due_on=START), "colleague"),
        (Change(Op.ADD, title="x", due_on=START), "kind"),
        (Change(Op.ADD, kind=K.TASK, title="x" * 201, due_on=START), "201 characters"),
    ],
)
def test_a_bad_change_is_named_with_its_place(change: Change, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        changed(_plan(built().milestones), [change], by="E3")
    assert "change 1" in str(caught.value)


def test_what_is_done_is_not_taken_away() -> None:
    plan = ticked(_plan(built().milestones), "m01", MilestoneState.DONE, note="", by="E1", today=START)
    with pytest.raises(ConflictError, match="done"):
        changed(plan, [Change(Op.REMOVE, "m01")], by="E3")
    with pytest.raises(ConflictError, match="withdrawn"):
        changed(replace(plan, state=PlanState.WITHDRAWN), [], by="E3")
