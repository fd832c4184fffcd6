"""The path solver against exhaustive search, against greedy, and on the shapes of problems that occur."""

from __future__ import annotations

import random
import re
import time
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ascertain.domain.canonical import canonical_json
from ascertain.domain.path_wishes import Modality, Share
from ascertain.domain.paths import PathPlan, PathProblem, PlanStatus, closure_of, violations
from ascertain.planning import CpSatSolver
from ascertain.planning.choices import greedy, offer_of
from ascertain.planning.model import solve
from tests.unit.planning.problems import RULES, exhaustive, option, random_problem

SOLVER = CpSatSolver(RULES)


@st.composite
def small_problems(draw: st.DrawFn) -> PathProblem:
    """Up to eight items over up to four skills: prerequisites (circles too), tight budgets, awkward durations."""
    n = draw(st.integers(0, 8))
    skills = [f"s{k}" for k in range(draw(st.integers(0, 4)))]
    gaps = {s: draw(st.floats(0.05, 1.0)) for s in skills}
    ids = [f"c{i}" for i in range(n)]
    options = tuple(
        option(
            c,
            {
                s: draw(st.floats(0, 1.2)) * gaps[s]
                for s in draw(st.lists(st.sampled_from(skills), unique=True, max_size=3))
            }
            if skills
            else {},
            draw(st.one_of(st.sampled_from([0.0, 0.5, 1.0, 2.5, 4.0, 8.0]), st.floats(0, 12))),
            needs=draw(st.lists(st.sampled_from([*ids, "done", "elsewhere"]), unique=True, max_size=2)),
            mandatory=draw(st.integers(0, 5)) == 0,
            modality=draw(st.sampled_from(["elearning", "classroom"])),
            cost=draw(st.sampled_from([None, 0.0, 50.0, 99.9, 400.0])),
            kind=draw(st.sampled_from([Modality.COURSE, Modality.PROJECT, Modality.EXTERNAL])),
        )
        for c in ids
    )
    return PathProblem(
        options,
        gaps,
        hours_per_week=draw(st.sampled_from([0.0, 0.25, 1.0, 1 / 3, 2.0])),
        weeks=draw(st.integers(0, 12)),
        completed=frozenset({"done"}),
        max_items=draw(st.integers(1, 5)),
        max_cost=draw(st.sampled_from([None, None, 0.0, 100.0, 500.0])),
        mix=draw(
            st.sampled_from(
                [
                    {},
                    {},
                    {Modality.EXTERNAL: Share(most=0.4)},
                    {Modality.PROJECT: Share(least=0.25), Modality.EXTERNAL: Share(most=0.0)},
                ]
            )
        ),
    )


def _chosen(plan: PathPlan) -> list[str]:
    return [s.content_id for s in plan.steps]


@given(small_problems())
def test_the_best_plan_is_what_exhaustive_search_finds(problem: PathProblem) -> None:
    best = SOLVER.plans(problem)[0]
    mandatory = {o.item.content_id for o in problem.options if o.item.mandatory}
    duties, closure = exhaustive(problem)
    assert len(mandatory.intersection(_chosen(best))) == duties
    assert best.closure == pytest.approx(closure, abs=1e-5)
    assert best.status in (PlanStatus.OPTIMAL, PlanStatus.NOTHING_TO_DO)


@given(small_problems())
def test_every_plan_is_feasible_consistent_and_different(problem: PathProblem) -> None:
    plans = SOLVER.plans(problem)
    assert 1 <= len(plans) <= 3
    assert [p.id for p in plans] == [i for i in ("best", "quick", "light") if i in {p.id for p in plans}]
    assert plans[0].id == "best"
    assert len({frozenset(_chosen(p)) for p in plans}) == len(plans)
    hours = {o.item.content_id: o.item.hours for o in problem.options}
    for plan in plans:
        assert violations(problem, _chosen(plan)) == ()
        assert plan.closure == pytest.approx(closure_of(problem, _chosen(plan)), abs=1e-9)
        assert plan.hours == pytest.approx(sum(hours[c] for c in _chosen(plan)))
        assert plan.closure <= plan.bound + 1e-9
        assert plan.closure <= plans[0].closure + 1e-5 or any(o.item.mandatory for o in problem.options)
        assert plan.status is not PlanStatus.OPTIMAL or plan.bound == plan.closure
        assert plan.binding
        assert set(plan.open_skills) <= set(problem.gaps)


