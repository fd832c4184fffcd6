"""What learners say of content tags, and since when a tag is on notice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, or_, select

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.tag_notices import Key, Notice
from ascertain.domain.tag_words import LearnerWord
from ascertain.store.schema import EvidenceRow, table
from ascertain.store.schema_stewardship import TagNoticeRow, TagWordRow
from ascertain.store.statements import CONTENTS_REVISION, Tx, bump, upsert
from ascertain.store.stewardship import moves_in_use

_WORDS, _NOTICES, _EVIDENCE = table(TagWordRow), table(TagNoticeRow), table(EvidenceRow)


class SqlTagWords:
    """``ascertain.domain.tag_words.TagWords``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def of(self, learner_id: str) -> list[LearnerWord]:
        return self._words(_WORDS.c.learner_id == learner_id)

    def all(self, taxonomy: str) -> list[LearnerWord]:
        return self._words(_WORDS.c.taxonomy == taxonomy)

    def put(self, word: LearnerWord) -> None:
        row = {n: getattr(word, n) for n in ("learner_id", "content_hash", "skill_id", "taxonomy", "content_id")}
        upsert(self._tx, _WORDS, [row | {"teaches": word.teaches, "said_at": word.at}])

    def take_back(self, word: LearnerWord) -> bool:
        same = (_WORDS.c[n] == getattr(word, n) for n in ("learner_id", "content_hash", "skill_id", "taxonomy"))
        return bool(self._tx.connection.execute(delete(_WORDS).where(*same)).rowcount)

    def finished(self, taxonomy: str) -> frozenset[tuple[str, str]]:
        e = _EVIDENCE.c
        same = and_(e.learner_id == _WORDS.c.learner_id, e.content_id == _WORDS.c.content_id)
        query = (
            select(e.learner_id, e.content_id)
            .distinct()
            .select_from(_WORDS.join(_EVIDENCE, same))
            .where(_WORDS.c.taxonomy == taxonomy, e.kind == EvidenceKind.COMPLETION.value)
            .where(or_(e.passed.is_(None), e.passed.is_(True)))
        )
        return frozenset((r[0], r[1]) for r in self._tx.connection.execute(query))

    def _words(self, *where: Any) -> list[LearnerWord]:
        c = _WORDS.c
        query = select(_WORDS).where(*where).order_by(c.learner_id, c.content_hash, c.skill_id)
        return [
            LearnerWord(r.learner_id, r.content_id, r.content_hash, r.skill_id, r.taxonomy, r.teaches, r.said_at)
            for r in self._tx.connection.execute(query)
        ]


class SqlTagNotices:
    """``ascertain.domain.tag_notices.TagNotices``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def all(self, taxonomy: str) -> dict[Key, Notice]:
        return notices_of(self._tx, taxonomy)

    def put(self, notice: Notice) -> None:
        row = {n: getattr(notice, n) for n in TagNoticeRow.__table__.c.keys()}  # noqa: SIM118
        upsert(self._tx, _NOTICES, [row])
        bump(self._tx, CONTENTS_REVISION)

    def let_go(self, key: Key, taxonomy: str) -> bool:
        moves = moves_in_use(self._tx)
        names = [key[1], *(old for old, new in moves.items() if key[1] in new)]
        same = (_NOTICES.c.content_hash == key[0], _NOTICES.c.skill_id.in_(names), _NOTICES.c.taxonomy == taxonomy)
        gone = bool(self._tx.connection.execute(delete(_NOTICES).where(*same)).rowcount)
        if gone:
            bump(self._tx, CONTENTS_REVISION)
        return gone


def notices_of(tx: Tx, taxonomy: str) -> dict[Key, Notice]:
    """By (content hash, skill id); what stood on a skill that was merged or split stands on its successors."""
    query = select(_NOTICES).where(_NOTICES.c.taxonomy == taxonomy)
    rows = [
        Notice(r.content_hash, r.skill_id, r.taxonomy, r.why, r.since, r.retired_at)
        for r in tx.connection.execute(query)
    ]
    if not rows:
        return {}
    moves = moves_in_use(tx)
    known = {n.key: n for n in rows if n.skill_id not in moves}
    for n in rows:
        for ident in moves.get(n.skill_id, ()):
            known.setdefault((n.content_hash, ident), n)
    return known
