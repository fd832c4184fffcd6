"""Tools of the learning-path curator: what can be learned, who could help, which plans are feasible."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.gaps import GapStatus
from ascertain.domain.paths import PathPlan, weeks_needed
from ascertain.domain.text import clean_text
from tools.base import Arguments, DeskTool
from tools.desk import CaseDesk

STAGE = "learning_path_curator"

MAX_ITEMS = 30
MENTORS_PER_SKILL = 3
MAX_SUMMARY = 280


class CatalogueQuery(Arguments):
    """What to look for."""

    model_config = ConfigDict(extra="forbid")
    words: str = Field(default="", description="Words of a title or skill; empty means everything that closes a gap.")


class CatalogueSearch(DeskTool):
    """Catalogue items of this case that close a gap, with the prerequisites they need."""

    name: str = "catalogue_search"
    description: str = (
        "Catalogue items that close a gap of this case: content_id, title, summary, level, hours, what they teach, "
        "whether they are external. Empty words mean everything that does."
    )
    args_schema: type[BaseModel] = CatalogueQuery
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``items`` and ``more``, the number left out."""
        words = str(arguments.get("words") or "").casefold().split()
        options = sorted(self._desk.problem.options, key=lambda o: (-sum(o.closes.values()), o.item.content_id))
        rows = [item_row(self._desk, o.item, [s for s, v in sorted(o.closes.items()) if v > 0]) for o in options]
        if words:
            rows = [r for r in rows if all(w in f"{r['title']} {' '.join(r['closes'])}".casefold() for w in words)]
        return {"items": rows[:MAX_ITEMS], "more": max(0, len(rows) - MAX_ITEMS)}


class Mentors(DeskTool):
    """Colleagues, under pseudonyms, whose accepted skills cover a gap."""

    name: str = "mentors"
    description: str = "Colleagues, under pseudonyms, who could help with a gap of this case. Takes no arguments."
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``mentors``: pseudonym, skill and level, at most a few a skill, for gaps that are not met."""
        open_gaps = {g.skill_id for g in self._desk.conclusion().gaps if g.status is not GapStatus.MET}
        seen: dict[str, int] = {}
        rows = []
        for m in self._desk.case.mentors:
            if m.skill_id in open_gaps and seen.get(m.skill_id, 0) < MENTORS_PER_SKILL:
                seen[m.skill_id] = seen.get(m.skill_id, 0) + 1
                rows.append({"mentor": m.pseudonym, "skill": self._desk.label(m.skill_id), "level": int(m.level)})
        return {"mentors": rows}


class PathSolverTool(DeskTool):
    """The feasible plans; there are no others to choose from."""

    name: str = "path_solver"
    description: str = (
        "Feasible plans for this case, the best first, each proven to respect hours, prerequisites and the horizon. "
        "Choose one of these plan ids. Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role``, ``hours_per_week`` for learning and ``plans``, see :func:`plan_row`."""
        role = self._desk.case.role
        return {
            "role": role.title if role else None,
            "hours_per_week": round(self._desk.problem.hours_per_week, 2),
            "horizon_weeks": self._desk.problem.weeks,
            "plans": [plan_row(self._desk, p) for p in self._desk.plans()],
        }


def item_row(desk: CaseDesk, item: CatalogueItem, closes: list[str]) -> dict[str, Any]:
    """A catalogue item as the curator sees it."""
    return {
        "content_id": item.content_id,
        "title": clean_text(item.title),
        "summary": clean_text(item.summary)[:MAX_SUMMARY],
        "level": int(item.level),
        "hours": round(item.hours, 2),
        "modality": item.modality,
        "language": item.language,
        "mandatory": item.mandatory,
        "external": item.external,
        "prerequisites": item.prerequisites,
        "closes": [desk.label(s) for s in closes],
    }


def plan_row(desk: CaseDesk, plan: PathPlan) -> dict[str, Any]:
    """A plan as the curator sees it; hours of study, weeks rounded up."""
    external = {c.content_id for c in desk.case.catalogue if c.external}
    return {
        "plan_id": plan.id,
        "label": plan.label,
        "status": plan.status,
        "hours": round(plan.hours, 2),
        "weeks": weeks_needed(plan.hours, desk.problem.hours_per_week),
        "binding": plan.binding,
        "leaves_open": [desk.label(s) for s in plan.open_skills],
        "steps": [
            {
                "content_id": s.content_id,
                "title": clean_text(s.title),
                "hours": round(s.hours, 2),
                "closes": [desk.label(k) for k in s.closes],
                "external": s.content_id in external,
            }
            for s in plan.steps
        ],
    }
