"""profile, gaps, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascertain.cli.actor import Reader, asking
from ascertain.cli.output import AsJson, console, emit, opened, tell_left_out
from ascertain.domain.usage import Use
from ascertain.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rich.console import Console

LearnerId = Annotated[str, typer.Argument(metavar="ID", help="Id or e-mail address of a learner.")]


def profile(
    learner_id: LearnerId,
    use: Annotated[Use, typer.Option("--use", help="What for: a decision gets only what may carry one.")] = (
        Use.INFORMATION
    ),
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """A learner's skills: level, confidence, amount of evidence, and the evidence itself.

    With --use decision only what a human has reviewed and nobody contests is listed; the rest is named with the
    reason why no decision about the person may rest on it.
    """
    from ascertain.cli.render import profile_view
    from ascertain.domain.permission import Action
    from ascertain.pipeline import views
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner

    app = opened()
    who = asking(app, actor)
    with app.units(write=False) as uow:
        data = views.profile(uow, permitted_learner(uow, who, Action.SKILLS_READ, learner_id))
    note_access(app.units, who.name, "profile", [data["learner"]["id"]])
    if use is Use.DECISION:
        data = views.for_decisions(data)
    emit(data, as_json, lambda c: profile_view(c, data))


def gaps(
    learner_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Id or e-mail address of a learner.")] = None,
    cohort: Annotated[str | None, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="A manager: their direct reports.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Everybody in a job profile (id or title).")] = None,
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """What a role asks and the evidence does not yet show: of one learner as ranges, of several as a heat map with
    what they need most, and why."""
    from ascertain.cli.needs_views import needs_table
    from ascertain.cli.render import gaps_view, heatmap_view
    from ascertain.domain.permission import Action
    from ascertain.pipeline import needs_view, views_gaps
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_learner

    if sum(x is not None for x in (learner_id, cohort, team, role)) != 1:
        raise ConfigError(
            "give one of: a learner, --cohort, --team, --role",
            remedy="ascertain gaps ID, or ascertain gaps --cohort all",
        )
    app = opened()
    who = asking(app, actor)
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        if learner_id is not None:
            learner = permitted_learner(uow, who, Action.GAPS_READ, learner_id)
            one = views_gaps.gaps(uow, learner, taxonomy) | {"needs": needs_view.needs(uow, [learner], taxonomy)}
        else:
            learners, left_out, name = needs_view.people_of(
                uow, who, cohort=cohort or "", team=team or "", role=role or ""
            )
            found = needs_view.needs(uow, learners, taxonomy)
            summed = views_gaps.cohort_gaps(uow, learners, taxonomy)
            heatmap = views_gaps.heatmap(uow, learners, taxonomy)
    if learner_id is not None:
        note_access(app.units, who.name, "gaps", [one["learner"]["id"]])
        emit(one, as_json, lambda c: gaps_view(c, one))
        return
    note_access(app.units, who.name, "gaps", [p.id for p in learners])
    data = {"cohort": cohort or role or team, "gaps": summed, "needs": found, "heatmap": heatmap, "left_out": left_out}

    def render(c: Console) -> None:
        heatmap_view(c, name, heatmap)
        needs_table(c, found)

    emit(data, as_json, render)
    tell_left_out(left_out)


def report(
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("report.html"),
    cohort: Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")] = "all",
    actor: Reader = None,
) -> None:
    """Write a self-contained HTML report: heat map and a section for each learner. Needs no scripts to read."""
    from ascertain.domain.permission import Action
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.permit import permitted_of
    from ascertain.pipeline.sweep import cohort_or_raise
    from ascertain.report import EVERYBODY, write_report

    app = opened()
    who = asking(app, actor)
    with app.units(write=False) as uow:
        found = uow.people.all() if cohort == EVERYBODY else cohort_or_raise(uow, cohort)
        shown, left_out = permitted_of(uow, who, Action.SKILLS_READ, found)
    note_access(app.units, who.name, "report", [p.id for p in shown])
    try:
        size = write_report(app, out, cohort=cohort, only=[p.id for p in shown])
    except OSError as e:
        raise InputError(f"cannot write {out}: {e.strerror}", remedy="give another --out") from None
    console().print(f"wrote {out} ({size / 1024:.0f} kB)")
    tell_left_out(left_out)
