"""People: their skills, evidence, gaps, path, and what they may ask about themselves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from ascertain.domain.consent import WORDS, Purpose, Source, Statement, Topic
from ascertain.domain.evidence import Evidence as Trace
from ascertain.domain.permission import Action
from ascertain.domain.usage import Use
from ascertain.pipeline import team_view, views, views_gaps
from ascertain.pipeline.permit import permitted_learner, permitted_rows, those_permitted
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_insight import Gaps
from ascertain.service.api.models_insight import Path as PathOfPerson
from ascertain.service.api.models_people import (
    Access,
    ConsentState,
    Dispute,
    Evidence,
    Matches,
    Mentor,
    Person,
    Profile,
)
from ascertain.service.api.paging import Cut, Paging, Sorted

router = APIRouter(prefix="/v1", tags=["people"], responses=PROBLEMS)

LearnerId = Annotated[str, Path(max_length=200, description="Id or e-mail address of a person.")]
Pages = Annotated[Paging, Depends()]
ReadsSkills = Annotated[Caller, Depends(Asks(Action.SKILLS_READ))]


@router.get("/learners", operation_id="list_learners", response_model=Page[Person])
def learners(
    caller: ReadsSkills,
    paging: Pages,
    q: Annotated[str, Query(max_length=200, description="Part of a name, id or job title.")] = "",
    cohort: Annotated[str, Query(max_length=200, description="A department, a job profile, or `all`.")] = "all",
) -> Response:
    """Active people whose skills the caller may read, by id. How many others there are is not told."""
    word = q.strip().casefold()
    with caller.reading() as uow:
        found = those_permitted(uow, caller.who, caller.action, uow.people.cohort(cohort))
        rows = [views.person(p) for p in found if word in f"{p.name}\n{p.id}\n{p.job_title}".casefold()]
    return caller.page(Person, caller.cut(Sorted(rows, lambda r: (str(r["id"]),), (word, cohort)), paging))


@router.get("/learners/{learner}/skills", operation_id="learner_skills", response_model=One[Profile])
def skills(
    learner: LearnerId,
    caller: ReadsSkills,
    use: Annotated[Use, Query(description="What for: a decision gets only what may carry one.")] = Use.INFORMATION,
) -> Response:
    """A person's skills: level, confidence, amount of evidence, and the evidence itself.

    With `use=decision` only what a human has reviewed and nobody contests; the rest is named with the reason.
    """
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        begun = caller.noting("profile", [found.id])
        data = views.profile(uow, found)
    begun.wait()
    return caller.one(Profile, views.for_decisions(data) if use is Use.DECISION else data)


@router.get("/learners/{learner}/evidence", operation_id="learner_evidence", response_model=Page[Evidence])
def evidence(
    learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.EVIDENCE_READ))], paging: Pages
) -> Response:
    """What was taken in about a person and may be used, by id."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        rows = [_trace(e) for e in uow.evidence.of(found.id) if found.allows(e)]
    caller.note("evidence", [found.id])
    return caller.page(Evidence, caller.cut(Sorted(rows, lambda r: (str(r["id"]),)), paging))


@router.get("/learners/{learner}/gaps", operation_id="learner_gaps", response_model=One[Gaps])
def gaps(learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.GAPS_READ))]) -> Response:
    """A person against their role, as ranges, in the analyst's order of importance."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        data = views_gaps.gaps(uow, found, caller.app.bundle.taxonomy)
    caller.note("gaps", [found.id])
    return caller.one(Gaps, data)


@router.get("/learners/{learner}/path", operation_id="learner_path", response_model=One[PathOfPerson])
def path(learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.PATH_READ))]) -> Response:
    """A person's path out of the catalogue: what, when, why, what limits it, and whether somebody approved it."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        data = views.path(uow, found, caller.app.bundle.taxonomy, caller.app.mentors.seek)
    caller.note("path", [found.id])
    return caller.one(PathOfPerson, data)


