"""The case file: what it depends on, what it leaves out, what it hides, and the stamp that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import Level, Requirement
from ascertain.errors import NotFoundError
from tests.crews.world import TinyMapper, TinyTaxonomy
from tests.integration.pipeline.world import (
    ANN,
    BOB,
    CHI,
    COURSES,
    EVIDENCE,
    POLICY,
    ROLE,
    ScriptedCrew,
    World,
    course,
    exam,
    open_world,
    piece,
)


@dataclass(frozen=True)
class OtherTaxonomy(TinyTaxonomy):
    """The same skills under another release."""

    version: str = "tiny-2"


@dataclass(frozen=True)
class OtherMapper(TinyMapper):
    """Another release of the mapper: other tags."""

    version: str = "tiny-2"


def _role(world: World, **changes: object) -> None:
    with world.store.units() as uow:
        uow.roles.upsert([replace(ROLE, **changes)])  # type: ignore[arg-type]
        uow.commit()


def _next_month(world: World) -> None:
    world.clock.at += timedelta(days=30)


def _retag(world: World) -> None:
    world.content(course("sql-101", "SQL and Python first steps"))


MATTERS: dict[str, Callable[[World], object]] = {
    "new evidence": lambda w: w.add(piece("e-new", text="Tuned SQL.")),
    "evidence gone": lambda w: w.remove("e-ticket"),
    "score": lambda w: w.add(exam(score=0.6)),
    "failed": lambda w: w.add(replace(exam(), passed=False)),
    "text": lambda w: w.add(piece("e-ticket", text="Rewrote the SQL of the cost report.")),
    "date": lambda w: w.add(replace(exam(), occurred_on=None)),
    "level": lambda w: w.add(replace(exam(), level=Level.ADVANCED)),
    "origin": lambda w: w.add(replace(exam(), origin="o-e-ticket")),
    "consent": lambda w: w.says(ANN, False),
    "hours": lambda w: w.person(ANN, hours_per_week=30.0),
    "language": lambda w: w.person(ANN, language="de"),
    "another role": lambda w: w.person(ANN, job_profile_id="coach"),
    "no role": lambda w: w.person(ANN, job_profile_id=None),
    "requirement": lambda w: _role(w, requirements=(*ROLE.requirements, Requirement("python", Level.EXPERT, 0.2))),
    "importance": lambda w: _role(w, requirements=(Requirement("sql", Level.FOUNDATION, 0.9), *ROLE.requirements[1:])),
    "a course that teaches what the role asks": lambda w: w.content(course("sql-301", "SQL tuning")),
    "hours of a course that matters": lambda w: w.content(course("k8s-101", "Kubernetes first steps", hours=9.0)),
    "a mandatory course": lambda w: w.content(course("safety", "Fire drill", mandatory=True)),
    "the last course for a skill retired": lambda w: w.content(replace(COURSES[2], active=False)),
    "tags": _retag,
    "policy": lambda w: setattr(w, "policy", replace(POLICY, version="2+x")),
    "taxonomy": lambda w: setattr(w, "taxonomy", OtherTaxonomy()),
    "brain": lambda w: setattr(w, "crew", ScriptedCrew(brain_version="script-2")),
    "prompts": lambda w: setattr(w, "crew", ScriptedCrew(prompts_version="prompts-2")),
    "month": _next_month,
}
IRRELEVANT: dict[str, Callable[[World], object]] = {
    "nothing": lambda w: w.add(*EVIDENCE),
    "order": lambda w: w.add(*reversed(EVIDENCE)),
    "source reference": lambda w: w.add(replace(exam(), source_ref="moved:elsewhere")),
    "a course nobody here needs": lambda w: w.content(course("py-301", "Python packaging")),
    "a colleague's evidence": lambda w: w.add(exam("e-bob", "E2", 0.2)),
    "a colleague's consent": lambda w: w.says(BOB, False),
    "a colleague's assessment": lambda w: w.assess("E2"),
    "a newcomer": lambda w: w.person(replace(CHI, id="E9", name="Dag Dyer", email="dag@example.org")),
    "own address": lambda w: w.person(ANN, email="ann.archer@example.org"),
    "own department": lambda w: w.person(ANN, department="Finance"),
    "another day of the month": lambda w: setattr(w.clock, "at", w.clock.at + timedelta(days=3)),
    "what a description says at its end": lambda w: w.content(
        replace(COURSES[2], item=replace(COURSES[2].item, summary=""), system="other")
    ),
}


@pytest.mark.parametrize("what", MATTERS)
def test_fingerprint_depends_on(world: World, what: str) -> None:
    before = world.fingerprint()
    MATTERS[what](world)
    assert world.fingerprint() != before


@pytest.mark.parametrize("what", IRRELEVANT)
def test_fingerprint_does_not_depend_on(world: World, what: str) -> None:
    before = world.fingerprint()
    IRRELEVANT[what](world)
    assert world.fingerprint() == before


def test_other_tags_make_another_case(world: World) -> None:
    before = world.case()
    world.mapper = OtherMapper()
    assert world.case().tags == {}
    world.tag()
    assert world.case().tags == before.tags


@settings(max_examples=20)
@given(st.lists(st.sampled_from(sorted(MATTERS) + sorted(IRRELEVANT)), min_size=1, max_size=4))
def test_equal_stamps_mean_equal_fingerprints_and_a_sweep_finds_just_those_changed(
    template: Path, changes: list[str]
) -> None:
    with TemporaryDirectory() as folder:
        world = open_world(template, Path(folder)).fill()
        for learner in ("E1", "E2", "E3"):
            world.assess(learner)
        assert world.due() == set()
        then = {p: world.assessor.present(p) for p in ("E1", "E2", "E3")}
        for change in changes:
            ({**MATTERS, **IRRELEVANT})[change](world)
        now = {p: world.assessor.present(p) for p in then}
        for p in then:
            if now[p].stamp == then[p].stamp:
                assert now[p].fingerprint == then[p].fingerprint
        # "a colleague's assessment" among the changes has assessed E2 as it was then
        with world.store.units(write=False) as uow:
            latest = {p: uow.runs.latest(p) for p in then}
        changed = {p for p, run in latest.items() if run is None or run.fingerprint != now[p].fingerprint}
        assert world.due() - {"E9"} == changed
        assert world.due() - {"E9"} == changed  # planning alone changes nothing
        with world.store.units(write=False) as uow:
            stamps = uow.runs.latest_stamps()
        assert {p for p in then if stamps[p] != now[p].stamp} == changed
        world.store.close()


def test_withdrawn_consent_leaves_no_opinion_in_the_case(world: World) -> None:
    assert any(e.sensitive for e in world.case().evidence)
    world.says(ANN, False)
    case = world.case()
    assert not any(e.sensitive for e in case.evidence)
    assert "Kubernetes" not in " ".join(e.text + e.title for e in case.evidence)
    assert case.withheld == (
        "manager reviews: the person has said no",
        "feedback of colleagues: the person has said no",
    )
    world.says(ANN, True)
    assert world.case().withheld == ()


def test_people_are_masked_in_titles_and_texts(world: World) -> None:
    world.add(
        piece(
            "e-x", title="Talk with Bob Baker", text="Chi says: ask ann@example.org, E2 or +49 170 1234567 about SQL."
        )
    )
    case = world.case()
    shown = {e.id: f"{e.title}|{e.text}" for e in case.evidence}
    assert shown["e-x"] == "Talk with [person]|[person] says: ask [address], [number] or [number] about SQL."
    assert shown["e-review"] == "|[person] says she is good at Kubernetes. Ask [person]."
    everything = repr(case)
    for hidden in ("Archer", "Baker", "Carver", "example.org", "E1", "E2", "lms:thing"):
        assert hidden not in everything
    assert {e.learner_id for e in case.evidence} == {case.pseudonym}


def test_somebody_who_joins_later_is_masked_too(world: World) -> None:
    world.add(piece("e-x", text="Pair programming with Fenna Fisher in SQL."))
    builder = world.builder
    world.plan()
    for learner in ("E1", "E2", "E3"):
        world.assess(learner)
    before = replace(world.assessor, builder=builder).present("E1")
    assert before.case is not None
    assert "Fenna" in repr(before.case)
    world.person(replace(CHI, id="E9", name="Fenna Fisher", email="fenna@example.org"))
    after = replace(world.assessor, builder=builder).present("E1")
    assert "Fenna" not in repr(after.case)
    assert after.stamp == before.stamp, "a stamp does not cover names"
    assert after.fingerprint != before.fingerprint
    assert world.due() == {"E1", "E9"}, "but whose text has the name is due"


def test_catalogue_of_a_case_has_what_the_role_needs_with_prerequisites(world: World) -> None:
    world.content(
        course("k8s-201", "Kubernetes operations", prerequisites=("linux-101", "gone")),
        course("linux-101", "Shell first steps", prerequisites=("k8s-201",)),  # a circle, as real catalogues have
    )
    case = world.case()
    assert [c.content_id for c in case.catalogue] == ["k8s-101", "k8s-201", "linux-101", "sql-101", "sql-201"]
    assert case.completed == {"sql-101"}
    assert world.case("E3").catalogue == ()


def test_mentors_are_colleagues_with_last_months_accepted_skills(world: World) -> None:
    for owner in ("E1", "E2"):
        world.add(
            *(
                exam(f"m-{owner}-{i}", owner, 1.0, EvidenceKind.CERTIFICATION, level=Level.EXPERT, content_id=None)
                for i in range(4)
            )
        )
    world.assess("E1")
    world.assess("E2")
    assert world.assertions("E2")["sql"].level == Level.EXPERT
    assert world.case("E1").mentors == ()  # made this month
    _next_month(world)
    assert [m.skill_id for m in world.case("E1").mentors] == ["sql"]
    assert [m.pseudonym for m in world.case("E1").mentors] == [world.pseudonyms.pseudonym("E2")]
    assert world.case("E3").mentors == ()  # no role, nothing asked for
    world.person(BOB, active=False)
    assert world.case("E1").mentors == ()


def test_one_builder_follows_the_calendar(world: World) -> None:
    builder = world.builder
    assessor = replace(world.assessor, builder=builder)
    first = assessor.present("E1")
    _next_month(world)
    second = assessor.present("E1")
    assert first.case is not None
    assert second.case is not None
    assert (second.case.as_of - first.case.as_of).days == 30
    assert second.fingerprint == world.fingerprint()
    assert second.stamp != first.stamp


def test_unknown_learner_is_named(world: World) -> None:
    with pytest.raises(NotFoundError, match=r"nobody@example.org"):
        world.assess("nobody@example.org")
    assert world.assess("ANN@example.org").run.learner_id == "E1"
