"""``/overview``: compliance and readiness, in sentences and in the figures that they rest on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.compliance import Standing
from ascertain.domain.permission import Action, may_at_all
from ascertain.pipeline import overview, overview_words
from ascertain.pipeline.access import note_access
from ascertain.pipeline.review_queue import waiting
from ascertain.pipeline.views_gaps import countable
from ascertain.service.pages.scope import EVERYBODY, scope_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)


@router.get("/overview")
def overview_page(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.TEAM_READ))], cohort: str = EVERYBODY
) -> HTMLResponse:
    """Whoever does not want to be in figures of cohorts is in none of readiness; mandatory training is a record of its
    own, not an inference, and counts everybody."""
    app = service_of(request).app
    today = app.clock.today()
    with app.units(write=False) as uow:
        scope = scope_of(uow, reader.who, Action.TEAM_READ, cohort)
        counted = countable(scope.people)
        compliance = overview.compliance(uow, scope.people, app.policy.compliance, today)
        skills = overview.mandatory_skills(uow, counted, app.bundle.taxonomy)
        readiness = overview.readiness(uow, counted, app.bundle.taxonomy, today)
        ids = {p.id for p in scope.people}
        queue = [i for i in waiting(uow) if i.learner_id in ids]
    note_access(app.units, reader.who.name, "overview", sorted(ids))
    waits, late = len(queue), sum(i.due_on < today for i in queue)
    data = {
        "scope": scope,
        "told": overview_words.summary(compliance, skills, readiness, waits, late),
        "compliance": compliance,
        "totals": overview_words.counts(compliance),
        "due": sorted(
            ({"title": c["title"], **w} for c in compliance for w in c["who"] if w["standing"] != Standing.OPEN),
            key=lambda w: (w["due"] or "9999", w["name"], w["title"]),
        ),
        "skills": skills,
        "readiness": readiness,
        "lines": (overview.READY, overview.CLOSE),
        "period": overview.PERIOD.days,
        "waiting": waits,
        "late": late,
        "may_review": may_at_all(reader.who, Action.REVIEW_DECIDE),
        "departments": sorted({d["name"] for c in (*compliance, *skills) for d in c["departments"]}),
        "not_counted": len(scope.people) - len(counted),
    }
    return show(request, reader, "overview.html", data)
