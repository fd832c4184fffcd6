"""The watch over reviewers: careful ones are left alone at the stated rate, careless ones are found soon."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from ascertain.domain.review_watch import Share, Watched, alarms, log_ratio, quality, quarter_of
from ascertain.domain.reviewing import CheckKind
from ascertain.domain.runs import DecisionKind
from ascertain.policy import read_policy

RULES = read_policy()[0].review.watch
START = datetime(2026, 4, 1, tzinfo=UTC)
QUARTER = 120
"""Decisions of a busy reviewer in a quarter: two a working day."""
Reviewer = Callable[[random.Random, Watched], Watched]


def _item(dice: random.Random, n: int) -> Watched:
    """An item before anybody has decided it: as the product puts them into a queue."""
    truth = dice.randint(1, 3)
    known = dice.random() < RULES.check_share
    altered = known and dice.random() < 0.5
    kind = CheckKind.KNOWN if known else None
    suggested = truth + 2 if altered else truth
    words = dice.randint(15, 120)
    at = START + timedelta(hours=n)
    return Watched("r", at, DecisionKind.ACCEPT, None, suggested, None, None, words, kind, truth, altered)


def _answer(item: Watched, decision: DecisionKind, result: int | None, own: int, seconds: float) -> Watched:
    return Watched(
        item.reviewer,
        item.at,
        decision,
        result,
        item.suggested,
        own,
        seconds,
        item.words,
        item.kind,
        item.truth,
        item.altered,
    )


def careful(agreement: float, middle: float, spread: float) -> Reviewer:
    """Finds the truth (within a level) with that agreement; times are log-normal around ``middle`` seconds."""

    def decide(dice: random.Random, item: Watched) -> Watched:
        assert item.truth is not None
        own = item.truth if dice.random() < agreement else item.truth + 2
        decision = DecisionKind.ACCEPT if own == item.suggested else DecisionKind.ADJUST
        return _answer(item, decision, own, own, dice.lognormvariate(0.0, spread) * middle)

    return decide


def stamper(middle: float) -> Reviewer:
    """Says 3 and accepts whatever is suggested."""
    return lambda dice, item: _answer(
        item, DecisionKind.ACCEPT, item.suggested, 3, dice.lognormvariate(0.0, 0.3) * middle
    )


def clicker(dice: random.Random, item: Watched) -> Watched:
    """Says and decides anything, at a careful reviewer's pace."""
    decision, level = dice.choice(list(DecisionKind)), dice.randint(1, 5)
    left = {DecisionKind.ACCEPT: item.suggested, DecisionKind.ADJUST: level, DecisionKind.REJECT: 0}
    return _answer(item, decision, left.get(decision), dice.randint(0, 5), dice.lognormvariate(0.0, 0.5) * 60)


def _run(reviewer: Reviewer, seed: int, decisions: int) -> list[Watched]:
    dice = random.Random(seed)
    return [reviewer(dice, _item(dice, n)) for n in range(decisions)]


def _found_after(reviewer: Reviewer, seed: int, most: int) -> int:
    rows = _run(reviewer, seed, most)
    low, high = 0, most + 1
    while low + 1 < high:  # an alarm stays, so the first one can be searched by halves
        middle = (low + high) // 2
        low, high = (low, middle) if alarms(rows[:middle], RULES) else (middle, high)
    return high


@pytest.mark.parametrize("agreement", [0.85, 0.9, 0.98])
@pytest.mark.parametrize("middle", [45.0, 90.0])
def test_careful_reviewers_are_left_alone(agreement: float, middle: float) -> None:
    """At most 1 in 100 in a quarter, as the policy says; measured over 400 simulated ones of each sort."""
    false = sum(bool(alarms(_run(careful(agreement, middle, 0.5), s, QUARTER), RULES)) for s in range(400))
    assert false / 400 <= RULES.false_alarm


def test_the_rate_holds_at_the_very_edge_of_careful() -> None:
    """Ville's bound: also for somebody exactly as often wrong and fast as a careful reviewer may just be, whatever the
    number of looks. 2,000 reviewers of 1,000 decisions each."""
    dice = random.Random(1)
    limit = 3 / RULES.false_alarm
    for careful_rate, careless_rate in (
        (RULES.careful_misses, RULES.careless_misses),
        (RULES.careful_fast, RULES.careless_fast),
    ):
        false = 0
        for _ in range(2000):
            signs = [dice.random() < careful_rate for _ in range(1000)]
            ratio, _ = log_ratio(signs, careful_rate, careless_rate)
            false += ratio >= math.log(limit)
        assert false / 2000 <= RULES.false_alarm / 3


def test_rubber_stampers_are_found_within_ten_decisions() -> None:
    found = [_found_after(stamper(4.0), s, 40) for s in range(200)]
    assert max(found) <= 10


def test_slow_rubber_stampers_are_found_by_known_items() -> None:
    """Who waits a minute and accepts all the same: by the wrong suggestions accepted; half of them within 150."""
    found = sorted(_found_after(stamper(90.0), s, 600) for s in range(200))
    assert found[100] <= 150
    assert found[189] <= 300


def test_random_clickers_are_found_by_known_items() -> None:
    found = sorted(_found_after(clicker, s, 600) for s in range(200))
    assert found[100] <= 110
    assert found[189] <= 250


def test_an_alarm_says_why() -> None:
    said = alarms(_run(stamper(3.0), 1, 30), RULES)
    assert any("decided faster than one can read" in s for s in said)


def test_figures_are_counted_by_hand() -> None:
    def row(name: str, decision: DecisionKind, result: int | None, own: int | None, **more: object) -> Watched:
        return Watched(name, START, decision, result, 3, own, **more)  # type: ignore[arg-type]

    known, second = CheckKind.KNOWN, CheckKind.SECOND
    rows = [
        row("a", DecisionKind.ACCEPT, 3, 3, seconds=60.0, words=100),
        row("a", DecisionKind.ACCEPT, 3, 1, seconds=2.0, words=100),
        row("a", DecisionKind.ADJUST, 2, 2, kind=known, truth=2, seconds=90.0),
        row("a", DecisionKind.ACCEPT, 3, 5, kind=known, truth=1, altered=True),
        row("a", DecisionKind.MORE_EVIDENCE, None, 2, kind=second, truth=3),
        row("b", DecisionKind.REJECT, 0, 0),
        row("b", DecisionKind.ACCEPT, 3, None),
    ]
    a, b = quality(rows, RULES)
    assert (a.reviewer, a.decisions, b.reviewer, b.decisions) == ("a", 5, "b", 2)
    assert (a.known, a.second) == (Share(1, 2), Share(1, 1))
    assert (a.accepted, a.pool) == (Share(3, 5), Share(1, 2))
    assert (b.accepted, b.pool) == (Share(1, 2), Share(3, 5))
    assert a.gave_way == Share(2, 4)
    assert a.fast == Share(1, 3)
    assert a.median_seconds == 60.0
    assert (a.alarms, b.alarms) == ((), ())
    assert b.known.interval is None
    low, high = a.known.interval or (0, 0)
    assert low == pytest.approx(0.0945, abs=1e-3)
    assert high == pytest.approx(0.9055, abs=1e-3)


@pytest.mark.parametrize(
    ("day", "start"),
    [(date(2026, 1, 1), "2026-01-01"), (date(2026, 6, 30), "2026-04-01"), (date(2026, 12, 31), "2026-10-01")],
    ids=("first day", "last day", "last of the year"),
)
def test_quarters(day: date, start: str) -> None:
    assert quarter_of(day).date().isoformat() == start
