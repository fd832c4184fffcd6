"""Content tags to confirm: a list by what is worth a look, votes, and what learners say."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.content_tags import TagState
from ascertain.domain.permission import Action
from ascertain.domain.skills import Level
from ascertain.pipeline import tag_words
from ascertain.pipeline.permit import demand, permitted_learner
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.deciding import LearnerId
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_stewardship import ContentTag, SaidOfTag, SayOfTag, VotedOnTags, VoteOnTag, VoteOnTags
from ascertain.service.api.paging import Cut, Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

router = APIRouter(prefix="/v1", tags=["catalogue"], responses=PROBLEMS)

Id = Annotated[str, Query(max_length=300)]


@router.get("/content/tags", operation_id="list_content_tags", response_model=Page[ContentTag])
def listed(
    caller: Annotated[Caller, Depends(Asks(Action.CONTENT_TAG))],
    paging: Annotated[Paging, Depends()],
    state: Annotated[TagState | None, Query(description="Only those.")] = None,
    skill: Id = "",
    system: Id = "",
    content: Id = "",
    notice: Annotated[bool, Query(description="Only what is on notice.")] = False,
) -> Response:
    """Tags of the present catalogue, what is worth a look first: use times uncertainty."""
    with caller.reading() as uow:
        demand(uow, caller.who, caller.action)
        desk = caller.app.tag_desk(uow)
        rows = desk.rows(state=state, skill=skill, system=system, content=content, notice=notice)
        filters = (state, skill, system, content, notice)
        cut = caller.cut(Sorted(rows, lambda r: (-r.worth, r.content.item.content_id, r.skill_id), filters), paging)
        shown = [r.shown() for r in desk.placed(cut.rows)]
    return caller.page(ContentTag, Cut(shown, cut.next))


@router.post(
    "/content/{content}/tags",
    operation_id="vote_on_content_tag",
    response_model=One[ContentTag],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(VoteOnTag),
)
def vote(
    content: Annotated[str, Path(max_length=300)],
    caller: Annotated[Caller, Depends(Writes(Action.CONTENT_TAG))],
    given: Annotated[VoteOnTag, Depends(Given(VoteOnTag))],
) -> Response:
    """Say whether content teaches a skill. A yes to a skill that was not suggested adds it."""

    def work() -> Done:
        with caller.writing() as uow:
            row = caller.app.tag_desk(uow).vote(
                caller.who,
                content,
                given.skill,
                given.vote,
                reason=given.reason,
                level=Level(given.level) if given.level else None,
            )
            uow.commit()
        return Done(ContentTag, row.shown(), None)

    return once(caller, given, work)


@router.post(
    "/learners/{learner}/content-words",
    operation_id="say_of_content_tag",
    response_model=One[SaidOfTag],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(SayOfTag),
)
def say(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.CONTENT_SAY))],
    given: Annotated[SayOfTag, Depends(Given(SayOfTag))],
) -> Response:
    """A learner says whether content teaches a skill. It decides nothing: what most who finished it doubt is put on
    notice."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            found = permitted_learner(uow, caller.who, caller.action, learner)
            tagger, said = app.tagger, given.said
            made = tag_words.say(
                uow, tagger, found, given.content, given.skill, said, actor=caller.who, clock=app.clock
            )
            uow.commit()
        shown = {"content": given.content, "skill": given.skill, "teaches": made.teaches if made else None}
        return Done(SaidOfTag, shown, found.id)

    return once(caller, given, work)


@router.post(
    "/content-tags",
    operation_id="vote_on_content_tags",
    response_model=One[VotedOnTags],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(VoteOnTags),
)
def bulk(
    caller: Annotated[Caller, Depends(Writes(Action.CONTENT_TAG))],
    given: Annotated[VoteOnTags, Depends(Given(VoteOnTags))],
) -> Response:
    """The same word on every undecided tag of a skill in one system."""

    def work() -> Done:
        with caller.writing() as uow:
            n = caller.app.tag_desk(uow).vote_on_all(
                caller.who, given.skill, given.system, given.vote, reason=given.reason, contents=given.contents
            )
            uow.commit()
        return Done(VotedOnTags, {"tags": n, "vote": given.vote}, None)

    return once(caller, given, work)
