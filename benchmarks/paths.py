"""``python -m benchmarks.paths --courses FILE [--learners N] [--json]``: the path solver against greedy planners.

The courses are those of a CSV file (see ``ascertain catalogue import``), tagged by the product's own mapper on the
starter taxonomy; the learners are drawn: a role of the starter set, for each of its requirements a probability of being
below it, and the limits that somebody plans under. The courses name neither prices nor prerequisites; the setting
"budget and mix" therefore draws prices, and says so.

Two greedy planners stand beside the solver: the most closure an hour, which is also the solver's fallback, and the most
closure an item. Both know prerequisites, hours, the number of items, cost and mix, and both put duties first.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ascertain.domain.casefile import CaseFile, CatalogueItem, Versions
from ascertain.domain.gaps import Gap, GapStatus
from ascertain.domain.path_offer import build_problem
from ascertain.domain.path_wishes import Modality, PathWishes, Share
from ascertain.domain.paths import PathProblem, PlanStatus, closure_of, mix_violations, violations
from ascertain.domain.rules import Policy
from ascertain.domain.skills import ContentTag, JobProfile, Level
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.files import CatalogueReport, read_catalogue
from ascertain.pipeline.roles import read_roles
from ascertain.pipeline.tagging import taught
from ascertain.planning.choices import Offer, fits, gain, greedy, offer_of, remaining
from ascertain.planning.model import solve
from ascertain.policy import read_policy
from ascertain.taxonomy.library import TaxonomyLibrary

BEGIN = date(2026, 11, 1)
RESAMPLES = 2000
PRICES = (0.0, 0.0, 49.0, 99.0, 199.0, 399.0)


@dataclass(frozen=True, slots=True)
class Library:
    """The catalogue with its tags."""

    items: tuple[CatalogueItem, ...]
    tags: Mapping[str, tuple[ContentTag, ...]]
    roles: tuple[JobProfile, ...]


def read_library(file: Path, policy: Policy) -> Library:
    """Courses of the file, tagged on the starter taxonomy."""
    with tempfile.TemporaryDirectory() as home:
        bundle = TaxonomyLibrary(Path(home), CONFIG_DIR).open("starter")
        contents = list(read_catalogue(file, CatalogueReport(file.name)))
        found = taught(bundle.mapper, contents, policy.mapping)
        roles = tuple(read_roles())
    tags = {
        c.item.content_id: tuple(
            ContentTag(c.item.content_id, k.skill_id, k.probability, c.item.level or Level.FOUNDATION) for k in row
        )
        for c, row in zip(contents, found, strict=True)
    }
    return Library(tuple(c.item for c in contents), tags, roles)


def learner(rng: random.Random, library: Library, policy: Policy, *, limits: bool) -> PathProblem:
    """One drawn learner's problem."""
    role = rng.choice(library.roles)
    gaps = []
    for r in role.requirements:
        below = rng.betavariate(2, 2)
        current = Level(max(1, int(r.level) - rng.randint(0, 2)))
        gaps.append(Gap(r.skill_id, r.level, current, r.importance, r.essential, below, 0.0, 1.0, GapStatus.UNSURE))
    items, wishes = library.items, PathWishes(hours_per_week=rng.choice([1.0, 2.0, 3.0, 4.0]))
    if limits:
        prices = random.Random(1)
        items = tuple(replace(i, cost=prices.choice(PRICES), external=prices.random() < 0.3) for i in items)
        mix = {Modality.EXTERNAL: Share(most=rng.choice([0.3, 0.5]))}
        wishes = replace(wishes, max_cost=rng.choice([100.0, 250.0, 500.0]), mix=mix)
    case = CaseFile(
        pseudonym="p",
        as_of=BEGIN,
        evidence=(),
        versions=Versions("", "", "", ""),
        role=role,
        tags=library.tags,
        catalogue=items,
        wishes=wishes,
    )
    rules = replace(policy.path, horizon_weeks=rng.choice([8, 13, 26, 39]))
    return build_problem(case, gaps, rules)


def greedy_by_item(problem: PathProblem, offer: Offer) -> frozenset[str]:
    """The most closure an item, prerequisites included."""
    chosen: frozenset[str] = frozenset()
    while True:
        left = remaining(problem, offer, chosen)
        best: tuple[float, str] | None = None
        for c in sorted(set(offer.options) - chosen):
            added = offer.bundle(c, chosen)
            value = sum(gain(offer, left, added).values()) / len(added)
            fitting = fits(problem, offer, chosen | added) and not mix_violations(problem, chosen | added)
            if fitting and value > 1e-6 and (best is None or value > best[0]):
                best = value, c
        if best is None:
            return chosen
        chosen |= offer.bundle(best[1], chosen)


