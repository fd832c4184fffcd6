"""``/runs``: assessments that were asked for or came by themselves, one of them as it goes on, and starting some."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import AscertainError, ConflictError, InputError, NotFoundError
from ascertain.jobs import run_requests as jobs
from ascertain.jobs.tagging import batches
from ascertain.pipeline import run_requests, runs_view
from ascertain.pipeline.access import readable
from ascertain.pipeline.permit import demand_somewhere, those_permitted
from ascertain.service.context import Service
from ascertain.service.pages.forms import Message
from ascertain.service.pages.library_figure import coverage as bar_of
from ascertain.service.pages.operation import tabs_for
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show
from ascertain.service.problems import Problem
from ascertain.service.rounds import look
from ascertain.service.starting import estimate_runs, start_runs

router = APIRouter(include_in_schema=False)

PAGE = 25
PEOPLE_SHOWN = 200
_TOKEN = re.compile(r"[0-9a-f]{32}")
Json = dict[str, Any]


@router.get("/runs")
def runs_page(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.ASSESS_RUN))], page: int = 1
) -> HTMLResponse:
    """The rounds of the last ninety days, the newest first."""
    service = service_of(request)
    with service.app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.ASSESS_RUN)
        found = runs_view.rounds(uow, reader.who, service.app.clock.now())
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(page, 1), pages)
    shown = found[(page - 1) * PAGE : page * PAGE]
    looked = {r.request.id: look(service, r.request) for r in shown if r.request}
    with service.app.units(write=False) as uow:
        runs = uow.runs.some([m.run_id for p in looked.values() for m in p.members])
        rows = [runs_view.row(r, looked.get(r.request.id) if r.request else None, runs) for r in shown]
        names = _names(uow, reader.who, [r["learner"] for r in rows if r["learner"]])
    for r in rows:
        r["href"] = _address(r)
        r["name"] = names.get(r["learner"], r["learner"])
    data: Json = {"rows": rows, "page": page, "pages": pages, "all": len(found), "operation": tabs_for(reader.who)}
    data["library"] = _library(service) if page == 1 else None
    return show(request, reader, "runs.html", data)


@router.get("/runs/new")
def new(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.ASSESS_RUN))],
    learner: str = "",
    cohort: str = "",
    force: bool = False,
) -> HTMLResponse:
    """Choose whom to assess; chosen, the page says what it would take before anything is started."""
    return _form(request, reader, learner.strip(), cohort.strip(), force)


@router.post("/runs")
def start(request: Request, sent: Annotated[Sent, Depends(Sends(Action.ASSESS_RUN))]) -> Response:
    """Start them. The same form sent again leads to the same place and starts nothing more."""
    form = sent.form
    learner, cohort, once = (form.text(name, 200) for name in ("learner", "cohort", "once"))
    force = form.text("force", 5) == "1"
    try:
        if bool(learner) == bool(cohort):
            raise InputError("choose one learner or one cohort", remedy="fill in one of the two")
        if not _TOKEN.fullmatch(once):
            raise InputError("this form is not complete", remedy="open the page again")
        ident = "q" + hashlib.sha256(f"{sent.who.name}\n{once}".encode()).hexdigest()[:16]
        begun = start_runs(service_of(request), sent.who, learner, cohort, force=force, ident=ident)
    except (InputError, ConflictError, NotFoundError) as e:
        return _form(request, sent.reader, learner, cohort, force, e)
    except Problem as e:
        if e.status != 503:
            raise
        return _form(request, sent.reader, learner, cohort, force, e)
    return back(request, sent.reader, f"/runs/{begun.progress.request.id}", "It is started.")


@router.get("/runs/rounds")
def batch(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.ASSESS_RUN))],
    trigger: str,
    day: date,
) -> HTMLResponse:
    """What one trigger brought on one day."""
    service = service_of(request)
    with service.app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.ASSESS_RUN)
        found = runs_view.rounds(uow, reader.who, service.app.clock.now())
        one = runs_view.batch_of(found, trigger, day)
        if one is None:
            raise NotFoundError("there are no such runs, or none about people whom you may see")
        names = _names(uow, reader.who, [r.learner_id for r in one.runs])
        members = runs_view.members_of_batch(one, names)
        row = runs_view.row(runs_view.Round(one.runs[0].started_at, batch=one), None, {})
    service.reads.note(reader.who.name, "runs", sorted(names.keys() & {m["learner"] for m in members[:PEOPLE_SHOWN]}))
    data = _one(row, members) | {"events": "", "may_cancel": False}
    return show(request, reader, "run.html", data)


@router.get("/runs/{run}")
def one(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ASSESS_RUN))], run: str) -> HTMLResponse:
    """One request: how it stands, live where scripts run, and each learner's end with its reason."""
    service = service_of(request)
    with service.app.units(write=False) as uow:
        asked = run_requests.permitted_request(uow, reader.who, run)
    progress = look(service, asked)
    with service.app.units(write=False) as uow:
        runs = uow.runs.some([m.run_id for m in progress.members])
        names = _names(uow, reader.who, [m.learner_id for m in progress.members])
        members = runs_view.members(progress, runs, names)
        row = runs_view.of_request(progress, runs)
    service.reads.note(reader.who.name, "runs", sorted(names.keys() & {m["learner"] for m in members[:PEOPLE_SHOWN]}))
    over = row["over"]
    data = _one(row, members) | {"events": "" if over else f"/v1/runs/{asked.id}/events", "may_cancel": not over}
    return show(request, reader, "run.html", data)


