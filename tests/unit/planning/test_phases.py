from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding_phases import PhaseOption, PhaseProblem, violations, worth_of
from ascertain.domain.paths import PlanStatus
from ascertain.domain.skills import Level
from ascertain.planning.phases import CpSatPhases

SOLVER = CpSatPhases(5.0)
SKILLS = ("a", "b")


def item(ident: str, hours: float, first: tuple[str, ...] = (), *, mandatory: bool = False) -> CatalogueItem:
    return CatalogueItem(ident, ident, "", Level.FOUNDATION, hours, prerequisites=first, mandatory=mandatory)


@st.composite
def problems(draw: st.DrawFn) -> PhaseProblem:
    count = draw(st.integers(1, 4))
    names = [f"c{i}" for i in range(count)]
    options = []
    for i, name in enumerate(names):
        first = tuple(draw(st.lists(st.sampled_from(names[:i]), unique=True, max_size=1))) if i else ()
        closes = {s: draw(st.integers(0, 20)) / 20 for s in SKILLS if draw(st.booleans())}
        hours = draw(st.integers(1, 12)) / 2
        options.append(PhaseOption(item(name, hours, first, mandatory=draw(st.booleans())), closes))
    weights = {s: draw(st.integers(1, 20)) / 20 for s in SKILLS}
    wanted = {s: draw(st.integers(0, 2)) for s in SKILLS}
    return PhaseProblem(tuple(options), weights, wanted, (draw(st.integers(0, 8)) * 1.0, 4.0, 3.0))


def every_placement(problem: PhaseProblem) -> list[list[list[str]]]:
    """All feasible ones. Within a phase the order is that of the ids, which prerequisites follow here."""
    ids = [o.item.content_id for o in problem.options]
    found = []
    for where in product((None, 0, 1, 2), repeat=len(ids)):
        phases = [[c for c, p in zip(ids, where, strict=True) if p == i] for i in range(3)]
        if not violations(problem, phases):
            found.append(phases)
    return found


@settings(max_examples=60, deadline=None)
@given(problems())
def test_what_is_placed_is_feasible_and_the_best_there_is(problem: PhaseProblem) -> None:
    placed = SOLVER.place(problem)
    assert violations(problem, placed.phases) == ()
    assert placed.status is PlanStatus.OPTIMAL
    duties = {o.item.content_id for o in problem.options if o.item.mandatory}
    every = every_placement(problem)
    most = max(len(duties & {c for p in e for c in p}) for e in every)
    there = {c for p in placed.phases for c in p}
    assert len(duties & there) == most
    assert set(placed.left) == duties - there
    if not duties:
        assert placed.closure == pytest.approx(max(worth_of(problem, e) for e in every), abs=1e-5)


def test_the_same_problem_has_the_same_answer() -> None:
    options = tuple(PhaseOption(item(f"c{i}", 2.0), {"a": 0.3}) for i in range(6))
    problem = PhaseProblem(options, {"a": 1.0}, {"a": 0}, (4.0, 4.0, 4.0))
    assert SOLVER.place(problem) == SOLVER.place(problem)


def test_a_course_comes_when_its_skill_is_wanted_and_mandatory_ones_come_first() -> None:
    options = (PhaseOption(item("duty", 3.0, mandatory=True), {}), PhaseOption(item("a1", 2.0), {"a": 0.7}))
    problem = PhaseProblem(options, {"a": 1.0}, {"a": 0}, (5.0, 5.0, 5.0))
    assert SOLVER.place(problem).phases[0] == ("duty", "a1")
    tight = PhaseProblem(options, {"a": 1.0}, {"a": 0}, (4.0, 5.0, 5.0))
    assert SOLVER.place(tight).phases == (("duty",), ("a1",), ())


def test_a_mandatory_course_that_fits_nowhere_is_said() -> None:
    problem = PhaseProblem((PhaseOption(item("duty", 9.0, mandatory=True), {}),), {}, {}, (4.0, 4.0, 4.0))
    placed = SOLVER.place(problem)
    assert placed.phases == ((), (), ())
    assert placed.left == ("duty",)


def test_violations_are_named() -> None:
    options = (PhaseOption(item("a", 3.0), {}), PhaseOption(item("b", 3.0, ("a",)), {}))
    problem = PhaseProblem(options, {}, {}, (4.0, 4.0, 4.0))
    assert violations(problem, (("b", "a"), ("x",), ("a",))) == (
        "b comes before its prerequisite a",
        "6.0 h exceed the 4.0 h of phase 30",
        "x is not offered",
        "a stands twice, or was completed",
    )
