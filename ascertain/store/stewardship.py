"""Proposals to change the taxonomy with their answers, overlays, which is in use, and whose results they moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from ascertain.domain.canonical import plain
from ascertain.domain.content_tags import taxonomy_name
from ascertain.domain.crosswalks import SAME, ConceptKind, StoredCrosswalk, crosswalk_from
from ascertain.domain.overlay_documents import change_from, overlay_from
from ascertain.domain.overlays import Moves, Overlay
from ascertain.domain.stewardship import Answer, AnswerKind, Batches, Move, Proposal, ProposalState, Ref, Support
from ascertain.errors import IntegrityError
from ascertain.store.schema import table
from ascertain.store.schema_stewardship import (
    TaxonomyAnswerRow,
    TaxonomyBatchRow,
    TaxonomyCrosswalkRow,
    TaxonomyMoveRow,
    TaxonomyOverlayRow,
    TaxonomyProposalRow,
    TaxonomyUseRow,
)
from ascertain.store.statements import CONTENTS_REVISION, Tx, bump, by_prefix, chunks, insert_missing, upsert

_PROPOSALS, _ANSWERS = table(TaxonomyProposalRow), table(TaxonomyAnswerRow)
_BATCHES, _CROSSWALKS = table(TaxonomyBatchRow), table(TaxonomyCrosswalkRow)
_OVERLAYS, _USES, _MOVES = table(TaxonomyOverlayRow), table(TaxonomyUseRow), table(TaxonomyMoveRow)


class SqlStewardship:
    """``ascertain.domain.stewardship.Stewardship``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, proposal: str) -> Proposal | None:
        row = by_prefix(self._tx, _PROPOSALS, proposal, "proposal")
        return None if row is None else _proposal(row)

    def proposals(self, taxonomy: str) -> list[Proposal]:
        query = (
            select(_PROPOSALS)
            .where(_PROPOSALS.c.taxonomy == taxonomy)
            .order_by(_PROPOSALS.c.proposed_at.desc(), _PROPOSALS.c.id)
        )
        return [_proposal(r) for r in self._tx.connection.execute(query)]

    def put(self, proposal: Proposal) -> None:
        row = {
            "id": proposal.id,
            "taxonomy": proposal.taxonomy,
            "kind": proposal.change.kind.value,
            "change": plain(proposal.change),
            "evidence": plain(proposal.support),
            "state": proposal.state.value,
            "proposed_by": proposal.proposed_by,
            "proposed_at": proposal.proposed_at,
            "seen_at": proposal.seen_at,
            "overlay": proposal.overlay,
        }
        upsert(self._tx, _PROPOSALS, [row])

    def answers(self, proposal_id: str) -> list[Answer]:
        query = select(_ANSWERS).where(_ANSWERS.c.proposal_id == proposal_id).order_by(_ANSWERS.c.number)
        return [
            Answer(r.proposal_id, AnswerKind(r.answer), r.actor, r.role, r.reason, r.answered_at, r.number)
            for r in self._tx.connection.execute(query)
        ]

    def answer(self, made: Answer) -> None:
        last = self._tx.connection.execute(select(func.max(_ANSWERS.c.number))).scalar() or 0
        values = {
            "number": last + 1,
            "proposal_id": made.proposal_id,
            "answer": made.kind.value,
            "actor": made.actor,
            "role": made.role,
            "reason": made.reason,
            "answered_at": made.at,
        }
        self._tx.connection.execute(insert(_ANSWERS).values(values))

    def keep(self, overlay: Overlay) -> None:
        row = {
            "version": overlay.version,
            "base": overlay.base,
            "taxonomy": taxonomy_name(overlay.base),
            "document": overlay.document(),
            "made_at": self._tx.now(),
        }
        insert_missing(self._tx, _OVERLAYS, [row])

    def overlay(self, version: str) -> Overlay | None:
        """
        Raises:
            IntegrityError: when the archived text is not the one that its version names.
        """
        query = select(_OVERLAYS.c.document).where(_OVERLAYS.c.version == version)
        document = self._tx.connection.execute(query).scalar()
        return None if document is None else _checked(version, document)

    def in_use(self, taxonomy: str) -> Overlay | None:
        query = select(_USES.c.version).where(_USES.c.taxonomy == taxonomy).order_by(_USES.c.number.desc()).limit(1)
        version = self._tx.connection.execute(query).scalar()
        if not version:
            return None
        found = self.overlay(version)
        if found is None:
            raise IntegrityError(
                f"the overlay {version} is not in the archive", remedy="restore the archive from a backup"
            )
        return found

    def use(self, taxonomy: str, overlay: Overlay | None, proposal_id: str, at: datetime) -> None:
        last = self._tx.connection.execute(select(func.max(_USES.c.number))).scalar() or 0
        values = {
            "number": last + 1,
            "taxonomy": taxonomy,
            "version": overlay.version if overlay else "",
            "proposal_id": proposal_id,
            "used_from": at,
        }
        self._tx.connection.execute(insert(_USES).values(values))
        self._tx.moves = None
        bump(self._tx, CONTENTS_REVISION)

    def keep_crosswalk(self, walk: StoredCrosswalk) -> None:
        row = {"id": walk.id, "document": walk.document, "kept_at": self._tx.now()}
        insert_missing(self._tx, _CROSSWALKS, [row])

    def crosswalk(self, ident: str) -> StoredCrosswalk | None:
        """
        Raises:
            IntegrityError: when it is not what its id says.
        """
        query = select(_CROSSWALKS.c.document).where(_CROSSWALKS.c.id == ident)
        document = self._tx.connection.execute(query).scalar()
        return None if document is None else crosswalk_from(ident, document)

    def roles_led(self) -> set[str]:
        found: set[str] = set()
        for overlay in overlays_in_use(self._tx):
            name = taxonomy_name(overlay.base)
            for ident in overlay.crosswalks:
                walk = self.crosswalk(ident)
                if walk is not None and walk.kind is ConceptKind.OCCUPATION:
                    found |= {k.source for k in walk.towards(name) if k.relation in SAME}
        return found

    def moves(self) -> Moves:
        return moves_in_use(self._tx)

    def moved(self, proposal_id: str) -> list[Move]:
        query = select(_MOVES).where(_MOVES.c.proposal_id == proposal_id).order_by(_MOVES.c.learner_id)
        return [Move(r.learner_id, r.before_run, r.after_run) for r in self._tx.connection.execute(query)]

    def add_moves(self, proposal_id: str, moves: Sequence[Move]) -> None:
        rows = [
            {
                "proposal_id": proposal_id,
                "learner_id": m.learner_id,
                "before_run": m.before_run,
                "after_run": m.after_run,
            }
            for m in moves
        ]
        upsert(self._tx, _MOVES, rows)

    def put_off(self, proposal_id: str, learners: Sequence[str]) -> None:
        rows = [{"proposal_id": proposal_id, "learner_id": learner, "done": False} for learner in learners]
        upsert(self._tx, _BATCHES, rows)

    def put_off_still(self, proposal_id: str, limit: int) -> list[str]:
        c = _BATCHES.c
        query = select(c.learner_id).where(c.proposal_id == proposal_id, c.done.is_(False)).order_by(c.learner_id)
        return list(self._tx.connection.execute(query.limit(limit)).scalars())

    def took(self, proposal_id: str, learners: Sequence[str]) -> None:
        c = _BATCHES.c
        for some in chunks(sorted(learners)):
            where = (c.proposal_id == proposal_id) & c.learner_id.in_(some)
            self._tx.connection.execute(update(_BATCHES).where(where).values(done=True))

    def batches(self, proposal_id: str) -> Batches:
        query = select(func.count(), func.count().filter(_BATCHES.c.done)).where(_BATCHES.c.proposal_id == proposal_id)
        total, done = self._tx.connection.execute(query).one()
        return Batches(done, total)

    def forget_moves(self, proposal_id: str, learner_id: str = "") -> None:
        gone = delete(_MOVES).where(_MOVES.c.proposal_id == proposal_id)
        self._tx.connection.execute(gone.where(_MOVES.c.learner_id == learner_id) if learner_id else gone)


