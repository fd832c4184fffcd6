"""Mentors: found, offered, asked, answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.mentoring import Offer, Word
from ascertain.domain.permission import Action
from ascertain.pipeline import mentoring
from ascertain.pipeline.mentoring_find import find, open_needs
from ascertain.pipeline.mentoring_view import everybody, found_view, mentoring_of, mentorship_view, offer_view, seen_by
from ascertain.pipeline.permit import may, permitted_learner
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.learners import LearnerId
from ascertain.service.api.models_mentoring import (
    AllowMentor,
    AnswerMentor,
    AskMentor,
    EndMentorship,
    MentorFound,
    MentoringOffered,
    MentoringShown,
    MentorshipShown,
    ObjectMentor,
    OfferMentoring,
    PairNoted,
)
from ascertain.service.api.paging import Paging, Sorted
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes

router = APIRouter(prefix="/v1/learners/{learner}/mentoring", tags=["mentors"], responses=PROBLEMS)

Reads = Annotated[Caller, Depends(Asks(Action.MENTOR_READ))]
Uses = Annotated[Caller, Depends(Writes(Action.MENTOR_USE))]
RequestId = Annotated[str, Path(max_length=40, description="Id of a request.")]


@router.get("", operation_id="learner_mentoring", response_model=One[MentoringShown])
def shown(learner: LearnerId, caller: Reads) -> Response:
    """What somebody offers, whom they asked, who asked them. Words and objections are for their own eyes."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        own = may(uow, caller.who, Action.MENTOR_USE, found)
        data = mentoring_of(
            uow, found, caller.app.bundle.taxonomy, caller.app.mentors, own=own, seen=seen_by(uow, caller.who)
        )
    caller.note("mentoring", [found.id])
    return caller.one(MentoringShown, data)


@router.get("/found", operation_id="find_mentors", response_model=Page[MentorFound])
def found(
    learner: LearnerId,
    caller: Reads,
    paging: Annotated[Paging, Depends()],
    skill: Annotated[
        list[str] | None, Query(max_length=50, description="Ids of skills; else every open need of the role.")
    ] = None,
) -> Response:
    """Who could be somebody's mentor: of those who offered it, the best first for each skill, with reasons."""
    with caller.reading() as uow:
        person = permitted_learner(uow, caller.who, caller.action, learner)
        fits = find(uow, person, skill or open_needs(uow, person), caller.app.mentors.seek)
        seen = everybody if may(uow, caller.who, Action.MENTOR_USE, person) else seen_by(uow, caller.who)
        fits = [(p, f) for p, f in fits if seen(p.id)]
        rows = found_view(uow, fits, caller.app.bundle.taxonomy)
    caller.note("mentors", sorted({person.id, *(r["mentor"] for r in rows)}))
    places = {(r["skill"], r["mentor"]): i for i, r in enumerate(rows)}
    ordered = Sorted(rows, lambda r: (places[r["skill"], r["mentor"]],), tuple(skill or ()))
    return caller.page(MentorFound, caller.cut(ordered, paging))


@router.post(
    "/offer",
    operation_id="offer_mentoring",
    response_model=One[MentoringOffered],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(OfferMentoring),
)
def offer(
    learner: LearnerId, caller: Uses, given: Annotated[OfferMentoring, Depends(Given(OfferMentoring))]
) -> Response:
    """Offer to be a mentor, in place of what was offered before; no places take it back."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            data = None
            if given.places:
                asked = Offer(
                    person.id, given.places, tuple(given.skills), given.level_shown, given.timezone, given.note
                )
                made = mentoring.offer(uow, app.bundle.taxonomy, asked, person, app.mentors, actor=caller.who)
                data = offer_view(made, app.bundle.taxonomy)
            else:
                mentoring.close_offer(uow, person, actor=caller.who)
            uow.commit()
        return Done(MentoringOffered, {"learner": person.id, "offer": data}, person.id)

    return once(caller, given, work)


@router.post(
    "/requests",
    operation_id="ask_mentor",
    response_model=One[MentorshipShown],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AskMentor),
)
def ask(learner: LearnerId, caller: Uses, given: Annotated[AskMentor, Depends(Given(AskMentor))]) -> Response:
    """Ask somebody to be one's mentor in a skill. What waits or holds already is answered as it stands."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            made = mentoring.ask(uow, person, given.mentor, given.skill, given.words, app.mentors, actor=caller.who)
            uow.commit()
        return Done(MentorshipShown, mentorship_view(made, app.bundle.taxonomy, app.mentors), person.id)

    return once(caller, given, work)


