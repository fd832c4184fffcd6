"""what-if course, hire, require."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ascertain.cli.actor import Reader, asking
from ascertain.cli.output import AsJson, emit, opened, tell_left_out

app = typer.Typer(help="Coverage before and after something that is only supposed.", no_args_is_help=True)
Cohort = Annotated[str, typer.Option("--cohort", help="A department, a job profile id, or `all`.")]
Team = Annotated[str, typer.Option("--team", help="A manager: their direct reports.")]
Skill = Annotated[str, typer.Argument(metavar="SKILL", help="Its id or its label.")]


@app.command("course")
def course(
    content: Annotated[str, typer.Argument(metavar="COURSE", help="Its id, code or title.")],
    cohort: Cohort = "all",
    team: Team = "",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """These people finish a course: coverage and gaps before and after. Nothing is stored."""
    _show("course", {"content": content}, cohort, team, actor, as_json)


@app.command("hire")
def hire(
    skill: Skill,
    level: Annotated[int, typer.Option("--level", help="1 to 5.")],
    cohort: Cohort = "all",
    team: Team = "",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Somebody with a skill joins: the chance that anybody performs at the level needed. Nothing is stored."""
    _show("hire", {"skill": skill, "level": level}, cohort, team, actor, as_json)


@app.command("require")
def require(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Id or title of a job profile.")],
    skill: Skill,
    level: Annotated[int, typer.Option("--level", help="1 to 5; 0: it is asked for no more.")],
    importance: Annotated[float, typer.Option("--importance", help="Above 0, at most 1.")] = 0.5,
    cohort: Cohort = "all",
    actor: Reader = None,
    as_json: AsJson = False,
) -> None:
    """A role asks for a skill otherwise: what its people cover then. Nothing is stored."""
    asked = {"role": role, "skill": skill, "level": level, "importance": importance}
    _show("requirement", asked, cohort, "", actor, as_json)


def _show(kind: str, asked: dict[str, Any], cohort: str, team: str, actor: str | None, as_json: bool) -> None:
    from ascertain.cli.needs_views import supposed
    from ascertain.pipeline.access import note_access
    from ascertain.pipeline.needs_view import people_of
    from ascertain.pipeline.what_if import suppose

    shown = opened()
    who = asking(shown, actor)
    with shown.units(write=False) as uow:
        people, left_out, name = people_of(uow, who, cohort="" if team else cohort, team=team)
        found = suppose(uow, kind, people, shown.tagger, shown.policy.belief, shown.bundle.taxonomy, **asked)
    note_access(shown.units, who.name, "what-if", [p.id for p in people])
    emit(found | {"cohort": name, "left_out": left_out}, as_json, lambda c: supposed(c, found))
    tell_left_out(left_out)
