"""calibration show, fit, rehearse, approve, apply, revert, list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, Reader, acting
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Whether 0.85 is right 85 times in 100, by human decisions, and what is done about it.", no_args_is_help=True
)

Version = Annotated[str, typer.Argument(metavar="VERSION", help="Its number, as `calibration list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; kept with it.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write figures and diagrams as HTML.")]


@app.command("show")
def show(
    version: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="A calibration's figures out of fold (else what is so)."),
    ] = None,
    html: Html = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """How often confidences were right: reliability, calibration error and Brier score, by source and skill family."""
    from ascertain.cli.calibration_views import fit_view, report_view
    from ascertain.pipeline.calibration import record_or_raise
    from ascertain.pipeline.calibration_view import calibration_report
    from ascertain.report.calibration import calibration_html, fit_html
    from ascertain.report.private_file import write_private

    shown = opened()
    with shown.units(write=False) as uow:
        record = record_or_raise(uow, version) if version is not None else None
        report = calibration_report(uow, shown.bundle.taxonomy, shown.policy.calibration) if record is None else None
    if html is not None:
        day = shown.clock.today()
        page = calibration_html(report, day) if report else fit_html(record, day) if record else ""
        write_private(html, page, option="--html")

    def render(c: Console) -> None:
        if record is not None:
            fit_view(c, record.figures["outcome"])
        if report is not None:
            report_view(c, report)
        if html is not None:
            c.print(f"wrote {html}")

    emit(report or record, as_json, render)


@app.command("fit")
def fit(actor: Actor = None, as_json: AsJson = False) -> None:
    """Fit on all decisions so far. What is better out of fold is kept as a candidate; nothing is applied."""
    from ascertain.cli.calibration_views import fit_view
    from ascertain.domain.canonical import plain
    from ascertain.pipeline.calibration import fit as make

    shown = opened()
    with shown.units() as uow:
        report = make(
            uow, shown.bundle.taxonomy, shown.fitter, shown.policy, actor=acting(shown, actor), clock=shown.clock
        )
        uow.commit()

    def render(c: Console) -> None:
        fit_view(c, plain(report.fitted))
        if report.record is not None:
            number = report.record.calibration.number
            c.print(f"kept as calibration {number}" if report.new else f"that is calibration {number}, known before")
            c.print(f"`ascertain calibration rehearse {number}` says what it would change")

    emit(report, as_json, render)


@app.command("rehearse")
def rehearse(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its number, or `none` for no calibration.")],
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What a calibration would change of what stands today: how many, in which roles; no names. Nothing is stored."""
    from ascertain.cli.calibration_views import rehearsal_view
    from ascertain.domain.calibration import NONE
    from ascertain.pipeline.calibration import record_or_raise
    from ascertain.pipeline.calibration import rehearse as again

    shown = opened()
    with shown.units(write=False) as uow:
        found = again(uow, None if version == NONE else record_or_raise(uow, version).calibration)
    emit(found, as_json, lambda c: rehearsal_view(c, found))


@app.command("approve")
def approve(version: Version, reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Say that it may be applied, after seeing what it would change. Whoever fitted it is not asked (policy)."""
    from ascertain.cli.calibration_views import rehearsal_view
    from ascertain.pipeline.calibration import approve as say

    shown = opened()
    with shown.units() as uow:
        record, found = say(
            uow, version, reason=reason, actor=acting(shown, actor), policy=shown.policy, clock=shown.clock
        )
        uow.commit()

    def render(c: Console) -> None:
        rehearsal_view(c, found)
        number = record.calibration.number
        c.print(f"calibration {number} approved by {record.approved_by}")
        c.print(f"`ascertain calibration apply {number}` puts it in use")

    emit({"calibration": record, "rehearsal": found}, as_json, render)


@app.command("apply")
def apply(version: Version, reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Put an approved calibration in use. The next sweep brings everybody's confidences under it."""
    from ascertain.pipeline.calibration import apply as put

    shown = opened()
    with shown.units() as uow:
        use = put(uow, version, reason=reason, actor=acting(shown, actor), clock=shown.clock)
        uow.commit()
    emit(use, as_json, lambda c: c.print(f"{_in_words(use.version)} is in use; `ascertain sweep` carries it on"))


@app.command("revert")
def revert(reason: Reason, actor: Actor = None, as_json: AsJson = False) -> None:
    """Use none again: confidences are posteriors as they are. An earlier one comes back with `calibration apply`."""
    from ascertain.pipeline.calibration import revert as back

    shown = opened()
    with shown.units() as uow:
        use = back(uow, reason=reason, actor=acting(shown, actor), clock=shown.clock)
        uow.commit()
    emit(use, as_json, lambda c: c.print(f"{_in_words(use.version)} is in use; `ascertain sweep` carries it on"))


@app.command("list")
def history(actor: Reader = None, as_json: AsJson = False) -> None:
    """What was fitted, who approved it, which one is in use since when."""
    shown = opened()
    with shown.units(write=False) as uow:
        records, uses = uow.calibrations.all(), uow.calibrations.uses()
        now = uow.calibrations.in_use()

    def render(c: Console) -> None:
        for r in records:
            made = r.calibration
            approved = f"approved by {r.approved_by}: {r.approval_reason}" if r.approved else "a candidate"
            here = ", in use" if made.version == now else ""
            c.print(
                f"{made.number}  {r.fitted_at.date()} {made.method.value} on {made.decisions} decisions "
                f"by {r.fitted_by}; {approved}{here}",
                soft_wrap=True,
            )
        if not records:
            c.print("no calibration was fitted yet")
        for u in uses:
            c.print(f"since {u.at:%Y-%m-%d %H:%M} {_in_words(u.version)} by {u.actor}: {u.reason}", soft_wrap=True)

    emit({"calibrations": records, "uses": uses, "in_use": now}, as_json, render)


def _in_words(version: str) -> str:
    from ascertain.domain.calibration import named

    return named(version)