def interval(values: Sequence[float], rng: random.Random) -> tuple[float, float]:
    """95 % interval of the mean, by resampling."""
    means = sorted(statistics.fmean(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1]


def compare(problems: Sequence[PathProblem], seconds: float) -> dict[str, object]:
    """The solver beside both planners on the same problems."""
    found: dict[str, object] = {"learners": len(problems), "options, median": 0}
    ratios: dict[str, list[float]] = {"an hour": [], "an item": []}
    extra: dict[str, list[float]] = {"an hour": [], "an item": []}
    times: list[float] = []
    proven = 0
    sizes = []
    for problem in problems:
        offer = offer_of(problem)
        sizes.append(len(offer.options))
        begun = time.process_time()
        ours = solve(problem, offer, deterministic_seconds=seconds)
        times.append(time.process_time() - begun)
        proven += ours.status is PlanStatus.OPTIMAL
        if broken := violations(problem, sorted(ours.chosen)):
            raise AssertionError(broken)
        for name, chosen in (("an hour", greedy(problem, offer)), ("an item", greedy_by_item(problem, offer))):
            theirs = closure_of(problem, sorted(chosen))
            extra[name].append(ours.closure - theirs)
            ratios[name].append(ours.closure / theirs if theirs > 0 else 1.0)
    rng = random.Random(7)
    for name in ratios:
        low, high = interval(ratios[name], rng)
        quartiles = statistics.quantiles(ratios[name], n=20)
        found[f"closure over greedy by closure {name}"] = {
            "mean ratio": round(statistics.fmean(ratios[name]), 4),
            "95 % interval": [round(low, 4), round(high, 4)],
            "median": round(statistics.median(ratios[name]), 4),
            "95th percentile": round(quartiles[-1], 4),
            "better, share of learners": round(sum(x > 1e-5 for x in extra[name]) / len(problems), 3),
            "worse, share of learners": round(sum(x < -1e-5 for x in extra[name]) / len(problems), 3),
        }
    found["options, median"] = statistics.median(sizes)
    found["proven optimal, share"] = round(proven / len(problems), 4)
    found["CPU seconds a learner, median"] = round(statistics.median(times), 4)
    found["CPU seconds a learner, 95th percentile"] = round(statistics.quantiles(times, n=20)[-1], 4)
    return found


def whole(library: Library, policy: Policy) -> dict[str, object]:
    """One problem with every course of the catalogue and a gap in every skill that any of them teaches."""
    rng = random.Random(5)
    taught_skills = sorted({t.skill_id for tags in library.tags.values() for t in tags})
    gaps = [
        Gap(s, Level(3), Level(1), 1.0, False, rng.uniform(0.2, 0.9), 0.0, 1.0, GapStatus.BELOW) for s in taught_skills
    ]
    case = CaseFile("p", BEGIN, (), Versions("", "", "", ""), tags=library.tags, catalogue=library.items)
    problem = build_problem(case, gaps, replace(policy.path, max_items=40, horizon_weeks=52, share_of_week=0.1))
    offer = offer_of(problem)
    begun, clock = time.process_time(), time.monotonic()
    ours = solve(problem, offer, deterministic_seconds=policy.path.solver_seconds)
    return {
        "courses in the file": len(library.items),
        "courses offered": len(offer.options),
        "skills with a gap": len(gaps),
        "items chosen, at most 40": len(ours.chosen),
        "closure": round(ours.closure, 4),
        "bound": round(ours.bound, 4),
        "status": str(ours.status),
        "CPU seconds": round(time.process_time() - begun, 2),
        "seconds": round(time.monotonic() - clock, 2),
        "greedy's closure": round(closure_of(problem, sorted(greedy(problem, offer))), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths", description=__doc__)
    parser.add_argument("--courses", type=Path, required=True, help="CSV file with title and description")
    parser.add_argument("--learners", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    policy, _ = read_policy()
    library = read_library(chosen.courses, policy)
    rng = random.Random(11)
    found: dict[str, dict[str, object]] = {}
    for name, limits in (("hours alone", False), ("budget and mix, prices drawn", True)):
        drawn = (learner(rng, library, policy, limits=limits) for _ in range(chosen.learners))
        found[name] = compare([p for p in drawn if p.options], policy.path.solver_seconds)
    found["the whole catalogue at once"] = whole(library, policy)
    if chosen.json:
        print(json.dumps(found, indent=1))
    else:
        for name, figures in found.items():
            print(name)
            for key, value in figures.items():
                print(f"  {key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