@router.post(
    "/{mentorship}/answer",
    operation_id="answer_mentor",
    response_model=One[MentorshipShown],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AnswerMentor),
)
def answer(
    learner: LearnerId,
    mentorship: RequestId,
    caller: Uses,
    given: Annotated[AnswerMentor, Depends(Given(AnswerMentor))],
) -> Response:
    """The mentor, who is the learner of the address, says yes or no."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            row = mentoring.of_person(uow, person, mentorship, as_mentor=True)
            done = mentoring.answer(uow, row, yes=given.accept, said=given.said, desk=app.mentors, actor=caller.who)
            uow.commit()
        return Done(MentorshipShown, mentorship_view(done, app.bundle.taxonomy, app.mentors), person.id)

    return once(caller, given, work)


@router.post(
    "/{mentorship}/end",
    operation_id="end_mentorship",
    response_model=One[MentorshipShown],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(EndMentorship),
)
def end(
    learner: LearnerId,
    mentorship: RequestId,
    caller: Uses,
    given: Annotated[EndMentorship, Depends(Given(EndMentorship))],
) -> Response:
    """Either of the two ends it; a request that waits is taken back."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            row = mentoring.of_person(uow, person, mentorship)
            by = "learner" if row.learner_id == person.id else "mentor"
            done = mentoring.end(uow, row, by=by, said=given.said, desk=app.mentors, actor=caller.who)
            uow.commit()
        return Done(MentorshipShown, mentorship_view(done, app.bundle.taxonomy, app.mentors), person.id)

    return once(caller, given, work)


@router.post(
    "/objections",
    operation_id="object_mentor",
    response_model=One[PairNoted],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(ObjectMentor),
)
def object_to(
    learner: LearnerId, caller: Uses, given: Annotated[ObjectMentor, Depends(Given(ObjectMentor))]
) -> Response:
    """Not to be brought together with somebody whom one was shown. They are not told."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            other = mentoring.acquainted(uow, person, given.other, app.mentors.seek)
            if given.lift:
                mentoring.lift(uow, Word.OBJECTION, person, other.id, actor=caller.who)
            else:
                mentoring.object_to(uow, person, other, app.mentors, actor=caller.who)
            uow.commit()
        return Done(PairNoted, {"learner": person.id, "other": other.id, "holds": not given.lift}, person.id)

    return once(caller, given, work)


@router.post(
    "/leave",
    operation_id="allow_mentor",
    response_model=One[PairNoted],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(AllowMentor),
)
def allow(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Writes(Action.MENTOR_ALLOW))],
    given: Annotated[AllowMentor, Depends(Given(AllowMentor))],
) -> Response:
    """Leave for a mentor along a reporting line, by learning and development or HR, about both of whom they may."""

    def work() -> Done:
        app = caller.app
        with caller.writing() as uow:
            person = permitted_learner(uow, caller.who, caller.action, learner)
            other = permitted_learner(uow, caller.who, caller.action, given.mentor)
            if given.lift:
                mentoring.lift(uow, Word.LEAVE, person, other.id, actor=caller.who)
            else:
                mentoring.allow(uow, person, other, given.reason, app.mentors, actor=caller.who, until=given.until)
            uow.commit()
        return Done(PairNoted, {"learner": person.id, "other": other.id, "holds": not given.lift}, person.id)

    return once(caller, given, work)
