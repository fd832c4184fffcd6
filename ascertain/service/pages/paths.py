"""One person's learning path: what it has to keep to, what is skipped, who says yes; and the paths that wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.path_wishes import Modality, PathWishes, Share
from ascertain.domain.people import Learner
from ascertain.domain.permission import NEVER_ABOUT_ONESELF, Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline import assignments, views
from ascertain.pipeline.path_plan import Replanned
from ascertain.pipeline.path_progress import progress
from ascertain.pipeline.permit import demand_about_anybody, may, may_each, permitted_learner
from ascertain.service.pages.forms import Form
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
PAGE = 50
LIMITED = (Modality.EXTERNAL, Modality.MENTOR)
"""Modalities of which the page offers to say how much of the hours they may take."""


@router.get("/paths")
def waiting(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ASSIGNMENT_READ))]) -> Response:
    """Paths that wait for a yes of somebody like the reader, the oldest first."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        here = {p.id: p for p in uow.people.all() if not p.restricted}
        asked = [a for a in uow.assignments.listed(AssignmentState.PROPOSED) if a.learner_id in here]
        about = assignments.about_path(reader.who)
        allowed = may_each(uow, reader.who, Action.ASSIGNMENT_READ, [about(a) for a in asked])
        seen = [a for a, yes in zip(asked, allowed, strict=True) if yes]
        rows = [
            assignments.shown(a)
            | {"name": here[a.learner_id].name, "whole": may(uow, reader.who, Action.PATH_READ, here[a.learner_id])}
            | {"hours": a.plan.get("hours"), "mine": a.learner_id == reader.who.learner_id}
            for a in seen[:PAGE]
        ]
    service_of(request).reads.note(reader.who.name, "assignments", {a.learner_id for a in seen[:PAGE]})
    return show(request, reader, "paths.html", {"rows": rows, "more": max(0, len(seen) - PAGE)})


@router.get("/me/path")
def mine(request: Request, reader: Annotated[Reader, Depends(Reads(Action.PATH_READ))]) -> Response:
    """The reader's own."""
    with service_of(request).app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.PATH_READ)
    return _shown(request, reader, learner.id)


@router.get("/learners/{learner}/path")
def one(request: Request, learner: str, reader: Annotated[Reader, Depends(Reads(Action.PATH_READ))]) -> Response:
    """The path over time, how far it is, what limits it, and the forms for whoever may change or approve it."""
    return _shown(request, reader, learner)


@router.post("/learners/{learner}/path/limits")
def limit(request: Request, learner: str, sent: Annotated[Sent, Depends(Sends(Action.PATH_PLAN))]) -> Response:
    """Say what the path has to keep to; another path is proposed."""
    app = service_of(request).app
    return _changed(
        request,
        sent,
        learner,
        lambda uow, p: app.planner().wish(uow, sent.who, p, _wishes(sent.form), sent.form.text("reason", 400)),
    )


@router.post("/learners/{learner}/path/items")
def item(request: Request, learner: str, sent: Annotated[Sent, Depends(Sends(Action.PATH_PLAN))]) -> Response:
    """Skip an item for a reason, or let a skipped one be planned again."""
    app, content = service_of(request).app, sent.form.text("item", 300)

    def work(uow: UnitOfWork, person: Learner) -> Replanned:
        if sent.form.text("back", 5):
            return app.planner().take_back(uow, sent.who, person, content)
        return app.planner().skip(uow, sent.who, person, content, sent.form.text("reason", 400))

    return _changed(request, sent, learner, work)


@router.post("/assignments/{assignment}/decision")
def decide(
    request: Request, assignment: str, sent: Annotated[Sent, Depends(Sends(Action.ASSIGNMENT_APPROVE))]
) -> Response:
    """Say yes or no to a proposed path. The learner reads the reason."""
    app, form = service_of(request).app, sent.form
    chosen = form.text("decision", 20)
    try:
        with app.units() as uow:
            row = uow.assignments.get(assignment)
            if row is None:
                demand_about_anybody(sent.who, Action.ASSIGNMENT_APPROVE)
                raise NotFoundError("there is no such assignment")
            learner = uow.people.get(row.learner_id)
            assert learner is not None  # its rows go with a person
            assignments.demand_about_path(uow, sent.who, Action.ASSIGNMENT_APPROVE, learner, row)
            to = f"/learners/{learner.id}/path" if may(uow, sent.who, Action.PATH_READ, learner) else "/paths"
            if chosen not in ("approve", "reject"):
                raise InputError("choose yes or no", field="decision", remedy="one of the two")
            yes = chosen == "approve"
            assignments.decide(
                uow, row.id, approve=yes, reason=form.text("reason", 400), principal=sent.who, clock=app.clock
            )
            uow.commit()
    except (InputError, ConflictError) as e:
        return back(request, sent.reader, to, _words(e), kind="bad")
    return back(request, sent.reader, to, "It is approved." if yes else "It is not approved; the person reads why.")


