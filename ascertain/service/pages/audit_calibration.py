"""``/audit/calibration``: how often confidences were right, what was fitted on it, and the decision about a fit.

The steps are those of the command line: a fit is a candidate, a second person approves it after seeing what it would
change, and applying it is a step of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from ascertain.domain.calibration import NONE, named
from ascertain.domain.canonical import plain
from ascertain.domain.permission import Action
from ascertain.errors import AscertainError, ConflictError, InputError
from ascertain.pipeline import calibration
from ascertain.pipeline.calibration_view import calibration_report
from ascertain.pipeline.permit import demand, may
from ascertain.service.pages.audit_tabs import tabs_of
from ascertain.service.pages.shell import Reader, Reads, Sends, Sent, back, service_of, show

router = APIRouter(include_in_schema=False)
Json = dict[str, Any]


@router.get("/audit/calibration")
def card(request: Request, reader: Annotated[Reader, Depends(Reads(Action.CALIBRATION_READ))]) -> HTMLResponse:
    """Figures of all decisions so far, by source and skill family; what is in use; what waits for a decision."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CALIBRATION_READ)
        report = calibration_report(uow, app.bundle.taxonomy, app.policy.calibration)
        records, uses = uow.calibrations.all(), uow.calibrations.uses()
        may_decide = may(uow, reader.who, Action.CALIBRATION_APPROVE)
    curves = {
        "The posterior, before any calibration": report.posterior,
        "The confidence as it was stored": report.shown,
    }
    data = {
        "tabs": tabs_of(reader.who),
        "report": report,
        "curves": [_curve(title, plain(r)) for title, r in curves.items() if r is not None],
        "in_use": named(report.in_use),
        "calibrated": report.in_use != NONE,
        "records": [_record(r, report.in_use) for r in reversed(records)],
        "uses": [{"name": named(u.version), "use": u} for u in reversed(uses)],
        "may_decide": may_decide,
    }
    return show(request, reader, "audit-calibration.html", data)


@router.get("/audit/calibration/{number}")
def one(
    request: Request, reader: Annotated[Reader, Depends(Reads(Action.CALIBRATION_READ))], number: int
) -> HTMLResponse:
    """One fit: out of fold before and after, and what it would change of what stands today."""
    app = service_of(request).app
    with app.units(write=False) as uow:
        demand(uow, reader.who, Action.CALIBRATION_READ)
        record = calibration.record_or_raise(uow, str(number))
        in_use = uow.calibrations.in_use() or NONE
        rehearsal = calibration.rehearse(uow, record.calibration)
        may_decide = may(uow, reader.who, Action.CALIBRATION_APPROVE)
    outcome = record.figures["outcome"]
    curves = {"Before: the posterior as it is": outcome["before"], "After, out of fold": outcome["after"]}
    alone = app.policy.calibration.second_person and record.fitted_by.casefold() == reader.who.name.casefold()
    data = {
        "tabs": tabs_of(reader.who),
        "c": _record(record, in_use),
        "why": outcome["why"],
        "curves": [_curve(title, figures) for title, figures in curves.items() if figures is not None],
        "left_out": record.figures["left_out"],
        "rehearsal": rehearsal,
        "may_decide": may_decide,
        "needs_another": alone,
    }
    return show(request, reader, "audit-calibration-one.html", data)


@router.post("/audit/calibration/{number}/approve")
def approve(
    request: Request, sent: Annotated[Sent, Depends(Sends(Action.CALIBRATION_APPROVE))], number: int
) -> Response:
    """Say that it may be applied; it is not applied by this."""
    app, reason = service_of(request).app, sent.form.text("reason", 500)
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.CALIBRATION_APPROVE)
            calibration.approve(
                uow, str(number), reason=reason, actor=sent.who.name, policy=app.policy, clock=app.clock
            )
            uow.commit()
    except (InputError, ConflictError) as e:
        return back(request, sent.reader, _address(number), _said(e), kind="bad")
    return back(request, sent.reader, _address(number), "Approved. It is not in use yet: applying it is the next step.")


@router.post("/audit/calibration/{number}/apply")
def apply(request: Request, sent: Annotated[Sent, Depends(Sends(Action.CALIBRATION_APPROVE))], number: int) -> Response:
    """Put an approved one in use."""
    app, reason = service_of(request).app, sent.form.text("reason", 500)
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.CALIBRATION_APPROVE)
            calibration.apply(uow, str(number), reason=reason, actor=sent.who.name, clock=app.clock)
            uow.commit()
    except (InputError, ConflictError) as e:
        return back(request, sent.reader, _address(number), _said(e), kind="bad")
    said = "It is in use. Confidences come under it with the next sweep; what humans decided stays."
    return back(request, sent.reader, _address(number), said)


@router.post("/audit/calibration/revert")
def revert(request: Request, sent: Annotated[Sent, Depends(Sends(Action.CALIBRATION_APPROVE))]) -> Response:
    """Use none: confidences are posteriors again."""
    app, reason = service_of(request).app, sent.form.text("reason", 500)
    try:
        with app.units() as uow:
            demand(uow, sent.who, Action.CALIBRATION_APPROVE)
            calibration.revert(uow, reason=reason, actor=sent.who.name, clock=app.clock)
            uow.commit()
    except InputError as e:
        return back(request, sent.reader, "/audit/calibration", _said(e), kind="bad")
    return back(request, sent.reader, "/audit/calibration", "None is in use from now on; the next sweep carries it on.")


def _curve(title: str, figures: Mapping[str, Any]) -> Json:
    """Figures of one set of confidences (``Reliability`` as JSON) with the points of its curve."""
    points = [(b["said"], b["right"], *b["right_95"], b["n"]) for b in figures["bins"]]
    return {"title": title, "points": points, "figures": figures}


def _record(record: Any, in_use: str) -> Json:
    made = record.calibration
    return {
        "number": made.number,
        "method": made.method.value,
        "decisions": made.decisions,
        "version": made.version,
        "record": record,
        "in_use": made.version == in_use,
        "curve": [(x / 100, made(x / 100)) for x in range(101)],
    }


def _said(error: AscertainError) -> str:
    """What is wrong; the remedies are commands here."""
    return f"{error.message[:1].upper()}{error.message[1:]}."


def _address(number: int) -> str:
    return f"/audit/calibration/{quote(str(number), safe='')}"
