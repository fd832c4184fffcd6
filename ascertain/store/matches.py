"""Lists of people for openings, and what bias checks of them came to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, select

from ascertain.domain.gaps import Coverage
from ascertain.domain.matching import Match, MatchCheck, MatchList, Missing, Placed
from ascertain.domain.skills import Level
from ascertain.domain.wishes import Want
from ascertain.store.schema import table
from ascertain.store.schema_talent import MatchCheckRow, MatchListRow, MatchRow
from ascertain.store.statements import Tx, upsert

_LISTS, _ROWS, _CHECKS = table(MatchListRow), table(MatchRow), table(MatchCheckRow)


class SqlMatchLists:
    """``ascertain.domain.matching.MatchLists``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, opening_id: str) -> MatchList | None:
        head = self._tx.connection.execute(select(_LISTS).where(_LISTS.c.opening_id == opening_id)).first()
        if head is None:
            return None
        query = select(_ROWS).where(_ROWS.c.opening_id == opening_id).order_by(_ROWS.c.position)
        rows = tuple(_placed(r) for r in self._tx.connection.execute(query))
        return MatchList(opening_id, head.digest, head.made_at, head.considered, rows)

    def put(self, made: MatchList) -> None:
        head = {"digest": made.digest, "made_at": made.made_at, "considered": made.considered}
        upsert(self._tx, _LISTS, [{"opening_id": made.opening_id} | head])
        self._tx.connection.execute(delete(_ROWS).where(_ROWS.c.opening_id == made.opening_id))
        rows = [_row(p, place) for place, p in enumerate(made.rows)]
        if rows:
            self._tx.connection.execute(insert(_ROWS), rows)

    def drop(self, opening_id: str) -> bool:
        self._tx.connection.execute(delete(_ROWS).where(_ROWS.c.opening_id == opening_id))
        self._tx.connection.execute(delete(_CHECKS).where(_CHECKS.c.opening_id == opening_id))
        return bool(self._tx.connection.execute(delete(_LISTS).where(_LISTS.c.opening_id == opening_id)).rowcount)

    def made_for(self) -> list[str]:
        return list(self._tx.connection.execute(select(_LISTS.c.opening_id).order_by(_LISTS.c.opening_id)).scalars())

    def check(self, opening_id: str) -> MatchCheck | None:
        row = self._tx.connection.execute(select(_CHECKS).where(_CHECKS.c.opening_id == opening_id)).first()
        if row is None:
            return None
        return MatchCheck(opening_id, row.digest, row.checked_at, row.comparisons, row.flagged, row.too_few)

    def put_check(self, check: MatchCheck) -> None:
        row = {"opening_id": check.opening_id, "digest": check.digest, "checked_at": check.at}
        counts = {"comparisons": check.comparisons, "flagged": check.flagged, "too_few": check.too_few}
        upsert(self._tx, _CHECKS, [row | counts])


def _row(p: Placed, position: int) -> dict[str, Any]:
    m = p.match
    detail = {
        "met": list(m.met),
        "missing": [
            [x.skill_id, int(x.required), int(x.confirmed) if x.confirmed else None, x.essential] for x in m.missing
        ],
        "wishes": {s: w.value for s, w in m.wishes.items()},
        "interest": m.interest.value if m.interest else None,
        "hours": m.hours,
    }
    ranges = {"low": m.covered.low, "point": m.covered.point, "high": m.covered.high}
    ids = {"opening_id": m.opening_id, "learner_id": m.learner_id, "position": position}
    return ids | ranges | {"best": p.best, "worst": p.worst, "detail": detail, "rests_on": list(m.rests_on)}


def _placed(r: Row[Any]) -> Placed:
    d = r.detail
    missing = tuple(Missing(s, Level(want), Level(has) if has else None, must) for s, want, has, must in d["missing"])
    match = Match(
        r.learner_id,
        r.opening_id,
        Coverage(r.low, r.point, r.high),
        tuple(d["met"]),
        missing,
        {s: Want(w) for s, w in d["wishes"].items()},
        Want(d["interest"]) if d["interest"] else None,
        d["hours"],
        tuple(r.rests_on),
    )
    return Placed(match, r.best, r.worst)
