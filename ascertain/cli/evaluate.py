"""evaluate."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascertain.cli.actor import Actor
from ascertain.cli.output import AsJson, emit, opened

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.evaluation import Judged, Scores, Share


def evaluate(
    brain: Annotated[
        list[str] | None, typer.Option("--brain", help="A brain or team of config/models.yaml; may be repeated.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Labelled records of your own (else those shipped).")
    ] = None,
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """How well brains read labelled records: quality, calibration, cost, latency. Nobody of the store is looked at,
    but for what reviewers decided about each brain's assertions."""
    from ascertain.pipeline.evaluate import SHIPPED, by_reviewers, read_labelled
    from ascertain.pipeline.evaluate import evaluate as run

    app = opened()
    names = list(dict.fromkeys(brain or [app.settings.brain]))
    crews = {name: app.crew_of(name) for name in names}
    bundle = app.library.open("starter") if cases is None else app.bundle
    labelled = read_labelled(cases or SHIPPED, bundle.taxonomy)
    services = app.services_for(bundle)
    found = {
        name: (crew.brain_version, run(app.units, crew, services, labelled, app.clock.today()))
        for name, crew in crews.items()
    }
    with app.units(write=False) as uow:
        judged = by_reviewers(uow)
    data = {
        "set": labelled.name,
        "records": len(labelled.records),
        "brains": [{"brain": name, "version": version, **_row(s)} for name, (version, s) in found.items()],
        "reviewers": [{"brain": j.brain, **{k.value: n for k, n in j.decisions.items()}} for j in judged],
    }
    emit(data, as_json, lambda c: _view(c, data, judged))


def _row(s: Scores) -> dict[str, Any]:
    from ascertain.domain.spending import Usage, added

    used = added(s.usage) if s.usage else Usage("", "")
    shares = {n: _share(getattr(s, n)) for n in ("right", "named", "implied", "lacking")}
    return {
        **shares,
        "turned": s.turned,
        "said": s.said,
        "brier": s.brier,
        "refused": dict(s.refused),
        "failed": dict(s.failed),
        "calls": used.calls,
        "tokens": used.tokens,
        "usd": round(used.usd, 6),
        "unpriced": used.unpriced,
        "seconds": median(s.seconds) if s.seconds else None,
    }


def _share(share: Share) -> dict[str, Any]:
    return {"found": share.found, "of": share.of, "value": share.value}


def _view(c: Console, data: dict[str, Any], judged: list[Judged]) -> None:
    from rich.table import Table

    c.print(f"{data['records']} labelled records ({data['set']})")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (
        "brain", "right", "named", "implied", "lacking", "turned", "said", "Brier", "refused", "failed", "calls",
        "tokens", "USD", "s",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name == "brain" else "right")
    for r in data["brains"]:
        table.add_row(
            r["brain"],
            *(f"{r[n]['found']}/{r[n]['of']}" for n in ("right", "named", "implied", "lacking")),
            str(r["turned"]),
            _two(r["said"]),
            _two(r["brier"]),
            str(sum(r["refused"].values())),
            str(sum(r["failed"].values())),
            str(r["calls"]),
            str(r["tokens"]),
            f"{r['usd']:.4g}" + ("+?" if r["unpriced"] else ""),
            _two(r["seconds"]),
        )
    c.print(table)
    for r in data["brains"]:
        c.print(f"{r['brain']}: {r['version']}", style="dim", soft_wrap=True)
    for j in judged:
        told = ", ".join(f"{n} {k.value.replace('_', ' ')}" for k, n in sorted(j.decisions.items()))
        c.print(f"reviewers about {j.brain}: {told}", soft_wrap=True)


def _two(value: float | None) -> str:
    return "·" if value is None else f"{value:.2f}"
