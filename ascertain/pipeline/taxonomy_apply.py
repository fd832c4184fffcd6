"""Stores what a change of the taxonomy makes of somebody's results, under the human decisions that stand."""

from __future__ import annotations

from dataclasses import replace

from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.rules import Policy
from ascertain.domain.runs import ReviewItem, Run, StoredAssertion
from ascertain.domain.stewardship import Move, Proposal
from ascertain.pipeline.assign import assignee_of
from ascertain.pipeline.results import review_id, review_item
from ascertain.pipeline.run_audit import seal_reinstated
from ascertain.pipeline.standing import Decisions, reinstate, waiting
from ascertain.pipeline.taxonomy_moves import MovedRun


def store_moved(
    uow: UnitOfWork,
    m: MovedRun,
    found: Proposal,
    policy: Policy,
    owners: SkillOwners,
    taxonomy: Taxonomy,
    clock: Clock,
) -> Move | None:
    """One person's new run in place of the one before. One that was there, from before the change was reverted, is made
    the present one again, unless something of it went meanwhile: then it waits for the next sweep. The change is in use
    already: decisions are led by it. The caller commits."""
    known = uow.runs.find(m.learner.id, m.run.fingerprint)
    if known is not None:
        if not is_whole(uow, known):
            return None
        make_present(uow, known, m.before, clock)
        return Move(m.learner.id, m.before.id, known.id)
    waited = {i.skill_id: i for i in uow.reviews.open(learner_id=m.learner.id)}
    decisions = Decisions.of(uow, m.learner.id)
    asked = [decisions.apply(r) for r in m.rows]
    rows = [decisions.contest(r) for r in asked]
    states: dict[str, int] = {}
    for r in rows:
        states[r.state.value] = states.get(r.state.value, 0) + 1
    uow.runs.put(replace(m.run, outcome={**m.run.outcome, "states": dict(sorted(states.items()))}))
    uow.runs.put_documents(m.run.id, m.documents)
    uow.assertions.supersede(m.learner.id, keep_run=m.run.id)
    uow.reviews.close_for(m.learner.id, keep_run=m.run.id)
    uow.assertions.add(rows)
    ask, moves = set(waiting(asked)), found.change.moves
    for row in asked:
        before = waited.get(row.skill_id) or next(
            (waited[s] for s, to in moves.items() if row.skill_id in to and s in waited), None
        )
        if row.skill_id not in m.routes:
            if before is not None:  # also what was drawn of what code accepts
                uow.reviews.add([_anew(before, row)])
        elif row.id in ask:
            who = before.assignee if before else assignee_of(uow, row, m.learner, policy.review, owners, taxonomy)
            uow.reviews.add([review_item(row, m.routes[row.skill_id], m.learner, policy.review, who)])
    header = {
        "proposal": found.id,
        "run": m.run.id,
        "replaces": m.before.id,
        "taxonomy": m.run.versions.taxonomy,
        "assertions": len(rows),
        "moved": m.moved,
    }
    payload = {"assertions": [[r.id, r.skill_id, r.level, r.confidence, r.state] for r in rows]}
    uow.audit.append("taxonomy.moved", actor="system", learner_id=m.learner.id, header=header, payload=payload)
    return Move(m.learner.id, m.before.id, m.run.id)


def is_whole(uow: UnitOfWork, run: Run) -> bool:
    """Whether everything that a run quotes is still there: a withdrawal or a deletion since then took some of it."""
    held = {e.id for e in uow.evidence.of(run.learner_id)}
    claims = uow.runs.document(run.id, "claims")
    return claims is not None and all(c["quote"] and c["evidence_id"] in held for c in claims)


def make_present(uow: UnitOfWork, run: Run, replaced: Run, clock: Clock) -> None:
    """An earlier run is the present one again. The caller commits."""
    rows = reinstate(uow, run)
    uow.runs.put(replace(run, finished_at=clock.now()))
    seal_reinstated(uow, run, replaced, len(rows))


def _anew(item: ReviewItem, row: StoredAssertion) -> ReviewItem:
    """The same question about the same skill, of the new run."""
    return replace(item, id=review_id(row.id), assertion_id=row.id)
