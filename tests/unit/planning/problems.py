"""Path problems for tests: a builder, a random maker and an exhaustive solver."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.path_wishes import Modality
from ascertain.domain.paths import PathOption, PathProblem, closure_of, ordered, violations
from ascertain.domain.rules import PathRules
from ascertain.domain.skills import Level

RULES = PathRules(
    horizon_weeks=26,
    default_hours_per_week=40,
    share_of_week=0.05,
    learn_probability=0.7,
    one_level_short=0.5,
    two_levels_short=0.2,
    too_hard=0.5,
    max_items=8,
    min_gap=0.05,
    solver_seconds=5,
)


def option(
    content_id: str,
    closes: Mapping[str, float],
    hours: float = 4.0,
    *,
    needs: Sequence[str] = (),
    mandatory: bool = False,
    modality: str = "elearning",
    cost: float | None = None,
    kind: Modality = Modality.COURSE,
) -> PathOption:
    item = CatalogueItem(
        content_id,
        content_id.title(),
        "",
        Level.FOUNDATION,
        hours,
        modality=modality,
        prerequisites=tuple(needs),
        mandatory=mandatory,
        cost=cost,
    )
    return PathOption(item, dict(closes), kind)


def random_problem(rng: random.Random, options: int, skills: int, *, chain: float = 0.25) -> PathProblem:
    """Like a company's: one to three skills an item, half-hour durations, some chains, a few mandatory items."""
    gaps = {f"s{k}": round(rng.uniform(0.05, 1.0), 6) for k in range(skills)}
    rows = []
    for i in range(options):
        taught = rng.sample(sorted(gaps), min(skills, rng.randint(1, 3)))
        closes = {s: gaps[s] * rng.uniform(0.1, 0.7) for s in taught}
        needs = [f"c{rng.randrange(i)}"] if i and rng.random() < chain else []
        rows.append(
            option(
                f"c{i}",
                closes,
                rng.choice([1, 1.5, 2, 3, 4, 6, 8, 12, 16, 20]),
                needs=needs,
                mandatory=rng.random() < 0.03,
                modality=rng.choice(["elearning", "elearning", "classroom", "video"]),
            )
        )
    return PathProblem(tuple(rows), gaps, hours_per_week=2.0, weeks=26)


def exhaustive(problem: PathProblem) -> tuple[int, float]:
    """(most mandatory items, largest closure with that many) over every subset that ``violations`` lets pass."""
    ids = [o.item.content_id for o in problem.options]
    mandatory = {o.item.content_id for o in problem.options if o.item.mandatory}
    best = (0, 0.0)
    for size in range(min(len(ids), problem.max_items) + 1):
        for chosen in itertools.combinations(ids, size):
            if not violations(problem, ordered(problem, chosen)):
                best = max(best, (len(mandatory.intersection(chosen)), closure_of(problem, chosen)))
    return best
