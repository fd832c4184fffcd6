"""Onboarding on the real store, with the real crew: drafted, changed, approved, followed, exported, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Purpose
from ascertain.domain.notifications import Delivered, Outcome
from ascertain.domain.onboarding import Given, MilestoneKind, MilestoneState, OnboardingPlan, PlanState
from ascertain.domain.onboarding_edit import Change, Op
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import CrewServices, UnitOfWork
from ascertain.domain.retention import Kind
from ascertain.domain.runs import StoredAssertion
from ascertain.errors import BrainError, ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline import onboarding
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.notify import Notifier
from ascertain.pipeline.onboarding_changes import changes_of, checked_changes
from ascertain.pipeline.onboarding_draft import Drafter
from ascertain.pipeline.onboarding_export import calendar
from ascertain.pipeline.onboarding_input import OnboardingInput, checked, given_of, read_input
from ascertain.pipeline.onboarding_start import begin, waiting
from ascertain.pipeline.onboarding_view import GONE, in_lists, people_in, sentences, shown
from ascertain.pipeline.permit import principal_of
from ascertain.pipeline.restrict import restrict
from ascertain.pipeline.stop import turn_everything
from ascertain.planning.phases import CpSatPhases
from crews.onboarding import build
from tests.crews.world import TinySolver
from tests.integration.pipeline.test_overview import GDPR
from tests.integration.pipeline.world import BOB, ROLE, World

NEW = Learner("E9", "Nia Novak", "nia@example.org", "Data", "Analyst", "analyst", "E3", date(2026, 4, 6))
RULES = OnboardingRules(start_days=45)
K = MilestoneKind


def nia(uow: UnitOfWork) -> Learner:
    found = uow.people.get(NEW.id)
    assert found is not None
    return found


@dataclass
class Room:
    """The world with a new hire in it, whose colleague Bob has accepted SQL."""

    world: World

    def drafter(self, **changes: Any) -> Drafter:
        w = self.world
        policy = replace(w.policy, onboarding=RULES)
        services = CrewServices(w.taxonomy, w.mapper, TinySolver(), policy)
        made = Drafter(w.store.units, w.builder, build, services, CpSatPhases(5.0), w.clock, w.gate)
        return replace(made, **changes)

    def ask(self, **given: Any) -> OnboardingPlan:
        with self.world.store.units() as uow:
            learner = nia(uow)
            asked = given_of(uow, learner, ROLE, self.world.taxonomy, checked(given))
            made = onboarding.ask(
                uow, learner, asked, starts_on=None, by="chi@example.org", kind="person", clock=self.world.clock
            )
            uow.commit()
        return made

    def draft(self, **given: Any) -> OnboardingPlan:
        return self.drafter().draft(self.ask(**given).id)

    def approved(self, **given: Any) -> OnboardingPlan:
        plan = self.draft(**given)
        with self.world.store.units() as uow:
            done = onboarding.decide(
                uow, self.now(uow, plan), approve=True, principal=self.chi(uow), clock=self.world.clock
            )
            uow.commit()
        return done

    def now(self, uow: Any, plan: OnboardingPlan) -> OnboardingPlan:
        found: OnboardingPlan | None = uow.onboardings.get(plan.id)
        assert found is not None
        return found

    def chi(self, uow: Any) -> Any:
        return principal_of(uow, "chi@example.org", today=self.world.clock.today())

    def view(self, plan: OnboardingPlan, *, own: bool = False) -> dict[str, Any]:
        with self.world.store.units(write=False) as uow:
            learner = nia(uow)
            today = self.world.clock.today()
            return shown(uow, self.now(uow, plan), learner, self.world.taxonomy, today, own=own)


@pytest.fixture
def room(new_world: Callable[[], World]) -> Room:
    world = new_world()
    world.content(GDPR)
    with world.store.units() as uow:
        uow.people.upsert([NEW])
        uow.commit()
    world.assess("E2")
    accept(world, "E2", "sql")
    return Room(world)


def accept(world: World, learner: str, skill: str, level: int | None = None) -> StoredAssertion:
    row = world.assertions(learner)[skill]
    with world.store.units() as uow:
        uow.assertions.set_state(row.id, AssertionState.ACCEPTED, level=level, human_reviewed=True)
        uow.commit()
    return row


def test_a_draft_comes_from_role_team_catalogue_and_manager(room: Room) -> None:
    plan = room.draft(
        priorities=["Negotiation"],
        systems=[{"name": "Billing", "contact": "Chi Carver"}],
        first_project={"title": "Churn report for Bob Baker", "outcome": "it is read"},
        buddy="bob@example.org",
    )
    assert (plan.state, plan.version, plan.problem) == (PlanState.DRAFT, 1, "")
    titles = {m.kind: [x for x in plan.milestones if x.kind is m.kind] for m in plan.milestones}
    assert [m.title for m in titles[K.TASK]] == ["Get to know Billing", "Churn report for Bob Baker"]
    assert "Chi Carver" in titles[K.TASK][0].reason  # in the manager's words; the agents saw none of these names
    assert {m.colleague for m in titles[K.MEET]} == {"E2"}
    assert {m.content_id for m in titles[K.COURSE]} >= {"gdpr", "sql-101"}
    goals = {m.goal.skill_id: int(m.goal.level) for m in titles[K.GOAL] if m.goal}
    assert goals == {r.skill_id: int(r.level) for r in ROLE.requirements}
    assert plan.made_with["placement"] == "optimal"
    assert room.world.actions()[-2:] == ["onboarding.asked", "onboarding.drafted"]
    with room.world.store.units(write=False) as uow:
        record = list(uow.audit.records())[-1]
        assert [a[0] for a in record.header["agents"]] == ["onboarding_planner", "onboarding_reviewer"]


def test_no_name_reaches_the_agents(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    crew = build()
    real = type(crew).run

    def run(self: Any, case: Any, services: Any, phases: Any) -> Any:
        seen.append(repr(case))
        return real(self, case, services, phases)

    monkeypatch.setattr(type(crew), "run", run)
    room.draft(systems=[{"name": "Billing of Bob Baker", "contact": "chi@example.org"}], buddy="E2")
    for word in ("Nia", "Novak", "Bob", "Baker", "Chi", "example.org", "E9", "'E2'", "'E3'"):
        assert word not in seen[0], word


def test_drafting_twice_does_it_once(room: Room) -> None:
    plan = room.draft()
    actions = room.world.actions()
    assert room.drafter().draft(plan.id) == plan
    assert room.world.actions() == actions
    with room.world.store.units(write=False) as uow:
        assert len(uow.onboardings.versions(plan.id)) == 1


def test_a_failing_crew_leaves_its_reason_and_can_be_tried_again(room: Room) -> None:
    class Broken:
        brain_version = prompts_version = "x"

        def run(self, *a: Any) -> Any:
            raise BrainError("no brain today")

    plan = room.ask()
    with pytest.raises(BrainError):
        room.drafter(crew=Broken).draft(plan.id)
    assert room.view(plan)["problem"] == "no brain today"
    assert room.drafter().draft(plan.id).problem == ""


def test_what_is_shown_already_is_no_goal_and_only_accepted_counts(room: Room) -> None:
    room.world.add(replace(exam_of_new()))
    room.world.person(NEW)
    room.world.assess(NEW.id)
    first = room.draft()
    assert "sql" in {m.goal.skill_id for m in first.milestones if m.goal}  # it waits for a human
    accept(room.world, NEW.id, "sql", 2)
    with room.world.store.units() as uow:
        onboarding.decide(
            uow, room.now(uow, first), approve=False, reason="again", principal=room.chi(uow), clock=room.world.clock
        )
        uow.commit()
    second = room.draft()
    assert second.id != first.id
    assert "sql" not in {m.goal.skill_id for m in second.milestones if m.goal}


def exam_of_new() -> Any:
    from tests.integration.pipeline.world import exam

    return exam("e-new", NEW.id)


def test_nothing_of_whoever_was_not_told_is_looked_at(room: Room) -> None:
    room.world.add(exam_of_new())
    room.world.person(NEW)
    room.world.assess(NEW.id)
    accept(room.world, NEW.id, "sql", 5)
    plan = room.ask()
    told_nobody = room.drafter(gate=Gate(rules=replace(Gate().rules, days_before_use=365)))
    done = told_nobody.draft(plan.id)
    assert "sql" in {m.goal.skill_id for m in done.milestones if m.goal}
    assert any("was not looked at" in w for w in done.left_out)


def test_whoever_does_not_want_to_be_named_is_not(room: Room) -> None:
    room.world.says(BOB, False, Purpose.MENTORING)
    plan = room.draft()
    assert not [m for m in plan.milestones if m.kind is K.MEET]


def test_a_colleague_who_says_no_later_is_not_named_any_more(room: Room) -> None:
    plan = room.approved()
    row = next(m for m in room.view(plan)["milestones"] if m["kind"] == "meet")
    assert (row["colleague"], row["colleague_name"]) == ("E2", "Bob Baker")
    assert people_in(room.view(plan)) == {NEW.id, "E2"}
    room.world.says(BOB, False, Purpose.MENTORING)
    row = next(m for m in room.view(plan)["milestones"] if m["kind"] == "meet")
    assert (row["colleague"], row["colleague_name"]) == (None, GONE)


def test_the_new_hire_sees_an_approved_plan_only(room: Room) -> None:
    plan = room.draft()
    before = room.view(plan, own=True)
    assert (before["milestones"], before["summary"], before["given"], before["progress"]) == ([], "", None, [])
    with room.world.store.units() as uow:
        onboarding.decide(uow, room.now(uow, plan), approve=True, principal=room.chi(uow), clock=room.world.clock)
        uow.commit()
    after = room.view(plan, own=True)
    assert len(after["milestones"]) == len(plan.milestones)
    assert not any(m["remark"] for m in after["milestones"])


def test_permissions_hold(room: Room) -> None:
    plan = room.draft()
    with room.world.store.units() as uow:
        today = room.world.clock.today()
        for name in ("nia@example.org", "bob@example.org", "nobody"):
            who = principal_of(uow, name, today=today)
            with pytest.raises(ForbiddenError):
                onboarding.permitted_plan(uow, who, Action.ONBOARDING_EDIT, plan.id)
        bob = principal_of(uow, "bob@example.org", today=today)
        for ident in (plan.id, "o000000000000000"):
            with pytest.raises(ForbiddenError) as caught:
                onboarding.permitted_plan(uow, bob, Action.ONBOARDING_READ, ident)
            assert plan.id not in str(caught.value)
        assert onboarding.permitted_plan(uow, room.chi(uow), Action.ONBOARDING_EDIT, plan.id[:8])[0] == plan


def test_changes_are_versions_with_reasons(room: Room) -> None:
    plan = room.draft()
    asked = checked_changes(
        [
            {"op": "add", "kind": "meet", "colleague": "bob@example.org", "due_on": "2026-04-20", "title": "Coffee"},
            {"op": "add", "kind": "course", "course": "k8s-101", "due_on": "2026-05-20"},
            {"op": "add", "kind": "goal", "skill": "SQL", "due_on": "2026-05-20"},
            {"op": "remove", "milestone": plan.milestones[0].id},
        ]
    )
    with room.world.store.units() as uow:
        learner, chi = nia(uow), room.chi(uow)
        changes = changes_of(uow, plan, learner, room.world.taxonomy, asked)
        done = onboarding.change(
            uow, plan, changes, reason="as we said", expected=1, principal=chi, clock=room.world.clock
        )
        with pytest.raises(ConflictError, match="version 1"):
            onboarding.change(uow, done, changes[:1], reason="x", expected=1, principal=chi, clock=room.world.clock)
        with pytest.raises(InputError, match="reason"):
            onboarding.change(uow, done, changes[:1], reason=" ", principal=chi, clock=room.world.clock)
        uow.commit()
    with room.world.store.units(write=False) as uow:
        first, second = uow.onboardings.versions(plan.id)
    assert (second.number, second.by, second.reason) == (2, "chi@example.org", "as we said")
    assert any(w.startswith("added: Coffee") for w in second.changes)
    assert any("Kubernetes first steps" in w for w in second.changes)
    assert any(w.startswith("added: Show SQL at level 2") for w in second.changes)
    assert first.milestones == plan.milestones
    assert done.milestone(plan.milestones[0].id) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"op": "add", "kind": "course", "course": "nope", "due_on": "2026-05-20"}, "no course"),
        ({"op": "add", "kind": "goal", "skill": "Juggling", "due_on": "2026-05-20"}, "no skill"),
        ({"op": "add", "kind": "meet", "colleague": "zed", "due_on": "2026-05-20"}, "nobody in the team"),
    ],
)
def test_what_a_change_names_must_be_there(room: Room, change: dict[str, Any], words: str) -> None:
    plan = room.ask()
    with room.world.store.units(write=False) as uow, pytest.raises(InputError, match=words):
        changes_of(uow, plan, nia(uow), room.world.taxonomy, checked_changes([change]))


def test_following_a_plan(room: Room) -> None:
    plan = room.approved()
    with room.world.store.units() as uow:
        new = principal_of(uow, "nia@example.org", today=room.world.clock.today())
        course = next(m for m in plan.milestones if m.content_id == "gdpr")
        done = onboarding.tick(uow, plan, course.id, MilestoneState.DONE, principal=new, clock=room.world.clock)
        one = onboarding.comment(
            uow, done, "Where is the room?", milestone=course.id, principal=new, clock=room.world.clock
        )
        again = onboarding.comment(
            uow, done, " Where is the room? ", milestone=course.id, principal=new, clock=room.world.clock
        )
        assert one == again
        with pytest.raises(NotFoundError):
            onboarding.comment(uow, done, "x", milestone="m99", principal=new, clock=room.world.clock)
        with pytest.raises(InputError):
            onboarding.comment(uow, done, " ", principal=new, clock=room.world.clock)
        uow.commit()
    room.world.clock.at += timedelta(days=50)
    data = room.view(plan)
    assert data["done"] == 1
    assert data["overdue"] > 0
    told = " ".join(s.text for s in sentences(data))
    assert f"1 of {data['total']} milestones are done." in told
    assert "Of 3 skills to show, 0 are confirmed" in told
    assert room.world.actions()[-2:] == ["onboarding.ticked", "onboarding.commented"]


def test_a_goal_is_reached_when_an_accepted_assertion_says_so(room: Room) -> None:
    plan = room.approved()
    room.world.add(exam_of_new())
    room.world.assess(NEW.id)

    def goal() -> dict[str, Any]:
        return next(m for m in room.view(plan)["milestones"] if m["kind"] == "goal" and m["skill"] == "sql")

    assert goal()["reached"] is False
    accept(room.world, NEW.id, "sql", 2)
    assert (goal()["reached"], goal()["shown_level"], goal()["state"]) == (True, 2, "open")
    assert room.view(plan)["goals"] == {"total": 3, "reached": 1}


def test_a_sync_begins_plans_for_new_hires_once(room: Room) -> None:
    w = room.world
    made = begin(w.store.units, w.clock, RULES)
    assert [(p.learner_id, p.asked_by, p.state) for p in made] == [(NEW.id, "system", PlanState.ASKED)]
    assert begin(w.store.units, w.clock, RULES) == []
    assert [p.id for p in waiting(w.store.units)] == [made[0].id]
    assert begin(w.store.units, w.clock, replace(RULES, start_days=None)) == []


def test_nothing_begins_for_the_wrong_people_or_while_stopped(room: Room) -> None:
    w = room.world
    turn_everything(w.store.units, w.clock, "ops", "maintenance", on=False)
    assert begin(w.store.units, w.clock, RULES) == []
    turn_everything(w.store.units, w.clock, "ops", "", on=True)
    for changes in ({"hired_on": date(2025, 1, 1)}, {"job_profile_id": None}, {"manager_id": None}, {"active": False}):
        w.person(NEW, **changes)
        assert begin(w.store.units, w.clock, RULES) == [], changes
    w.person(NEW)
    with w.store.units() as uow:
        restrict(uow, nia(uow), reason="asked", actor="hr", clock=w.clock)
        uow.commit()
    assert begin(w.store.units, w.clock, RULES) == []


def test_a_restricted_person_is_in_no_list_and_nothing_is_done(room: Room) -> None:
    plan = room.approved()
    with room.world.store.units() as uow:
        restrict(uow, nia(uow), reason="asked", actor="hr", clock=room.world.clock)
        uow.commit()
    with room.world.store.units(write=False) as uow:
        assert in_lists(uow, uow.onboardings.listed(), room.world.clock.today()) == []
        with pytest.raises(ConflictError, match="restricted"):
            onboarding.permitted_plan(uow, room.chi(uow), Action.ONBOARDING_FOLLOW, plan.id)


def test_one_plan_at_a_time(room: Room) -> None:
    asked = room.ask()
    again = room.ask(buddy="E2")
    assert (again.id, again.given.buddy) == (asked.id, "E2")
    room.drafter().draft(asked.id)
    with pytest.raises(ConflictError, match="draft"):
        room.ask()


def test_a_calendar_takes_it_in_and_the_same_plan_gives_the_same_bytes(room: Room) -> None:
    plan = room.approved(systems=[{"name": "Über, Größe; and\\more", "contact": "Chi"}])
    data = room.view(plan)
    text = calendar(data)
    assert text == calendar(room.view(plan))
    parsed: Any = Calendar.from_ical(text)
    events = list(parsed.walk("VEVENT"))
    assert len(events) == len(data["milestones"])
    by_uid = {str(e["uid"]): e for e in events}
    row = next(m for m in data["milestones"] if "Über" in m["title"])
    event = by_uid[f"{plan.id}-{row['id']}@ascertain"]
    assert str(event["summary"]) == "Task: Get to know Über, Größe; and\\more"
    assert event["dtstart"].dt.isoformat() == row["due_on"]
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))


def test_erasure_and_retention_take_it_away(room: Room) -> None:
    plan = room.approved()
    later = replace(plan, starts_on=date(2024, 1, 1))
    with room.world.store.units() as uow:
        uow.onboardings.put(later)
        before = room.world.clock.now() - timedelta(days=365)
        assert uow.retention.count(Kind.ONBOARDING, before, set()) == 1
        assert uow.retention.count(Kind.ONBOARDING, before, {NEW.id}) == 0
        assert uow.retention.purge(Kind.ONBOARDING, before, set(), 10) == [plan.id]
        uow.commit()
    for table in ("onboarding_plans", "onboarding_versions", "onboarding_comments"):
        assert room.world.sql(f"SELECT count(*) FROM {table}")[0][0] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("priorities: [Juggling]\n", "no skill that the role asks for"),
        ("buddy: zed@example.org\n", "nobody in the team"),
        ("systems:\n  - name: A\n  - nme: B\n", r"plan.yaml:3, field 'systems.1"),
        ("first_project:\n  title: X\n", "outcome"),
        ("hours_per_week: 400\n", "hours_per_week"),
        ("systems:\n  - {name: A, by: 45}\n", "systems.0.by"),
        ("{", "plan.yaml:"),
        ("- a list\n", "plan.yaml:1"),
    ],
)
def test_bad_input_is_named_with_its_line(room: Room, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text, encoding="utf-8")
    with room.world.store.units(write=False) as uow, pytest.raises(InputError, match=words):
        given_of(uow, nia(uow), ROLE, room.world.taxonomy, read_input(file))


def test_an_empty_file_and_json_are_input_too(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("", encoding="utf-8")
    (tmp_path / "b.json").write_text('{"systems": [{"name": "A"}]}', encoding="utf-8")
    assert read_input(tmp_path / "a.yaml") == OnboardingInput()
    assert read_input(tmp_path / "b.json").systems[0].by == 30


def test_an_added_task_moves_by_the_domain_alone(room: Room) -> None:
    plan = room.draft()
    first = plan.milestones[0]
    with room.world.store.units() as uow:
        day = first.due_on + timedelta(days=1)
        done = onboarding.change(
            uow,
            plan,
            [Change(Op.MOVE, first.id, due_on=day)],
            reason="later",
            principal=room.chi(uow),
            clock=room.world.clock,
        )
        same = onboarding.change(
            uow,
            done,
            [Change(Op.MOVE, first.id, due_on=day)],
            reason="again",
            principal=room.chi(uow),
            clock=room.world.clock,
        )
        assert same is done
    assert Given() == plan.given


class Post:
    """Keeps what is mailed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, message_id: str, to: str, subject: str, text: str) -> Outcome:
        self.sent.append((to, text))
        return Outcome(Delivered.YES)


