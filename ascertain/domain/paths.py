"""Learning paths: what a path is worth, whether it is feasible, and when it runs. The search is a port."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.path_wishes import Modality, Share


class PlanStatus(StrEnum):
    """What the solver can prove."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    NOTHING_TO_DO = "nothing to do"


@dataclass(frozen=True, slots=True)
class PathOption:
    """A catalogue item that the solver may take; ``closes`` maps skill id to the expected drop of the weighted gap."""

    item: CatalogueItem
    closes: Mapping[str, float]
    modality: Modality = Modality.COURSE


@dataclass(frozen=True, slots=True)
class PathProblem:
    """One learner's choice.

    Attributes:
        gaps: skill id to the weighted gap (the most that can be closed).
        max_cost: what all items that are not mandatory may cost together; ``None`` for any cost.
        mix: share of the hours of all items that are not mandatory, by modality.
        promised: content ids of the path that stands, in its order, as far as they are offered.
        change_price: weighted gap that each promised item is worth beyond what it closes.
        starts: the day that week 0 begins with.
    """

    options: tuple[PathOption, ...]
    gaps: Mapping[str, float]
    hours_per_week: float
    weeks: int
    completed: frozenset[str] = frozenset()
    max_items: int = 8
    max_cost: float | None = None
    mix: Mapping[Modality, Share] = field(default_factory=dict)
    promised: tuple[str, ...] = ()
    change_price: float = 0.0
    starts: date | None = None
    currency: str = "EUR"

    @property
    def budget_hours(self) -> float:
        """Study hours until the horizon."""
        return self.hours_per_week * self.weeks

    def duties(self) -> frozenset[str]:
        """Mandatory items with all that they need: neither cost nor mix counts them."""
        by_id = {o.item.content_id: o.item for o in self.options}
        found: set[str] = set()
        todo = [c for c, item in by_id.items() if item.mandatory]
        while todo:
            c = todo.pop()
            if c not in found:
                found.add(c)
                todo += [p for p in by_id[c].prerequisites if p in by_id and p not in self.completed]
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class PathStep:
    """One item of a plan with its place in time (weeks from the start, fractions allowed)."""

    content_id: str
    title: str
    hours: float
    start_week: float
    end_week: float
    closes: tuple[str, ...]
    modality: str = Modality.COURSE
    cost: float | None = None
    external: bool = False
    mandatory: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Relief:
    """What loosening one limit would bring, found by solving again with it.

    ``limit`` is ``hours``, ``weeks``, ``cost``, ``items`` or ``mix``; ``more`` by how much it was loosened; ``gain``
    the further expected drop of the weighted gap; ``closes`` the skills whose gap is then closed, each with the day by
    which (``None`` where the start is not known).
    """

    limit: str
    more: float
    gain: float
    closes: tuple[tuple[str, date | None], ...]
    words: str


@dataclass(frozen=True, slots=True)
class PathPlan:
    """A feasible path.

    ``closure`` is the expected drop of the summed weighted gap, ``bound`` the solver's proof of the best possible;
    equal for an optimal plan. ``binding`` names what limits it, ``reliefs`` what loosening it would bring, the most
    effective first. ``cost`` is what the items that name a cost come to.
    """

    id: str
    label: str
    steps: tuple[PathStep, ...]
    hours: float
    closure: float
    bound: float
    status: PlanStatus
    binding: str
    open_skills: tuple[str, ...] = field(default=())
    cost: float = 0.0
    reliefs: tuple[Relief, ...] = ()


def closure_of(problem: PathProblem, chosen: Sequence[str]) -> float:
    """Σ over skills of min(gap, Σ of what the chosen items close)."""
    picked = set(chosen)
    total = 0.0
    for skill, gap in problem.gaps.items():
        total += min(gap, sum(o.closes.get(skill, 0.0) for o in problem.options if o.item.content_id in picked))
    return total


def violations(problem: PathProblem, chosen: Sequence[str]) -> tuple[str, ...]:
    """Everything that makes a choice infeasible, in words; empty means feasible. Order matters."""
    by_id = {o.item.content_id: o.item for o in problem.options}
    found: list[str] = []
    if len(set(chosen)) != len(chosen):
        found.append("an item stands twice")
    seen: set[str] = set(problem.completed)
    for c in chosen:
        item = by_id.get(c)
        if item is None:
            found.append(f"{c} is not offered")
            continue
        found.extend(
            f"{c} comes before its prerequisite {p}" for p in item.prerequisites if p in by_id and p not in seen
        )
        seen.add(c)
    hours = sum(by_id[c].hours for c in set(chosen) if c in by_id)
    if hours > problem.budget_hours + 1e-6:
        found.append(f"{hours:.1f} h exceed the {problem.budget_hours:.1f} h until the horizon")
    if len(chosen) > problem.max_items:
        found.append(f"{len(chosen)} items exceed {problem.max_items}")
    if problem.max_cost is not None and (cost := cost_of(problem, chosen)) > problem.max_cost + 1e-6:
        found.append(f"{cost:.2f} {problem.currency} exceed {problem.max_cost:.2f}")
    found.extend(mix_violations(problem, chosen))
    return tuple(found)


