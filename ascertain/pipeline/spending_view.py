"""What agents used: by day, by brain and crew, and for each accepted assertion."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.spending import DayUsage, Usage, added

Json = dict[str, Any]


def spending(uow: UnitOfWork, today: date, *, days: int) -> Json:
    """Of the last ``days`` days, today included.

    ``accepted`` counts assertions made in that time that are accepted now; ``each`` is what one of them took, null
    where there is none. Days without any use are left out of ``by_day``.
    """
    first = today - timedelta(days=days - 1)
    rows = uow.usage.between(first, today)
    made = Counter(
        a.created_at.astimezone(UTC).date()
        for a in uow.assertions.all()
        if a.state is AssertionState.ACCEPTED and first <= a.created_at.astimezone(UTC).date() <= today
    )
    total = _sum([r.usage for r in rows])
    accepted = made.total()
    return {
        "first": first,
        "last": today,
        "total": total,
        "accepted": accepted,
        "each": {k: total[k] / accepted for k in ("calls", "tokens", "usd")} if accepted else None,
        "by_day": [
            {"day": d, "accepted": made[d]} | _sum(u) for d, u in sorted(_grouped(rows, lambda r: r.day).items())
        ],
        "by_brain": [
            {"brain": b, "crew": c} | _sum(u)
            for (c, b), u in sorted(_grouped(rows, lambda r: (r.crew, r.usage.brain)).items())
        ],
        "by_agent": [
            {"agent": a, "crew": c} | _sum(u)
            for (c, a), u in sorted(_grouped(rows, lambda r: (r.crew, r.usage.agent)).items())
        ],
    }


def _grouped(rows: Sequence[DayUsage], key: Callable[[DayUsage], Hashable]) -> dict[Any, list[Usage]]:
    found: dict[Any, list[Usage]] = defaultdict(list)
    for r in rows:
        found[key(r)].append(r.usage)
    return found


def _sum(rows: Sequence[Usage]) -> Json:
    u = added(rows) if rows else Usage("", "")
    return {
        "calls": u.calls,
        "prompt": u.prompt,
        "completion": u.completion,
        "tokens": u.tokens,
        "usd": round(u.usd, 6),
        "unpriced": u.unpriced,
    }
