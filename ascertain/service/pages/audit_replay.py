"""``/audit/replay``: whether numbers can be built again from what is stored, and why not where they cannot. Nothing is
written, no figure of a person and no name is shown."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse

from ascertain.domain.permission import Action
from ascertain.errors import AscertainError, ConflictError, NotFoundError
from ascertain.pipeline import audit_views
from ascertain.pipeline.permit import demand
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)

SIZES = (20, 50, 100, audit_views.MOST)
_SEEDS = 1_000_000


@router.get("/audit/replay")
def replay(
    request: Request,
    reader: Annotated[Reader, Depends(Reads(Action.REPLAY_ALL))],
    run: str = "",
    assertion: str = "",
    sample: int = 0,
    seed: int | None = None,
) -> HTMLResponse:
    """One assertion, all of one run, or a random sample of the present ones (``seed`` draws the same again)."""
    app = service_of(request).app
    run, assertion = run.strip()[:100], assertion.strip()[:100]
    size = min(SIZES, key=lambda n: abs(n - sample)) if sample > 0 else 0
    seed = secrets.randbelow(_SEEDS) if seed is None else abs(seed) % _SEEDS
    found, problem = None, ""
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.REPLAY_ALL)
        name = app.pseudonyms.pseudonym
        try:
            if assertion:
                found = audit_views.rebuild_one(uow, assertion, app.bundle.taxonomy, name)
            elif run:
                found = audit_views.rebuild_run(uow, run, app.bundle.taxonomy, name)
            elif size:
                found = audit_views.rebuild_sample(uow, size, seed, app.bundle.taxonomy, name)
        except (NotFoundError, ConflictError) as e:
            problem = _said(e)
    data = {
        "tabs": tabs_of(reader.who),
        "found": found,
        "problem": problem,
        "asked": {"run": run, "assertion": assertion, "sample": size, "seed": seed},
        "sizes": SIZES,
        "head": f"Assertion {assertion}" if assertion else f"Run {run}" if run else f"A sample of {size}, seed {seed}",
    }
    return show(request, reader, "audit-replay.html", data)


def _said(error: AscertainError) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}: {error.remedy}."