def cost_of(problem: PathProblem, chosen: Iterable[str]) -> float:
    """What a choice costs beyond what is mandatory; an item that names no cost costs nothing."""
    picked = set(chosen) - problem.duties()
    return sum(o.item.cost or 0.0 for o in problem.options if o.item.content_id in picked)


def mix_violations(problem: PathProblem, chosen: Iterable[str]) -> list[str]:
    """Modalities that take too much or too little of a choice's hours, in words. Mandatory items are not counted."""
    if not problem.mix:
        return []
    picked = set(chosen) - problem.duties()
    hours: Counter[Modality] = Counter()
    for o in problem.options:
        if o.item.content_id in picked:
            hours[o.modality] += o.item.hours  # type: ignore[assignment]
    total = sum(hours.values())
    found = []
    for modality, share in problem.mix.items():
        mine = hours[modality]
        if mine > share.most * total + _MIX_SLACK * (1 + total):
            found.append(f"{modality} takes {mine:.1f} of {total:.1f} h, more than {share.most:.0%}")
        if mine < share.least * total - _MIX_SLACK * (1 + total):
            found.append(f"{modality} takes {mine:.1f} of {total:.1f} h, less than {share.least:.0%}")
    return found


_MIX_SLACK = 1e-6


def ordered(problem: PathProblem, chosen: Sequence[str]) -> tuple[str, ...]:
    """Mandatory first, then what was promised in its order, then largest closure an hour; prerequisites always before
    what needs them."""
    by_id = {o.item.content_id: o for o in problem.options}
    place = {c: i for i, c in enumerate(problem.promised)}
    left = set(chosen)
    out: list[str] = []
    while left:
        ready = [c for c in left if not any(p in left for p in by_id[c].item.prerequisites)]
        if not ready:  # a cycle in the catalogue's prerequisites: keep a fixed order rather than hang
            ready = sorted(left)
        best = min(
            ready,
            key=lambda c: (
                not by_id[c].item.mandatory,
                place.get(c, len(place)),
                -_pull(problem, by_id, left, c),
                c,
            ),
        )
        out.append(best)
        left.remove(best)
    return tuple(out)


def _pull(problem: PathProblem, by_id: Mapping[str, PathOption], left: set[str], c: str) -> float:
    """Closure an hour of an item and of what it unlocks among those still to place."""
    own = sum(by_id[c].closes.values()) / max(by_id[c].item.hours, 0.25)
    unlocked = [
        sum(by_id[d].closes.values()) / max(by_id[d].item.hours + by_id[c].item.hours, 0.25)
        for d in left
        if c in by_id[d].item.prerequisites
    ]
    return max([own, *unlocked])


def timeline(problem: PathProblem, chosen: Sequence[str]) -> tuple[PathStep, ...]:
    """One item after the other at ``hours_per_week``."""
    by_id = {o.item.content_id: o for o in problem.options}
    steps: list[PathStep] = []
    clock = 0.0
    for c in chosen:
        o = by_id[c]
        end = clock + o.item.hours / max(problem.hours_per_week, 1e-9)
        closes = tuple(sorted(s for s, v in o.closes.items() if v > 0))
        steps.append(
            PathStep(
                c,
                o.item.title,
                o.item.hours,
                round(clock, 4),
                round(end, 4),
                closes,
                modality=o.modality.value,
                cost=o.item.cost,
                external=o.item.external,
                mandatory=o.item.mandatory,
                url=o.item.url,
            )
        )
        clock = end
    return tuple(steps)


def closed_on(problem: PathProblem, chosen: Sequence[str], min_gap: float) -> dict[str, float]:
    """Skill id to the week in which what is left of its gap falls to ``min_gap`` or less, in the order ``chosen``."""
    by_id = {o.item.content_id: o for o in problem.options}
    left = dict(problem.gaps)
    found: dict[str, float] = {}
    clock = 0.0
    for c in chosen:
        clock += by_id[c].item.hours / max(problem.hours_per_week, 1e-9)
        for s, value in by_id[c].closes.items():
            if s in left and s not in found:
                left[s] -= value
                if left[s] <= min_gap:
                    found[s] = clock
    return found


def day_of(starts: date | None, week: float) -> date | None:
    """The day on which a week of the plan ends, where its start is known."""
    return None if starts is None else starts + timedelta(days=math.ceil(7 * week - 1e-9))


def weeks_needed(hours: float, hours_per_week: float) -> int:
    """Whole weeks for ``hours`` of study."""
    return math.ceil(hours / hours_per_week - 1e-9) if hours_per_week > 0 else 0
