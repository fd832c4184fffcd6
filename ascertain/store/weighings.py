"""What the catalogue crew found about texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from ascertain.domain.content_weighing import Coverage, KeptTag, RefusedTag, Weighing
from ascertain.domain.skills import Level
from ascertain.store.schema import ContentRow, ContentTagsRow, table
from ascertain.store.schema_library import WeighingRow
from ascertain.store.statements import CONTENTS_REVISION, Tx, bump, upsert

_CONTENTS, _TAGS, _WEIGHINGS = table(ContentRow), table(ContentTagsRow), table(WeighingRow)


class SqlWeighings:
    """``ascertain.domain.content_weighing.Weighings``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def open(self, tagger: str, weigher: str) -> list[str]:
        joined = _CONTENTS.join(_TAGS, and_(_TAGS.c.content_hash == _CONTENTS.c.text_hash, _TAGS.c.tagger == tagger))
        joined = joined.outerjoin(_WEIGHINGS, _of_text(tagger, weigher))
        query = (
            select(func.min(_CONTENTS.c.id))
            .select_from(joined)
            .where(_WEIGHINGS.c.weigher.is_(None))
            .group_by(_CONTENTS.c.text_hash)
        )
        return sorted(self._tx.connection.execute(query).scalars())

    def put(self, tagger: str, weigher: str, found: Sequence[Weighing]) -> None:
        now = self._tx.now()
        rows = [
            {
                "content_hash": w.text_hash,
                "tagger": tagger,
                "weigher": weigher,
                "content_id": w.content_id,
                "kept": [[k.skill_id, int(k.level) if k.level else None, k.level_quote] for k in w.kept],
                "refused": [[r.skill_id, r.by, r.why] for r in w.refused],
                "terms": list(w.terms),
                "weighed_at": now,
            }
            for w in found
        ]
        upsert(self._tx, _WEIGHINGS, rows)
        if rows:
            bump(self._tx, CONTENTS_REVISION)

    def of(self, tagger: str) -> dict[str, Weighing]:
        return weighings_of(self._tx, tagger)

    def coverage(self, tagger: str, weigher: str) -> Coverage:
        active = _CONTENTS.c.active.is_(True)
        mapped = and_(_TAGS.c.content_hash == _CONTENTS.c.text_hash, _TAGS.c.tagger == tagger)
        joined = _CONTENTS.outerjoin(_TAGS, mapped).outerjoin(_WEIGHINGS, _of_text(tagger, weigher))
        columns = func.count(), func.count(_TAGS.c.tagger), func.count(_WEIGHINGS.c.weigher)
        row = self._tx.connection.execute(select(*columns).select_from(joined).where(active)).one()
        last = select(func.max(_WEIGHINGS.c.weighed_at)).where(_WEIGHINGS.c.tagger == tagger)
        return Coverage(row[0], row[1], row[2], self._tx.connection.execute(last).scalar())


def _of_text(tagger: str, weigher: str) -> ColumnElement[bool]:
    return and_(
        _WEIGHINGS.c.content_hash == _CONTENTS.c.text_hash,
        _WEIGHINGS.c.tagger == tagger,
        _WEIGHINGS.c.weigher == weigher,
    )


def weighings_of(tx: Tx, tagger: str) -> dict[str, Weighing]:
    """By text hash; the newest look, whoever's it was."""
    query = select(_WEIGHINGS).where(_WEIGHINGS.c.tagger == tagger)
    return {r.content_hash: _weighing(r) for r in tx.connection.execute(query)}


def _weighing(r: Row[Any]) -> Weighing:
    return Weighing(
        r.content_id,
        r.content_hash,
        tuple(KeptTag(s, None if level is None else Level(level), quote) for s, level, quote in r.kept),
        tuple(RefusedTag(*row) for row in r.refused),
        tuple(r.terms),
    )
