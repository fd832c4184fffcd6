"""Consent in the pipeline: what is recorded, what a withdrawal takes away, and that no run gets past it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import SOURCE_OF, Origin, Purpose, Source
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.mentoring import Offer
from ascertain.domain.people import Learner
from ascertain.domain.runs import RunState
from ascertain.domain.skills import Level
from ascertain.errors import BlockedError, ConflictError, ConsentChanged, InputError
from ascertain.pipeline import views_gaps
from ascertain.pipeline.cases import learner_or_raise
from ascertain.pipeline.consent import Said, say, say_for_all
from ascertain.pipeline.consent_file import import_consents
from ascertain.pipeline.mentoring_file import read_mentoring
from ascertain.pipeline.mentoring_find import Seek, find
from ascertain.pipeline.permit import operator
from ascertain.pipeline.replay import replay
from ascertain.store import Store
from tests.agreed import OPINIONS
from tests.integration.pipeline.world import ANN, BOB, CHI, World, piece

SECRET = "says she is good at"
"""Words of the review about Ann."""


def refuse_for_all(world: World, *sources: Source) -> Said:
    return say_for_all(
        world.store.units, world.clock, sources, given=False, actor="zoe", reason="works agreement ended"
    )


def everything_stored(world: World) -> str:
    """All rows but the sealed chain, as text."""
    tables = [r[0] for r in world.sql("SELECT name FROM sqlite_master WHERE type = 'table'") if r[0] != "audit_records"]
    return "\n".join(repr(row) for t in tables for row in world.sql(f"SELECT * FROM {t}"))


def test_a_withdrawal_takes_away_what_rested_on_it_at_once(world: World) -> None:
    world.assess()
    assert world.assertions()["kubernetes"].state is AssertionState.IN_REVIEW
    assert SECRET in everything_stored(world)
    before = world.assertions()
    said = world.says(ANN, False)
    assert set(said.recorded) == set(OPINIONS)
    assert (said.forgotten.evidence, said.forgotten.assertions, said.forgotten.reviews) == (1, 1, 1)
    assert SECRET not in everything_stored(world)
    assert "kubernetes" not in world.assertions()
    assert {s: a for s, a in before.items() if s != "kubernetes"}.keys() == world.assertions().keys()
    with world.store.units(write=False) as uow:
        assert "kubernetes" not in {i.skill_id for i in uow.reviews.open(learner_id="E1")}
        assert "kubernetes" not in {g["skill"] for g in views_gaps.gaps(uow, ANN, world.taxonomy)["gaps"]}
    assert "E1" in world.due()
    assert world.actions()[-2:] == ["consent.recorded", "consent.forgotten"]
    after = world.assess()
    assert after.new
    assert "kubernetes" not in world.assertions()
    assert SECRET not in everything_stored(world)


def test_the_same_withdrawal_again_changes_nothing(world: World) -> None:
    world.assess()
    world.says(ANN, False)
    rows, held = world.counts(), everything_stored(world)
    again = world.says(ANN, False)
    assert (again.recorded, bool(again.forgotten), again.touched) == ((), False, ())
    assert (world.counts(), everything_stored(world)) == (rows, held)


def test_a_queued_job_that_starts_after_the_withdrawal_shows_no_brain_a_word(world: World) -> None:
    world.fingerprint()  # what the job was queued under
    world.says(ANN, False)
    world.assess()
    assert SECRET not in repr(world.crew.seen)
    assert not any(e.sensitive for case in world.crew.seen for e in case.evidence)


@pytest.mark.parametrize("given_back", [False, True])
def test_a_run_that_is_under_way_stores_nothing_of_what_was_withdrawn(world: World, given_back: bool) -> None:
    def withdraw() -> None:
        world.says(ANN, False)
        if given_back:  # the text is gone all the same
            world.says(ANN, True)

    world.crew.meanwhile = withdraw
    with pytest.raises(ConsentChanged):
        world.assess()
    assert world.assertions() == {}
    assert world.sql("SELECT state FROM runs") == [(RunState.FAILED.value,)]
    assert SECRET not in everything_stored(world)
    world.crew.meanwhile = lambda: None
    assert world.assess().new
    assert "kubernetes" not in world.assertions()


def test_an_answer_that_changes_nothing_in_the_case_does_not_stop_a_run(world: World) -> None:
    world.crew.meanwhile = lambda: world.says(ANN, False, Purpose.MENTORING)
    assert world.assess().new


def test_what_rests_on_other_evidence_is_still_replayed(world: World) -> None:
    world.assess()
    world.says(ANN, False)
    with world.store.units(write=False) as uow:
        results = {s: replay(uow, a.id, world.taxonomy) for s, a in world.assertions().items()}
    assert results
    assert all(r.identical for r in results.values()), results


def test_consent_given_back_makes_a_run_of_its_own(world: World) -> None:
    first = world.assess().run
    review = next(r for r in world.sql("SELECT id, text FROM evidence WHERE id = 'e-review'"))
    world.says(ANN, False)
    world.assess()
    world.says(ANN, True)
    world.add(piece("e-review", kind=EvidenceKind.MANAGER_REVIEW, text=review[1]))  # as the next sync brings it
    back = world.assess()
    assert back.new, "the first run has lost its quotes"
    assert back.run.id != first.id
    assert world.assertions()["kubernetes"].state is AssertionState.IN_REVIEW


def test_consent_given_back_asks_the_sources_anew(world: World) -> None:
    def cursor(entity: str) -> object:
        with world.store.units(write=False) as uow:
            return uow.sync.cursor("hris", entity)

    with world.store.units() as uow:
        for entity in ("review", "ticket", "message"):
            uow.sync.set_cursor("hris", entity, {"at": 7})
        uow.commit()
    world.says(ANN, False)
    assert cursor("review") == {"at": 7}
    world.says(ANN, True)
    assert cursor("review") is None
    assert cursor("ticket") == {"at": 7}
    world.says(ANN, True, Source.MESSAGES)
    assert cursor("message") == {"at": 7}, "what was written before the consent stays unread"


def test_the_organisations_no_counts_for_everybody_and_in_a_running_process(world: World) -> None:
    builder = world.builder
    world.assess()
    assert world.plan_with(builder).due
    said = refuse_for_all(world, *OPINIONS)
    assert said.touched == ("E1",)
    assert SECRET not in everything_stored(world)
    case = world.case()
    assert "manager reviews: the organisation has said no" in case.withheld
    assert "E1" in {p.id for p in world.plan_with(builder).due}
    assert refuse_for_all(world, *OPINIONS).recorded == ()
    assert world.actions().count("consent.organisation") == 1


def test_a_persons_no_outlives_the_hr_systems_yes_and_an_operators(world: World) -> None:
    world.says(ANN, False)
    with pytest.raises(ConflictError, match="nobody else can lift"):
        world.says(ANN, True, origin=Origin.OPERATOR)
    with world.store.units() as uow:
        history = uow.consents.of("E1")
        uow.consents.add([next(s for s in history if s.origin is Origin.HRIS and s.topic is Source.REVIEWS)])
        uow.commit()
    assert not _person(world).consents.allows(Source.REVIEWS)
    world.says(ANN, True)
    assert _person(world).consents.allows(Source.REVIEWS)


def test_a_stale_reader_does_not_overwrite_a_withdrawal(world: World) -> None:
    stale = _person(world)
    world.says(ANN, False)
    world.person(stale, department="Finance")
    assert (_person(world).department, _person(world).consents.allows(Source.REVIEWS)) == ("Finance", False)


def test_who_does_not_want_to_be_named_is_nobodys_mentor_and_in_no_figure(world: World) -> None:
    assert _mentor_of(world, BOB)
    world.says(ANN, False, Purpose.MENTORING)
    assert not _mentor_of(world, BOB)
    assert _figures(world) == ({"E1", "E2", "E3"}, 0)
    world.says(ANN, False, Purpose.ANALYTICS)
    assert _figures(world) == ({"E2", "E3"}, 1)


def test_who_refuses_assessment_is_not_assessed_and_nothing_stands(world: World) -> None:
    world.assess()
    said = world.says(ANN, False, Purpose.ASSESSMENT)
    assert said.forgotten.assertions
    assert world.assertions() == {}
    with pytest.raises(BlockedError) as e:
        world.assess()
    assert e.value.state == RunState.BLOCKED_NO_CONSENT
    assert len(world.crew.seen) == 1
    assert (world.plan().no_consent, "E1" in world.due()) == (("E1",), False)


@pytest.mark.parametrize("source", [s for s in Source if s not in (*OPINIONS, Source.MESSAGES)], ids=str)
def test_every_other_source_can_be_refused_too(world: World, source: Source) -> None:
    world.says(ANN, False, source)
    assert not any(SOURCE_OF[e.kind] is source for e in world.case().evidence)
    with world.store.units(write=False) as uow:
        assert not any(SOURCE_OF[e.kind] is source for e in uow.evidence.of("E1"))


def test_what_a_statement_must_have(world: World) -> None:
    def said(**changes: object) -> None:
        how = {
            "given": True,
            "origin": Origin.PERSON,
            "actor": "zoe",
            "reason": "signed",
            "text_version": "1",
        } | changes
        say(world.store.units, world.clock, "E1", [Source.REVIEWS], **how)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="reason"):
        said(reason=" ")
    with pytest.raises(InputError, match="text_version"):
        said(text_version="")
    with pytest.raises(InputError, match="future"):
        said(on=world.clock.at.date().replace(year=2030))
    with pytest.raises(InputError, match="nobody is named"):
        said(actor="")


def test_a_file_of_consents_names_each_bad_line_and_takes_the_others(world: World, tmp_path: Path) -> None:
    file = tmp_path / "signed.csv"
    file.write_text(
        "person,topic,answer,on,text_version,reason\n"
        "ann@example.org,messages,yes,2026-03-05,2026-1,signed form\n"
        "E2,reviews,no,2026-03-05,,signed form\n"
        "E9,reviews,no,2026-03-05,,signed form\n"
        "E2,horoscope,no,2026-03-05,,signed form\n"
        "E2,work,perhaps,2026-03-05,,signed form\n"
        "E2,work,no,yesterday,,signed form\n"
    )

    def take() -> object:
        found = import_consents(world.store.units, world.clock, file, origin=Origin.PERSON, who=operator("zoe"))
        return found.recorded, found.known, [p.split(": ")[0] for p in found.problems]

    bad = ["signed.csv:4", "signed.csv:5, field 'topic'", "signed.csv:6, field 'answer'", "signed.csv:7, field 'on'"]
    assert take() == (2, 0, bad)
    assert take() == (0, 2, bad)
    file.write_text("person,topic\n")
    with pytest.raises(InputError, match="answer"):
        take()


def test_statements_are_sealed_name_nobody_in_the_open_and_go_with_the_person(world: World) -> None:
    world.says(ANN, False)
    with world.store.units(write=False) as uow:
        record = next(r for r in uow.audit.records() if r.action == "consent.recorded")
        assert record.header["refused"] == ["peer_feedback", "reviews"]
        assert "said so" not in repr(record.header)
        assert uow.audit.open_payload(record.seq) == {"actor": "test", "reason": "said so"}
    held = world.store.held_on("E1")
    assert {"consents", "standing_consents"} <= set(held)


def _person(world: World, ident: str = "E1") -> Learner:
    with world.store.units(write=False) as uow:
        return learner_or_raise(uow, ident)


def _mentor_of(world: World, learner: Learner) -> bool:
    """Whether Ann, made an expert, is named to somebody: whatever she offers."""
    if "sql" not in world.assertions():
        world.assess()
    with world.store.units() as uow:
        uow.assertions.set_state(world.assertions()["sql"].id, AssertionState.ACCEPTED, level=Level.EXPERT)
        uow.mentoring.put_offer(Offer("E1", 1, offered_at=world.clock.now()))
        uow.commit()
    with world.store.units(write=False) as uow:
        return any(p.id == "E1" for p, _ in find(uow, learner, ["sql"], Seek(read_mentoring(), world.clock.today())))


def _figures(world: World) -> tuple[set[str], int]:
    with world.store.units(write=False) as uow:
        found = views_gaps.heatmap(uow, uow.people.all(), world.taxonomy)
    return {p["id"] for p in found["people"]}, found["left_out"]


def test_the_store_keeps_what_it_is_told_apart_from_people(world: World) -> None:
    store: Store = world.store
    with store.units(write=False) as uow:
        assert uow.people.consents_of(["E1", "nobody"])["nobody"].organisation.allow(Source.REVIEWS)
        assert {s.origin for s in uow.consents.of(CHI.id)} == {Origin.HRIS}
