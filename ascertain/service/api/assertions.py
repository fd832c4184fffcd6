"""One number: what it is, what it rests on, and whether it can be made again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.domain.runs import StoredAssertion
from ascertain.pipeline import views
from ascertain.pipeline.explain import Receipt, explain
from ascertain.pipeline.permit import permitted_assertion
from ascertain.pipeline.replay import Replayer
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_insight import AssertionOfPerson, Explanation, ReplayResult

router = APIRouter(prefix="/v1/assertions", tags=["assertions"], responses=PROBLEMS)
AssertionId = Annotated[str, Path(max_length=64, description="Id of an assertion, or an unambiguous beginning of it.")]


@router.get("/{assertion}", operation_id="get_assertion", response_model=One[AssertionOfPerson])
def assertion(assertion: AssertionId, caller: Annotated[Caller, Depends(Asks(Action.SKILLS_READ))]) -> Response:
    """One assertion."""
    with caller.reading() as uow:
        row = permitted_assertion(uow, caller.who, caller.action, assertion)
    caller.note("assertion", [row.learner_id])
    return caller.one(AssertionOfPerson, _shown(row))


@router.get("/{assertion}/explanation", operation_id="explain_assertion", response_model=One[Explanation])
def explanation(assertion: AssertionId, caller: Annotated[Caller, Depends(Asks(Action.EXPLAIN))]) -> Response:
    """What each piece of evidence adds to a number, and what would raise it."""
    with caller.reading() as uow:
        receipt = explain(uow, permitted_assertion(uow, caller.who, caller.action, assertion).id)
    caller.note("explain", [receipt.assertion.learner_id])
    return caller.one(Explanation, _told(receipt))


@router.get("/{assertion}/replay", operation_id="replay_assertion", response_model=One[ReplayResult])
def replay(assertion: AssertionId, caller: Annotated[Caller, Depends(Asks(Action.REPLAY))]) -> Response:
    """Make a number again from the stored evidence, and say what differs, if anything."""
    with caller.reading() as uow:
        row = permitted_assertion(uow, caller.who, caller.action, assertion)
        found = Replayer(uow, caller.app.bundle.taxonomy, caller.app.taxonomy_of).replay(row.id)
    caller.note("replay", [row.learner_id])
    data = {
        "assertion": found.assertion_id,
        "identical": found.identical,
        "stored": found.stored,
        "rebuilt": found.rebuilt,
        "differences": list(found.differences),
    }
    return caller.one(ReplayResult, data)


def _shown(row: StoredAssertion) -> dict[str, Any]:
    return views.assertion(row) | {"learner": row.learner_id}


def _told(receipt: Receipt) -> dict[str, Any]:
    reasons = [
        {
            "evidence": r.evidence_id,
            "title": r.title,
            "kind": str(r.kind),
            "system": r.system,
            "on": r.occurred_on.isoformat() if r.occurred_on else None,
            "quote": r.quote,
            "supports": r.supports,
            "weight": r.weight,
            "outcome": r.outcome,
            "level": int(r.level),
            "delta": r.delta,
            "repeats": r.repeats,
        }
        for r in receipt.reasons
    ]
    return {
        "assertion": _shown(receipt.assertion),
        "threshold": receipt.threshold,
        "before_calibration": receipt.assertion.raw,
        "reasons": reasons,
        "next_proof": receipt.next_proof,
        "next_task": receipt.next_task,
        "next_task_at": receipt.next_task_at,
        "review": receipt.review.id if receipt.review else None,
        "model": list(receipt.model),
    }
