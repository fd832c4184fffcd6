"""How a figure came about: the receipt of one assertion, and building it again from what is stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.pipeline import views
from ascertain.pipeline.explain import explain
from ascertain.pipeline.permit import may, permitted_assertion
from ascertain.pipeline.replay import Replay
from ascertain.pipeline.replay import replay as build_again
from ascertain.service.pages.people import called
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)


@router.get("/assertions/{assertion}")
def receipt(request: Request, assertion: str, reader: Annotated[Reader, Depends(Reads(Action.EXPLAIN))]) -> Response:
    """What each piece of evidence added, who decided, and which versions were used."""
    return _shown(request, assertion, reader, again=False)


@router.get("/assertions/{assertion}/replay")
def replay(request: Request, assertion: str, reader: Annotated[Reader, Depends(Reads(Action.REPLAY))]) -> Response:
    """The receipt with the figures built again. It writes nothing, so a link may lead here."""
    return _shown(request, assertion, reader, again=True)


def _shown(request: Request, assertion: str, reader: Reader, *, again: bool) -> Response:
    app = service_of(request).app
    rebuilt: Replay | None = None
    with app.units(write=False) as uow:
        row = permitted_assertion(uow, reader.who, Action.EXPLAIN, assertion)
        if again:
            permitted_assertion(uow, reader.who, Action.REPLAY, row.id)
            rebuilt = build_again(uow, row.id, app.bundle.taxonomy, app.taxonomy_of)
        found = explain(uow, row.id)
        learner = uow.people.get(row.learner_id)
        disputes = [d for d in uow.disputes.about(row.learner_id) if d.skill_id == row.skill_id]
        data = {
            "r": found,
            "a": row,
            "mine": reader.who.learner_id == row.learner_id,
            "may_replay": may(uow, reader.who, Action.REPLAY, learner, row.skill_id),
            "may_dispute": may(uow, reader.who, Action.DISPUTE_OPEN, learner, row.skill_id),
            "most": max((abs(x.delta) for x in found.reasons), default=0.0),
            "disputes": [views.dispute(d) for d in reversed(disputes)],
            "replay": rebuilt,
            "decided_by": called(uow, found.review.decided_by) if found.review else "",
            "assignee": called(uow, found.review.assignee) if found.review else "",
            "level": int(row.level) if row.level else None,
        }
    service_of(request).reads.note(reader.who.name, "replay" if again else "explain", [row.learner_id])
    return show(request, reader, "receipt.html", data)
