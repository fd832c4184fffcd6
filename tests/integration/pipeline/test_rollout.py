"""A rollout on a real store: who, what and which source is outside is not touched, whatever asks."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Phases
from hypothesis import strategies as st

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.permission import Grant, Principal, Role
from ascertain.domain.rollout import CohortRule, Phase, Pilot, Rollout, SkillDomain, keyed, skills_of
from ascertain.domain.runs import DecisionKind
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError, OutsideRollout
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.permit import operator
from ascertain.pipeline.rollout import Mover, check, status
from ascertain.pipeline.rollout_report import figures, keep
from ascertain.pipeline.rollout_words import sentences
from ascertain.pipeline.views_gaps import cohort_gaps, gaps
from ascertain.store import open_store
from ascertain.store.rollout import Boundaries
from tests.integration.pipeline.world import ANN, BOB, EVIDENCE, KEY, World, exam, open_world, piece

OPERATOR = operator("op", today=date(2026, 4, 7))
EVERY = ("E1", "E2", "E3")
"""Everybody of the world: Ann, Bob and Chi."""


class Piloted(World):
    """A world whose builder knows the pilots' skills."""

    rollout: Rollout = Rollout()

    def skills(self, pilot: str) -> frozenset[str] | None:
        found = self.rollout.pilot(pilot)
        return skills_of(found.domain, self.taxonomy.skills()) if found else None

    @property
    def builder(self) -> CaseBuilder:
        month = lambda: self.clock.today().replace(day=1)  # noqa: E731
        return CaseBuilder(self.taxonomy, self.tagger, self.versions, self.pseudonyms, month, self.skills)

    def begin(self, pilot: str = "one", *, to: int | None = None, report: str = "") -> None:
        with self.store.units() as uow:
            mover = Mover(self.rollout, self.clock)
            mover.advance(uow, OPERATOR, pilot, to=to, reason="as agreed", report=report)
            uow.commit()


def pilot(*people: str, skills: SkillDomain | None = None, phases: tuple[Phase, ...] = (Phase("all"),)) -> Pilot:
    return Pilot("one", "The first", CohortRule(people=keyed(people)), skills or SkillDomain(), phases)


@contextmanager
def piloted(file: Path, rollout: Rollout) -> Iterator[Piloted]:
    """The same database under a rollout, as after a restart with another file."""
    found = Piloted.__new__(Piloted)
    found.rollout = rollout
    store = open_store(
        f"sqlite:///{file}", pseudonym=KEY.pseudonym, checkpoint_file=None, boundaries=Boundaries(rollout, found.skills)
    )
    Piloted.__init__(found, file, store)
    try:
        yield found
    finally:
        store.close()


@pytest.fixture(scope="module")
def assessed(template: Path) -> Iterator[Path]:
    """A filled world in which Ann and Bob were assessed before there was a rollout: a database to copy."""
    with TemporaryDirectory() as folder:
        world = open_world(template, Path(folder)).fill()
        world.assess("E1")
        world.assess("E2")
        world.store.close()
        yield world.file


def copied(assessed: Path, folder: Path) -> Path:
    """A copy of the database, with the key of its audit payloads."""
    shutil.copytree(assessed.parent, folder)
    return folder / assessed.name


@pytest.fixture
def under(assessed: Path, tmp_path: Path) -> Iterator[Callable[[Rollout], Piloted]]:
    """Opens a copy under a rollout."""
    opened: list[AbstractContextManager[Piloted]] = []

    def make(rollout: Rollout) -> Piloted:
        manager = piloted(copied(assessed, tmp_path / str(len(opened))), rollout)
        opened.append(manager)
        return manager.__enter__()

    yield make
    for manager in reversed(opened):
        manager.__exit__(None, None, None)


