"""fairness audit, fairness list, fairness labels import, list, forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Actor, acting, asking
from ascertain.cli.output import AsJson, emit, opened
from ascertain.domain.fairness_log import Outcome
from ascertain.domain.permission import Action, decide

if TYPE_CHECKING:
    from rich.console import Console

    from ascertain.domain.fairness_access import FairnessAuditor
    from ascertain.runtime import App
    from ascertain.store.groups import GroupStore

app = typer.Typer(help="Whether groups of people fare alike. Only the fairness auditor may look.", no_args_is_help=True)
labels = typer.Typer(help="Group labels, in a store of their own.", no_args_is_help=True)
app.add_typer(labels, name="labels")

Auditor = Annotated[
    str | None, typer.Option("--as", help="The fairness auditor (else ASCERTAIN_ACTOR, else the login name).")
]


@app.command("audit")
def audit(
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    by: Annotated[str, typer.Option("--by", help="Attributes, such as sex,age_band (else all there are).")] = "",
    on: Annotated[list[Outcome] | None, typer.Option("--on", help="What to audit; may be repeated (else all).")] = None,
    least: Annotated[int, typer.Option("--min-group", min=2, help="Fewer people than this are too few.")] = 10,
    crossed: Annotated[
        bool, typer.Option("--intersections/--no-intersections", help="Every two attributes too.")
    ] = True,
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as HTML.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write the report as CSV.")] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only say whether the cohort's last audit still holds (exit 1 if not).")
    ] = False,
    actor: Auditor = None,
    as_json: AsJson = False,
) -> None:
    """Compare groups: first how much evidence each could leave, then what was concluded about them."""
    if stale:
        _stale(cohort, as_json)
        return
    from ascertain.cli.fairness_views import audit_view
    from ascertain.pipeline.fairness import make_audit
    from ascertain.report.fairness import fairness_csv, fairness_html
    from ascertain.report.fairness_kept import keep_report
    from ascertain.report.private_file import write_private

    shown = opened()
    with labels_for(shown, actor) as (store, auditor):
        report = make_audit(
            shown.units,
            store,
            auditor,
            cohort=cohort,
            by=by.split(","),
            on=list(dict.fromkeys(on or Outcome)),
            least_people=least,
            intersections=crossed,
            clock=shown.clock,
        )
    keep_report(shown.settings.home_dir, report)  # for the fairness auditor's page; its digest is sealed
    if html is not None:
        write_private(html, fairness_html(report), option="--html")
    if csv is not None:
        write_private(csv, fairness_csv(report), option="--csv")
    emit(report, as_json, lambda c: audit_view(c, report, written=[p for p in (html, csv) if p is not None]))


@app.command("calibration")
def calibration(
    by: Annotated[str, typer.Option("--by", help="Attributes, such as sex,age_band (else all there are).")] = "",
    least: Annotated[int, typer.Option("--min-group", min=2, help="Fewer people than this are too few.")] = 10,
    html: Annotated[Path | None, typer.Option("--html", help="Write figures and diagrams as HTML.")] = None,
    actor: Auditor = None,
    as_json: AsJson = False,
) -> None:
    """Whether confidences are as often right in each group, by what humans decided."""
    from ascertain.cli.calibration_views import groups_view
    from ascertain.domain.canonical import plain
    from ascertain.pipeline.fairness_calibration import calibration_by_group
    from ascertain.report.calibration import groups_html
    from ascertain.report.private_file import write_private

    shown = opened()
    with labels_for(shown, actor) as (store, auditor):
        report = calibration_by_group(
            shown.units, store, auditor, shown.bundle.taxonomy, by=by.split(","), least_people=least
        )
    if html is not None:
        head = f"{report.decisions} decisions about {report.people} people."
        write_private(html, groups_html(head, shown.clock.today(), plain(report.by)), option="--html")
    emit(report, as_json, lambda c: groups_view(c, report, html))


@app.command("matches")
def matches(
    by: Annotated[str, typer.Option("--by", help="Attributes, such as sex,age_band (else all there are).")] = "",
    least: Annotated[int, typer.Option("--min-group", min=2, help="Fewer people than this are too few.")] = 10,
    actor: Auditor = None,
    as_json: AsJson = False,
) -> None:
    """Check the list of every open opening: who was listed, and whose coverage is above the median, by group.

    Readers of a list learn only how many comparisons there were and how many ask for a look; the tables are for the
    auditor alone.
    """
    from ascertain.cli.fairness_views import matches_view
    from ascertain.pipeline.fairness_matches import check_lists

    shown = opened()
    rules = shown.policy.belief
    with labels_for(shown, actor) as (store, auditor):
        found = check_lists(
            shown.units, store, auditor, shown.talent, rules, by=by.split(","), least_people=least, clock=shown.clock
        )
    emit(found, as_json, lambda c: matches_view(c, found))


@app.command("succession")
def succession(
    by: Annotated[str, typer.Option("--by", help="Attributes, such as sex,age_band (else all there are).")] = "",
    least: Annotated[int, typer.Option("--min-group", min=2, help="Fewer people than this are too few.")] = 10,
    actor: Auditor = None,
    as_json: AsJson = False,
) -> None:
    """Check the list of every key role: who was nominated, and whose coverage is above the median, by group.

    Readers of a list learn only how many comparisons there were and how many ask for a look.
    """
    from ascertain.cli.fairness_views import matches_view
    from ascertain.pipeline.fairness_succession import check_benches

    shown = opened()
    with labels_for(shown, actor) as (store, auditor):
        found = check_benches(
            shown.units, store, auditor, shown.readiness, by=by.split(","), least_people=least, clock=shown.clock
        )
    emit(found, as_json, lambda c: matches_view(c, found))


def _stale(cohort: str, as_json: bool) -> None:
    from ascertain.domain import fairness_audit
    from ascertain.pipeline.fairness import population

    shown = opened()
    with shown.units(write=False) as uow:
        last = uow.fairness.latest(population(cohort))
    made_on = last.at.date() if last else None
    old = fairness_audit.stale(made_on, shown.clock.today())

    def render(c: Console) -> None:
        if last is None:
            c.print(f"{cohort} was never audited for fairness")
        else:
            state = "is out of date" if old else f"holds for {fairness_audit.VALID_DAYS} days"
            c.print(f"the last audit of {cohort} was made on {made_on} by {last.actor}: it {state}")

    emit({"cohort": cohort, "last": made_on, "stale": old}, as_json, render)
    if old:
        raise typer.Exit(1)


@app.command("list")
def history(as_json: AsJson = False) -> None:
    """The audits that were made, without their figures."""
    shown = opened()
    with shown.units(write=False) as uow:
        made = uow.fairness.all()

    def render(c: Console) -> None:
        for m in made:
            c.print(
                f"{m.at.date()}  {m.population}: {m.people} people by {', '.join(m.attributes)} on "
                f"{', '.join(m.measures)}: {m.flagged} flagged, {m.too_few} too few ({m.actor})",
                soft_wrap=True,
            )
        if not made:
            c.print("no fairness audit was made yet")

    emit(made, as_json, render)


@labels.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns learner, attribute, value.")],
    source: Annotated[str, typer.Option("--source", help="Where the labels come from; stands in every report.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What they may be used for; stands in every report.")],
    actor: Auditor = None,
    as_json: AsJson = False,
) -> None:
    """Take in group labels. What people belong to is told to no agent and shown in no profile."""
    from ascertain.pipeline.fairness_labels import import_labels

    shown = opened()
    with labels_for(shown, actor) as (store, auditor):
        report = import_labels(file, shown.units, store, auditor, source=source, purpose=purpose, clock=shown.clock)

    def render(c: Console) -> None:
        c.print(
            f"{report.rows} rows: {report.stored} labels of {', '.join(report.attributes) or 'nothing'}, "
            f"{report.not_said} not said, {report.changed} new, changed or taken away"
        )
        if report.strangers:
            c.print(f"about nobody we know: {', '.join(report.strangers)}", soft_wrap=True)

    emit(report, as_json, render)


@labels.command("list")
def list_labels(actor: Auditor = None, as_json: AsJson = False) -> None:
    """Which attributes there are, of how many people, from where and for what. No values."""
    shown = opened()
    with labels_for(shown, actor) as (store, auditor):
        counts, deliveries = store.counts(auditor), store.imports(auditor)

    def render(c: Console) -> None:
        for attribute, n in counts.items():
            c.print(f"{attribute}: {n} people")
        for d in deliveries:
            c.print(f"{d.at.date()} by {d.actor} from {d.source}, for: {d.purpose}", soft_wrap=True)
        if not counts:
            c.print("there are no group labels")

    emit({"attributes": counts, "deliveries": deliveries}, as_json, render)


@labels.command("forget")
def forget(
    learner: Annotated[str, typer.Argument(metavar="LEARNER", help="Id or e-mail address.")],
    actor: Actor = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person's labels. Needs no auditor: nothing is read."""
    from ascertain.pipeline.permit import permitted_learner

    shown = opened()
    asks = asking(shown, actor)
    with shown.units(write=False) as uow:
        who = permitted_learner(uow, asks, Action.PERSON_ERASE, learner).id
    gone = erase(shown, who)
    emit({"learner": who, "forgotten": gone}, as_json, lambda c: c.print(f"{gone} labels of {who} erased"))


