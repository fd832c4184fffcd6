"""What is held longer than the policy says, found and deleted in batches; deletion records, holds, departures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ascertain.domain.assertion import AssertionState
from ascertain.domain.notifications import NotificationState
from ascertain.domain.onboarding import PHASES
from ascertain.domain.outbox import OutboxState
from ascertain.domain.retention import UNOWNED, Cut, Deletion, Hold, Kind
from ascertain.store.schema import (
    AssertionRow,
    AuditRow,
    EvidenceRow,
    LearnerRow,
    QuarantineRow,
    ReviewRow,
    RunDocumentRow,
    RunRow,
    table,
)
from ascertain.store.schema_answers import KeptAnswersRow
from ascertain.store.schema_api import ApiRequestRow, RunRequestMemberRow, RunRequestRow
from ascertain.store.schema_disputes import DisputeRow
from ascertain.store.schema_exchange import InboxRow, NotificationRow, OutboxRow
from ascertain.store.schema_ingest import EngagementRow
from ascertain.store.schema_mentoring import MentorshipRow
from ascertain.store.schema_onboarding import OnboardingPlanRow
from ascertain.store.schema_retention import CutRow, DeletionMarkRow, DeletionRow, DepartureRow, HoldRow
from ascertain.store.schema_rights import AccessRow
from ascertain.store.schema_succession import ReadinessRow
from ascertain.store.statements import CHUNK, Tx, chunks, insert_missing

_EVIDENCE, _RUNS, _DOCUMENTS, _ASSERTIONS = map(table, (EvidenceRow, RunRow, RunDocumentRow, AssertionRow))
_REVIEWS, _ACCESSES, _INBOX, _QUARANTINE = map(table, (ReviewRow, AccessRow, InboxRow, QuarantineRow))
_OUTBOX, _NOTES, _AUDIT, _LEARNERS = map(table, (OutboxRow, NotificationRow, AuditRow, LearnerRow))
_DELETIONS, _MARKS, _HOLDS = map(table, (DeletionRow, DeletionMarkRow, HoldRow))
_API_REQUESTS, _RUN_REQUESTS, _RUN_MEMBERS = map(table, (ApiRequestRow, RunRequestRow, RunRequestMemberRow))
_ONBOARDINGS = table(OnboardingPlanRow)
_ANSWERS, _READY = table(KeptAnswersRow), table(ReadinessRow)
_MENTORSHIPS = table(MentorshipRow)
_DEPARTURES, _CUTS, _USES, _DISPUTES = map(table, (DepartureRow, CutRow, EngagementRow, DisputeRow))

_OPEN_ROWS = (OutboxState.PLANNED, OutboxState.WRITING, OutboxState.UNSEEN)
_MARKED = frozenset({Kind.EVIDENCE, Kind.EVIDENCE_TEXT, Kind.RUN_DOCUMENTS})


@dataclass(frozen=True, slots=True)
class _Held:
    """Where a kind lies: keys of its rows, whose they are, and which are older than a time."""

    source: Table
    keys: tuple[Column[Any], ...]
    owner: Column[Any] | None
    due: Callable[[datetime], ColumnElement[bool]]


def _older(before: datetime) -> ColumnElement[bool]:
    """By the day on which it happened; of undated evidence by when it last changed here."""
    dated = _EVIDENCE.c.occurred_on
    return or_(dated < before.date(), and_(dated.is_(None), _EVIDENCE.c.updated_at < before))


def _newer_decision() -> ColumnElement[bool]:
    """Whether somebody has decided on the same skill of the same person later."""
    later = _REVIEWS.alias("later")
    same = and_(later.c.learner_id == _REVIEWS.c.learner_id, later.c.skill_id == _REVIEWS.c.skill_id)
    return exists().where(same, later.c.decided_at > _REVIEWS.c.decided_at)


def _standing_decision() -> ColumnElement[bool]:
    """Whether the newest decision on a skill was made on this assertion: it carries over to later ones."""
    mine = and_(_REVIEWS.c.assertion_id == _ASSERTIONS.c.id, _REVIEWS.c.decision.is_not(None))
    return exists().where(mine, ~_newer_decision()).correlate(_ASSERTIONS)


def _replaced(source: Table, *same: str) -> ColumnElement[bool]:
    """Whether a newer row about the same thing exists: the newest says what the outside knows."""
    later = source.alias("later")
    return exists().where(*(later.c[c] == source.c[c] for c in same), later.c.created_at > source.c.created_at)


def _finished_before(before: datetime) -> ColumnElement[bool]:
    runs = select(_RUNS.c.id).where(_RUNS.c.finished_at < before)
    return _DOCUMENTS.c.run_id.in_(runs)


_WHERE: dict[Kind, _Held] = {
    Kind.EVIDENCE_TEXT: _Held(
        _EVIDENCE, (_EVIDENCE.c.id,), _EVIDENCE.c.learner_id, lambda b: and_(_EVIDENCE.c.text != "", _older(b))
    ),
    Kind.EVIDENCE: _Held(_EVIDENCE, (_EVIDENCE.c.id,), _EVIDENCE.c.learner_id, _older),
    Kind.RUN_DOCUMENTS: _Held(_DOCUMENTS, (_DOCUMENTS.c.run_id,), None, _finished_before),
    Kind.SUPERSEDED: _Held(
        _ASSERTIONS,
        (_ASSERTIONS.c.id,),
        _ASSERTIONS.c.learner_id,
        lambda b: and_(
            _ASSERTIONS.c.state == AssertionState.SUPERSEDED.value,
            _ASSERTIONS.c.created_at < b,
            ~_standing_decision(),
            ~exists().where(_DISPUTES.c.assertion_id == _ASSERTIONS.c.id, _DISPUTES.c.decided_at.is_(None)),
        ),
    ),
    Kind.REVIEWS: _Held(
        _REVIEWS,
        (_REVIEWS.c.id,),
        _REVIEWS.c.learner_id,
        lambda b: or_(
            and_(_REVIEWS.c.decided_at < b, _newer_decision()),
            and_(_REVIEWS.c.decided_at.is_(None), _REVIEWS.c.withdrawn_at < b),
        ),
    ),
    Kind.ACCESSES: _Held(
        _ACCESSES,
        (_ACCESSES.c.record, _ACCESSES.c.learner_id),
        _ACCESSES.c.learner_id,
        lambda b: _ACCESSES.c.at < b,
    ),
    Kind.INBOX: _Held(_INBOX, (_INBOX.c.id,), None, lambda b: _INBOX.c.done_at < b),
    Kind.QUARANTINE: _Held(_QUARANTINE, (_QUARANTINE.c.id,), None, lambda b: _QUARANTINE.c.seen_at < b),
    Kind.OUTBOX: _Held(
        _OUTBOX,
        (_OUTBOX.c.id,),
        _OUTBOX.c.learner_id,
        lambda b: and_(
            _OUTBOX.c.created_at < b,
            _OUTBOX.c.state.not_in([s.value for s in _OPEN_ROWS]),
            _replaced(_OUTBOX, "learner_id", "connection", "target"),
        ),
    ),
    Kind.NOTIFICATIONS: _Held(
        _NOTES,
        (_NOTES.c.id,),
        _NOTES.c.learner_id,
        lambda b: and_(
            _NOTES.c.created_at < b,
            _NOTES.c.state != NotificationState.PENDING.value,
            _replaced(_NOTES, "channel", "endpoint", "learner_id"),
        ),
    ),
    Kind.API_REQUESTS: _Held(
        _API_REQUESTS,
        (_API_REQUESTS.c.caller, _API_REQUESTS.c.key),
        _API_REQUESTS.c.learner_id,
        lambda b: _API_REQUESTS.c.began_at < b,
    ),
    Kind.RUN_REQUESTS: _Held(
        _RUN_MEMBERS,
        (_RUN_MEMBERS.c.request_id, _RUN_MEMBERS.c.learner_id),
        _RUN_MEMBERS.c.learner_id,
        lambda b: _RUN_MEMBERS.c.request_id.in_(select(_RUN_REQUESTS.c.id).where(_RUN_REQUESTS.c.asked_at < b)),
    ),
    # From the last day of the plan on; versions and comments go with it.
    Kind.ONBOARDING: _Held(
        _ONBOARDINGS,
        (_ONBOARDINGS.c.id,),
        _ONBOARDINGS.c.learner_id,
        lambda b: _ONBOARDINGS.c.starts_on < b.date() - timedelta(days=PHASES[-1]),
    ),
    Kind.READINESS: _Held(
        _READY,
        (_READY.c.key_role_id, _READY.c.learner_id, _READY.c.month),
        _READY.c.learner_id,
        lambda b: _READY.c.taken_at < b,
    ),
    Kind.KEPT_ANSWERS: _Held(_ANSWERS, (_ANSWERS.c.run_id,), _ANSWERS.c.learner_id, lambda b: _ANSWERS.c.kept_at < b),
    # From the last thing that was done about it; what holds is kept.
    Kind.MENTORSHIPS: _Held(
        _MENTORSHIPS,
        (_MENTORSHIPS.c.id,),
        _MENTORSHIPS.c.learner_id,
        lambda b: (
            (_MENTORSHIPS.c.state != "accepted")
            & (func.coalesce(_MENTORSHIPS.c.ended_at, _MENTORSHIPS.c.answered_at, _MENTORSHIPS.c.asked_at) < b)
        ),
    ),
}


class SqlRetention:
    """``ascertain.domain.retention.Retention``."""

    def __init__(self, tx: Tx, pseudonym: Callable[[str], str]) -> None:
        self._tx = tx
        self._pseudonym = pseudonym

    def count(self, kind: Kind, before: datetime, held: Collection[str]) -> int:
        return sum(1 for _ in self._due(kind, before, held))

    def purge(self, kind: Kind, before: datetime, held: Collection[str], batch: int) -> list[str]:
        where, found = _WHERE[kind], []
        owners: set[str] = set()
        for row in self._due(kind, before, held):
            found.append(tuple(row)[: len(where.keys)])
            owners.add(row[-1])
            if len(found) == batch:
                break
        for some in chunks(found):
            self._remove(kind, where, some)
        if kind in (Kind.EVIDENCE, Kind.EVIDENCE_TEXT):
            # What a case was built from is another now: the next sweep looks at these people again.
            for ids in chunks(sorted(owners)):
                self._tx.connection.execute(update(_RUNS).where(_RUNS.c.learner_id.in_(ids)).values(stamp=""))
        return ["|".join(map(str, key)) for key in found]

    def _remove(self, kind: Kind, where: _Held, keys: list[tuple[Any, ...]]) -> None:
        single = len(where.keys) == 1
        chosen = where.keys[0].in_([k[0] for k in keys]) if single else tuple_(*where.keys).in_(keys)
        if kind is Kind.EVIDENCE_TEXT:
            # The digest stays that of the whole, so that a record pulled again unchanged does not bring its text back.
            self._tx.connection.execute(update(_EVIDENCE).where(chosen).values(text=""))
        else:
            self._tx.connection.execute(delete(where.source).where(chosen))
        if kind is Kind.RUN_REQUESTS:  # a request of which nobody is left
            rest = select(_RUN_MEMBERS.c.request_id).where(_RUN_MEMBERS.c.request_id == _RUN_REQUESTS.c.id)
            asked = _RUN_REQUESTS.c.id.in_([k[0] for k in keys])
            self._tx.connection.execute(delete(_RUN_REQUESTS).where(asked, ~exists(rest.correlate(_RUN_REQUESTS))))
        if kind is Kind.EVIDENCE:  # what folded evidence was counted from
            uses = _USES.c.evidence_id.in_([k[0] for k in keys])
            self._tx.connection.execute(delete(_USES).where(uses))

    def _due(self, kind: Kind, before: datetime, held: Collection[str]) -> Iterator[Sequence[Any]]:
        if held and kind in UNOWNED:
            return
        where = _WHERE[kind]
        if kind is Kind.RUN_DOCUMENTS:
            query = select(_RUNS.c.id, _RUNS.c.learner_id).where(
                _RUNS.c.finished_at < before, _RUNS.c.id.in_(select(_DOCUMENTS.c.run_id))
            )
        else:
            owner = where.keys[0] if where.owner is None else where.owner
            query = select(*where.keys, owner.label("owner")).where(where.due(before))
        query = query.order_by(*((_RUNS.c.id,) if kind is Kind.RUN_DOCUMENTS else where.keys))
        for row in self._tx.connection.execute(query).all():
            if row[-1] not in held:
                yield row

    # -- people who left --------------------------------------------------------------------------------------------

    def note_departures(self) -> None:
        active = select(_LEARNERS.c.id).where(_LEARNERS.c.active.is_(True))
        self._tx.connection.execute(delete(_DEPARTURES).where(_DEPARTURES.c.learner_id.in_(active)))
        known = select(_DEPARTURES.c.learner_id)
        query = select(_LEARNERS.c.id, _LEARNERS.c.updated_at).where(
            _LEARNERS.c.active.is_(False), _LEARNERS.c.id.not_in(known)
        )
        rows = [{"learner_id": r.id, "noticed_at": r.updated_at} for r in self._tx.connection.execute(query)]
        insert_missing(self._tx, _DEPARTURES, rows)

    def left(self, before: datetime) -> list[str]:
        since = case((_DEPARTURES.c.noticed_at.is_not(None), _DEPARTURES.c.noticed_at), else_=_LEARNERS.c.updated_at)
        both = _LEARNERS.outerjoin(_DEPARTURES, _DEPARTURES.c.learner_id == _LEARNERS.c.id)
        query = select(_LEARNERS.c.id).select_from(both).where(_LEARNERS.c.active.is_(False), since < before)
        return list(self._tx.connection.execute(query.order_by(_LEARNERS.c.id)).scalars())

    # -- the audit chain --------------------------------------------------------------------------------------------

    def cuttable(self, before: datetime) -> Cut | None:
        # Clocks of several machines need not agree: only what lies before the first younger record may go.
        younger = select(func.min(_AUDIT.c.seq)).where(_AUDIT.c.at >= before).scalar_subquery()
        old = or_(younger.is_(None), _AUDIT.c.seq < younger)
        query = select(_AUDIT.c.seq, _AUDIT.c.hash, _AUDIT.c.at).where(old).order_by(_AUDIT.c.seq.desc())
        row = self._tx.connection.execute(query.limit(1)).first()
        if row is None:
            return None
        many = self._tx.connection.execute(select(func.count()).where(_AUDIT.c.seq <= row.seq)).scalar_one()
        return Cut(row.seq, row.hash, row.at, many)

    def cut(self, cut: Cut, seal: Callable[[Cut], object]) -> None:
        seal(cut)  # first: the chain goes on from its present end
        values = {"through": cut.through, "hash": cut.hash, "until": cut.until, "records": cut.records}
        self._tx.connection.execute(insert(_CUTS).values(at=self._tx.now(), **values))
        self._tx.connection.execute(delete(_AUDIT).where(_AUDIT.c.seq <= cut.through))

    # -- records of deletion ----------------------------------------------------------------------------------------

    def record(self, deletion: Deletion, ids: Collection[str] = ()) -> None:
        d = deletion
        values = {"id": d.id, "at": d.at, "kind": d.kind, "rows": d.rows, "before": d.before}
        self._tx.connection.execute(insert(_DELETIONS).values(policy=d.policy, digest=d.digest, **values))
        if d.kind in _MARKED:
            marks = [{"mark": self._mark(Kind(d.kind), i), "deletion_id": d.id} for i in sorted(ids)]
            insert_missing(self._tx, _MARKS, marks)

    def deletions(self, limit: int = 100) -> list[Deletion]:
        query = select(_DELETIONS).order_by(_DELETIONS.c.at.desc(), _DELETIONS.c.id).limit(limit)
        return [_deletion(r) for r in self._tx.connection.execute(query)]

    def cause(self, kind: Kind, ids: Collection[str]) -> dict[str, Deletion]:
        found: dict[str, Deletion] = {}
        for some in chunks(sorted(set(ids)), CHUNK // 2):
            by_mark = {self._mark(kind, i): i for i in some}
            query = (
                select(_MARKS.c.mark, *_DELETIONS.c)
                .join(_DELETIONS, _DELETIONS.c.id == _MARKS.c.deletion_id)
                .where(_MARKS.c.mark.in_(list(by_mark)))
            )
            found |= {by_mark[r.mark]: _deletion(r) for r in self._tx.connection.execute(query)}
        return found

    def _mark(self, kind: Kind, ident: str) -> str:
        return self._pseudonym(f"deleted {kind.value}:{ident}")

    # -- legal holds ------------------------------------------------------------------------------------------------

    def hold(self, hold: Hold) -> None:
        fields = ("id", "learner_id", "cohort", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at")
        self._tx.connection.execute(insert(_HOLDS).values({f: getattr(hold, f) for f in fields}))

    def holds(self, *, standing: bool = True) -> list[Hold]:
        query = select(_HOLDS).order_by(_HOLDS.c.placed_at, _HOLDS.c.id)
        if standing:
            query = query.where(_HOLDS.c.lifted_at.is_(None))
        return [Hold(**r._mapping) for r in self._tx.connection.execute(query)]

    def lift(self, hold_id: str, by: str) -> bool:
        chosen = update(_HOLDS).where(_HOLDS.c.id == hold_id, _HOLDS.c.lifted_at.is_(None))
        return self._tx.connection.execute(chosen.values(lifted_by=by, lifted_at=self._tx.now())).rowcount > 0


def _deletion(r: Row[Any]) -> Deletion:
    return Deletion(r.id, r.at, r.kind, r.rows, r.before, r.policy, r.digest)
