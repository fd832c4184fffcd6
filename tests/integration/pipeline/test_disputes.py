"""Contest an assertion, and look everywhere that would use it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.audit import verify
from ascertain.domain.disputes import Dispute, DisputeState, Outcome
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Level
from ascertain.domain.usage import Use, usable_for
from ascertain.domain.writeback_plan import WritebackRules, withheld
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline import disputes, views, views_gaps
from ascertain.pipeline.notify import accepted
from ascertain.pipeline.pseudonyms import Directory
from ascertain.pipeline.replay import replay
from ascertain.pipeline.review import decide as review
from tests.integration.pipeline.world import ANN, World, exam


def contest(world: World, skill: str = "sql", actor: str = "ann@example.org", texts: Sequence[str] = ()) -> Dispute:
    row = world.assertions()[skill]
    with world.store.units() as uow:
        masker = world.pseudonyms.with_directory(Directory.of(uow.people.all()))
        made = disputes.contest(
            uow,
            row.id[:9],
            reason="That was my colleague's exam.",
            actor=actor,
            clock=world.clock,
            due_days=30,
            masker=masker,
            texts=texts,
        )
        uow.commit()
    return made


def decide(world: World, dispute: Dispute, outcome: Outcome, actor: str = "Zoe", **more: object) -> Dispute:
    with world.store.units() as uow:
        done = disputes.decide(
            uow,
            dispute.id,
            outcome,
            reason="Looked at the proof.",
            actor=actor,
            clock=world.clock,
            **more,  # type: ignore[arg-type]
        )
        uow.commit()
    return done


def test_what_is_contested_is_used_nowhere(world: World) -> None:
    world.assess()
    before = world.assertions()["sql"]
    assert before.state is AssertionState.ACCEPTED
    with world.store.units(write=False) as uow:
        people = {p.id: p for p in uow.people.all()}
        notes = accepted(uow.assertions.all(), people, WritebackRules())
        assert [n.id for n in notes["E1"]] == ["sql"]
        assert uow.assertions.experts(Level.AWARENESS, skills=["sql"])
        covered = views_gaps.gaps(uow, ANN, world.taxonomy)["coverage"]

    made = contest(world)

    row = world.assertions()["sql"]
    assert row.state is AssertionState.CONTESTED
    assert not usable_for(row, Use.DECISION)
    assert withheld(row, ANN, WritebackRules()) == "is contested"
    with world.store.units(write=False) as uow:
        assert accepted(uow.assertions.all(), people, WritebackRules()) == {}
        assert uow.assertions.experts(Level.AWARENESS, skills=["sql"]) == []
        gaps = views_gaps.gaps(uow, ANN, world.taxonomy)
        gap = next(g for g in gaps["gaps"] if g["skill"] == "sql")
        assert (gap["status"], gap["p_below"], gap["current"], gap["range"]) == ("contested", None, None, None)
        assert gap["contested"] == "That was my colleague's exam."
        assert gaps["coverage"]["point"] < covered["point"]
        assert all(g["skill"] != "sql" for g in views_gaps.cohort_gaps(uow, [ANN], world.taxonomy))
        shown = next(s for s in views.profile(uow, ANN)["skills"] if s["skill"] == "sql")
        assert (shown["dispute"]["id"], shown["dispute"]["reason"]) == (made.id, "That was my colleague's exam.")
        chosen = views.for_decisions(views.profile(uow, ANN))
        assert "sql" not in {s["skill"] for s in chosen["skills"]}
        assert "contested" in next(o["why"] for o in chosen["left_out"] if o["skill"] == "sql")
        assert replay(uow, row.id, world.taxonomy).identical
        assert not verify(list(uow.audit.records()))
        sealed = next(r for r in uow.audit.records() if r.action == "dispute.opened")
        assert "colleague" not in str(sealed.header)
        assert uow.audit.open_payload(sealed.seq)["reason"] == "That was my colleague's exam."


def test_the_mentors_of_a_process_that_lives_on_follow_a_dispute(world: World) -> None:
    builder = world.builder
    with world.store.units(write=False) as uow:
        first = builder.landscape(uow)
    world.assess()
    with world.store.units(write=False) as uow:
        assert builder.landscape(uow) is first
    contest(world)
    with world.store.units(write=False) as uow:
        assert builder.landscape(uow) is not first


def test_new_evidence_and_new_runs_keep_it_contested(world: World) -> None:
    world.assess()
    made = contest(world)
    world.add(exam("e-more", score=1.0))
    world.assess()
    row = world.assertions()["sql"]
    assert (row.state, row.id == made.assertion_id) == (AssertionState.CONTESTED, False)
    decide(world, made, Outcome.UPHOLD)
    after = world.assertions()["sql"]
    assert (after.state, after.human_reviewed) == (AssertionState.ACCEPTED, True)


def test_saying_it_twice_changes_nothing_and_otherwise_is_a_conflict(world: World) -> None:
    world.assess()
    made = contest(world)
    actions = world.actions()
    assert contest(world) == made
    assert world.actions() == actions
    with pytest.raises(ConflictError, match="contested already"):
        contest(world, actor="Somebody")
    done = decide(world, made, Outcome.CORRECT)
    actions = world.actions()
    assert decide(world, made, Outcome.CORRECT) == done
    assert world.actions() == actions
    with pytest.raises(ConflictError, match="corrected by Zoe"):
        decide(world, made, Outcome.UPHOLD)


def test_what_was_taken_back_stays_so_until_a_human_sees_other_evidence(world: World) -> None:
    world.assess()
    made = contest(world)
    decide(world, made, Outcome.CORRECT)
    assert world.assertions()["sql"].state is AssertionState.REJECTED
    world.add(exam("e-py", title="Python first steps", content_id="py-101"))  # another skill's
    world.assess()
    assert world.assertions()["sql"].state is AssertionState.REJECTED
    world.add(exam("e-more", score=1.0))
    world.assess()
    row = world.assertions()["sql"]
    assert (row.state, row.reasons[0]) == (
        AssertionState.IN_REVIEW,
        f"{made.id} changed this skill: a human looks at other evidence",
    )
    with world.store.units() as uow:
        item = next(i for i in uow.reviews.open(learner_id="E1") if i.skill_id == "sql")
        review(uow, item.id, DecisionKind.ACCEPT, reason="seen", reviewer="Zoe", clock=world.clock)
        uow.commit()
    world.add(exam("e-still", score=1.0))
    world.assess()
    assert world.assertions()["sql"].state is AssertionState.ACCEPTED, "the later human decision counts"


def test_amending_gives_the_level_and_stands_in_the_next_run(world: World) -> None:
    world.assess()
    made = contest(world)
    decide(world, made, Outcome.AMEND, level=Level.ADVANCED)
    world.add(exam("e-py", title="Python first steps", content_id="py-101"))
    world.assess()
    row = world.assertions()["sql"]
    assert (row.state, row.level, row.human_reviewed) == (AssertionState.ACCEPTED, Level.ADVANCED, True)
    assert usable_for(row, Use.DECISION)


def test_withdrawing_puts_back_what_was(world: World) -> None:
    world.assess()
    before = world.assertions()["sql"]
    made = contest(world)
    with world.store.units() as uow, pytest.raises(InputError, match="only the learner"):
        disputes.withdraw(uow, made.id, actor="Zoe", clock=world.clock)
    with world.store.units() as uow:
        done = disputes.withdraw(uow, made.id, actor="E1", clock=world.clock)
        uow.commit()
    assert done.state is DisputeState.WITHDRAWN
    assert world.assertions()["sql"] == before
    assert contest(world).id != made.id


def test_what_waits_for_review_waits_for_the_dispute_first(world: World) -> None:
    world.assess()
    waiting = next(r for r in world.assertions().values() if r.state is AssertionState.IN_REVIEW)
    made = contest(world, waiting.skill_id)
    with world.store.units(write=False) as uow:
        assert "v" + waiting.id[1:] not in {r["id"] for r in views.reviews(uow, world.taxonomy, world.clock.today())}
    with world.store.units() as uow:
        item = next(i for i in uow.reviews.open(learner_id="E1") if i.assertion_id == waiting.id)
        with pytest.raises(ConflictError, match="contests"):
            review(uow, item.id, DecisionKind.ACCEPT, reason="x", reviewer="Zoe", clock=world.clock)
    decide(world, made, Outcome.UPHOLD)
    row = world.assertions()[waiting.skill_id]
    assert (row.state, row.human_reviewed) == (AssertionState.IN_REVIEW, False)
    with world.store.units() as uow:
        review(uow, item.id, DecisionKind.ACCEPT, reason="x", reviewer="Yan", clock=world.clock)
        uow.commit()
    again = contest(world, waiting.skill_id)
    for by in ("Yan", "yan", "E1", "ann@example.org", "Zoe"):
        with pytest.raises(InputError, match="neither the learner"):
            decide(world, again, Outcome.CORRECT, actor=by)
    assert decide(world, again, Outcome.CORRECT, actor="Xia").state is DisputeState.CORRECTED


def test_a_decided_dispute_answers_the_review_too(world: World) -> None:
    world.assess()
    waiting = next(r for r in world.assertions().values() if r.state is AssertionState.IN_REVIEW)
    decide(world, contest(world, waiting.skill_id), Outcome.CORRECT)
    with world.store.units(write=False) as uow:
        assert waiting.id not in {i.assertion_id for i in uow.reviews.open(learner_id="E1")}
        item = next(i for i in uow.reviews.decided("E1") if i.assertion_id == waiting.id)
    assert (item.decision, item.decided_by) == (DecisionKind.REJECT, "Zoe")


def test_added_evidence_is_weak_clean_and_masked_until_confirmed(world: World) -> None:
    world.assess()
    hidden = "I wrote the SQL\u200b of the year-end report with Bob Baker.\U000e0041"
    made = contest(world, texts=[hidden, hidden])
    (ident,) = made.evidence
    with world.store.units(write=False) as uow:
        piece = next(e for e in uow.evidence.of("E1") if e.id == ident)
    assert piece.text == "I wrote the SQL of the year-end report with Bob Baker."
    assert (piece.kind, piece.system) == (EvidenceKind.SELF_ASSESSMENT, "dispute")
    world.assess()
    seen = next(e for e in world.crew.seen[-1].evidence if e.id == ident)
    assert "Bob" not in seen.text
    with pytest.raises(InputError, match="was not added"):
        decide(world, made, Outcome.UPHOLD, confirmed=["e-exam"])
    decide(world, made, Outcome.UPHOLD, confirmed=[ident])
    with world.store.units(write=False) as uow:
        assert next(e for e in uow.evidence.of("E1") if e.id == ident).kind is EvidenceKind.DOCUMENT
    with world.store.units() as uow:
        closed = uow.disputes.about("E1")[0]
        with pytest.raises(ConflictError):
            disputes.add_evidence(uow, closed, ["more"], actor="E1", clock=world.clock, masker=world.pseudonyms)


@pytest.mark.parametrize("text", ["", " \u200b ", "x" * 20_001], ids=["empty", "invisible", "long"])
def test_evidence_that_cannot_be_used_leaves_nothing_contested(world: World, text: str) -> None:
    world.assess()
    with pytest.raises(InputError, match="evidence"):
        contest(world, texts=[text])
    assert world.assertions()["sql"].state is AssertionState.ACCEPTED


def test_what_is_not_there_is_said(world: World) -> None:
    with world.store.units() as uow, pytest.raises(NotFoundError):
        disputes.decide(uow, "d0", Outcome.UPHOLD, reason="r", actor="Zoe", clock=world.clock)