def erase(shown: App, learner_id: str) -> int:
    """Erase somebody's labels, as part of erasing them; how many there were. Makes no store where there is none."""
    from ascertain.pipeline.fairness_labels import forget_labels

    if not _there(shown):
        return 0
    store = _open(shown)
    try:
        return forget_labels(learner_id, shown.units, store)
    finally:
        store.close()


def rewrap(shown: App) -> bool:
    """Bring the secret of the group labels under the present version of the master key; whether there was any. Reads no
    label. Called by its path, as ``erase`` is."""
    if shown.key_manager is None or not _there(shown):
        return False
    store = _open(shown)
    try:
        return store.rewrap()
    finally:
        store.close()


def _there(shown: App) -> bool:
    """Whether there may be a store; none is made."""
    return bool(shown.settings.groups_url) or (shown.settings.home_dir / "fairness" / "groups.sqlite").exists()


@contextmanager
def labels_for(shown: App, actor: str | None) -> Iterator[tuple[GroupStore, FairnessAuditor]]:
    """The store of labels, for whoever may act as fairness auditor."""
    from ascertain.pipeline.fairness_labels import act_as_auditor

    name, who = acting(shown, actor), asking(shown, actor)
    named = shown.settings.fairness_auditors.split(",")
    if decide(who, Action.FAIRNESS_AUDIT, None, today=who.today).allowed:
        named.append(name)
    auditor = act_as_auditor(shown.units, name, named)
    store = _open(shown)
    try:
        yield store, auditor
    finally:
        store.close()


def _open(shown: App) -> GroupStore:
    from ascertain.store.groups import open_groups

    keys = shown.settings.home_dir / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    return open_groups(shown.settings.effective_groups_url, keys / "groups.key", shown.clock.now, shown.key_manager)
