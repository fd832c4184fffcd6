"""What people offer as mentors, who asked whom, and what is on record about two people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update

from ascertain.domain.mentoring import BY_CONSENT, Mentorship, Offer, PairState, PairWord, Word
from ascertain.store.schema import table
from ascertain.store.schema_mentoring import MentoringWordRow, MentorOfferRow, MentorshipRow
from ascertain.store.statements import Tx, upsert

_OFFERS, _ROWS, _WORDS = map(table, (MentorOfferRow, MentorshipRow, MentoringWordRow))


class SqlMentoring:
    """``ascertain.domain.mentoring.Mentoring``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def offer_of(self, learner_id: str, *, lock: bool = False) -> Offer | None:
        query = select(_OFFERS).where(_OFFERS.c.learner_id == learner_id)
        row = self._tx.connection.execute(query.with_for_update() if lock else query).first()
        return None if row is None else _offer(row)

    def offers(self) -> list[Offer]:
        return [_offer(r) for r in self._tx.connection.execute(select(_OFFERS).order_by(_OFFERS.c.learner_id))]

    def put_offer(self, offer: Offer) -> None:
        row = {c.name: getattr(offer, c.name) for c in _OFFERS.c}
        upsert(self._tx, _OFFERS, [row | {"skills": list(offer.skills)}])

    def drop_offer(self, learner_id: str) -> bool:
        return bool(self._tx.connection.execute(delete(_OFFERS).where(_OFFERS.c.learner_id == learner_id)).rowcount)

    def get(self, ident: str) -> Mentorship | None:
        row = self._tx.connection.execute(select(_ROWS).where(_ROWS.c.id == ident)).first()
        return None if row is None else _mentorship(row)

    def of(self, learner_id: str) -> list[Mentorship]:
        theirs = or_(_ROWS.c.learner_id == learner_id, _ROWS.c.mentor_id == learner_id)
        query = select(_ROWS).where(theirs).order_by(_ROWS.c.asked_at, _ROWS.c.id)
        return [_mentorship(r) for r in self._tx.connection.execute(query)]

    def changed(self, since: date) -> list[Mentorship]:
        then = datetime.combine(since, time(), UTC)
        late = or_(_ROWS.c.asked_at >= then, _ROWS.c.answered_at >= then, _ROWS.c.ended_at >= then)
        return [_mentorship(r) for r in self._tx.connection.execute(select(_ROWS).where(late).order_by(_ROWS.c.id))]

    def put(self, row: Mentorship) -> None:
        upsert(self._tx, _ROWS, [{c.name: getattr(row, c.name) for c in _ROWS.c} | {"state": row.state.value}])

    def mentees(self) -> Mapping[str, int]:
        number = func.count(func.distinct(_ROWS.c.learner_id))
        query = select(_ROWS.c.mentor_id, number).where(_ROWS.c.state == PairState.ACCEPTED.value)
        return {r[0]: int(r[1]) for r in self._tx.connection.execute(query.group_by(_ROWS.c.mentor_id))}

    def stop(self, mentor_id: str) -> tuple[bool, int]:
        standing = _ROWS.c.state.in_([PairState.ASKED.value, PairState.ACCEPTED.value])
        ended = {"state": PairState.ENDED.value, "ended_at": self._tx.now(), "ended_by": BY_CONSENT}
        done = update(_ROWS).where(_ROWS.c.mentor_id == mentor_id, standing).values(ended)
        return self.drop_offer(mentor_id), self._tx.connection.execute(done).rowcount

    def words(self, learner_id: str) -> list[PairWord]:
        about = or_(_WORDS.c.learner_id == learner_id, _WORDS.c.other_id == learner_id)
        query = select(_WORDS).where(about).order_by(_WORDS.c.word, _WORDS.c.learner_id, _WORDS.c.other_id)
        return [_word(r) for r in self._tx.connection.execute(query)]

    def put_word(self, word: PairWord) -> None:
        upsert(self._tx, _WORDS, [{c.name: getattr(word, c.name) for c in _WORDS.c} | {"word": word.word.value}])

    def drop_word(self, word: Word, learner_id: str, other_id: str) -> bool:
        one = (_WORDS.c.word == word.value) & (_WORDS.c.learner_id == learner_id) & (_WORDS.c.other_id == other_id)
        return bool(self._tx.connection.execute(delete(_WORDS).where(one)).rowcount)


def _offer(r: Row[Any]) -> Offer:
    return Offer(r.learner_id, r.places, tuple(r.skills), r.level_shown, r.timezone, r.note, r.offered_at)


def _mentorship(r: Row[Any]) -> Mentorship:
    return Mentorship(**{**r._mapping, "state": PairState(r.state)})


def _word(r: Row[Any]) -> PairWord:
    return PairWord(**{**r._mapping, "word": Word(r.word)})
