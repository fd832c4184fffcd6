"""The watch over reviewers: are known items answered rightly, and is what is shown read at all?

Each sign is a sequence of yes and no (an item was missed; a decision was faster than reading). Its likelihood ratio

    Λₙ = Π (careless / careful if yes, else (1 − careless) / (1 − careful))

compares a careless reviewer's rate with the highest that a careful one may have (Wald 1945, the statistic of his
sequential test). For every rate up to the careful one, Λ is a non-negative supermartingale that starts at 1, so by
Ville's inequality (1939) P(Λₙ ≥ c for any n) ≤ 1/c: the alarm may be looked at after each decision, as often as one
likes. The signs share the rate of false alarms (Bonferroni), and each quarter of a year starts anew.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median

from ascertain.domain.fairness_statistics import Interval, share_interval
from ascertain.domain.review_rules import WatchRules
from ascertain.domain.reviewing import CheckKind
from ascertain.domain.runs import DecisionKind

NEAR = 1
"""Levels by which an answer may be off: neighbours on the scale are a matter of judgement."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One decision as the watch sees it.

    Attributes:
        result: the level that the decision leaves, 0 where it was rejected; ``None`` where more evidence is asked for.
        suggested: the level that was suggested.
        own_level: what the reviewer thought first, 0 to 5; ``None`` where that was not asked.
        seconds: from showing the evidence to deciding; ``None`` where many were decided at once.
        words: of the evidence shown.
        kind: set where the item was a check; ``truth`` is then the right level, or the first reviewer's.
    """

    reviewer: str
    at: datetime
    decision: DecisionKind
    result: int | None
    suggested: int | None
    own_level: int | None = None
    seconds: float | None = None
    words: int = 0
    kind: CheckKind | None = None
    truth: int | None = None
    altered: bool = False

    @property
    def agrees(self) -> bool:
        """Own judgement and decision are both near the truth. Who asks for more evidence is measured by the judgement
        alone."""
        said = [x for x in (self.own_level, self.result) if x is not None]
        return self.truth is not None and all(abs(x - self.truth) <= NEAR for x in said)

    def too_fast(self, rules: WatchRules) -> bool | None:
        """Faster than reading; ``None`` where the time is not known."""
        if self.seconds is None:
            return None
        return self.seconds < rules.settle_seconds + 60.0 * self.words / rules.words_per_minute


@dataclass(frozen=True, slots=True)
class Share:
    """``of`` out of ``n``, with Wilson's interval at 95 %; ``None`` where there is nothing to count."""

    of: int
    n: int

    @property
    def interval(self) -> Interval | None:
        """Wilson's interval."""
        return share_interval(self.of, self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class Quality:
    """How somebody reviews.

    Attributes:
        known: known items answered rightly. ``second``: agreement with another reviewer of the same.
        accepted: decisions that accept as suggested; ``pool`` the same of all others.
        gave_way: accepted as suggested although their own first judgement was another level.
        fast: decisions faster than reading. ``median_seconds``: ``None`` where no time is known.
        alarms: why they should be talked with; empty when there is no reason.
    """

    reviewer: str
    decisions: int
    known: Share
    second: Share
    accepted: Share
    pool: Share
    gave_way: Share
    fast: Share
    median_seconds: float | None
    alarms: tuple[str, ...]


def log_ratio(signs: Iterable[bool], careful: float, careless: float) -> tuple[float, int]:
    """The highest log Λ so far, and after how many signs it was reached."""
    total, best, at = 0.0, 0.0, 0
    yes, no = math.log(careless / careful), math.log((1 - careless) / (1 - careful))
    for n, sign in enumerate(signs, start=1):
        total += yes if sign else no
        if total > best:
            best, at = total, n
    return best, at


def alarms(rows: Sequence[Watched], rules: WatchRules) -> tuple[str, ...]:
    """Why somebody should be talked with, from their decisions in order; at most ``rules.false_alarm`` of careful
    reviewers get any."""
    known = [w for w in rows if w.kind is CheckKind.KNOWN]
    fast = [f for w in rows if (f := w.too_fast(rules)) is not None]
    misses = rules.careful_misses, rules.careless_misses
    signs = (
        (fast, (rules.careful_fast, rules.careless_fast), "decided faster than one can read"),
        ([not w.agrees for w in known], misses, "known items missed"),
        ([not w.agrees for w in known if w.altered], misses, "wrong suggestions accepted"),
    )
    limit = math.log(len(signs) / rules.false_alarm)
    found = []
    for row, (careful, careless), words in signs:
        ratio, at = log_ratio(row, careful, careless)
        if ratio >= limit:
            found.append(f"{words}: {sum(row[:at])} of {at}, where careful reviewers stay under {careful:.0%}")
    return tuple(found)


def quality(rows: Iterable[Watched], rules: WatchRules) -> list[Quality]:
    """Of every reviewer, by name. Decisions must be in the order in which they were made."""
    by_name: Mapping[str, list[Watched]] = defaultdict(list)
    for w in rows:
        by_name[w.reviewer].append(w)
    accepts = {name: sum(_accepts(w) for w in mine) for name, mine in by_name.items()}
    all_accepted, all_rows = sum(accepts.values()), sum(map(len, by_name.values()))
    return [_of(n, by_name[n], rules, all_accepted - accepts[n], all_rows - len(by_name[n])) for n in sorted(by_name)]


def _of(name: str, mine: Sequence[Watched], rules: WatchRules, others: int, of_others: int) -> Quality:
    known = [w.agrees for w in mine if w.kind is CheckKind.KNOWN]
    second = [w.agrees for w in mine if w.kind is CheckKind.SECOND]
    apart = [w for w in mine if w.own_level is not None and w.suggested is not None and w.own_level != w.suggested]
    fast = [f for w in mine if (f := w.too_fast(rules)) is not None]
    times = [w.seconds for w in mine if w.seconds is not None]
    return Quality(
        reviewer=name,
        decisions=len(mine),
        known=Share(sum(known), len(known)),
        second=Share(sum(second), len(second)),
        accepted=Share(sum(map(_accepts, mine)), len(mine)),
        pool=Share(others, of_others),
        gave_way=Share(sum(map(_accepts, apart)), len(apart)),
        fast=Share(sum(fast), len(fast)),
        median_seconds=median(times) if times else None,
        alarms=alarms(mine, rules),
    )


def _accepts(w: Watched) -> bool:
    return w.decision is DecisionKind.ACCEPT


def quarter_of(day: date) -> datetime:
    """When the quarter of a year began in which ``day`` lies (UTC)."""
    return datetime(day.year, 3 * ((day.month - 1) // 3) + 1, 1, tzinfo=UTC)
