"""``/learning``: gaps of a cohort, what the catalogue lacks, tags worth a look, new terms; how it moves over time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action
from ascertain.domain.trends import LEAST
from ascertain.pipeline import learning_view, needs_view, trends_view, views_gaps
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import demand
from ascertain.pipeline.units_view import by_unit
from ascertain.service.pages.scope import EVERYBODY, scope_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)

GAPS_SHOWN = 15
NEEDS_SHOWN = 10
TAGS_SHOWN = 20
COLUMNS = 12
LEAST_PEOPLE = 3
"""A new term of fewer people could point to one of them."""


@router.get("/learning")
def learning_page(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.CATALOGUE_IMPORT, Action.TEAM_READ))],
    cohort: str = EVERYBODY,
    by: str = "",
) -> HTMLResponse:
    """Figures about people are of those whom the reader may see and who want to be counted."""
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CATALOGUE_IMPORT)
        scope = scope_of(uow, reader.who, Action.TEAM_READ, cohort)
        people = views_gaps.countable(scope.people)
        titles = {r.id: r.title for r in uow.roles.all()}
        heatmap = views_gaps.heatmap(uow, people, taxonomy, columns=COLUMNS)
        data: dict[str, Any] = {
            "scope": scope,
            "gaps": views_gaps.cohort_gaps(uow, people, taxonomy)[:GAPS_SHOWN],
            "coverage": learning_view.catalogue_coverage(uow, people, app.tagger, taxonomy),
            "tags": learning_view.unsure_tags(uow, app.tagger, taxonomy, limit=TAGS_SHOWN),
            "terms": learning_view.emerging_terms(uow, people, least_people=LEAST_PEOPLE),
            "least": LEAST_PEOPLE,
            "units": by_unit(heatmap, people, titles, by_role=by == "role"),
            "departments": len({p.department for p in people}) > 1,
            "needs": needs_view.needs(uow, people, taxonomy),
            "needs_shown": NEEDS_SHOWN,
        }
    note_access(app.units, reader.who.name, "learning", [p.id for p in people])
    return show(request, reader, "learning.html", data)


@router.get("/learning/trends")
def trends_page(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.CATALOGUE_IMPORT, Action.TEAM_READ))],
    cohort: str = EVERYBODY,
) -> HTMLResponse:
    """How the cohort's skills moved, what finishing courses was followed by, what evidence mentions more often."""
    app = service_of(request).app
    taxonomy, rules, today = app.bundle.taxonomy, app.policy.belief, app.clock.today()
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CATALOGUE_IMPORT)
        scope = scope_of(uow, reader.who, Action.TEAM_READ, cohort)
        people = views_gaps.countable(scope.people)
        material = trends_view.material(uow, people)
        data: dict[str, Any] = {
            "scope": scope,
            "counted": len(material.people),
            "sampled_out": material.left_out,
            "closing": trends_view.closing(uow, material, rules, taxonomy, today),
            "weeks": trends_view.by_week(uow, people, today),
            "effects": trends_view.effects(uow, material, app.tagger, rules, taxonomy, today),
            "emerging": trends_view.emerging(material, taxonomy, today),
            "least": trends_view.LEAST_PEOPLE,
            "least_effect": LEAST,
        }
    note_access(app.units, reader.who.name, "trends", [p.id for p in people])
    return show(request, reader, "trends.html", data)
