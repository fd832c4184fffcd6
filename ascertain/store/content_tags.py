"""Votes on content tags, what they come to, and how those who finished the content did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, distinct, func, insert, select

from ascertain.domain.content_tags import Graded, Outcomes, Ruling, TagState, TagVote, Vote, led
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.skills import Level
from ascertain.store.schema import EvidenceRow, table
from ascertain.store.schema_stewardship import TagOutcomeRow, TagRulingRow, TagVoteRow
from ascertain.store.statements import CONTENTS_REVISION, Tx, bump, chunks, upsert
from ascertain.store.stewardship import moves_in_use

_VOTES, _RULINGS, _OUTCOMES = table(TagVoteRow), table(TagRulingRow), table(TagOutcomeRow)
_EVIDENCE = table(EvidenceRow)
_GRADED = (EvidenceKind.COMPLETION, EvidenceKind.ASSESSMENT, EvidenceKind.CERTIFICATION)
WELL_FROM = 0.5
"""A score from which a source that says neither passed nor failed is taken as passed: half of what was asked."""


class SqlTagVotes:
    """``ascertain.domain.content_tags.TagVotes``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def about(self, content_hash: str, skill_id: str) -> list[TagVote]:
        return self._votes(_VOTES.c.content_hash == content_hash, _VOTES.c.skill_id == skill_id)

    def of_content(self, content_id: str) -> list[TagVote]:
        return self._votes(_VOTES.c.content_id == content_id)

    def add(self, vote: TagVote) -> None:
        values = {
            "id": vote.id,
            "content_id": vote.content_id,
            "content_hash": vote.content_hash,
            "skill_id": vote.skill_id,
            "taxonomy": vote.taxonomy,
            "vote": vote.vote.value,
            "level": None if vote.level is None else int(vote.level),
            "suggested": vote.suggested,
            "suggested_level": int(vote.suggested_level),
            "voter": vote.voter,
            "reason": vote.reason,
            "voted_at": vote.at,
        }
        self._tx.connection.execute(insert(_VOTES).values(values))

    def put(self, found: Ruling) -> None:
        row = {
            "content_hash": found.content_hash,
            "skill_id": found.skill_id,
            "taxonomy": found.taxonomy,
            "state": found.state.value,
            "level": int(found.level),
            "probability": found.probability,
            "yes": found.yes,
            "no": found.no,
        }
        upsert(self._tx, _RULINGS, [row])
        bump(self._tx, CONTENTS_REVISION)

    def rulings(self, taxonomy: str) -> dict[tuple[str, str], Ruling]:
        return led(rulings_of(self._tx, taxonomy), moves_in_use(self._tx))

    def people(self) -> dict[str, int]:
        query = (
            select(_EVIDENCE.c.content_id, func.count(distinct(_EVIDENCE.c.learner_id)))
            .where(_EVIDENCE.c.content_id.is_not(None))
            .group_by(_EVIDENCE.c.content_id)
        )
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def graded(self) -> list[Graded]:
        columns = ("learner_id", "content_id", "kind", "occurred_on", "score", "passed")
        query = (
            select(*(_EVIDENCE.c[n] for n in columns))
            .where(_EVIDENCE.c.content_id.is_not(None), _EVIDENCE.c.kind.in_([k.value for k in _GRADED]))
            .order_by(_EVIDENCE.c.learner_id, _EVIDENCE.c.id)
        )
        return [_graded(r) for r in self._tx.connection.execute(query)]

    def measured(self) -> dict[tuple[str, str], Outcomes]:
        return {
            (r.content_id, r.skill_id): Outcomes(r.finished, r.finished_well, r.others, r.others_well)
            for r in self._tx.connection.execute(select(_OUTCOMES))
        }

    def put_measured(self, taxonomy: str, found: Mapping[tuple[str, str], Outcomes]) -> int:
        query = select(_OUTCOMES).where(_OUTCOMES.c.taxonomy == taxonomy)
        known = {
            (r.content_id, r.skill_id): Outcomes(r.finished, r.finished_well, r.others, r.others_well)
            for r in self._tx.connection.execute(query)
        }
        changed = sum(known.get(k) != found.get(k) for k in {*known, *found})
        if not changed:
            return 0
        self._tx.connection.execute(delete(_OUTCOMES).where(_OUTCOMES.c.taxonomy == taxonomy))
        now = self._tx.now()
        rows = [
            {
                "content_id": content,
                "skill_id": skill,
                "taxonomy": taxonomy,
                "finished": o.finished,
                "finished_well": o.finished_well,
                "others": o.others,
                "others_well": o.others_well,
                "measured_at": now,
            }
            for (content, skill), o in sorted(found.items())
        ]
        for some in chunks(rows):
            self._tx.connection.execute(insert(_OUTCOMES), some)
        return changed

    def _votes(self, *where: Any) -> list[TagVote]:
        query = select(_VOTES).where(*where).order_by(_VOTES.c.voted_at, _VOTES.c.id)
        return [_vote(r) for r in self._tx.connection.execute(query)]


def rulings_of(tx: Tx, taxonomy: str) -> dict[tuple[str, str], Ruling]:
    """By (content hash, skill id), for the taxonomy of that name."""
    query = select(_RULINGS).where(_RULINGS.c.taxonomy == taxonomy)
    return {
        (r.content_hash, r.skill_id): Ruling(
            r.content_hash, r.skill_id, r.taxonomy, TagState(r.state), Level(r.level), r.probability, r.yes, r.no
        )
        for r in tx.connection.execute(query)
    }


def _graded(r: Row[Any]) -> Graded:
    passed = r.passed if r.passed is not None else None if r.score is None else r.score >= WELL_FROM
    kind = EvidenceKind(r.kind)
    graded = kind is not EvidenceKind.COMPLETION or r.score is not None
    return Graded(r.learner_id, r.content_id, kind, r.occurred_on, passed is not False, passed if graded else None)


def _vote(r: Row[Any]) -> TagVote:
    return TagVote(
        r.id,
        r.content_id,
        r.content_hash,
        r.skill_id,
        r.taxonomy,
        Vote(r.vote),
        None if r.level is None else Level(r.level),
        r.suggested,
        Level(r.suggested_level),
        r.voter,
        r.reason,
        r.voted_at,
    )