def _changed(request: Request, sent: Sent, text: str, work: Callable[[UnitOfWork, Learner], Replanned]) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = permitted_learner(uow, sent.who, Action.PATH_PLAN, text)
    to = f"/learners/{learner.id}/path"
    try:
        with app.units() as uow:
            found = work(uow, learner)
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return back(request, sent.reader, to, _words(e), kind="bad")
    if found.proposed is not None:
        return back(request, sent.reader, to, "Another path is proposed. It waits for a yes.")
    return back(request, sent.reader, to, "Noted. The path is otherwise as it was.")


def _shown(request: Request, reader: Reader, text: str) -> Response:
    app = service_of(request).app
    today = app.clock.today()
    with app.units(write=False) as uow:
        learner = permitted_learner(uow, reader.who, Action.PATH_READ, text)
        path = views.path(uow, learner, app.bundle.taxonomy, app.mentors.seek)
        steps = progress(uow, learner, path, today)
        approval = path["approval"] or {}
        own = reader.who.learner_id == learner.id
        row = uow.assignments.get(approval["id"]) if approval.get("state") == AssignmentState.PROPOSED else None
        closes = assignments.skills_of(row) if row else []
        decides = row is not None and not (own and Action.ASSIGNMENT_APPROVE in NEVER_ABOUT_ONESELF)
        decides = decides and any(may(uow, reader.who, Action.ASSIGNMENT_APPROVE, learner, s) for s in (None, *closes))
        wishes = uow.paths.wishes(learner.id)
        data = {
            "mine": own,
            "learner": path["learner"],
            "path": path,
            "progress": steps,
            "decided_by": called(uow, approval.get("decided_by", "")),
            "approver": called(uow, approval.get("approver", "")),
            "skips": uow.paths.skips(learner.id),
            "plans": may(uow, reader.who, Action.PATH_PLAN, learner),
            "decides": decides,
            "wishes": wishes,
            "shares": [(m, round(100 * wishes.mix[m].most) if m in wishes.mix else "") for m in LIMITED],
            "currency": app.policy.path.currency,
            "timeline": [
                (s["title"], s["start_week"], s["end_week"], s["state"] == "done")
                for s in steps["steps"]
                if s["end_week"] > 0
            ],
            "weeks": max((s["end_week"] for s in steps["steps"]), default=1.0),
            "today": today,
        }
    service_of(request).reads.note(reader.who.name, "path", [learner.id])
    return show(request, reader, "path.html", data)


def _wishes(form: Form) -> PathWishes:
    """
    Raises:
        InputError: naming the field that is no figure or day.
    """
    mix = {}
    for modality in LIMITED:
        percent = _number(form, f"most-{modality.value}", "percent, as 30")
        if percent is not None:
            mix[modality] = Share(0.0, percent / 100)
    text = form.text("by", 20)
    try:
        by = date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError(f"{text} is no day", field="by", remedy="a day as 2027-03-01") from None
    languages = tuple(dict.fromkeys(form.text("languages", 60).lower().replace(",", " ").split()))
    if any(len(x) != 2 or not x.isalpha() for x in languages):
        raise InputError("languages have two letters", field="languages", remedy="as: en de")
    return PathWishes(_number(form, "hours", "as 2.5"), by, languages, _number(form, "cost", "as 300"), mix)


def _number(form: Form, name: str, remedy: str) -> float | None:
    text = form.text(name, 20).replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        raise InputError(f"{text} is no number", field=name, remedy=remedy) from None


def _words(error: InputError | ConflictError | NotFoundError) -> str:
    return error.message + (f" ({error.remedy})" if error.remedy else "")
