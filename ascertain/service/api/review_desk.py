"""Reviewing: the evidence first, then one's own judgement, then the suggestion, then the decision."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.domain.skills import Level
from ascertain.pipeline.review_desk import Desk, Question
from ascertain.pipeline.review_writes import if_accepted
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_writes import (
    DecideReview,
    Judge,
    ReviewDecision,
    ReviewQuestion,
    ReviewSuggestion,
)
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, matching, once, takes

router = APIRouter(prefix="/v1/reviews", tags=["review"], responses=PROBLEMS)

ItemId = Annotated[str, Path(max_length=80, description="Id of an item of the review queue.")]
Reads = Annotated[Caller, Depends(Asks(Action.REVIEW_DECIDE))]
Decides = Annotated[Caller, Depends(Writes(Action.REVIEW_DECIDE))]


@router.get("/{item}", operation_id="get_review", response_model=One[ReviewQuestion])
def show(item: ItemId, caller: Reads) -> Response:
    """The evidence of an item, without what is suggested. It is noted that this reviewer was shown it."""
    with caller.writing() as uow:
        question = caller.app.review_desk(uow, caller.who).show(item)
        data = _question(question, decided=_is_decided(uow, question))
        uow.commit()
    caller.note("review", [question.learner_id])
    return caller.one(ReviewQuestion, data)


@router.post(
    "/{item}/judgement",
    operation_id="judge_review",
    response_model=One[ReviewSuggestion],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(Judge),
)
def judge(item: ItemId, caller: Decides, given: Annotated[Judge, Depends(Given(Judge))]) -> Response:
    """Say what the evidence shows, once and for all, and be told what is suggested."""

    def work() -> Done:
        with caller.writing() as uow:
            desk = caller.app.review_desk(uow, caller.who)
            learner = desk.learner_of(item)
            found = desk.judge(item, given.own_level)
            uow.commit()
        caller.note("review", [learner])
        app = caller.app
        writes, problem = if_accepted(app.write_back, app.units, caller.who, found, app.clock.today())
        data = {
            "id": found.item_id,
            "assertion": found.assertion_id,
            "level": int(found.level) if found.level else None,
            "confidence": found.confidence,
            "own_level": found.own_level,
            "would_write": [asdict(w) for w in writes],
            "would_write_problem": problem,
        }
        return Done(ReviewSuggestion, data, learner)

    return once(caller, given, work)


@router.post(
    "/{item}/decision",
    operation_id="decide_review",
    response_model=One[ReviewDecision],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(DecideReview, if_match=True),
)
def decide(item: ItemId, caller: Decides, given: Annotated[DecideReview, Depends(Given(DecideReview))]) -> Response:
    """Decide, after having judged. A decision stands until new evidence comes."""

    def work() -> Done:
        with caller.writing() as uow:
            desk = caller.app.review_desk(uow, caller.who)
            _must_match(caller, desk, uow, item)
            done = desk.decide(
                item,
                given.decision,
                reason=given.reason,
                level=Level(given.level) if given.level else None,
                needs=given.needs,
            )
            uow.commit()
        i = done.item
        data = {
            "id": i.id,
            "assertion": i.assertion_id,
            "decision": given.decision.value,
            "level": int(i.decided_level) if i.decided_level else None,
            "decided_at": i.decided_at.isoformat() if i.decided_at else "",
            "was_check": done.was_check,
            "altered": done.altered,
            "truth": done.truth,
        }
        return Done(ReviewDecision, data, i.learner_id)

    return once(caller, given, work)


def _must_match(caller: Caller, desk: Desk, uow: Any, item: str) -> None:
    if "if-match" in caller.request.headers:
        question = desk.show(item)
        matching(caller, ReviewQuestion, _question(question, decided=_is_decided(uow, question)))


def _is_decided(uow: Any, question: Question) -> bool:
    found = uow.reviews.get(question.item_id) or uow.checks.get(question.item_id)
    return found is not None and found.decision is not None


def _question(q: Question, *, decided: bool) -> dict[str, Any]:
    asked = q.asked
    return {
        "id": q.item_id,
        "learner": q.learner_id,
        "name": q.name,
        "skill": q.skill_id,
        "label": q.label,
        "definition": q.definition,
        "reasons": list(q.reasons),
        "priority": q.priority,
        "assignee": q.assignee,
        "due": q.due_on.isoformat(),
        "overdue": q.overdue,
        "decided": decided,
        "asked": {
            "level": int(asked.level),
            "essential": asked.essential,
            "critical": asked.critical,
            "why": asked.why,
        }
        if asked
        else None,
        "role": q.role,
        "evidence": [
            {
                "evidence_id": s.evidence_id,
                "title": s.title,
                "kind": s.kind,
                "system": s.system,
                "on": s.on.isoformat() if s.on else None,
                "outcome": s.outcome,
                "supports": s.supports,
                "quote": s.quote,
            }
            for s in q.evidence
        ],
    }
