"""``/audit/fairness``: the fairness audits that were made, for the fairness auditor alone. They are made on the command
line, where the group labels are; the service holds their reports and never a label."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from ascertain.domain.audit import AuditFilter
from ascertain.domain.fairness import FLAGGED, Verdict
from ascertain.domain.fairness_audit import VALID_DAYS, FairnessReport, MeasureKind, stale
from ascertain.domain.permission import Action
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConflictError, IntegrityError, NotFoundError
from ascertain.pipeline.permit import demand
from ascertain.report.fairness import MARKS, fairness_csv, fairness_html, opportunity_grid
from ascertain.report.fairness_kept import kept_report
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]

AUDITED = "fairness.audited"
MOST = 500
"""Audits that are listed, the newest first."""
_KINDS = {
    "html": ("text/html; charset=utf-8", fairness_html),
    "csv": ("text/csv; charset=utf-8", fairness_csv),
}


@router.get("/audit/fairness")
def audits(request: Request, reader: Annotated[Reader, Depends(Reads(Action.FAIRNESS_AUDIT))]) -> HTMLResponse:
    """Each audit with what it compared, how many differences ask for a look, and whether it still holds."""
    app = service_of(request).app
    today = app.clock.today()
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.FAIRNESS_AUDIT)
        made = uow.fairness.all()[-MOST:]
        sealed = _sealed(uow)
    newest = {m.population: m.id for m in made}
    rows: list[Json] = []
    for m in reversed(made):
        digest = sealed.get(m.id, "")
        report, problem = _report(request, digest)
        rows.append(
            {
                "made": m,
                "stale": stale(m.at.date(), today),
                "newest": newest[m.population] == m.id,
                "readable": report is not None,
                "problem": problem,
            }
        )
    data = {
        "tabs": tabs_of(reader.who),
        "rows": rows,
        "old": sorted(r["made"].population for r in rows if r["newest"] and r["stale"]),
        "days": VALID_DAYS,
    }
    return show(request, reader, "audit-fairness.html", data)


@router.get("/audit/fairness/{audit}")
def one(request: Request, reader: Annotated[Reader, Depends(Reads(Action.FAIRNESS_AUDIT))], audit: str) -> HTMLResponse:
    """One report: how much evidence each group could leave, then what was concluded, then what asks for a look."""
    report, made = _read(request, reader, audit)
    measures = {m.name: m for m in report.measures}
    data = {
        "tabs": tabs_of(reader.who),
        "r": report,
        "made": made,
        "stale": stale(report.made_on, service_of(request).app.clock.today()),
        "days": VALID_DAYS,
        "opportunity": [g for g in opportunity_grid(report) if len(g.by) == 1],
        "rates": [
            {"table": t, "title": measures[t.measure].title, "meaning": measures[t.measure].meaning}
            for t in report.rates
            if len(t.by) == 1
        ],
        "findings": [f for f in report.findings if len(f.by) == 1],
        "crossed": sum(len(f.by) > 1 for f in report.findings),
        "marks": MARKS,
        "flagged": FLAGGED,
        "too_few": Verdict.TOO_FEW,
        "opportunity_kind": MeasureKind.OPPORTUNITY,
    }
    return show(request, reader, "audit-fairness-one.html", data)


@router.get("/audit/fairness/{audit}/report.{form}")
def download(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.FAIRNESS_AUDIT))], audit: str, form: str
) -> Response:
    """The whole report as a file: ``html`` to read, ``csv`` for a spreadsheet."""
    report, made = _read(request, reader, audit)
    if form not in _KINDS:
        raise NotFoundError("there is no such form")
    kind, written = _KINDS[form]
    headers = {
        "Content-Disposition": f'attachment; filename="ascertain-fairness-{made.at.date()}.{form}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(written(report), media_type=kind, headers=headers)


def _read(request: Request, reader: Reader, audit: str) -> tuple[FairnessReport, Any]:
    """The report, after sealing that it was read.

    Raises:
        NotFoundError: no such audit, or its report is not on this machine.
        ConflictError: it is not the one that was sealed.
    """
    app = service_of(request).app
    with app.units() as uow:
        demand(uow, reader.who, Action.FAIRNESS_AUDIT)
        made = next((m for m in uow.fairness.all() if m.id == audit), None)
        report, problem = _report(request, _sealed(uow).get(audit, "")) if made else (None, "")
        if problem:
            raise ConflictError(problem, remedy="make the audit anew, or restore the file from a backup")
        if report is None:
            raise NotFoundError(f"there is no report of a fairness audit {audit!r} on this machine")
        payload = {"actor": reader.who.name}
        uow.audit.append("fairness.read", actor="person", header={"audit": audit}, payload=payload)
        uow.commit()
    return report, made


def _report(request: Request, digest: str) -> tuple[FairnessReport | None, str]:
    try:
        return kept_report(service_of(request).app.settings.home_dir, digest), ""
    except IntegrityError as e:
        return None, e.message


def _sealed(uow: UnitOfWork) -> dict[str, str]:
    """Digest of the report by id of the audit, as the chain has them."""
    records = uow.audit.search(AuditFilter(action=AUDITED), before=None, limit=MOST)
    return {str(r.header.get("audit", "")): str(r.header.get("report", "")) for r in records}