@router.post("/runs/{run}/cancel")
def cancel(request: Request, sent: Annotated[Sent, Depends(Sends(Action.ASSESS_RUN))], run: str) -> RedirectResponse:
    """Let it go no further; what has ended stays."""
    service = service_of(request)
    with service.app.units(write=False) as uow:
        asked = run_requests.permitted_request(uow, sent.who, run)
    to = f"/runs/{asked.id}"
    try:
        with service.watch.queue(service.app) as queue:
            jobs.cancel(service.app, queue, sent.who, asked)
    except ConflictError as e:
        return back(request, sent.reader, to, f"{e.message[:1].upper()}{e.message[1:]}.", kind="warn")
    finally:
        service.watch.forget(asked.id)
    return back(request, sent.reader, to, "It goes no further. What had ended stays.")


def _library(service: Service) -> Json | None:
    """How far the library is read for skills. The queue is asked only while something is open: ``batches`` is ``None``
    otherwise, and ``away`` says that it could not be."""
    app = service.app
    with app.units(write=False) as uow:
        counts = uow.weighings.coverage(app.tagger, app.catalogue_crew.version)
    if not counts.contents:
        return None
    left, shown, away = len(app.library_open()), None, False
    if left:
        try:
            with service.watch.queue(app) as queue:
                shown = batches(queue)
        except Problem:
            away = True
    parts = [("weighed by the crew", counts.weighed), ("mapped, not weighed yet", counts.mapped - counts.weighed)]
    bar = bar_of(counts.contents, parts)
    return {"bar": bar, "counts": counts, "left": left, "batches": shown, "away": away}


def _form(
    request: Request,
    reader: Reader,
    learner: str,
    cohort: str,
    force: bool,
    error: AscertainError | Problem | None = None,
) -> HTMLResponse:
    app = service_of(request).app
    found: Json | None = None
    with app.units(write=False) as uow:
        demand_somewhere(uow, reader.who, Action.ASSESS_RUN)
        people = those_permitted(uow, reader.who, Action.ASSESS_RUN, uow.people.all())
        titles = {r.id: r.title for r in uow.roles.all()}
    if error is None and (learner or cohort):
        try:
            if learner and cohort:
                raise InputError("choose one learner or one cohort, not both", remedy="empty one of the two")
            found = estimate_runs(app, reader.who, learner, cohort, force=force)
        except (InputError, ConflictError, NotFoundError) as e:
            error = e
    departments = sorted({p.department for p in people if p.department})
    roles = sorted({p.job_profile_id for p in people if p.job_profile_id in titles} - {None})
    data: Json = {
        "choices": [
            ("all", "everybody"),
            *((d, d) for d in departments),
            *((r, f"role: {titles[r]}") for r in roles if r),
        ],
        "people": sorted(((p.id, p.name) for p in people), key=lambda p: p[1].casefold())[:500],
        "learner": learner,
        "cohort": cohort,
        "force": force,
        "estimate": found,
        "once": secrets.token_hex(16),
    }
    said = [Message(_said(error), "bad")] if error else []
    status = 200 if error is None else error.status if isinstance(error, Problem) else 422
    return show(request, reader, "run-new.html", data, status=status, messages=said)


def _names(uow: UnitOfWork, who: Principal, learner_ids: list[str]) -> dict[str, str]:
    """By id, of those whose name the reader may be shown."""
    wanted = set(learner_ids)
    people = [p for p in uow.people.all(active_only=False) if p.id in wanted]
    return {p.id: p.name for p in readable(uow, who.name, people)}


def _one(row: Json, members: list[Json]) -> Json:
    return {"row": row, "members": members[:PEOPLE_SHOWN], "more": max(0, len(members) - PEOPLE_SHOWN)}


def _address(row: Json) -> str:
    if row["id"]:
        return f"/runs/{row['id']}"
    return f"/runs/rounds?{urlencode({'trigger': row['trigger'], 'day': row['day'].isoformat()})}"


def _said(error: AscertainError | Problem) -> str:
    text = error.detail if isinstance(error, Problem) else error.message
    return f"{text[:1].upper()}{text[1:]}."
