"""A person's skills, gaps and path: their own page, and the same page for whoever may see it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, ForbiddenError
from ascertain.pipeline import explain, views, views_gaps
from ascertain.pipeline.path_progress import progress
from ascertain.pipeline.permit import demand, may, permitted_learner
from ascertain.runtime import App
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]


@router.get("/me")
def me(request: Request, reader: Annotated[Reader, Depends(Reads(Action.SKILLS_READ))]) -> Response:
    """What is known of the reader."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.SKILLS_READ)
        data = person_page(uow, app, reader, learner)
        data |= {"mine": True, "disputes": [views.dispute(d) for d in reversed(uow.disputes.about(learner.id))]}
    service_of(request).reads.note(reader.who.name, "profile", [learner.id])
    return show(request, reader, "me.html", data)


@router.get("/learners/{learner}")
def person(request: Request, learner: str, reader: Annotated[Reader, Depends(Reads(Action.SKILLS_READ))]) -> Response:
    """What is known of somebody else, for those who may see it."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        found = permitted_learner(uow, reader.who, Action.SKILLS_READ, learner)
        demand(uow, reader.who, Action.EVIDENCE_READ, found)
        data = person_page(uow, app, reader, found) | {"mine": False, "disputes": []}
    service_of(request).reads.note(reader.who.name, "profile", [found.id])
    return show(request, reader, "me.html", data)


def oneself(uow: UnitOfWork, reader: Reader, action: Action) -> Learner:
    """The reader among the learners.

    Raises:
        ForbiddenError: they are none, or may not do it.
    """
    learner = uow.people.get(reader.who.learner_id) if reader.who.learner_id else None
    if learner is None:
        raise ForbiddenError(
            f"{reader.who.name} is nobody among the learners",
            actor=reader.who.name,
            kind=reader.who.kind,
            action=action.value,
            remedy="sign in with the address that the HR system has",
        )
    demand(uow, reader.who, action, learner)
    return learner


def called(uow: UnitOfWork, name: str) -> str:
    """Somebody's name, where ``name`` is the id or address of one learner; else as it is, in words."""
    try:
        found = uow.people.find(name) if name else None
    except ConflictError:  # the address of several
        found = None
    return found.name if found else name.replace("_", " ")


def person_page(uow: UnitOfWork, app: App, reader: Reader, learner: Learner) -> Json:
    """The data of ``me.html``: skills with their evidence and the smallest new proof for each, gaps, path, tiles."""
    taxonomy = app.bundle.taxonomy
    profile = views.profile(uow, learner)
    gaps = views_gaps.gaps(uow, learner, taxonomy) if may(uow, reader.who, Action.GAPS_READ, learner) else None
    path = (
        views.path(uow, learner, taxonomy, app.mentors.seek)
        if may(uow, reader.who, Action.PATH_READ, learner)
        else None
    )
    steps = progress(uow, learner, path, app.clock.today()) if path else None
    proofs = explain.proofs(uow, uow.assertions.of(learner.id))
    return {
        "profile": profile,
        "gaps": gaps,
        "path": path,
        "path_decided_by": called(uow, (path["approval"] or {}).get("decided_by", "")) if path else "",
        "progress": steps,
        "proofs": proofs,
        "required": {g["skill"]: g["required"] for g in gaps["gaps"]} if gaps else {},
        "timeline": [(s["title"], s["start_week"], s["end_week"], s["state"] == "done") for s in steps["steps"]]
        if steps
        else [],
        "weeks": max((s["end_week"] for s in steps["steps"]), default=1.0) if steps else 1.0,
        "tiles": _tiles(profile, gaps, steps),
    }


def _tiles(profile: Json, gaps: Json | None, steps: Json | None) -> list[Json]:
    shown = [s for s in profile["skills"] if s["level"]]
    accepted = sum(s["state"] == "accepted" for s in profile["skills"])
    waiting = sum(s["state"] == "in_review" for s in profile["skills"])
    found: list[Json] = [
        {"figure": len(shown), "words": "skills with a level"},
        {"figure": accepted, "words": "accepted"},
        {"figure": waiting, "words": "a human has yet to look at"},
    ]
    if gaps and gaps["coverage"]:
        found.append({"figure": f"{100 * gaps['coverage']['point']:.0f}\u202f%", "words": "of the role covered"})
    if steps and steps["steps"]:
        found.append({"figure": f"{steps['done']} of {len(steps['steps'])}", "words": "steps of the path done"})
    return found
