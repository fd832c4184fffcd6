"""What of a path problem is worth a solver's time, and quick choices that need none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ascertain.domain.paths import PathOption, PathProblem, closure_of, cost_of, mix_violations

TOLERANCE = 1e-6
"""Weighted gap below which two plans count as equally good: the solver's resolution."""

HOUR_SLACK = 1e-6
"""What ``domain.paths.violations`` allows over the budget, in hours."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The options that some feasible plan may hold.

    Attributes:
        options: by content id, in the order of their ids.
        needs: per content id, everything else that must be taken with it (transitive, not completed).
        dead: content ids that no plan can hold, because their prerequisites run in a circle.
    """

    options: Mapping[str, PathOption]
    needs: Mapping[str, frozenset[str]]
    dead: frozenset[str]

    def bundle(self, content_id: str, have: Iterable[str]) -> frozenset[str]:
        """The item with all it needs beyond ``have``."""
        return (self.needs[content_id] | {content_id}) - frozenset(have)

    def hours(self, chosen: Iterable[str]) -> float:
        """Study hours of a choice, summed in a fixed order."""
        return sum(self.options[c].item.hours for c in sorted(chosen))


def offer_of(problem: PathProblem) -> Offer:
    """Keep what closes a gap or is mandatory, with what that needs; leave out prerequisites that run in circles."""
    by_id = {o.item.content_id: o for o in problem.options}
    direct = {
        c: frozenset(p for p in o.item.prerequisites if p in by_id and p not in problem.completed)
        for c, o in by_id.items()
    }
    needs: dict[str, frozenset[str]] = {}
    waiting = dict(direct)
    while ready := [c for c, before in waiting.items() if before <= needs.keys()]:
        for c in ready:
            needs[c] = direct[c].union(*(needs[p] for p in direct[c]))
            del waiting[c]
    wanted = {c for c in needs if by_id[c].item.mandatory or _closes(problem, by_id[c])}
    kept = wanted.union(*(needs[c] for c in wanted))
    return Offer({c: by_id[c] for c in sorted(kept)}, {c: needs[c] for c in sorted(kept)}, frozenset(waiting))


def _closes(problem: PathProblem, option: PathOption) -> bool:
    return any(v > 0 and problem.gaps.get(s, 0.0) > 0 for s, v in option.closes.items())


def fits(problem: PathProblem, offer: Offer, chosen: Iterable[str]) -> bool:
    """True when a choice keeps to the hours, to the number of items and to the cost. The mix is another question: what
    breaks it may keep it once more is chosen."""
    picked = set(chosen)
    if len(picked) > problem.max_items or offer.hours(picked) > problem.budget_hours + HOUR_SLACK / 2:
        return False
    return problem.max_cost is None or cost_of(problem, picked) <= problem.max_cost + HOUR_SLACK / 2


def remaining(problem: PathProblem, offer: Offer, chosen: Iterable[str]) -> dict[str, float]:
    """Per skill, the weighted gap that a choice leaves open."""
    sums = _sums(problem, offer, chosen)
    return {s: max(0.0, gap - sums[s]) for s, gap in problem.gaps.items()}


def gain(offer: Offer, left: Mapping[str, float], added: Iterable[str]) -> dict[str, float]:
    """Per skill, how much of the gaps ``left`` the items ``added`` would close."""
    sums: dict[str, float] = {}
    for c in sorted(added):
        for s, v in offer.options[c].closes.items():
            if s in left:
                sums[s] = sums.get(s, 0.0) + v
    return {s: min(left[s], v) for s, v in sums.items()}


def greedy(problem: PathProblem, offer: Offer) -> frozenset[str]:
    """A feasible choice: mandatory items as far as they fit, then the most closure an hour, prerequisites included.

    What would break the mix waits until enough else is chosen.
    """
    chosen: frozenset[str] = frozenset()
    mandatory = [c for c, o in offer.options.items() if o.item.mandatory]
    for c in sorted(mandatory, key=lambda c: (offer.hours(offer.bundle(c, ())), c)):
        if fits(problem, offer, chosen | offer.bundle(c, chosen)):
            chosen |= offer.bundle(c, chosen)
    open_options = set(offer.options) - chosen
    while open_options:
        left = remaining(problem, offer, chosen)
        best: tuple[float, str] | None = None
        for c in sorted(open_options):
            added = offer.bundle(c, chosen)
            value = sum(gain(offer, left, added).values())
            if value <= TOLERANCE or not fits(problem, offer, chosen | added):
                open_options.discard(c)  # gains and room only shrink, so it will not come back
                continue
            if mix_violations(problem, chosen | added):
                continue
            rate = value / max(offer.hours(added), 0.25)
            if best is None or rate > best[0]:
                best = (rate, c)
        if best is None:
            break
        chosen |= offer.bundle(best[1], chosen)
        open_options -= chosen
    return chosen


def thinned(problem: PathProblem, offer: Offer, chosen: Iterable[str], *, keep: float) -> frozenset[str]:
    """Drop steps, those that cost most hours for what they close first, while ``keep`` of the closure stays.

    Mandatory items stay, and so does what another kept item needs.
    """
    picked = frozenset(chosen)
    floor = keep * closure_of(problem, sorted(picked))
    while True:
        sums = _sums(problem, offer, picked)
        whole = sum(min(gap, sums[s]) for s, gap in problem.gaps.items())
        rates: list[tuple[float, str]] = []
        for c in sorted(picked):
            option = offer.options[c]
            if option.item.mandatory or option.item.hours <= 0 or any(c in offer.needs[d] for d in picked - {c}):
                continue
            lost = sum(
                min(problem.gaps[s], sums[s]) - min(problem.gaps[s], sums[s] - v)
                for s, v in option.closes.items()
                if s in sums
            )
            if whole - lost >= floor and not mix_violations(problem, picked - {c}):
                rates.append((lost / option.item.hours, c))
        if not rates:
            return picked
        picked -= {min(rates)[1]}


def _sums(problem: PathProblem, offer: Offer, chosen: Iterable[str]) -> dict[str, float]:
    sums = dict.fromkeys(problem.gaps, 0.0)
    for c in sorted(chosen):
        for s, v in offer.options[c].closes.items():
            if s in sums:
                sums[s] += v
    return sums


def skills_worked_on(problem: PathProblem, offer: Offer, chosen: Sequence[str]) -> frozenset[str]:
    """Skills with a gap that at least one chosen item closes something of."""
    return frozenset(s for c in chosen for s, v in offer.options[c].closes.items() if v > 0 and s in problem.gaps)
