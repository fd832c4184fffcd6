"""Restriction, correction and assignments, on the real store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascertain.domain.assignments import Assignment, AssignmentState, compare, items_of
from ascertain.domain.audit import verify
from ascertain.domain.permission import Principal
from ascertain.domain.rectification import Field
from ascertain.domain.runs import DecisionKind, RunState
from ascertain.domain.writeback_plan import WritebackRules, withheld
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError, RestrictedError
from ascertain.pipeline import assignments, views
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import operator, principal_of
from ascertain.pipeline.rectify import former_names, lift, rectify_evidence, rectify_person
from ascertain.pipeline.restrict import restrict, unrestrict
from ascertain.pipeline.review import decide as review
from tests.integration.pipeline.world import ANN, START, World, exam, piece


def restrict_ann(world: World) -> str:
    with world.store.units() as uow:
        made = restrict(uow, ANN, reason="contests everything", actor="Dana", clock=world.clock)
        uow.commit()
    return made.id


def free_ann(world: World) -> None:
    with world.store.units() as uow:
        unrestrict(uow, ANN, reason="settled", actor="Dana", clock=world.clock)
        uow.commit()


class TestRestriction:
    def test_nothing_is_made_of_what_is_held(self, world: World) -> None:
        world.assess()
        before = world.assertions()
        restrict_ann(world)
        world.add(exam("e-more", score=1.0))  # a sync stores, and nothing comes of it
        calls = len(world.crew.seen)
        for _ in range(2):
            with pytest.raises(RestrictedError):
                world.assess()
        assert len(world.crew.seen) == calls
        assert world.assertions() == before
        assert world.sql("SELECT state, count(*) FROM runs GROUP BY state ORDER BY state") == [
            (RunState.BLOCKED_RESTRICTED.value, 1),
            (RunState.DONE.value, 1),
        ]
        assert "E1" not in world.due()
        with world.store.units(write=False) as uow:
            learner = uow.people.get("E1")
            assert learner is not None
            assert learner.restricted
            assert learner == ANN, "no source says so"
            for listed in (uow.people.all(), uow.people.cohort("Data"), uow.people.reports_of("E3")):
                assert "E1" not in {p.id for p in listed}
            assert "E1" in {p.id for p in uow.people.all(active_only=False)}
            assert all(r["learner"] != "E1" for r in views.reviews(uow, world.taxonomy, world.clock.today()))
            assert withheld(before["sql"], learner, WritebackRules()) == "processing of the person is restricted"
        free_ann(world)
        world.assess()
        assert world.assertions()["sql"].run_id != before["sql"].run_id

    def test_a_run_under_way_stores_nothing(self, world: World) -> None:
        world.crew.meanwhile = lambda: restrict_ann(world)
        with pytest.raises(RestrictedError):
            world.assess()
        assert world.assertions() == {}
        assert world.sql("SELECT state FROM runs") == [(RunState.BLOCKED_RESTRICTED.value,)]

    def test_only_the_person_and_the_handler_read(self, world: World) -> None:
        world.assess()
        restrict_ann(world)
        for reader in ("Zoe", "chi@example.org", "key:abc"):
            with pytest.raises(ForbiddenError):
                note_access(world.store.units, reader, "profile", ["E1", "E2"])
        for reader in ("E1", "ANN@example.org", "dana"):
            note_access(world.store.units, reader, "profile", ["E1"])
        with world.store.units(write=False) as uow:
            assert [a.actor for a in uow.accesses.of("E1")] == ["dana", "ANN@example.org", "E1"]

    def test_a_human_does_not_decide_meanwhile(self, world: World) -> None:
        world.assess()
        with world.store.units(write=False) as uow:
            item = uow.reviews.open(learner_id="E1")[0]
        restrict_ann(world)
        with world.store.units() as uow, pytest.raises(ConflictError, match="restricted"):
            review(uow, item.id, DecisionKind.ACCEPT, reason="x", reviewer="Zoe", clock=world.clock)

    def test_twice_is_once_and_lifting_needs_one(self, world: World) -> None:
        assert restrict_ann(world) == restrict_ann(world)
        assert world.actions().count("person.restricted") == 1
        free_ann(world)
        with pytest.raises(ConflictError):
            free_ann(world)
        with world.store.units() as uow, pytest.raises(InputError, match="reason"):
            restrict(uow, ANN, reason=" ", actor="Dana", clock=world.clock)
        again = restrict_ann(world)
        with world.store.units(write=False) as uow:
            assert [bool(r.lifted_at) for r in uow.restrictions.of("E1")] == [True, False]
            assert uow.restrictions.of("E1")[1].id == again


class TestCorrection:
    def correct(self, world: World, field: Field, value: str) -> str:
        with world.store.units() as uow:
            learner = uow.people.get("E1")
            assert learner is not None
            made = rectify_person(uow, learner, field, value, reason="asked", actor="Dana", clock=world.clock)
            uow.commit()
        return made.id

    def name(self, world: World) -> str:
        with world.store.units(write=False) as uow:
            learner = uow.people.get("E1")
        assert learner is not None
        return learner.name

    def test_it_outlives_the_next_sync_and_can_be_lifted(self, world: World) -> None:
        first = self.correct(world, Field.NAME, "Annabel Arrow")
        world.person(ANN)  # as the source says it
        assert self.name(world) == "Annabel Arrow"
        second = self.correct(world, Field.NAME, "Annabel Stone")
        assert second != first
        assert self.correct(world, Field.NAME, "Annabel Stone") == second
        world.person(ANN, hours_per_week=30.0)
        assert self.name(world) == "Annabel Stone"
        with world.store.units() as uow:
            learner = uow.people.get("E1")
            assert learner is not None
            assert learner.hours_per_week == 30.0
            lift(uow, learner, second, actor="Dana", clock=world.clock)
            uow.commit()
        assert self.name(world) == ANN.name
        with world.store.units() as uow, pytest.raises(ConflictError, match="lifted before"):
            lift(uow, ANN, first, actor="Dana", clock=world.clock)

    def test_what_was_there_is_sealed_and_nowhere_else(self, world: World) -> None:
        self.correct(world, Field.DEPARTMENT, "Finance")
        self.correct(world, Field.NAME, "Annabel Arrow")
        columns = [r for t in ("learners", "rectifications") for r in world.sql(f"SELECT * FROM {t} WHERE 1=1")]
        assert ANN.name not in str([c for c in columns if "E1" in c])
        with world.store.units(write=False) as uow:
            records = [r for r in uow.audit.records() if r.action == "person.rectified"]
            assert [uow.audit.open_payload(r.seq)["before"] for r in records] == ["Data", "Ann Archer"]
            assert "Archer" not in str([r.header for r in records])
            assert not verify(list(uow.audit.records()))

    def test_the_name_before_is_still_masked(self, world: World) -> None:
        self.correct(world, Field.NAME, "Xenia Young")
        world.add(piece("e-old", text="Ann Archer wrote the SQL."))
        text = next(e.text for e in world.case().evidence if e.id == "e-old")
        assert "Archer" not in text
        with world.store.units(write=False) as uow:
            assert [p.name for p in former_names(uow, uow.people.all())] == ["Ann Archer"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [(Field.NAME, " "), (Field.NAME, "a\nb"), (Field.LANGUAGE, "English"), (Field.SCORE, "1")],
        ids=["empty", "two_lines", "no_language", "evidence"],
    )
    def test_a_wrong_value_is_refused_by_name(self, world: World, field: Field, value: str) -> None:
        with pytest.raises(InputError, match="field"):
            self.correct(world, field, value)

    def test_wrong_evidence_goes_and_stays_away(self, world: World) -> None:
        world.assess()
        before = world.assertions()["sql"]
        with world.store.units() as uow:
            gone = rectify_evidence(uow, ANN, "e-exam", score=None, reason="not hers", actor="Dana", clock=world.clock)
            score = rectify_evidence(uow, ANN, "e-cert", score=0.5, reason="typo", actor="Dana", clock=world.clock)
            with pytest.raises(NotFoundError):
                rectify_evidence(uow, ANN, "e-bob", score=None, reason="x", actor="Dana", clock=world.clock)
            with pytest.raises(InputError, match="score"):
                rectify_evidence(uow, ANN, "e-cert", score=50.0, reason="x", actor="Dana", clock=world.clock)
            uow.commit()
        world.add(exam())  # the sync brings both again
        world.add(exam("e-cert", score=0.9, title="SQL certificate"))
        with world.store.units(write=False) as uow:
            held = {e.id: e for e in uow.evidence.of("E1")}
        assert "e-exam" not in held
        assert (held["e-cert"].score, held["e-cert"].passed) == (0.5, None)
        world.assess()
        after = world.assertions()["sql"]
        assert (after.confidence or 0.0) < (before.confidence or 0.0)
        with world.store.units() as uow:
            lift(uow, ANN, gone.id, actor="Dana", clock=world.clock)
            lift(uow, ANN, score.id, actor="Dana", clock=world.clock)
            uow.commit()
        with world.store.units(write=False) as uow:
            held = {e.id: e for e in uow.evidence.of("E1")}
        assert held["e-exam"] == exam()
        assert held["e-cert"].score == 0.9


class TestAssignments:
    def current(self, world: World) -> Assignment:
        with world.store.units(write=False) as uow:
            found = uow.assignments.current("E1")
        assert found is not None
        return found

    def decide(self, world: World, ident: str, who: str = "E3", *, approve: bool = True) -> Assignment:
        with world.store.units() as uow:
            principal: Principal = principal_of(uow, who, today=world.clock.today())
            done = assignments.decide(
                uow, ident, approve=approve, reason="fits", principal=principal, clock=world.clock
            )
            uow.commit()
        return done

    def test_a_path_waits_for_the_manager(self, world: World) -> None:
        world.assess()
        made = self.current(world)
        assert (made.state, made.approver, made.changes) == (AssignmentState.PROPOSED, "E3", ())
        for who in ("E1", "E2", "nobody"):
            with pytest.raises(ForbiddenError):
                self.decide(world, made.id, who)
        with world.store.units(write=False) as uow:
            assert assignments.not_approved(uow, "E1", [made.id]) == f"the path {made.id} is proposed, not approved"
            assert views.path(uow, ANN, world.taxonomy)["approval"]["state"] == "proposed"
        done = self.decide(world, made.id)
        assert self.decide(world, made.id) == done
        with pytest.raises(ConflictError, match="approved before"):
            self.decide(world, made.id, approve=False)
        with world.store.units(write=False) as uow:
            assert assignments.not_approved(uow, "E1", [made.id]) == ""
            assert assignments.not_approved(uow, "E1", []) != ""
            assert assignments.not_approved(uow, "E2", [made.id]) != ""

    def test_the_same_path_keeps_its_approval_and_another_needs_a_new_one(self, world: World) -> None:
        world.assess()
        made = self.decide(world, self.current(world).id)
        world.add(exam("e-py", title="Python first steps", content_id="py-101"))
        world.assess()
        assert self.current(world) == made, "another run, the same path"
        kept = [i for i in made.items if i.content_id != made.items[0].content_id]
        first = made.items[0]
        with world.store.units() as uow:
            plan = {"steps": [{"content_id": i.content_id, "title": i.title} for i in kept]}
            plan["steps"].append({"content_id": "x-1", "title": "Something else"})
            assignments.propose(uow, ANN, "r-next", plan, world.clock.now(), "l-and-d")
            uow.commit()
        newer = self.current(world)
        assert newer.state is AssignmentState.PROPOSED
        assert newer.changes == ("added: Something else", f"removed: {first.title}")
        with pytest.raises(ConflictError, match="out of date"):
            self.decide(world, made.id, approve=False)
        with world.store.units() as uow:
            assert "not rest on" in assignments.not_approved(uow, "E1", [made.id])
            assignments.propose(uow, ANN, "r-none", None, world.clock.now(), "l-and-d")
            assert uow.assignments.current("E1") is None

    def test_a_rejected_path_does_not_come_again(self, world: World) -> None:
        world.assess()
        made = self.decide(world, self.current(world).id, approve=False)
        world.add(exam("e-py", title="Python first steps", content_id="py-101"))
        world.assess()
        assert self.current(world) == made

    def test_nothing_is_decided_about_a_restricted_person(self, world: World) -> None:
        world.assess()
        made = self.current(world)
        restrict_ann(world)
        with world.store.units() as uow, pytest.raises(ConflictError, match="restricted"):
            assignments.decide(uow, made.id, approve=True, reason="x", principal=operator("Op"), clock=world.clock)

    def test_another_order_is_another_path(self) -> None:
        items = items_of({"steps": [{"content_id": c, "title": c.upper()} for c in "ab"]})
        row = Assignment("p1", "E1", "r1", items, "E3", START)
        assert compare(row, items).keep
        assert compare(row, items[::-1]).changes == ("in another order: B, A",)
        assert compare(None, ()).keep
        assert not compare(replace(row, items=()), items).keep
