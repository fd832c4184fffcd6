"""Names, in words, the constraint that limits a plan, by looking at what was left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ascertain.domain.paths import PathProblem, cost_of, mix_violations
from ascertain.planning.choices import HOUR_SLACK, TOLERANCE, Offer, gain, remaining


@dataclass(frozen=True, slots=True)
class _Addition:
    skill: str
    gain: float
    hours: float
    items: int
    closes: bool
    added: frozenset[str] = frozenset()

    @property
    def rate(self) -> float:
        return self.gain / max(self.hours, 0.25)


def binding_words(
    problem: PathProblem,
    offer: Offer,
    chosen: Iterable[str],
    *,
    mandatory_left: tuple[str, ...],
    min_gap: float,
    label: Callable[[str], str],
) -> str:
    """What limits the plan: mandatory items, hours, number of items, cost, mix, the catalogue; or "nothing binds"."""
    picked = frozenset(chosen)
    said: list[str] = []
    if mandatory_left:
        said.append(_duties(problem, offer, mandatory_left))
    elif more := _additions(problem, offer, picked, min_gap):
        said.append(_limit(problem, offer, picked, more, label))
    said.extend(_catalogue(problem, offer, label))
    return "; ".join(said) or "nothing binds"


def _duties(problem: PathProblem, offer: Offer, left: tuple[str, ...]) -> str:
    names = ", ".join(offer.options[c].item.title for c in left[:3])
    others = f" and {len(left) - 3} others" if len(left) > 3 else ""
    return (
        f"{problem.budget_hours:g} h and {problem.max_items} items do not hold everything mandatory: "
        f"{names}{others} left out"
    )


def _additions(problem: PathProblem, offer: Offer, picked: frozenset[str], min_gap: float) -> list[_Addition]:
    """Each left-out item, with what it needs, that would still close something; best closure an hour first."""
    left = remaining(problem, offer, picked)
    found: list[_Addition] = []
    for c in offer.options:
        if c in picked:
            continue
        added = offer.bundle(c, picked)
        gains = gain(offer, left, added)
        value = sum(gains.values())
        if value <= 2 * TOLERANCE * max(1, len(gains)):
            continue
        skill = max(sorted(gains), key=lambda s: gains[s])
        closes = left[skill] - gains[skill] <= min_gap
        found.append(_Addition(skill, value, offer.hours(added), len(added), closes, added))
    return sorted(found, key=lambda a: (-a.rate, a.hours, a.skill))


def _limit(
    problem: PathProblem, offer: Offer, picked: frozenset[str], more: list[_Addition], label: Callable[[str], str]
) -> str:
    hours = offer.hours(picked)
    room = problem.max_items - len(picked)
    by_hours = [a for a in more if a.items <= room]
    if by_hours:
        best = by_hours[0]
        lacking = hours + best.hours - problem.budget_hours
        if lacking <= HOUR_SLACK:
            return _spent(problem, picked, best, label)
        if problem.weeks <= 0:
            return "the horizon leaves no time"
        weekly = math.ceil(lacking / problem.weeks * 2 - 1e-9) / 2
        noun = "hour" if weekly == 1 else "hours"
        return f"{weekly:g} more {noun} a week would also {_verb(best)} {label(best.skill)}"
    by_items = [a for a in more if hours + a.hours <= problem.budget_hours + HOUR_SLACK / 2]
    best = by_items[0] if by_items else more[0]
    over = best.items - room
    both = "" if by_items else " and the hours bind"
    noun = "item" if over == 1 else "items"
    return (
        f"the limit of {problem.max_items} items{both or ' binds'}: {over} more {noun}"
        f"{'' if by_items else ' and more hours'} would also {_verb(best)} {label(best.skill)}"
    )


def _spent(problem: PathProblem, picked: frozenset[str], best: _Addition, label: Callable[[str], str]) -> str:
    """Why an addition that hours and items have room for is not taken."""
    if problem.max_cost is not None:
        over = cost_of(problem, picked | best.added) - problem.max_cost
        if over > HOUR_SLACK:
            return (
                f"the budget of {problem.max_cost:g} {problem.currency} binds: {math.ceil(over):g} {problem.currency} "
                f"more would also {_verb(best)} {label(best.skill)}"
            )
    if broken := mix_violations(problem, picked | best.added):
        return f"the mix binds: {label(best.skill)} could be worked on, but {broken[0]}"
    return f"the search ended early: {label(best.skill)} could still be worked on"


def _some(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _verb(addition: _Addition) -> str:
    return "close" if addition.closes else "narrow"


def _catalogue(problem: PathProblem, offer: Offer, label: Callable[[str], str]) -> list[str]:
    taught = {s for o in offer.options.values() for s, v in o.closes.items() if v > 0}
    in_circles = {
        s
        for o in problem.options
        if o.item.content_id in offer.dead
        for s, v in o.closes.items()
        if v > 0 and s not in taught
    }
    found: list[str] = []
    if missing := [label(s) for s in problem.gaps if s not in taught and s not in in_circles]:
        found.append("the catalogue has nothing left for " + _some(missing))
    if stuck := [label(s) for s in problem.gaps if s in in_circles]:
        found.append("prerequisites that run in a circle block what teaches " + _some(stuck))
    return found