@given(small_problems())
def test_quick_keeps_to_half_the_horizon_and_light_to_fewer_hours(problem: PathProblem) -> None:
    plans = {p.id: p for p in SOLVER.plans(problem)}
    if "quick" in plans:
        half = replace(problem, weeks=problem.weeks // 2)
        assert violations(half, _chosen(plans["quick"])) == ()
    if "light" in plans:
        light, best = plans["light"], plans["best"]
        assert light.closure >= 0.6 * best.closure - 1e-5
        assert light.hours <= 0.8 * best.hours + 1e-6 or light.label.startswith("Without ")


@given(st.integers(0, 10_000), st.integers(1, 25), st.integers(1, 8))
def test_never_worse_than_greedy(seed: int, options: int, skills: int) -> None:
    problem = random_problem(random.Random(seed), options, skills)
    offer = offer_of(problem)
    quick = greedy(problem, offer)
    best = SOLVER.plans(problem)[0]
    duties = {o.item.content_id for o in problem.options if o.item.mandatory}
    ours, theirs = len(duties.intersection(_chosen(best))), len(duties & quick)
    assert ours >= theirs
    if ours == theirs:
        assert best.closure >= closure_of(problem, sorted(quick)) - 1e-5


@given(st.integers(0, 10_000))
def test_no_step_is_there_for_nothing(seed: int) -> None:
    problem = random_problem(random.Random(seed), 15, 5)
    by_id = {o.item.content_id: o.item for o in problem.options}
    chosen = _chosen(SOLVER.plans(problem)[0])
    for c in chosen:
        rest = [d for d in chosen if d != c]
        needed = any(c in by_id[d].prerequisites for d in rest)
        worth = closure_of(problem, chosen) - closure_of(problem, rest) > 1e-7
        assert needed or worth or by_id[c].mandatory


@given(st.integers(0, 10_000))
def test_order_of_the_options_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    problem = random_problem(rng, 12, 4)
    shuffled = list(problem.options)
    rng.shuffle(shuffled)
    again = CpSatSolver(RULES).plans(replace(problem, options=tuple(shuffled)))
    assert canonical_json(again) == canonical_json(SOLVER.plans(problem))


@given(st.integers(0, 10_000))
def test_announced_hours_deliver(seed: int) -> None:
    """ "2 more hours a week would also close SQL" must be true: solve again with the hours and look."""
    problem = replace(random_problem(random.Random(seed), 14, 4, chain=0.4), hours_per_week=0.5)
    problem = replace(problem, options=tuple(o for o in problem.options if not o.item.mandatory))
    best = SOLVER.plans(problem)[0]
    match = re.match(r"([\d.]+) more hours? a week would also (close|narrow) (s\d+)", best.binding)
    assume(match is not None)
    assert match
    richer = replace(problem, hours_per_week=problem.hours_per_week + float(match[1]))
    assert SOLVER.plans(richer)[0].closure > best.closure


def test_the_same_question_is_answered_once_and_another_one_anew() -> None:
    solver = CpSatSolver(RULES)
    problem = random_problem(random.Random(5), 12, 4)
    first = solver.plans(problem)
    assert solver.plans(replace(problem, gaps=dict(problem.gaps))) is first
    shorter = solver.plans(replace(problem, weeks=4))
    assert shorter == CpSatSolver(RULES).plans(replace(problem, weeks=4))
    assert shorter != first
    assert solver.plans(problem) == first


def test_nothing_to_do_without_a_gap() -> None:
    (plan,) = SOLVER.plans(PathProblem((), {}, 2.0, 26))
    assert plan.status is PlanStatus.NOTHING_TO_DO
    assert plan.steps == ()
    assert plan.binding == "nothing binds: no gap is open"


def test_a_gap_that_nothing_teaches_is_named_by_its_label() -> None:
    labels = {"s1": "SQL", "s2": "Python"}
    solver = CpSatSolver(RULES, label=labels.__getitem__)
    plan = solver.plans(PathProblem((option("a", {"s1": 0.5}),), {"s1": 0.5, "s2": 0.4}, 2.0, 26))[0]
    assert plan.binding == "the catalogue has nothing left for Python"
    assert plan.open_skills == ("s2",)


def test_a_gap_without_any_course_still_gives_one_plan() -> None:
    (plan,) = SOLVER.plans(PathProblem((), {"s1": 0.5}, 2.0, 26))
    assert plan.steps == ()
    assert plan.status is PlanStatus.OPTIMAL
    assert plan.binding == "the catalogue has nothing left for s1"
    assert plan.open_skills == ("s1",)


def test_hours_bind_and_the_words_say_how_many() -> None:
    problem = PathProblem(
        (option("a", {"py": 0.5}, 10), option("b", {"sql": 0.3}, 12)), {"py": 0.5, "sql": 0.3}, 1.0, 10
    )
    best = SOLVER.plans(problem)[0]
    assert _chosen(best) == ["a"]
    assert best.binding == "1.5 more hours a week would also close sql"


def test_the_number_of_items_binds() -> None:
    problem = PathProblem(
        tuple(option(f"c{i}", {f"s{i}": 0.4 + i / 100}, 1) for i in range(4)),
        {f"s{i}": 0.4 + i / 100 for i in range(4)},
        10.0,
        10,
        max_items=3,
    )
    best = SOLVER.plans(problem)[0]
    assert sorted(_chosen(best)) == ["c1", "c2", "c3"]
    assert best.binding == "the limit of 3 items binds: 1 more item would also close s0"


def test_mandatory_comes_first_even_when_it_closes_nothing() -> None:
    problem = PathProblem(
        (option("safety", {}, 6, mandatory=True), option("a", {"s": 0.5}, 6), option("b", {"s": 0.2}, 2)),
        {"s": 0.5},
        1.0,
        8,
    )
    best = SOLVER.plans(problem)[0]
    assert _chosen(best) == ["safety", "b"]


def test_mandatory_without_a_gap_is_still_planned() -> None:
    (plan, *_) = SOLVER.plans(PathProblem((option("safety", {}, 2, mandatory=True),), {}, 1.0, 8))
    assert _chosen(plan) == ["safety"]
    assert plan.closure == 0.0


def test_mandatory_items_that_do_not_all_fit_are_named() -> None:
    rows = tuple(option(f"m{i}", {}, 6, mandatory=True) for i in range(3))
    best = SOLVER.plans(PathProblem((*rows, option("a", {"s": 0.5}, 1)), {"s": 0.5}, 1.0, 13))[0]
    assert len([c for c in _chosen(best) if c.startswith("m")]) == 2
    assert "a" in _chosen(best)
    assert best.binding.startswith("13 h and 8 items do not hold everything mandatory: M")


def test_a_prerequisite_is_taken_along_and_stands_before() -> None:
    problem = PathProblem((option("a", {"s": 0.5}, 4, needs=["z"]), option("z", {}, 3)), {"s": 0.5}, 1.0, 7)
    assert _chosen(SOLVER.plans(problem)[0]) == ["z", "a"]
    assert _chosen(SOLVER.plans(replace(problem, weeks=6))[0]) == []
    done = replace(problem, weeks=6, completed=frozenset({"z"}))
    assert _chosen(SOLVER.plans(done)[0]) == ["a"]


def test_prerequisites_in_a_circle_are_left_out_and_said() -> None:
    problem = PathProblem(
        (option("a", {"s": 0.5}, needs=["b"]), option("b", {}, needs=["a"]), option("c", {"t": 0.3})),
        {"s": 0.5, "t": 0.3},
        2.0,
        26,
    )
    best = SOLVER.plans(problem)[0]
    assert _chosen(best) == ["c"]
    assert best.binding == "prerequisites that run in a circle block what teaches s"


def test_an_item_that_teaches_nothing_new_is_not_taken() -> None:
    problem = PathProblem((option("a", {"s": 0.5}, 4), option("b", {"s": 0.5}, 6)), {"s": 0.5}, 2.0, 26)
    best = SOLVER.plans(problem)[0]
    assert _chosen(best) == ["a"]
    assert best.binding == "nothing binds"


def test_a_quick_start_takes_what_half_the_horizon_holds() -> None:
    problem = PathProblem((option("long", {"s": 0.5}, 9), option("short", {"s": 0.3}, 4)), {"s": 0.5}, 1.0, 10)
    plans = {p.id: p for p in SOLVER.plans(problem)}
    assert (_chosen(plans["best"]), _chosen(plans["quick"])) == (["long"], ["short"])
    assert plans["quick"].status is PlanStatus.OPTIMAL
    assert plans["quick"].label == "Quick start: the most within 5 weeks"
    assert plans["quick"].binding == "2 more hours a week would also close s"
    assert plans["quick"].steps[-1].end_week <= 5


def test_a_lighter_plan_drops_the_steps_that_do_least_for_their_hours() -> None:
    rows = (option("good", {"s": 0.5}, 4), option("costly", {"t": 0.1}, 12))
    plans = {p.id: p for p in SOLVER.plans(PathProblem(rows, {"s": 0.5, "t": 0.1}, 1.0, 40))}
    assert list(plans) == ["best", "light"]  # the best plan is done by half time, so there is no quicker one
    assert _chosen(plans["light"]) == ["good"]
    assert plans["light"].label == "Lighter: 83% of the effect in 25% of the hours"
    assert plans["light"].bound == plans["best"].closure


def test_another_modality_is_offered_where_it_does_nearly_as_well() -> None:
    problem = PathProblem(
        (option("a", {"s": 0.5}, 4, modality="classroom"), option("b", {"s": 0.45}, 6, modality="video")),
        {"s": 0.5},
        0.4,
        20,
    )
    plans = {p.id: p for p in SOLVER.plans(problem)}
    assert _chosen(plans["light"]) == ["b"]
    assert plans["light"].label == "Without classroom"
    assert plans["light"].status is PlanStatus.FEASIBLE


def test_a_search_cut_short_is_feasible_and_says_its_bound() -> None:
    problem = random_problem(random.Random(3), 300, 30)
    offer = offer_of(problem)
    found = solve(problem, offer, deterministic_seconds=1e-6)
    assert found.status is PlanStatus.FEASIBLE
    assert found.closure < found.bound <= sum(problem.gaps.values()) + 1e-9
    proven = solve(problem, offer, deterministic_seconds=10)
    assert proven.status is PlanStatus.OPTIMAL
    assert found.closure <= proven.closure + 1e-5 <= found.bound + 2e-5


def test_a_typical_problem_is_cheap_and_a_whole_catalogue_takes_seconds() -> None:
    """Generous limits against a busy machine; the measured figures stand in docs/performance.md."""
    SOLVER.plans(random_problem(random.Random(0), 3, 2))  # the import is paid once
    costs = []
    for seed in range(9):
        problem = random_problem(random.Random(seed), 40, 12)
        before = time.process_time()
        SOLVER.plans(problem)
        costs.append(time.process_time() - before)
    assert sorted(costs)[4] < 0.1
    large = random_problem(random.Random(1), 1100, 40)
    before = time.process_time()
    plans = SOLVER.plans(large)
    assert time.process_time() - before < 10
    assert all(violations(large, _chosen(p)) == () for p in plans)