def test_what_is_late_is_mailed_once_to_whoever_sees_to_it(room: Room) -> None:
    plan = room.approved()
    post, clock = Post(), room.world.clock
    notifier = Notifier(room.world.store.units, clock, mailer=post, address="https://skills.example.org")

    def late() -> dict[str, str]:
        return {to: t for to, t in post.sent if "past the day" in t}

    notifier.run()
    assert late() == {}
    clock.at += timedelta(days=8)  # the first check-in is the manager's, the mandatory course the new hire's
    notifier.run()
    assert set(late()) == {"chi@example.org", "nia@example.org"}
    assert "1 milestone is past the day" in late()["chi@example.org"]
    assert "https://skills.example.org/onboarding" in late()["chi@example.org"]
    assert "Nia" not in late()["chi@example.org"]
    before = len(post.sent)
    notifier.run()
    assert len(post.sent) == before, "once for each"
    clock.at += timedelta(days=30)
    notifier.run()
    assert len([to for to, t in post.sent if to == "nia@example.org" and "past the day" in t]) == 2
    with room.world.store.units() as uow:
        onboarding.decide(uow, room.now(uow, plan), approve=False, reason="x", principal=room.chi(uow), clock=clock)
        uow.commit()
    clock.at += timedelta(days=30)
    before = len(post.sent)
    notifier.run()
    assert len([t for _, t in post.sent[before:] if "past the day" in t]) == 0
