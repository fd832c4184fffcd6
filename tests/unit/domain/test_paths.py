"""What may be offered, what a path is worth, and when it is feasible."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.gaps import Gap, GapStatus
from ascertain.domain.path_offer import build_problem
from ascertain.domain.paths import (
    PathProblem,
    closure_of,
    ordered,
    timeline,
    violations,
    weeks_needed,
)
from ascertain.domain.skills import ContentTag, Level
from tests.unit.domain.makers import POLICY, case
from tests.unit.planning.problems import option, random_problem

RULES = POLICY.path


def _gap(skill: str, weighted: float = 0.5, required: int = 3, current: int | None = None) -> Gap:
    level = Level(current) if current else None
    return Gap(skill, Level(required), level, 1.0, True, weighted, 0.0, 1.0, GapStatus.BELOW)


def _item(content_id: str, level: int = 3, **changes: object) -> CatalogueItem:
    return replace(CatalogueItem(content_id, content_id, "", Level(level), 4.0), **changes)  # type: ignore[arg-type]


def _tag(content_id: str, skill: str, probability: float = 1.0, level: int = 3) -> tuple[ContentTag, ...]:
    return (ContentTag(content_id, skill, probability, Level(level)),)


def test_only_what_closes_a_gap_worth_closing_is_offered() -> None:
    file = case(
        catalogue=(_item("sql"), _item("art"), _item("tiny"), _item("done"), _item("german", language="de")),
        tags={
            "sql": _tag("sql", "sql"),
            "art": _tag("art", "art"),
            "tiny": _tag("tiny", "tiny"),
            "done": _tag("done", "sql"),
            "german": _tag("german", "sql"),
        },
        completed=frozenset({"done"}),
    )
    problem = build_problem(file, [_gap("sql"), _gap("tiny", RULES.min_gap / 2)], RULES)
    assert [o.item.content_id for o in problem.options] == ["sql"]
    assert dict(problem.gaps) == {"sql": 0.5}
    german = build_problem(replace(file, language="de"), [_gap("sql")], RULES)
    assert [o.item.content_id for o in german.options] == ["german", "sql"]


def test_prerequisites_come_along_unless_completed() -> None:
    file = case(
        catalogue=(
            _item("c", prerequisites=("b",)),
            _item("b", prerequisites=("a", "z")),
            _item("a"),
            _item("z"),
            _item("x"),
        ),
        tags={"c": _tag("c", "sql")},
        completed=frozenset({"z"}),
    )
    problem = build_problem(file, [_gap("sql")], RULES)
    assert [o.item.content_id for o in problem.options] == ["a", "b", "c"]
    assert problem.completed == {"z"}


def test_mandatory_is_offered_without_a_gap() -> None:
    problem = build_problem(case(catalogue=(_item("safety", mandatory=True), _item("x"))), [], RULES)
    assert [o.item.content_id for o in problem.options] == ["safety"]
    assert problem.gaps == {}


def test_the_budget_is_the_policy_s_share_of_the_person_s_week() -> None:
    problem = build_problem(case(hours_per_week=20.0), [], RULES)
    assert problem.budget_hours == pytest.approx(20 * RULES.share_of_week * RULES.horizon_weeks)


@pytest.mark.parametrize(
    ("taught", "required", "current", "fit"),
    [
        (3, 3, 2, 1.0),
        (4, 3, 2, 1.0),
        (2, 3, 1, RULES.one_level_short),
        (1, 3, None, RULES.two_levels_short),
        (3, 3, None, RULES.too_hard),
        (5, 5, 2, RULES.too_hard),
        (3, 5, None, RULES.two_levels_short * RULES.too_hard),
    ],
)
def test_what_an_item_is_expected_to_close(taught: int, required: int, current: int | None, fit: float) -> None:
    file = case(catalogue=(_item("c", taught),), tags={"c": _tag("c", "sql", 0.8, taught)})
    (offered,) = build_problem(file, [_gap("sql", 0.5, required, current)], RULES).options
    assert offered.closes["sql"] == pytest.approx(0.5 * 0.8 * RULES.learn_probability * fit)


@given(st.randoms(use_true_random=False))
def test_closure_grows_and_never_exceeds_the_gaps(rng: object) -> None:
    problem = random_problem(rng, 10, 4)  # type: ignore[arg-type]
    ids = [o.item.content_id for o in problem.options]
    values = [closure_of(problem, ids[:n]) for n in range(len(ids) + 1)]
    assert values[0] == 0
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(values))
    assert values[-1] <= sum(problem.gaps.values()) + 1e-12
    assert closure_of(problem, ids[::-1]) == closure_of(problem, ids)


@given(st.randoms(use_true_random=False), st.integers(0, 10))
def test_ordered_keeps_the_items_and_puts_prerequisites_first(rng: object, n: int) -> None:
    problem = random_problem(rng, 10, 4, chain=0.7)  # type: ignore[arg-type]
    ids = [o.item.content_id for o in problem.options][:n]  # items need lower numbers only, so every prefix is closed
    order = ordered(problem, ids[::-1])
    assert sorted(order) == sorted(ids)
    assert order == ordered(problem, ids)
    found = violations(replace(problem, hours_per_week=1e6, max_items=99), order)
    assert found == ()


def test_a_circle_is_ordered_without_hanging_and_called_infeasible() -> None:
    problem = PathProblem((option("a", {}, needs=["b"]), option("b", {}, needs=["a"])), {}, 10, 10)
    assert sorted(ordered(problem, ["a", "b"])) == ["a", "b"]
    assert violations(problem, ordered(problem, ["a", "b"])) != ()


def test_every_violation_is_said() -> None:
    problem = PathProblem(
        (option("a", {}, 6), option("b", {}, 6, needs=["a"]), option("c", {}, 1)), {}, 1.0, 10, max_items=2
    )
    assert violations(problem, ["a", "c"]) == ()
    assert violations(problem, ["b"]) == ("b comes before its prerequisite a",)
    assert violations(problem, ["b", "a"]) == (
        "b comes before its prerequisite a",
        "12.0 h exceed the 10.0 h until the horizon",
    )
    assert violations(problem, ["c", "c"]) == ("an item stands twice",)
    assert violations(problem, ["nope"]) == ("nope is not offered",)
    assert "3 items exceed 2" in violations(problem, ["a", "b", "c"])
    assert violations(replace(problem, completed=frozenset({"a"})), ["b"]) == ()


def test_the_timeline_runs_without_holes() -> None:
    problem = PathProblem((option("a", {"s": 0.4}, 3), option("b", {"s": 0.0}, 1.5)), {"s": 0.5}, 1.5, 10)
    one, two = timeline(problem, ["a", "b"])
    assert (one.start_week, one.end_week, one.closes) == (0.0, 2.0, ("s",))
    assert (two.start_week, two.end_week, two.closes) == (2.0, 3.0, ())


@pytest.mark.parametrize(
    ("hours", "weekly", "weeks"), [(10, 2, 5), (11, 2, 6), (0, 2, 0), (1.1, 0.1, 11), (0.3, 0.1, 3), (5, 0, 0)]
)
def test_weeks_are_whole_and_not_one_too_many(hours: float, weekly: float, weeks: int) -> None:
    assert weeks_needed(hours, weekly) == weeks
