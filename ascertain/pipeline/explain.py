"""The receipt of a number: what each piece of evidence added, and the smallest new proof that would cross the line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ascertain.domain.assertion import Assertion, assert_skill, belief_of, contributions
from ascertain.domain.belief import Observation
from ascertain.domain.calibration import Calibration
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.readout import chance_of_reaching
from ascertain.domain.routing import acceptance_threshold
from ascertain.domain.rules import Policy
from ascertain.domain.runs import ReviewItem, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.pipeline.beside import read_into
from ascertain.pipeline.replay import assertion_or_raise, observation_from, policy_of
from ascertain.pipeline.results import review_id


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence in the receipt. ``delta`` is its effect on the confidence (leave one out);
    ``repeats`` counts further records of the same origin, which add nothing."""

    evidence_id: str
    title: str
    kind: str
    system: str
    occurred_on: date | None
    quote: str
    supports: bool
    weight: float
    outcome: float
    level: Level
    delta: float
    repeats: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything behind one assertion. ``next_proof`` is empty when nothing more is needed or one would not do.

    ``next_task`` is the chance that the next graded task at that level reaches ``next_task_at``; ``None`` without a
    level or where the policy has no readout. ``calibration`` is the one that the confidence was made with, if any.
    ``model``: what a language model did about this skill that the rules did not, in words.
    """

    assertion: StoredAssertion
    learner_name: str
    threshold: float
    reasons: tuple[Reason, ...]
    next_proof: str
    review: ReviewItem | None
    next_task: float | None
    next_task_at: float
    calibration: Calibration | None = None
    model: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A kind of new evidence somebody could bring, with the outcome (0..1) it would have to have."""

    kind: EvidenceKind
    outcome: float
    words: str


PROOFS: tuple[Proof, ...] = (
    Proof(EvidenceKind.TICKET, 1.0, "one more resolved ticket that shows it"),
    Proof(EvidenceKind.COMPLETION, 0.85, "a completed course with 85 %"),
    Proof(EvidenceKind.ASSESSMENT, 0.85, "an assessment with 85 %"),
    Proof(EvidenceKind.PROJECT, 0.9, "a project rated 90 %"),
    Proof(EvidenceKind.CERTIFICATION, 0.9, "a certification with 90 %"),
)
"""What a receipt may suggest; which of them is the smallest follows from the policy's reliabilities."""


def explain(uow: UnitOfWork, assertion_id: str) -> Receipt:
    """Build the receipt of an assertion (id or prefix) from what is stored."""
    row = assertion_or_raise(uow, assertion_id)
    policy = policy_of(uow, row)
    observations = tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])
    assertion = assert_skill(row.skill_id, observations, policy.belief)
    evidence = {e.id: e for e in uow.evidence.of(row.learner_id)}
    quotes = {c["id"]: c["quote"] for c in uow.runs.document(row.run_id, "claims")}
    kept = contributions(assertion, policy.belief)
    learner = uow.people.get(row.learner_id)
    threshold = acceptance_threshold(policy.routing, sensitive=any(o.sensitive for o in observations))
    reasons = []
    for c in kept:
        source = evidence.get(c.evidence_id)
        mine = [o for o in observations if o.evidence_id == c.evidence_id and o.supports is c.supports]
        best = max(mine, key=lambda o: o.weight)
        same = {o.evidence_id for o in observations if o.origin == best.origin and o.supports is c.supports}
        reasons.append(
            Reason(
                c.evidence_id,
                source.title if source else "(no longer stored)",
                c.kind,
                source.system if source else "",
                source.occurred_on if source else None,
                quotes.get(best.claim_id, ""),
                c.supports,
                c.weight,
                c.outcome,
                c.level,
                c.delta,
                len(same) - 1,
            )
        )
    item = uow.reviews.get(review_id(row.id))
    belief, level, at = belief_of(assertion, policy.belief), assertion.level, policy.belief.performs_at
    return Receipt(
        row,
        learner.name if learner else row.learner_id,
        threshold,
        tuple(reasons),
        next_proof(assertion, threshold, policy),
        item,
        chance_of_reaching(belief, level, at, policy.belief) if level else None,
        at,
        policy.belief.calibration if row.raw is not None else None,
        read_into(uow, row.run_id, row.skill_id),
    )


def proofs(uow: UnitOfWork, rows: Iterable[StoredAssertion]) -> dict[str, str]:
    """By id of the assertion, the ``next_proof`` of each, without the rest of its receipt."""
    found = {}
    for row in rows:
        policy = policy_of(uow, row)
        observations = tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])
        threshold = acceptance_threshold(policy.routing, sensitive=any(o.sensitive for o in observations))
        found[row.id] = next_proof(assert_skill(row.skill_id, observations, policy.belief), threshold, policy)
    return found


def next_proof(assertion: Assertion, threshold: float, policy: Policy) -> str:
    """The smallest single new proof that would bring the confidence to ``threshold``, in words; empty when nothing
    more is needed, or one would not do."""
    found = smallest_proof(assertion, threshold, policy)
    return f"{found[0].words} at level {int(found[1])}" if found else ""


def smallest_proof(assertion: Assertion, threshold: float, policy: Policy) -> tuple[Proof, Level] | None:
    """The least weighty of ``PROOFS`` that would do, and the level it must be at: the asserted one, or the one the
    evidence leans to where there is not enough of it."""
    if assertion.confidence is not None and assertion.level and assertion.confidence >= threshold:
        return None
    level = assertion.level or belief_of(assertion, policy.belief).highest(policy.belief) or Level.FOUNDATION
    for proof in sorted(PROOFS, key=lambda p: policy.belief.reliability[p.kind] * p.outcome):
        after = with_proof(assertion, proof, level, policy)
        if after.level and after.level >= level and (after.confidence or 0.0) >= threshold:
            return proof, level
    return None


def with_proof(assertion: Assertion, proof: Proof, level: Level, policy: Policy) -> Assertion:
    """The assertion as it would be with one fresh, certain piece of evidence more."""
    new = Observation(
        origin="hypothetical",
        evidence_id="hypothetical",
        claim_id="hypothetical",
        skill_id=assertion.skill_id,
        kind=proof.kind,
        level=level,
        mapping=1.0,
        reliability=policy.belief.reliability[proof.kind],
        recency=1.0,
        outcome=proof.outcome,
        supports=True,
    )
    return assert_skill(assertion.skill_id, (*assertion.observations, new), policy.belief)
