"""Contest an assertion, add to it, decide about it. Each step carries to the assertion in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ascertain.domain import disputes
from ascertain.domain.assertion import AssertionState
from ascertain.domain.canonical import digest
from ascertain.domain.disputes import Dispute, DisputeState, Outcome
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.ports import Clock, Pseudonymiser, UnitOfWork
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.runs import DecisionKind, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_plain
from ascertain.errors import InputError, NotFoundError, PseudonymError
from ascertain.pipeline.access import aliases
from ascertain.pipeline.normalise import evidence_id
from ascertain.pipeline.replay import assertion_or_raise
from ascertain.pipeline.results import review_id
from ascertain.pipeline.standing import Decisions, restore
from ascertain.pipeline.write_back_switch import named

SYSTEM = "dispute"
"""The connection that evidence added to a dispute stands under."""
MOST_CHARACTERS = 20_000


def dispute_or_raise(uow: UnitOfWork, dispute_id: str) -> Dispute:
    """
    Raises:
        NotFoundError: nobody has such a dispute.
    """
    found = uow.disputes.get(dispute_id)
    if found is None:
        raise NotFoundError(f"there is no dispute {dispute_id!r}", remedy="`ascertain dispute list` shows them")
    return found


def contest(
    uow: UnitOfWork,
    assertion_id: str,
    *,
    reason: str,
    actor: str,
    clock: Clock,
    due_days: int,
    masker: Pseudonymiser,
    texts: Sequence[str] = (),
) -> Dispute:
    """Open a dispute about an assertion (id or prefix); nothing uses it until somebody has decided. The caller commits.

    The same person saying the same again adds what evidence is new, and changes nothing else.

    Raises:
        NotFoundError: no such assertion.
        InputError: there is no reason, or a text cannot be used.
        ConflictError: the assertion is out of date, or contested otherwise.
    """
    by, words = named(actor), clean_plain(reason)
    row = assertion_or_raise(uow, assertion_id)
    earlier = uow.disputes.about(row.learner_id)
    found = next((d for d in earlier if d.open and d.skill_id == row.skill_id), None)
    if found is None or (found.reason, found.opened_by) != (words, by):
        found = disputes.open_dispute(
            row, reason=words, opened_by=by, now=clock.now(), due_days=due_days, earlier=earlier
        )
        uow.disputes.add(found)
        uow.assertions.set_state(row.id, AssertionState.CONTESTED)
        header = {"dispute": found.id, "assertion": row.id, "due": found.due_on.isoformat()}
        payload = {"by": by, "reason": found.reason, "before": row.state.value}
        uow.audit.append("dispute.opened", actor="learner", learner_id=row.learner_id, header=header, payload=payload)
    return add_evidence(uow, found, texts, actor=by, clock=clock, masker=masker)


def add_evidence(
    uow: UnitOfWork, dispute: Dispute, texts: Sequence[str], *, actor: str, clock: Clock, masker: Pseudonymiser
) -> Dispute:
    """Attach texts as evidence of the person's own: weak, until whoever decides confirms it. The caller commits.

    Raises:
        InputError: a text is empty, too long, or names somebody in a way that cannot be masked.
        ConflictError: the dispute is closed.
    """
    pieces = [_evidence(dispute, text, clock, masker) for text in texts]
    new = [p for p in pieces if p.id not in dispute.evidence]
    if not new:
        return dispute
    dispute = disputes.with_evidence(dispute, [p.id for p in new])
    uow.evidence.upsert(new)
    uow.disputes.put(dispute)
    header = {"dispute": dispute.id, "evidence": [p.id for p in new]}
    payload = {"by": named(actor)}
    uow.audit.append("dispute.evidence", actor="learner", learner_id=dispute.learner_id, header=header, payload=payload)
    return dispute


def withdraw(uow: UnitOfWork, dispute_id: str, *, actor: str, clock: Clock) -> Dispute:
    """End a dispute without a decision; only the learner, or whoever opened it, may. The caller commits.

    Raises:
        NotFoundError: no such dispute.
        InputError: somebody else withdraws it.
        ConflictError: it was decided before.
    """
    dispute, by = dispute_or_raise(uow, dispute_id), named(actor)
    if not aliases(uow, by) & (aliases(uow, dispute.learner_id) | aliases(uow, dispute.opened_by)):
        raise InputError(
            "only the learner or whoever opened it withdraws it",
            where=dispute.id,
            field="actor",
            remedy="`ascertain dispute decide` closes it with a reason",
        )
    done = disputes.withdraw(dispute, by=by, now=clock.now())
    if done != dispute:
        _close(uow, done, actor="learner", payload={"by": by})
    return done


def decide(
    uow: UnitOfWork,
    dispute_id: str,
    outcome: Outcome,
    *,
    reason: str,
    actor: str,
    clock: Clock,
    level: Level | None = None,
    confirmed: Collection[str] = (),
) -> Dispute:
    """Decide about a dispute and carry it to the assertion. The caller commits.

    Args:
        confirmed: ids of added evidence that whoever decides has checked: it counts as a document from now on.

    Raises:
        NotFoundError: no such dispute.
        InputError: a reason or level is missing, evidence is not of this dispute, or the one who decides is the
            learner, speaks for them, or made the disputed decision.
        ConflictError: it was closed otherwise before.
    """
    dispute, by = dispute_or_raise(uow, dispute_id), named(actor)
    row = present(uow, dispute)
    mine = aliases(uow, by)
    involved = [by] if mine & _involved(uow, dispute, row) else []
    if strange := sorted(set(confirmed) - set(dispute.evidence)):
        raise InputError(
            f"{', '.join(strange)} was not added to it", where=dispute.id, field="confirm", remedy="see `dispute show`"
        )
    done = disputes.decide(dispute, outcome, reason=reason, by=by, now=clock.now(), level=level, involved=involved)
    if done == dispute:
        return dispute
    if row is not None:
        done = replace(done, assertion_id=row.id)
    _confirm(uow, done, confirmed)
    header = {"outcome": done.state.value, "level": done.decided_level, "confirmed": sorted(confirmed)}
    _close(uow, done, actor="reviewer", payload={"by": by, "reason": done.decision_reason}, header=header)
    return done


def present(uow: UnitOfWork, dispute: Dispute) -> StoredAssertion | None:
    """What is said about the disputed skill now."""
    rows = uow.assertions.of(dispute.learner_id)
    return next((r for r in rows if r.skill_id == dispute.skill_id), None)


def _involved(uow: UnitOfWork, dispute: Dispute, row: StoredAssertion | None) -> frozenset[str]:
    """The learner, whoever spoke for them, and whoever decided what is disputed, by review or in a dispute before."""
    names = {dispute.learner_id, dispute.opened_by}
    decisions = Decisions.of(uow, dispute.learner_id)
    if (reviewed := decisions.by_skill.get(dispute.skill_id)) is not None:
        names.add(reviewed[0].decided_by)
    for ident in {dispute.assertion_id, row.id if row else ""} - {""}:
        if (item := uow.reviews.get(review_id(ident))) is not None:
            names.add(item.decided_by)
    if (before := decisions.disputed.get(dispute.skill_id)) is not None and before[0].id != dispute.id:
        names.add(before[0].decided_by)
    return frozenset(a for n in names if n for a in aliases(uow, n))


def _evidence(dispute: Dispute, text: str, clock: Clock, masker: Pseudonymiser) -> Evidence:
    words = clean_plain(text)
    if not words or len(words) > MOST_CHARACTERS:
        problem = f"holds {len(words)} characters, not 1 to {MOST_CHARACTERS}"
        raise InputError(problem, where=dispute.id, field="evidence", remedy="give the part that shows the skill")
    try:
        masker.mask(words)
    except PseudonymError as e:
        remedy = "leave names and numbers of people out"
        raise InputError(e.message, where=dispute.id, field="evidence", remedy=remedy) from None
    ref = SourceRef(SYSTEM, Entity.DOCUMENT, f"{dispute.id}-{digest(words, length=12)}")
    return Evidence(
        id=evidence_id(ref),
        learner_id=dispute.learner_id,
        kind=EvidenceKind.SELF_ASSESSMENT,
        system=SYSTEM,
        source_ref=str(ref),
        origin=str(ref),
        title="Added to a dispute",
        text=words,
        occurred_on=clock.today(),
    )


def _confirm(uow: UnitOfWork, dispute: Dispute, confirmed: Collection[str]) -> None:
    pieces = [e for e in uow.evidence.of(dispute.learner_id) if e.id in set(confirmed)]
    uow.evidence.upsert(replace(e, kind=EvidenceKind.DOCUMENT) for e in pieces)


def _close(
    uow: UnitOfWork,
    dispute: Dispute,
    *,
    actor: str,
    payload: dict[str, str],
    header: Mapping[str, object] | None = None,
) -> None:
    """Store a closed dispute, and put the assertion where it stands now."""
    uow.disputes.put(dispute)
    row = present(uow, dispute)
    state = restore(uow, row).state.value if row is not None else ""
    asked = uow.reviews.open(learner_id=dispute.learner_id)
    waits = next((i for i in asked if row is not None and i.assertion_id == row.id), None)
    if waits is not None and dispute.state in (DisputeState.AMENDED, DisputeState.CORRECTED):
        kind = DecisionKind.ADJUST if dispute.state is DisputeState.AMENDED else DecisionKind.REJECT
        decided = replace(waits, decision=kind, decided_level=dispute.decided_level, decided_by=dispute.decided_by)
        uow.reviews.put(replace(decided, decision_reason=dispute.decision_reason, decided_at=dispute.decided_at))
    told = {"dispute": dispute.id, "assertion": dispute.assertion_id, "state": state, **(header or {})}
    action = "dispute.withdrawn" if dispute.state is DisputeState.WITHDRAWN else "dispute.decided"
    uow.audit.append(action, actor=actor, learner_id=dispute.learner_id, header=told, payload=payload)