def overlays_in_use(tx: Tx) -> list[Overlay]:
    """Of every taxonomy the one that holds."""
    newest = select(func.max(_USES.c.number)).group_by(_USES.c.taxonomy)
    query = (
        select(_OVERLAYS.c.version, _OVERLAYS.c.document)
        .join(_USES, _USES.c.version == _OVERLAYS.c.version)
        .where(_USES.c.number.in_(newest))
    )
    return [_checked(version, document) for version, document in tx.connection.execute(query)]


def moves_in_use(tx: Tx) -> Moves:
    """Where all overlays in use lead ids; read once a transaction."""
    if tx.moves is None:
        found: dict[str, tuple[str, ...]] = {}
        for overlay in overlays_in_use(tx):
            found.update(overlay.moves)
        tx.moves = found
    return tx.moves


def _checked(version: str, document: str) -> Overlay:
    found = overlay_from(document)
    if found.version != version:
        raise IntegrityError(
            f"the archived text of the overlay {version} has been changed",
            remedy="restore the archive from a backup; `ascertain audit verify` tells whether more was changed",
        )
    return found


def _proposal(r: Row[Any]) -> Proposal:
    e = r.evidence
    return Proposal(
        r.id,
        r.taxonomy,
        change_from(r.change),
        Support(
            e["why"],
            e["people"],
            e["quotes"],
            _day(e["first_seen"]),
            _day(e["last_seen"]),
            tuple((q, n) for q, n in e["quarters"]),
            tuple(Ref(x["run_id"], x["claim_id"]) for x in e["refs"]),
            e.get("reason", ""),
            e.get("note", ""),
        ),
        r.proposed_by,
        r.proposed_at,
        r.seen_at,
        ProposalState(r.state),
        r.overlay,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