def traces(world: World, learner: str) -> dict[str, int]:
    """Rows about somebody in every table that says whom a row is about."""
    with closing(sqlite3.connect(world.file)) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        about = [t for t in tables if "learner_id" in {c[1] for c in db.execute(f"PRAGMA table_info({t})")}]
        assert {"evidence", "runs", "assertions", "review_items"} <= set(about)
        count = "SELECT count(*) FROM {} WHERE learner_id = ?"
        return {t: int(db.execute(count.format(t), [learner]).fetchone()[0]) for t in about}


@settings(
    max_examples=6, deadline=None, phases=[Phases.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(inside=st.sets(st.sampled_from(EVERY)), begun=st.booleans())
def test_nothing_is_made_about_whoever_is_outside(assessed: Path, inside: set[str], begun: bool) -> None:
    with TemporaryDirectory() as folder:
        file = copied(assessed, Path(folder) / "copy")
        with piloted(file, Rollout(True, (pilot(*(inside or {"nobody"})),))) as world:
            if begun:
                world.begin()
            reached = inside if begun else set()
            outside = set(EVERY) - reached
            before = {i: traces(world, i) for i in outside}
            world.add(*(exam(f"new-{i}", i, 0.9) for i in EVERY))
            due = {p.id for p in world.plan_with(world.builder, force=True).due} if reached else set()
            assert due == reached
            for i in EVERY:
                if i in reached:
                    world.assess(i)
                else:
                    with pytest.raises(OutsideRollout):
                        world.assess(i)
            assert {i: traces(world, i) for i in outside} == before
            seen = {KEY.pseudonym(i) for i in outside}
            assert not seen & {case.pseudonym for case in world.crew.seen}
            with world.store.units(write=False) as uow:
                assert {p.id for p in uow.people.all()} == reached
                assert {a.learner_id for a in uow.assertions.all()} <= reached
                assert {i.learner_id for i in uow.reviews.open()} <= reached
                assert sum(uow.reviews.waiting_for().values()) == len(uow.reviews.open())
                assert {r.learner_id for r in uow.runs.recent(world.clock.at.replace(year=2020), limit=99)} <= reached
                for i in outside:
                    person = uow.people.get(i)
                    assert person is not None
                    assert (person.outside, person.restricted) == (True, True)
                    assert uow.evidence.of(i) == []
                    assert uow.assertions.of(i) == []
                    assert uow.runs.latest(i) is None


def test_a_source_outside_of_the_phase_is_neither_stored_nor_in_the_case(under: Callable[[Rollout], Piloted]) -> None:
    exams = Phase("tests", frozenset({"lms"}), frozenset({EvidenceKind.ASSESSMENT}))
    world = under(Rollout(True, (pilot("E1", phases=(exams, Phase("all"))),)))
    world.begin()
    world.add(piece("new-ticket", text="More SQL."), exam("new-exam"))
    assert {e.kind for e in world.case().evidence} == {EvidenceKind.ASSESSMENT}
    assert "new-exam" in {e.id for e in world.case().evidence}
    assert not world.sql("SELECT 1 FROM evidence WHERE id = 'new-ticket'"), "data that no phase uses is not kept"
    assert world.sql("SELECT 1 FROM evidence WHERE id = 'e-ticket'"), "what was there before stays, unused"
    found = world.assess().run
    with world.store.units() as uow:
        made = keep(uow, OPERATOR, {"pilot": "one", "phase": 1, "verdict": "go"}, world.clock)
        uow.commit()
    world.begin(report=made.id)
    assert {e.id for e in world.case().evidence} > {"e-ticket", "new-exam"}
    assert world.assess().run.fingerprint != found.fingerprint


def test_a_skill_outside_of_the_pilot_is_neither_asserted_nor_shown(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E1", skills=SkillDomain(skills=frozenset({"sql"}))),)))
    before = int(world.sql("SELECT count(*) FROM assertions WHERE learner_id = 'E1' AND skill_id != 'sql'")[0][0])
    assert before > 0, "there were others before the pilot"
    world.begin()
    with world.store.units(write=False) as uow:
        ann = uow.people.get("E1")
        assert ann is not None
        assert [a.skill_id for a in uow.assertions.of("E1")] == ["sql"], "at once, before anybody is assessed anew"
        assert {g["skill"] for g in gaps(uow, ann, world.taxonomy)["gaps"]} == {"sql"}
        assert {g["skill"] for g in cohort_gaps(uow, [ann], world.taxonomy)} == {"sql"}
    case = world.case()
    assert case.role is not None
    assert [r.skill_id for r in case.role.requirements] == ["sql"]
    assert {t.skill_id for tags in case.tags.values() for t in tags} <= {"sql"}
    world.assess()
    assert (
        int(world.sql("SELECT count(*) FROM assertions WHERE learner_id = 'E1' AND skill_id != 'sql'")[0][0]) == before
    )
    assert set(world.assertions()) == {"sql"}


def test_an_assertion_that_slips_through_is_refused_by_the_store(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E2"),)))
    world.begin()
    with world.store.units() as uow:
        (row, *_) = uow.assertions.of("E2")
        with pytest.raises(ConflictError, match="outside of the rollout"):
            uow.assertions.add([replace(row, id="a-new", learner_id="E1", skill_id="new")])


def test_whoever_moves_department_leaves_the_pilot(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (Pilot("one", "t", CohortRule(units=keyed(["data"])), SkillDomain(), (Phase("a"),)),)))
    world.begin()
    assert world.assess().run.state == "done"
    world.person(ANN, department="Sales")
    with pytest.raises(OutsideRollout):
        world.assess()


# ── phases ────────────────────────────────────────────────────────────────────────────────────────────────────────


TWO = (Phase("first"), Phase("second"))


def test_only_somebody_who_may_moves_a_pilot_and_says_why(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E1", phases=TWO),)))
    mover = Mover(world.rollout, world.clock)
    nobody = Principal("E3", "E3", (Grant(Role.LEARNER), Grant(Role.MANAGER)), today=date(2026, 4, 7))
    trainer = Principal("t@example.org", None, (Grant(Role.L_AND_D),), today=date(2026, 4, 7))
    with pytest.raises(ForbiddenError), world.store.units() as uow:
        mover.advance(uow, nobody, "one", to=None, reason="x", report="")
    with world.store.units() as uow:
        for error, changes in (
            (InputError, {"reason": " "}),
            (NotFoundError, {"pilot_id": "two"}),
            (InputError, {"to": 3}),
            (ConflictError, {"to": 2}),
            (ConflictError, {"to": 0}),
        ):
            asked: dict[str, Any] = {"pilot_id": "one", "to": None, "reason": "why", "report": ""} | changes
            with pytest.raises(error):
                mover.advance(uow, trainer, **asked)
        made = mover.advance(uow, trainer, "one", to=None, reason=" as agreed ", report="")
        uow.commit()
    assert (made.phase, made.reason, made.by) == (1, "as agreed", "t@example.org")
    assert world.actions()[-1] == "rollout.moved"


def test_a_step_forward_rests_on_a_report_of_the_present_phase(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E1", phases=TWO),)))
    world.begin()
    with pytest.raises(InputError, match="needs the report"):
        world.begin()
    with pytest.raises(NotFoundError):
        world.begin(report="o9")
    with world.store.units() as uow:
        found = figures(uow, world.rollout, "one", world.skills, world.taxonomy, world.clock)
        made = keep(uow, OPERATOR, found, world.clock)
        assert keep(uow, OPERATOR, found, world.clock) == made, "the same figures are one report"
        uow.commit()
    world.begin(report=made.id)
    with world.store.units(write=False) as uow:
        assert [(m.phase, m.report) for m in uow.rollouts.advances("one")] == [(1, ""), (2, made.id)]
    world.begin(to=1)
    with pytest.raises(NotFoundError):
        world.begin(report="x")
    world.begin(to=0)
    with pytest.raises(OutsideRollout):
        world.assess()


def test_a_move_has_what_was_not_kept_before_pulled_anew(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E1"),)))
    with world.store.units() as uow:
        uow.sync.set_cursor("jira", "ticket", {"after": "1"})
        uow.sync.set_cursor("hris", "worker", {"after": "1"})
        uow.commit()
    world.begin()
    with world.store.units(write=False) as uow:
        assert uow.sync.cursor("jira", "ticket") is None
        assert uow.sync.cursor("hris", "worker") is not None, "people are not asked for anew"


# ── what people see ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_report_counts_and_its_sentences_say_no_figure_of_their_own(under: Callable[[Rollout], Piloted]) -> None:
    world = under(Rollout(True, (pilot("E1", "E2"),)))
    with world.store.units(write=False) as uow, pytest.raises(ConflictError, match="does not run"):
        figures(uow, world.rollout, "one", world.skills, world.taxonomy, world.clock)
    world.begin()
    shown_at = world.clock.now()
    with world.store.units() as uow:
        for item in uow.reviews.open():
            said = {"decision": DecisionKind.ACCEPT, "decided_by": "r", "decision_reason": "ok", "shown_at": shown_at}
            uow.reviews.put(replace(item, decided_at=shown_at + timedelta(seconds=60), **said))  # type: ignore[arg-type]
        uow.commit()
    with world.store.units(write=False) as uow:
        found = figures(uow, world.rollout, "one", world.skills, world.taxonomy, world.clock)
        rows = [a for p in ("E1", "E2") for a in uow.assertions.of(p) if a.level]
    decided = int(world.sql("SELECT count(*) FROM review_items WHERE decision IS NOT NULL")[0][0])
    assert decided > 0
    assert (found["accuracy"]["part"], found["accuracy"]["of"]) == (decided, decided)
    assert sum(r["of"] for r in found["accuracy"]["by_skill"]) == decided
    assert sum(r["of"] for r in found["accuracy"]["by_source"]) == decided
    assert all(r["share"] is None for r in found["accuracy"]["by_skill"] if r["of"] < 5)
    assert found["time"]["mean_seconds"] == 60.0
    assert found["time"]["hours_spent"] == decided / 60
    assert found["coverage"]["of"] == 2
    assert found["coverage"]["assertions"] == len(rows)
    assert sum(s["pieces"] for s in found["coverage"]["sources"]) == len(EVIDENCE)
    assert found["verdict"] == "hold"
    told = [s.text for s in sentences(found)]
    assert any(f"on {decided} levels" in t for t in told), told
    assert any("estimate" in t for t in told)
    assert not [n for n in (ANN.name, BOB.name) if n in str(found)], "it names nobody"


def test_status_and_check_say_what_is_wrong(under: Callable[[Rollout], Piloted]) -> None:
    odd = Phase("first", connections=frozenset({"lms", "moon"}))
    domain = SkillDomain(under=frozenset({"astrology"}), skills=frozenset({"sql"}))
    second = Pilot("two", "t", CohortRule(units=keyed(["Data", "Moon"])), SkillDomain(), (Phase("a"),))
    world = under(Rollout(True, (pilot("E1", skills=domain, phases=(odd,)), second)))
    with world.store.units(write=False) as uow:
        found = check(uow, world.rollout, world.taxonomy, ["lms"])
    assert [f.split(": ", 1)[-1] for f in found] == [
        f"the taxonomy {world.taxonomy.version} has no skill 'astrology'",
        "there is no connection 'moon'",
        "nobody has the department 'moon'",
        "while both run, one counts for them",
    ]
    world.begin("two")
    with world.store.units(write=False) as uow:
        state = status(uow, world.rollout, world.skills, world.clock)
    assert (state["people"], state["reached"]) == (3, 3)
    assert [(p["id"], p["state"], p["reached"]) for p in state["pilots"]] == [
        ("one", "not begun", 0),
        ("two", "running", 3),
    ]
