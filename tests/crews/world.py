"""A small world for crew tests: a taxonomy, a mapper and a solver of a few lines, and cases made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ascertain.domain.casefile import CaseFile, CatalogueItem, Mentor, Versions
from ascertain.domain.crosswalks import Link
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.paths import PathPlan, PathProblem, PlanStatus, closure_of, ordered, timeline, violations
from ascertain.domain.ports import CrewServices
from ascertain.domain.skills import Candidate, ContentTag, JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.policy import read_policy

SKILLS = (
    Skill("sql", "SQL", family=SkillFamily.TECHNICAL, synonyms=("SQL queries",), definition="Querying data with SQL."),
    Skill("kubernetes", "Kubernetes", family=SkillFamily.FAST, definition="Running containers on Kubernetes."),
    Skill("negotiation", "Negotiation", family=SkillFamily.DURABLE, definition="Reaching agreements."),
    Skill("python", "Python", family=SkillFamily.TECHNICAL, definition="Programming in Python."),
)


class TinyTaxonomy:
    """Four skills."""

    version = "tiny-1"

    def skill(self, skill_id: str) -> Skill | None:
        return next((s for s in SKILLS if s.id == skill_id), None)

    def skills(self) -> Sequence[Skill]:
        return SKILLS

    def job_profile(self, profile_id: str) -> JobProfile | None:
        return None

    def led(self, ident: str, framework: str = "") -> Link | None:
        return None


class TinyMapper:
    """A skill is expressed by its label (0.9) and, doubtfully, by the first word of its definition (0.3)."""

    version = "tiny-1"

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        return [self._one(t)[:top] for t in texts]

    def _one(self, text: str) -> list[Candidate]:
        words = {w.casefold() for w in re.findall(r"\w+", text)}
        found = []
        for s in SKILLS:
            if s.label.casefold() in words:
                found.append(Candidate(s.id, s.label, 0.9))
            elif s.definition.split()[0].casefold() in words:
                found.append(Candidate(s.id, s.label, 0.3))
        return sorted(found, key=lambda c: (-c.probability, c.skill_id))


class TinySolver:
    """The whole offer in order as "best", its first item as "quick"."""

    def plans(self, problem: PathProblem) -> tuple[PathPlan, ...]:
        chosen: list[str] = []
        for c in ordered(problem, [o.item.content_id for o in problem.options]):
            if not violations(problem, [*chosen, c]):
                chosen.append(c)
        if not chosen:
            return ()
        return tuple(self._plan(problem, n, ids) for n, ids in (("best", chosen), ("quick", chosen[:1])))

    def _plan(self, problem: PathProblem, name: str, ids: Sequence[str]) -> PathPlan:
        steps = timeline(problem, ids)
        value = closure_of(problem, ids)
        return PathPlan(
            name, name, steps, sum(s.hours for s in steps), value, value, PlanStatus.FEASIBLE, "nothing binds"
        )


@dataclass
class CountingMapper:
    """Counts the texts it was asked about."""

    inner: TinyMapper
    asked: list[str]
    version: str = "tiny-1"

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        self.asked.extend(texts)
        return self.inner.map(texts, top=top)


ROLE = JobProfile(
    "analyst",
    "Data Analyst",
    (
        Requirement("sql", Level.PRACTITIONER, 1.0, critical=True, why="Most questions end in a query."),
        Requirement("kubernetes", Level.FOUNDATION, 0.5, essential=False),
        Requirement("negotiation", Level.FOUNDATION, 0.4, essential=False),
    ),
    summary="Answers questions with data.",
)

CATALOGUE = (
    CatalogueItem("k8s-101", "Kubernetes first steps", "Pods and deployments.", Level.FOUNDATION, 6.0),
    CatalogueItem("neg-101", "Negotiation basics", "Interests and positions.", Level.FOUNDATION, 4.0, external=True),
    CatalogueItem("sql-201", "SQL windows", "Window functions.", Level.PRACTITIONER, 8.0),
)

TAGS = {
    "sql-101": (ContentTag("sql-101", "sql", 0.95, Level.FOUNDATION),),
    "sql-201": (ContentTag("sql-201", "sql", 0.95, Level.PRACTITIONER),),
    "k8s-101": (ContentTag("k8s-101", "kubernetes", 0.9, Level.FOUNDATION),),
    "neg-101": (ContentTag("neg-101", "negotiation", 0.9, Level.FOUNDATION),),
}


def piece(
    ident: str,
    kind: EvidenceKind,
    title: str,
    text: str = "",
    *,
    content_id: str | None = None,
    score: float | None = None,
    passed: bool | None = None,
) -> Evidence:
    """One piece of evidence with an origin of its own."""
    return Evidence(
        id=ident,
        learner_id="p-1",
        kind=kind,
        system="test",
        source_ref="",
        origin=f"o-{ident}",
        title=title,
        text=text,
        content_id=content_id,
        occurred_on=date(2026, 3, 1),
        score=score,
        passed=passed,
    )


EVIDENCE = (
    piece("e1", EvidenceKind.ASSESSMENT, "SQL: asking questions", content_id="sql-101", score=0.9, passed=True),
    piece("e2", EvidenceKind.TICKET, "Report is wrong", "Rewrote the SQL behind the revenue report. Closed."),
    piece(
        "e3",
        EvidenceKind.MANAGER_REVIEW,
        "Mid-year review",
        "Strong in SQL but struggles with Kubernetes. Always friendly.",
    ),
    piece("e4", EvidenceKind.PROJECT, "Deployment", "Moved the service to Kubernetes and wrote the runbook."),
    piece("e5", EvidenceKind.CERTIFICATION, "Certified Beekeeper", ""),
)


def case(**changes: object) -> CaseFile:
    """The standard case, with changes."""
    standard = CaseFile(
        pseudonym="p-1",
        as_of=date(2026, 4, 1),
        evidence=EVIDENCE,
        versions=Versions("p", "t", "b", "q"),
        role=ROLE,
        hours_per_week=40.0,
        tags=TAGS,
        catalogue=CATALOGUE,
        completed=frozenset({"sql-101"}),
        mentors=(Mentor("m-7", "kubernetes", Level.ADVANCED),),
        withheld=("1 peer feedback: consent withdrawn",),
    )
    return replace(standard, **changes)  # type: ignore[arg-type]


def services() -> CrewServices:
    """The tiny adapters under the shipped policy."""
    return CrewServices(TinyTaxonomy(), TinyMapper(), TinySolver(), read_policy()[0])
