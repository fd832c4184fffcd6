"""The HTML report: self-contained, readable without scripts, printable, light and dark."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from ascertain.domain.text import clean_text
from ascertain.pipeline import views, views_gaps
from ascertain.pipeline.sweep import cohort_or_raise
from ascertain.report.heat import heat
from ascertain.report.page_templates import page_templates
from ascertain.report.private_file import write_private

if TYPE_CHECKING:
    from ascertain.runtime import App

Json = dict[str, Any]

LEVELS = {1: "awareness", 2: "foundation", 3: "practitioner", 4: "advanced", 5: "expert"}
COLUMNS = 12
EVERYBODY = "all"


def write_report(app: App, out: Path, *, cohort: str = EVERYBODY, only: Collection[str] | None = None) -> int:
    """Write the report of a cohort, or of those of it whose ids are in ``only``; returns its size in bytes.

    The file is readable by its owner alone, whatever stood there before, and is there whole or not at all.

    Raises:
        NotFoundError: nobody is in the cohort.
        ConfigError: the file cannot be written there.
    """
    return write_private(out, render_report(app, cohort, only), option="--out")


def render_report(app: App, cohort: str = EVERYBODY, only: Collection[str] | None = None) -> str:
    """The report as HTML text."""
    return _environment().get_template("report.html").render(**collect(app, cohort, only))


def collect(app: App, cohort: str, only: Collection[str] | None = None) -> Json:
    """All figures of the report; the template adds none.

    Raises:
        NotFoundError: nobody is in the cohort; a report of everybody may be empty.
    """
    taxonomy = app.bundle.taxonomy
    with app.units(write=False) as uow:
        found = uow.people.all() if cohort == EVERYBODY else cohort_or_raise(uow, cohort)
        found = [p for p in found if only is None or p.id in only]
        learners = sorted(found, key=lambda p: (p.department, p.name, p.id))
        members = {p.id for p in learners}
        departments = []
        for name in dict.fromkeys(p.department or "without department" for p in learners):
            team = [p for p in learners if (p.department or "without department") == name]
            departments.append({"name": name, "heatmap": views_gaps.heatmap(uow, team, taxonomy, columns=COLUMNS)})
        people = [
            {
                "profile": views.profile(uow, p),
                "gaps": views_gaps.gaps(uow, p, taxonomy),
                "path": views.path(uow, p, taxonomy),
            }
            for p in learners
        ]
        head = uow.audit.head()
        return {
            "cohort": cohort,
            "as_of": app.as_of.isoformat(),
            "departments": departments,
            "people": people,
            "cohort_gaps": views_gaps.cohort_gaps(uow, learners, taxonomy)[:12],
            "waiting": [r for r in views.reviews(uow, taxonomy, app.clock.today()) if r["learner"] in members],
            "refused": views.refusals(uow, learners),
            "states": _states(people),
            "audit": {"records": head.seq if head else 0, "head": head.hash[:16] if head else ""},
            "versions": {"policy": app.policy.version, "taxonomy": taxonomy.version},
            "levels": LEVELS,
        }


def _states(people: list[Json]) -> list[tuple[str, int]]:
    found = [s["state"] for p in people for s in p["profile"]["skills"]]
    return [(s.replace("_", " "), found.count(s)) for s in sorted(set(found))]


def _environment() -> Environment:
    environment = page_templates()
    environment.filters["clean"] = lambda text: clean_text(str(text))
    environment.globals["dots"] = dots
    environment.filters["heat"] = heat
    environment.globals["to_person"] = _to_person
    environment.filters["percent"] = lambda v: f"{100 * v:.0f}\u202f%"
    return environment


def _to_person(person: Json, skill: Json | None, cell: Json | None) -> str:
    """Of a heat map in the report: a name leads to the person's part of it, a cell nowhere."""
    return "" if skill else f"#{person['id']}"


def dots(level: int | None) -> str:
    """The five-level scale as dots."""
    return "" if level is None else "●" * level + "○" * (5 - level)
