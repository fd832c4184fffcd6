"""What waits for a human."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.pipeline.permit import permitted_learner, permitted_rows
from ascertain.pipeline.review_queue import names_of, rows, waiting
from ascertain.service.api.answers import Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_insight import ReviewRow
from ascertain.service.api.paging import Paging, Sorted

router = APIRouter(prefix="/v1", tags=["review"], responses=PROBLEMS)


@router.get("/reviews", operation_id="list_reviews", response_model=Page[ReviewRow])
def queue(
    caller: Annotated[Caller, Depends(Asks(Action.REVIEW_LIST))],
    paging: Annotated[Paging, Depends()],
    mine: Annotated[bool, Query(description="Only what waits for the caller.")] = False,
    overdue: Annotated[bool, Query(description="Only what is past its date.")] = False,
    learner: Annotated[str, Query(max_length=200, description="Only one person (id or e-mail address).")] = "",
) -> Response:
    """The review queue, most urgent first; without the level and the confidence that are suggested."""
    app = caller.app
    with caller.reading() as uow:
        person = permitted_learner(uow, caller.who, caller.action, learner).id if learner else None
        names = names_of(uow, caller.who, app.policy.review) if mine else None
        items = waiting(uow, assignees=names, learner_id=person)
        listed = rows(uow, app.bundle.taxonomy, items, app.clock.today())
        found, left_out = permitted_rows(uow, caller.who, caller.action, listed, lambda r: (r["learner"], r["skill"]))
    found = [r for r in found if r["overdue"] or not overdue]
    cut = caller.cut(Sorted(found, lambda r: (r["priority"], r["due"], r["id"]), (mine, overdue, learner)), paging)
    caller.note("reviews", [r["learner"] for r in cut.rows])
    return caller.page(ReviewRow, cut, left_out=left_out)
