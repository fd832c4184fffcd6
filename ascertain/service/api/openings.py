"""Openings in, and people beside them, both ways: suggestions, never decisions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.permission import Action
from ascertain.domain.talent import must_match
from ascertain.domain.wishes import Wish
from ascertain.pipeline.match_words import opening_view, view
from ascertain.pipeline.matches import NOTICE, for_me, must_be_found, shown_list
from ascertain.pipeline.openings import close_opening, import_openings, must_be_a_list, opening_or_raise
from ascertain.pipeline.permit import demand, demand_somewhere, permitted_learner
from ascertain.pipeline.views import person
from ascertain.pipeline.wishes import state
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.learners import LearnerId
from ascertain.service.api.models_talent import (
    CloseOpening,
    MatchListPage,
    OpeningForPerson,
    OpeningShown,
    OpeningsReported,
    SendOpenings,
    StateWish,
    WishShown,
    WishStated,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

OFF: dict[int | str, dict[str, Any]] = {409: {"description": "People are not compared with openings here."}}
router = APIRouter(prefix="/v1", tags=["talent"], responses=PROBLEMS)

OpeningId = Annotated[str, Path(max_length=80, description="Id of an opening.")]
Pages = Annotated[Paging, Depends()]
ReadsOpenings = Annotated[Caller, Depends(Asks(Action.OPENING_READ))]
ReadsMatches = Annotated[Caller, Depends(Asks(Action.MATCH_READ))]
Imports = Annotated[Caller, Depends(Writes(Action.OPENING_WRITE))]


@router.get("/openings", operation_id="list_openings", response_model=Page[OpeningShown])
def listed(
    caller: ReadsOpenings, paging: Pages, closed: Annotated[bool, Query(description="Closed ones too.")] = False
) -> Response:
    """What there is to take on, by id."""
    app = caller.app
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        rows = [o for o in uow.openings.all() if closed or o.open_on(app.clock.today())]
        shown = [opening_view(o, app.bundle.taxonomy) for o in rows]
    return caller.page(OpeningShown, caller.cut(Sorted(shown, lambda r: (str(r["id"]),), (closed,)), paging))


@router.post(
    "/openings",
    operation_id="send_openings",
    response_model=One[OpeningsReported],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(SendOpenings),
)
def send(caller: Imports, given: Annotated[SendOpenings, Depends(Given(SendOpenings))]) -> Response:
    """Take in openings. A record that is wrong is named and left out; again the same list changes nothing."""

    def work() -> Done:
        raw = given.model_dump()
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            must_be_a_list({**raw, "openings": []}, "body")
            report = import_openings(uow, caller.app.bundle.taxonomy, raw, actor=caller.who, clock=caller.app.clock)
            uow.commit()
        return Done(OpeningsReported, report, None)

    return once(caller, given, work)


@router.post(
    "/openings/{opening}/close",
    operation_id="close_opening",
    response_model=One[OpeningShown],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(CloseOpening),
)
def close(
    opening: OpeningId, caller: Imports, given: Annotated[CloseOpening, Depends(Given(CloseOpening))]
) -> Response:
    """Close an opening by hand; its list goes."""

    def work() -> Done:
        with caller.writing() as uow:
            demand(uow, caller.who, caller.action)
            done = close_opening(uow, opening, reason=given.reason, actor=caller.who, clock=caller.app.clock)
            uow.commit()
        return Done(OpeningShown, opening_view(done, caller.app.bundle.taxonomy), None)

    return once(caller, given, work)


@router.get(
    "/openings/{opening}/matches",
    operation_id="opening_matches",
    response_model=One[MatchListPage],
    responses=OFF,
)
def who_for(opening: OpeningId, caller: ReadsMatches) -> Response:
    """Who might be somebody for an opening: of people who want to be found, as far as the caller may see them.

    Places are ranges: people who share places are not told apart. A suggestion to look at, never a decision.
    """
    app = caller.app
    with caller.reading() as uow:
        demand_somewhere(uow, caller.who, caller.action)
        must_match(app.talent)
        found = shown_list(uow, caller.who, opening_or_raise(uow, opening))
        rows = [
            view(p, found.opening, app.bundle.taxonomy, app.talent.few_hours) | {"person": person(who)}
            for who, p in found.rows
        ]
    caller.note("matches", [r["person"]["id"] for r in rows])
    data = {
        "opening": found.opening.id,
        "title": found.opening.title,
        "notice": NOTICE,
        "made_at": found.made.made_at.isoformat() if found.made else None,
        "bias_check": found.outcome,
        "checked_at": found.check.at.isoformat() if found.check else None,
        "outdated": found.outdated,
        "left_out": found.left_out,
        "data": rows,
    }
    return caller.one(MatchListPage, data)


@router.get(
    "/learners/{learner}/openings",
    operation_id="learner_openings",
    response_model=Page[OpeningForPerson],
    responses=OFF,
)
def what_for(learner: LearnerId, caller: ReadsMatches, paging: Pages) -> Response:
    """What there is for a person. Of somebody who has not said that they want to be found, only for their own eyes."""
    app = caller.app
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        must_match(app.talent)
        must_be_found(caller.who, found)
        pairs = for_me(uow, found, app.policy.belief, app.clock.today())
        rows = [view(p, o, app.bundle.taxonomy, app.talent.few_hours) | {"title": o.title} for o, p in pairs]
    caller.note("matches", [found.id])
    places = {r["opening"]: i for i, r in enumerate(rows)}
    return caller.page(OpeningForPerson, caller.cut(Sorted(rows, lambda r: (places[r["opening"]],)), paging))


@router.get("/learners/{learner}/wishes", operation_id="learner_wishes", response_model=Page[WishShown])
def wishes(learner: LearnerId, caller: ReadsMatches, paging: Pages) -> Response:
    """What a person wants of skills and openings, as they said it."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        must_be_found(caller.who, found)
        rows = [_wish(w) for w in uow.wishes.of(found.id)]
    caller.note("wishes", [found.id])
    return caller.page(WishShown, caller.cut(Sorted(rows, lambda r: (r["kind"], r["about"])), paging))


@router.post(
    "/learners/{learner}/wishes",
    operation_id="state_wish",
    response_model=One[WishStated],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(StateWish),
)
def say(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.WISH_STATE))],
    given: Annotated[StateWish, Depends(Given(StateWish))],
) -> Response:
    """Say what one wants of a skill or an opening. It stands beside the level and changes none."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            found = permitted_learner(uow, caller.who, caller.action, learner)
            taxonomy = app.bundle.taxonomy
            done = state(uow, taxonomy, found, given.kind, given.about, given.want, actor=caller.who, clock=app.clock)
            uow.commit()
        said = {"kind": given.kind.value, "about": given.about, "want": done.want.value if done else None}
        return Done(WishStated, said, found.id)

    return once(caller, given, work)


def _wish(w: Wish) -> dict[str, Any]:
    return {"kind": w.topic.value, "about": w.about, "want": w.want.value, "at": w.stated_at.isoformat()}
