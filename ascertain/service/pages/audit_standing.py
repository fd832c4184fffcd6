"""``/audit/permissions`` and ``/audit/retention``: the rules as they stand, and what was done under them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import EVERYBODY, Action, Role, RoleGrant
from ascertain.jobs.retaining import retainer
from ascertain.pipeline.grants import permission_matrix
from ascertain.pipeline.permit import demand
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]

DELETIONS_SHOWN = 50


@router.get("/audit/permissions")
def permissions(request: Request, reader: Annotated[Reader, Depends(Reads(Action.ROLES_READ))]) -> HTMLResponse:
    """The table that decides, grants that stand or stood, reviewer trainings, and the keys of the API."""
    app = service_of(request).app
    now, today = app.clock.now(), app.clock.today()
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.ROLES_READ)
        grants = [_grant(g) | {"stands": g.revoked_at is None and g.grant.holds(today)} for g in uow.grants.all()]
        trainings = uow.grants.trainings()
        keys = [
            {
                "key": k,
                "live": k.live(now),
                "populations": sorted(k.populations - {EVERYBODY}),
                "scopes": sorted(s.value for s in k.scopes),
            }
            for k in uow.api_keys.all()
        ]
    data = {
        "tabs": tabs_of(reader.who),
        "roles": [r.value for r in Role],
        "matrix": permission_matrix(),
        "grants": sorted(grants, key=lambda g: (not g["stands"], g["name"].casefold(), g["role"])),
        "trainings": trainings,
        "training_required": app.policy.review.training_required,
        "keys": sorted(keys, key=lambda k: not k["live"]),
        "tree": app.policy.permission.manager_sees_tree,
    }
    return show(request, reader, "audit-permissions.html", data)


@router.get("/audit/retention")
def retention(request: Request, reader: Annotated[Reader, Depends(Reads(Action.RETAIN_READ))]) -> HTMLResponse:
    """How long what is held, what is due, what was deleted, and what must not be."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.RETAIN_READ)
        deletions = uow.retention.deletions(DELETIONS_SHOWN)
        holds = uow.retention.holds(standing=False)
    plan = retainer(app).plan()
    data = {
        "tabs": tabs_of(reader.who),
        "plan": plan,
        "deletions": deletions,
        "shown": DELETIONS_SHOWN,
        "holds": [
            {"hold": h, "of": app.pseudonyms.pseudonym(h.learner_id) if h.learner_id else f"cohort {h.cohort}"}
            for h in reversed(holds)
        ],
    }
    return show(request, reader, "audit-retention.html", data)


def _grant(g: RoleGrant) -> Json:
    return {
        "name": g.name,
        "role": g.grant.role.value,
        "where": sorted(g.grant.populations) or sorted(g.grant.skills),
        "since": g.granted_at,
        "by": g.granted_by,
        "until": g.grant.until,
        "revoked": g.revoked_at,
    }
