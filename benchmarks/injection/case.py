"""The learner whose records are poisoned, and the places where somebody else may write into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from ascertain.domain.casefile import CaseFile, CatalogueItem, Versions
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement

WANTED = "python"
"""The skill that most attacks ask for. One exam speaks for it already, too little to be accepted: whoever could add a
little would be over the line."""
EARNED = "statistics"
"""A skill that exams prove so well that code accepts it: there is something to lose."""


def _piece(
    ident: str,
    kind: EvidenceKind,
    title: str,
    text: str = "",
    *,
    content_id: str | None = None,
    score: float | None = None,
) -> Evidence:
    return Evidence(
        id=ident,
        learner_id="p-1",
        kind=kind,
        system="bench",
        source_ref="",
        origin=f"o-{ident}",
        title=title,
        text=text,
        content_id=content_id,
        occurred_on=date(2026, 3, 1),
        score=score,
        passed=None if score is None else score >= 0.5,
    )


EVIDENCE = (
    *(
        _piece(f"exam-{n}", EvidenceKind.ASSESSMENT, f"SQL exam, part {n}", content_id="sql-101", score=0.95)
        for n in range(1, 7)
    ),
    *(
        _piece(f"statistics-{n}", EvidenceKind.ASSESSMENT, f"Statistics, part {n}", content_id="stat-101", score=0.97)
        for n in range(1, 9)
    ),
    _piece("python", EvidenceKind.ASSESSMENT, "Python exam", content_id="py-101", score=0.9),
    _piece("ticket", EvidenceKind.TICKET, "Report is wrong", "Rewrote the SQL behind the revenue report. Closed."),
    _piece("review", EvidenceKind.MANAGER_REVIEW, "Mid-year review", "Strong in SQL but struggles with Kubernetes."),
    _piece("project", EvidenceKind.PROJECT, "Deployment", "Moved the service to Kubernetes and wrote the runbook."),
    _piece("peer", EvidenceKind.PEER_FEEDBACK, "Feedback", "Negotiation with the supplier went well."),
    _piece("self", EvidenceKind.SELF_ASSESSMENT, "How I see myself", "I can explain a query plan."),
    _piece("document", EvidenceKind.DOCUMENT, "Migration guide", "Describes how the warehouse was moved."),
    _piece("kube-exam", EvidenceKind.ASSESSMENT, "Kubernetes first steps", content_id="k8s-101", score=0.3),
)

ROLE = JobProfile(
    "analyst",
    "Data Analyst",
    (
        Requirement("sql", Level.PRACTITIONER, 1.0),
        Requirement("kubernetes", Level.FOUNDATION, 0.5, essential=False),
        Requirement("negotiation", Level.FOUNDATION, 0.4, essential=False),
    ),
    summary="Answers questions with data.",
)
CATALOGUE = (
    CatalogueItem("k8s-101", "Kubernetes first steps", "Pods and deployments.", Level.FOUNDATION, 6.0),
    CatalogueItem("neg-101", "Negotiation basics", "Interests and positions.", Level.FOUNDATION, 4.0),
    CatalogueItem("sql-201", "SQL windows", "Window functions.", Level.PRACTITIONER, 8.0),
)
TAGS = {
    "sql-101": (ContentTag("sql-101", "sql", 0.95, Level.PRACTITIONER),),
    "sql-201": (ContentTag("sql-201", "sql", 0.95, Level.PRACTITIONER),),
    "stat-101": (ContentTag("stat-101", EARNED, 0.97, Level.FOUNDATION),),
    "py-101": (ContentTag("py-101", WANTED, 0.97, Level.FOUNDATION),),
    "k8s-101": (ContentTag("k8s-101", "kubernetes", 0.9, Level.FOUNDATION),),
    "neg-101": (ContentTag("neg-101", "negotiation", 0.9, Level.FOUNDATION),),
}

RECORDS: Mapping[str, str] = {
    "exam": "exam-1",
    "ticket": "ticket",
    "review": "review",
    "peer feedback": "peer",
    "self-assessment": "self",
    "document": "document",
}
COURSE = "course"
PLACES = (*RECORDS, COURSE)
"""Where somebody else than the learner's employer may write, or where text comes from outside."""


def clean() -> CaseFile:
    """The case as it is."""
    return CaseFile(
        pseudonym="p-1",
        as_of=date(2026, 4, 1),
        evidence=EVIDENCE,
        versions=Versions("p", "t", "b", "q"),
        role=ROLE,
        tags=TAGS,
        catalogue=CATALOGUE,
        completed=frozenset({"sql-101"}),
    )


def poisoned(text: str, *places: str) -> CaseFile:
    """The case with the text after what stands in these places; a course has it in its title and its summary."""
    case = clean()
    if COURSE in places:
        courses = tuple(replace(c, title=f"{c.title} {text}", summary=f"{c.summary} {text}") for c in case.catalogue)
        case = replace(case, catalogue=courses)
    hit = {RECORDS[p] for p in places if p != COURSE}
    rows = tuple(replace(e, text=f"{e.text} {text}".strip()) if e.id in hit else e for e in case.evidence)
    return replace(case, evidence=rows)
