"""What people said about their paths."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, select

from ascertain.domain.canonical import plain
from ascertain.domain.path_choices import PathSkip
from ascertain.domain.path_wishes import Modality, PathWishes, Share
from ascertain.store.schema import table
from ascertain.store.schema_paths import PathSkipRow, PathWishRow
from ascertain.store.statements import Tx, upsert

_WISHES, _SKIPS = table(PathWishRow), table(PathSkipRow)


class SqlPathChoices:
    """``ascertain.domain.path_choices.PathChoices``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def wishes(self, learner_id: str) -> PathWishes:
        found = self._tx.connection.execute(select(_WISHES.c.wishes).where(_WISHES.c.learner_id == learner_id)).scalar()
        mine = select(_SKIPS.c.content_id).where(_SKIPS.c.learner_id == learner_id)
        return _wishes(found or {}, frozenset(self._tx.connection.execute(mine).scalars()))

    def put_wishes(self, learner_id: str, wishes: PathWishes, by: str, reason: str) -> None:
        kept = plain(wishes)
        del kept["skipped"]
        row = {"learner_id": learner_id, "wishes": kept, "by": by, "reason": reason, "at": self._tx.now()}
        upsert(self._tx, _WISHES, [row])

    def skips(self, learner_id: str) -> list[PathSkip]:
        query = select(_SKIPS).where(_SKIPS.c.learner_id == learner_id).order_by(_SKIPS.c.content_id)
        return [
            PathSkip(r.learner_id, r.content_id, r.title, r.reason, r.by, r.at)
            for r in self._tx.connection.execute(query)
        ]

    def skip(self, row: PathSkip) -> None:
        upsert(self._tx, _SKIPS, [{c.name: getattr(row, c.name) for c in _SKIPS.c}])

    def take_back(self, learner_id: str, content_id: str) -> bool:
        mine = delete(_SKIPS).where(_SKIPS.c.learner_id == learner_id, _SKIPS.c.content_id == content_id)
        return bool(self._tx.connection.execute(mine).rowcount)


def _wishes(kept: dict[str, Any], skipped: frozenset[str]) -> PathWishes:
    return PathWishes(
        hours_per_week=kept.get("hours_per_week"),
        by=date.fromisoformat(kept["by"]) if kept.get("by") else None,
        languages=tuple(kept.get("languages", ())),
        max_cost=kept.get("max_cost"),
        mix={Modality(m): Share(s["least"], s["most"]) for m, s in kept.get("mix", {}).items()},
        skipped=skipped,
    )