@router.get("/learners/{learner}/mentors", operation_id="learner_mentors", response_model=Page[Mentor])
def mentors(
    learner: LearnerId,
    caller: Annotated[Caller, Depends(Asks(Action.PATH_READ))],
    paging: Pages,
    skill: Annotated[
        list[str] | None, Query(max_length=50, description="Ids of skills; else those of the path.")
    ] = None,
) -> Response:
    """Colleagues who offer to be a mentor in these skills and could be this person's now: at most two a skill."""
    taxonomy = caller.app.bundle.taxonomy
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        seek = caller.app.mentors.seek
        rows = (
            views.mentors(uow, found, taxonomy, skill, seek)
            if skill
            else views.path(uow, found, taxonomy, seek)["mentors"]
        )
    caller.note("mentors", [found.id])
    asked = tuple(skill or ())
    return caller.page(
        Mentor, caller.cut(Sorted(rows, lambda r: (r["skill"], -(r["level"] or 0), r["name"]), asked), paging)
    )


@router.get("/learners/{learner}/matches", operation_id="learner_matches", response_model=One[Matches])
def matches(learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.GAPS_READ))]) -> Response:
    """Roles that a person's evidence covers most: something to look at, never a ranking to decide by.

    Of somebody who does not want to be found for other roles, others see their own role alone.
    """
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        roles = uow.roles.all()
        if found.id != caller.who.learner_id and not found.consents.allows(Purpose.MOBILITY):
            roles = [r for r in roles if r.id == found.job_profile_id]
        rows = team_view.close_to(uow, [found], roles, caller.app.policy.belief, caller.app.bundle.taxonomy)
    caller.note("matches", [found.id])
    return caller.one(Matches, rows[0])


@router.get("/learners/{learner}/disputes", operation_id="learner_disputes", response_model=Page[Dispute])
def disputes(
    learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.DISPUTE_READ))], paging: Pages
) -> Response:
    """What a person contests or has contested, oldest first."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        rows, left_out = permitted_rows(
            uow, caller.who, caller.action, uow.disputes.about(found.id), lambda d: (d.learner_id, d.skill_id)
        )
        shown = [views.dispute(d) for d in rows]
    caller.note("disputes", [found.id])
    cut = caller.cut(Sorted(shown, lambda r: (r["opened_at"], r["id"])), paging)
    return caller.page(Dispute, cut, left_out=left_out)


@router.get("/learners/{learner}/consents", operation_id="learner_consents", response_model=One[ConsentState])
def consents(learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.CONSENT_READ))]) -> Response:
    """What may be used of a person, why what may not, and everything that was said about it."""
    topics: list[Topic] = [*Purpose, *Source]
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        said = [_said(s) for s in uow.consents.of(found.id)]
    now = [
        {
            "topic": t.value,
            "words": WORDS[t],
            "allowed": found.consents.allows(t),
            "why_not": found.consents.why_not(t),
        }
        for t in topics
    ]
    caller.note("consent", [found.id])
    return caller.one(ConsentState, {"person": found.id, "now": now, "history": said})


@router.get("/learners/{learner}/accesses", operation_id="learner_accesses", response_model=Page[Access])
def accesses(
    learner: LearnerId, caller: Annotated[Caller, Depends(Asks(Action.ACCESS_READ))], paging: Pages
) -> Response:
    """Who looked at a person, newest first."""
    with caller.reading() as uow:
        found = permitted_learner(uow, caller.who, caller.action, learner)
        seen = uow.accesses.of(found.id)
    cut = caller.cut(Sorted(seen, lambda a: (-a.record,)), paging)
    rows = [
        {"record": a.record, "at": a.at.isoformat(), "actor": a.actor, "what": a.what, "people": a.people}
        for a in cut.rows
    ]
    return caller.page(Access, Cut(rows, cut.next))


def _trace(e: Trace) -> dict[str, Any]:
    return {
        "id": e.id,
        "kind": e.kind.value,
        "system": e.system,
        "title": e.title,
        "text": e.text,
        "content": e.content_id,
        "on": e.occurred_on.isoformat() if e.occurred_on else None,
        "score": e.score,
        "passed": e.passed,
        "level": e.level,
    }


def _said(s: Statement) -> dict[str, Any]:
    return {
        "topic": s.topic.value,
        "given": s.given,
        "origin": s.origin.value,
        "on": s.on.isoformat(),
        "text_version": s.text_version,
        "actor": s.actor,
        "reason": s.reason,
        "at": s.at.isoformat(),
    }
