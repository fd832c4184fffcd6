"""``/onboarding``: plans of the first 90 days, for the hiring manager who makes them and the new hire who follows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ascertain.domain.onboarding import MilestoneState
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, may_at_all
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline import onboarding, onboarding_view
from ascertain.pipeline.onboarding_changes import changes_of, checked_changes
from ascertain.pipeline.onboarding_export import calendar
from ascertain.pipeline.permit import demand, may, those_permitted
from ascertain.pipeline.views import label
from ascertain.service import onboarding as shared
from ascertain.service.pages.forms import Form
from ascertain.service.pages.onboarding_figure import days
from ascertain.service.pages.people import called, oneself
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]
FIELDS = ("learner", "priorities", "systems", "project", "outcome", "buddy", "hours", "starts_on")


@router.get("/onboarding")
def plans(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.ONBOARDING_READ))], everything: bool = False
) -> Response:
    """Plans whose people the reader may see; a form for another one, for those who may make one."""
    return _list(request, reader, dict.fromkeys(FIELDS, ""), everything=everything)


@router.get("/me/onboarding")
def mine(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ONBOARDING_READ))]) -> Response:
    """The reader's own plan."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        learner = oneself(uow, reader, Action.ONBOARDING_READ)
        found = uow.onboardings.current(learner.id)
    if found is None:
        return show(request, reader, "onboarding-none.html", {})
    return _plan(request, reader, found.id, own=True)


@router.post("/onboarding")
def ask(request: Request, sent: Annotated[Sent, Depends(Sends(Action.ONBOARDING_EDIT))]) -> Response:
    """Ask for a plan; a worker drafts it."""
    values = {name: sent.form.text(name) for name in FIELDS}
    try:
        made = shared.ask(service_of(request), sent.who, values["learner"], _given(values))
    except (InputError, ConflictError, NotFoundError) as e:
        return _list(request, sent.reader, values, error=e)
    return back(request, sent.reader, f"/onboarding/{made.id}", "It is asked for; a worker drafts it in a moment.")


@router.get("/onboarding/{plan}")
def one(request: Request, plan: str, reader: Annotated[Reader, Depends(Reads(Action.ONBOARDING_READ))]) -> Response:
    """A plan, drawn and listed, with the forms of whoever may change or follow it."""
    return _plan(request, reader, plan)


@router.get("/onboarding/{plan}/calendar")
def ics(request: Request, plan: str, reader: Annotated[Reader, Depends(Reads(Action.ONBOARDING_READ))]) -> Response:
    """The plan as a calendar file."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        data = shared.read(app, uow, reader.who, plan)
    service_of(request).reads.note(reader.who.name, "onboarding", onboarding_view.people_in(data))
    name = f'attachment; filename="onboarding-{data["id"]}.ics"'
    return Response(calendar(data), media_type="text/calendar", headers={"Content-Disposition": name})


@router.post("/onboarding/{plan}/changes")
def change(request: Request, plan: str, sent: Annotated[Sent, Depends(Sends(Action.ONBOARDING_EDIT))]) -> Response:
    """Add, remove or edit one milestone."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            found, learner = onboarding.permitted_plan(uow, sent.who, Action.ONBOARDING_EDIT, plan)
            changes = changes_of(uow, found, learner, app.bundle.taxonomy, checked_changes([_change(form)]))
            seen = form.text("version", 10)
            done = onboarding.change(
                uow,
                found,
                changes,
                reason=form.text("reason", 1000),
                expected=int(seen) if seen.isdigit() else None,
                principal=sent.who,
                clock=app.clock,
            )
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return _plan(request, sent.reader, plan, error=e)
    said = f"It is changed: version {done.version}." if done.version > found.version else "Nothing was different."
    return back(request, sent.reader, f"/onboarding/{done.id}", said)


@router.post("/onboarding/{plan}/decide")
def decide(request: Request, plan: str, sent: Annotated[Sent, Depends(Sends(Action.ONBOARDING_EDIT))]) -> Response:
    """Approve a draft, or withdraw a plan."""
    app, approve = service_of(request).app, sent.form.text("decision", 20) != "withdraw"
    try:
        with app.units() as uow:
            found, _ = onboarding.permitted_plan(uow, sent.who, Action.ONBOARDING_EDIT, plan)
            done = onboarding.decide(
                uow,
                found,
                approve=approve,
                reason=sent.form.text("reason", 1000),
                principal=sent.who,
                clock=app.clock,
            )
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return _plan(request, sent.reader, plan, error=e)
    said = "It is approved, and the new hire sees it from now on." if approve else "It is withdrawn."
    return back(request, sent.reader, f"/onboarding/{done.id}", said)


@router.post("/onboarding/{plan}/tick")
def tick(request: Request, plan: str, sent: Annotated[Sent, Depends(Sends(Action.ONBOARDING_FOLLOW))]) -> Response:
    """A milestone is done, skipped or open again."""
    app, form = service_of(request).app, sent.form
    try:
        with app.units() as uow:
            found, _ = onboarding.permitted_plan(uow, sent.who, Action.ONBOARDING_FOLLOW, plan)
            chosen = form.text("state", 20)
            if chosen not in set(MilestoneState):
                raise InputError("say what it is", field="state", remedy="done, skipped or open")
            ident = form.text("milestone", 20)
            done = onboarding.tick(
                uow,
                found,
                ident,
                MilestoneState(chosen),
                note=form.text("note", 1000),
                principal=sent.who,
                clock=app.clock,
            )
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return _plan(request, sent.reader, plan, error=e)
    return back(request, sent.reader, f"/onboarding/{done.id}#{ident}", "")


