"""``/team``: what a team can do together, where its cover is thin, and who is close to which role."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action, may_at_all
from ascertain.pipeline import team_view, views_gaps
from ascertain.pipeline.access import note_access
from ascertain.pipeline.permit import may_each
from ascertain.pipeline.review_queue import rows, waiting
from ascertain.service.pages.scope import EVERYBODY, scope_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]

PEOPLE_A_PAGE = 40
RISKS_SHOWN = 12
COLUMNS = 14
QUEUE_SHOWN = 6


@router.get("/team")
def team_page(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.TEAM_READ))],
    cohort: str = "",
    page: int = 1,
) -> HTMLResponse:
    """The reader's own reports, or a department or role they may see. People are paged; cover is of them all."""
    app = service_of(request).app
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        scope = scope_of(uow, reader.who, Action.TEAM_READ, cohort or EVERYBODY)
        mine = [p for p in scope.people if p.manager_id == reader.who.learner_id] if reader.who.learner_id else []
        team = sorted(mine if mine and not cohort else scope.people, key=lambda p: (p.department, p.name, p.id))
        pages = max(1, -(-len(team) // PEOPLE_A_PAGE))
        page = min(max(page, 1), pages)
        shown = team[(page - 1) * PEOPLE_A_PAGE : page * PEOPLE_A_PAGE]
        countable = views_gaps.countable(team)
        risks = [r for r in team_view.coverage_risks(uow, countable, taxonomy) if len(r["holders"]) < 2]
        among = views_gaps.countable(shown)
        close = team_view.close_to(uow, among, uow.roles.all(), app.policy.belief, taxonomy)
        heatmap = views_gaps.heatmap(uow, shown, taxonomy, columns=COLUMNS)
        ids, today = {p.id for p in team}, app.clock.today()
        waits = [i for i in waiting(uow) if i.learner_id in ids]
        allowed = may_each(uow, reader.who, Action.REVIEW_DECIDE, [(i.learner_id, i.skill_id) for i in waits])
        waits = [i for i, yes in zip(waits, allowed, strict=True) if yes]
        queue = rows(uow, taxonomy, waits[:QUEUE_SHOWN], today)
    note_access(app.units, reader.who.name, "team", [p.id for p in team])
    data: dict[str, Any] = {
        "name": "My team" if mine and not cohort else scope.words,
        "chosen": cohort,
        "choices": [("", "my direct reports"), *scope.choices] if mine or not cohort else scope.choices,
        "people": len(team),
        "left_out": scope.left_out,
        "heatmap": heatmap,
        "risks": risks[:RISKS_SHOWN],
        "more_risks": max(0, len(risks) - RISKS_SHOWN),
        "close": [p for p in close if p["roles"]],
        "queue": queue if may_at_all(reader.who, Action.REVIEW_DECIDE) else None,
        "waiting": len(waits),
        "late": sum(i.due_on < today for i in waits),
        "link": _link,
        "page": page,
        "pages": pages,
    }
    return show(request, reader, "team.html", data)


def _link(person: Json, skill: Json | None, cell: Json | None) -> str:
    """A cell leads to how its figure came about, where there is one; a name to the person."""
    if cell and cell["assertion"]:
        return f"/assertions/{quote(cell['assertion'], safe='')}"
    return f"/learners/{quote(person['id'], safe='')}"
