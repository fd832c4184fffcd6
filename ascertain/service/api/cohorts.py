"""Figures of cohorts: departments, roles, teams. Each counts only people about whom the caller may read."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from ascertain.domain.consent import Purpose
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import NotFoundError
from ascertain.pipeline import overview, team_view, trends_view, views_gaps
from ascertain.pipeline.permit import permitted_of, permitted_thing
from ascertain.service.api import answers
from ascertain.service.api.answers import One, Page
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_insight import CohortGap, Compliance, HeatMapPage, Readiness, SkillCover, Trends
from ascertain.service.api.models_people import Matches
from ascertain.service.api.paging import Cut, Paging, Sorted

router = APIRouter(prefix="/v1", tags=["cohorts"], responses=PROBLEMS)

Cohort = Annotated[str, Query(max_length=200, description="A department, a role (id or title), or `all`.")]
ReadsTeam = Annotated[Caller, Depends(Asks(Action.TEAM_READ))]
Pages = Annotated[Paging, Depends()]


@router.get("/gaps", operation_id="cohort_gaps", response_model=Page[CohortGap])
def gaps(caller: ReadsTeam, paging: Pages, cohort: Cohort = "all") -> Response:
    """Skills that a cohort's roles ask for, the largest summed weighted gap first."""
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        rows = views_gaps.cohort_gaps(uow, people, caller.app.bundle.taxonomy)
    caller.note("gaps", [p.id for p in people])
    cut = caller.cut(Sorted(rows, lambda r: (-r["total_weighted_gap"], r["skill"]), (cohort,)), paging)
    return caller.page(CohortGap, cut, left_out=left_out)


@router.get("/heatmap", operation_id="heat_map", response_model=HeatMapPage)
def heatmap(
    caller: ReadsTeam,
    paging: Pages,
    cohort: Cohort = "all",
    columns: Annotated[int, Query(ge=1, le=60, description="How many skills at most.")] = 12,
) -> Response:
    """People × the skills that their roles ask for most; a page of people, with the columns of the whole cohort."""
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        data = views_gaps.heatmap(uow, people, caller.app.bundle.taxonomy, columns=columns)
    cut = caller.cut(Sorted(data["people"], lambda r: (r["id"],), (cohort, columns)), paging)
    caller.note("heatmap", [r["id"] for r in cut.rows])
    shown = data | {"people": cut.rows, "left_out": data["left_out"] + left_out}
    return answers.listed(caller.request, HeatMapPage.model_validate({"data": shown, "next": cut.next}), cut.next)


@router.get("/coverage", operation_id="skill_cover", response_model=Page[SkillCover])
def coverage(caller: ReadsTeam, paging: Pages, cohort: Cohort = "all") -> Response:
    """Who covers the skills that a cohort's roles ask for; those that rest on nobody or on one person first."""
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        rows = team_view.coverage_risks(uow, people, caller.app.bundle.taxonomy)
    caller.note("coverage", [p.id for p in people])
    key = Sorted(rows, lambda r: (len(r["holders"]), -r["importance"], r["label"], r["skill"]), (cohort,))
    return caller.page(SkillCover, caller.cut(key, paging), left_out=left_out)


@router.get("/matches", operation_id="cohort_matches", response_model=Page[Matches])
def matches(caller: ReadsTeam, paging: Pages, cohort: Cohort = "all") -> Response:
    """For each person the roles that their evidence covers most: something to look at, never a ranking to decide by.

    Left out are people who do not want to be found for other roles.
    """
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        willing = [p for p in people if p.id == caller.who.learner_id or p.consents.allows(Purpose.MOBILITY)]
        cut = caller.cut(Sorted(willing, lambda p: (p.id,), (cohort,)), paging)
        policy, taxonomy = caller.app.policy.belief, caller.app.bundle.taxonomy
        rows = team_view.close_to(uow, cut.rows, uow.roles.all(), policy, taxonomy)
    caller.note("matches", [p.id for p in cut.rows])
    return caller.page(Matches, Cut(rows, cut.next), left_out=left_out + len(people) - len(willing))


@router.get("/readiness", operation_id="readiness", response_model=Page[Readiness])
def readiness(caller: ReadsTeam, paging: Pages, cohort: Cohort = "all") -> Response:
    """Roles by how much of what they ask their people cover, the least confirmed first."""
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        rows = overview.readiness(uow, people, caller.app.bundle.taxonomy, caller.app.clock.today())
    caller.note("readiness", [p.id for p in people])
    cut = caller.cut(Sorted(rows, lambda r: (r["confirmed"], r["title"], r["role"]), (cohort,)), paging)
    return caller.page(Readiness, cut, left_out=left_out)


@router.get("/compliance", operation_id="compliance", response_model=Page[Compliance])
def compliance(caller: ReadsTeam, paging: Pages, cohort: Cohort = "all") -> Response:
    """Mandatory courses and who has finished them, the least finished first."""
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        rules, today = caller.app.policy.compliance, caller.app.clock.today()
        rows = overview.compliance(uow, people, rules, today)
    caller.note("compliance", [p.id for p in people])
    cut = caller.cut(Sorted(rows, lambda r: (r["share"], r["title"], r["content"]), (cohort,)), paging)
    return caller.page(Compliance, cut, left_out=left_out)


@router.get("/trends", operation_id="cohort_trends", response_model=One[Trends])
def trends(caller: ReadsTeam, cohort: Cohort = "all") -> Response:
    """How a cohort's skills moved, what finishing courses was followed by, and what evidence mentions more often."""
    app = caller.app
    rules, taxonomy, today = app.policy.belief, app.bundle.taxonomy, app.clock.today()
    with caller.reading() as uow:
        people, left_out = _people(uow, caller, cohort)
        counted = views_gaps.countable(people)
        m = trends_view.material(uow, counted)
        closing = trends_view.closing(uow, m, rules, taxonomy, today)
        weeks = trends_view.by_week(uow, counted, today)
        effects = trends_view.effects(uow, m, app.tagger, rules, taxonomy, today)
    caller.note("trends", [p.id for p in counted])
    data = {
        "cohort": cohort,
        "people": len(m.people),
        "sampled_out": m.left_out,
        "left_out": left_out,
        "everything": _closing(closing["all"]) if closing["all"] else None,
        "skills": [_closing(s) for s in closing["skills"]],
        "weeks": [{"week": w["day"].isoformat()} | {k: w[k] for k in ("made", "accepted", "share")} for w in weeks],
        "effects": effects,
        "mentions": trends_view.emerging(m, taxonomy, today),
    }
    return caller.one(Trends, data)


def _closing(row: dict[str, Any]) -> dict[str, Any]:
    points = [{"day": d.isoformat(), "mean": v} for d, v in row["points"]]
    return {k: row[k] for k in ("skill", "label", "people", "change")} | {"points": points}


def _people(uow: UnitOfWork, caller: Caller, cohort: str) -> tuple[list[Learner], int]:
    """Those of a cohort whom the caller may read about, and how many others there are.

    Raises:
        ForbiddenError: there are none of them; also for a cohort that does not exist.
        NotFoundError: there is no such cohort, told to those who may read about anybody.
    """
    found = uow.people.cohort(cohort)
    if not found:
        permitted_thing(uow, caller.who, caller.action, _nobody)
        raise NotFoundError(f"there is no cohort {cohort!r}", remedy="a department, a role, or `all`")
    return permitted_of(uow, caller.who, caller.action, found)


def _nobody() -> None:
    return None