@router.post("/onboarding/{plan}/comments")
def comment(request: Request, plan: str, sent: Annotated[Sent, Depends(Sends(Action.ONBOARDING_FOLLOW))]) -> Response:
    """Say something about it."""
    app = service_of(request).app
    try:
        with app.units() as uow:
            found, _ = onboarding.permitted_plan(uow, sent.who, Action.ONBOARDING_FOLLOW, plan)
            words, about = sent.form.text("words"), sent.form.text("about", 20)
            onboarding.comment(uow, found, words, milestone=about, principal=sent.who, clock=app.clock)
            uow.commit()
    except (InputError, ConflictError, NotFoundError) as e:
        return _plan(request, sent.reader, plan, error=e)
    return back(request, sent.reader, f"/onboarding/{found.id}#h-said", "It is said.")


def _list(
    request: Request,
    reader: Reader,
    values: Json,
    *,
    everything: bool = False,
    error: InputError | ConflictError | NotFoundError | None = None,
) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        rows, left_out = shared.listed(app, uow, reader.who, everything=everything)
        own = uow.people.get(reader.who.learner_id) if reader.who.learner_id else None
        if not rows and own is not None:
            demand(uow, reader.who, Action.ONBOARDING_READ, own)
        may_ask = may_at_all(reader.who, Action.ONBOARDING_EDIT)
        people = _without_plan(uow, reader, app.clock.today()) if may_ask else []
        roles = {r.id: r for r in uow.roles.all()}
        asked = {s for p in people[:1] for s in _skills(roles, p)}
        skills = sorted(label(app.bundle.taxonomy, s) for s in asked)
    service_of(request).reads.note(reader.who.name, "onboarding", {r["learner"] for r in rows})
    data: Json = {
        "rows": rows,
        "left_out": left_out,
        "everything": everything,
        "may_ask": may_ask,
        "people": [(p.id, p.name, p.job_title, p.hired_on) for p in people],
        "skills": skills,
        "given": values,
        "error": _said(error),
    }
    return show(request, reader, "onboarding.html", data, status=422 if error else 200)


def _without_plan(uow: UnitOfWork, reader: Reader, today: date) -> list[Learner]:
    """Whom the reader may ask a plan for, the newest first."""
    had = {p.learner_id for p in uow.onboardings.listed() if p.state.value != "withdrawn"}
    able = [p for p in uow.people.all() if p.job_profile_id and not p.restricted and p.id not in had]
    found = those_permitted(uow, reader.who, Action.ONBOARDING_EDIT, able)
    return sorted(found, key=lambda p: (-(p.hired_on or date.min).toordinal(), p.name, p.id))


def _skills(roles: Json, person: Learner) -> list[str]:
    role = roles.get(person.job_profile_id or "")
    return [r.skill_id for r in role.requirements] if role else []


def _plan(
    request: Request,
    reader: Reader,
    plan: str,
    *,
    own: bool = False,
    error: InputError | ConflictError | NotFoundError | None = None,
) -> Response:
    app = service_of(request).app
    with app.units(write=False) as uow:
        data = shared.read(app, uow, reader.who, plan)
        learner = uow.people.get(data["learner"])
        assert learner is not None  # read has asked about them
        for row in (*data["comments"], *data["versions"]):
            row["by"] = called(uow, row["by"])
        role = uow.roles.get(data["role"])
        rules = [(r.skill_id, label(app.bundle.taxonomy, r.skill_id)) for r in role.requirements] if role else []
        extra: Json = {
            "may_edit": may(uow, reader.who, Action.ONBOARDING_EDIT, learner),
            "may_follow": may(uow, reader.who, Action.ONBOARDING_FOLLOW, learner),
            "mine": own or reader.who.learner_id == learner.id,
            "skills": sorted(rules, key=lambda r: r[1]),
            "decided_by": called(uow, data["decided_by"]) if data["decided_by"] else "",
        }
    service_of(request).reads.note(reader.who.name, "onboarding", onboarding_view.people_in(data))
    today = (app.clock.today() - date.fromisoformat(data["starts_on"])).days
    drawn = days(data["milestones"], today if data["milestones"] else None)
    told = onboarding_view.sentences(data)
    page = {"plan": data, "drawn": drawn, "told": told, "error": _said(error)} | extra
    return show(request, reader, "onboarding-plan.html", page, status=422 if error else 200)


def _said(error: InputError | ConflictError | NotFoundError | None) -> str:
    if error is None:
        return ""
    return f"{error.message}{f' ({error.remedy})' if error.remedy else ''}"


def _given(values: Json) -> Json:
    """What the form says, as a file would."""
    found: Json = {"priorities": [p.strip() for p in values["priorities"].split(",") if p.strip()]}
    found["systems"] = [_system(line) for line in values["systems"].splitlines() if line.strip()]
    if values["project"] or values["outcome"]:
        found["first_project"] = {"title": values["project"], "outcome": values["outcome"]}
    found["buddy"] = values["buddy"]
    if values["hours"]:
        found["hours_per_week"] = values["hours"]
    if values["starts_on"]:
        found["starts_on"] = values["starts_on"]
    return found


def _system(text: str) -> Json:
    """``name``, or ``name | contact``."""
    name, _, contact = text.partition("|")
    return {"name": name.strip(), "contact": contact.strip()}


def _change(form: Form) -> Json:
    """The one change that a form of the page makes."""
    names = ("op", "milestone", "due_on", "title", "evidence", "owner", "kind", "course", "colleague", "skill")
    given = {n: form.text(n, 2000) for n in names}
    keep = {n: v for n, v in given.items() if v}
    if keep.get("op") in ("remove", "move", "edit"):
        for n in ("kind", "course", "colleague", "skill"):
            keep.pop(n, None)
    return keep
