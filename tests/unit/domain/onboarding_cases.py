"""A new data analyst, three colleagues and five courses, for tests of onboarding."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding import FirstProject, Given, System
from ascertain.domain.onboarding_case import Helper, OnboardingCase, needs_of
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement

RULES = OnboardingRules(start_days=45)
START = date(2026, 4, 6)  # a Monday

ROLE = JobProfile(
    "analyst",
    "Data Analyst",
    (
        Requirement("sql", Level.PRACTITIONER, 1.0, why="Most questions end in a query."),
        Requirement("kubernetes", Level.FOUNDATION, 0.5, essential=False),
        Requirement("negotiation", Level.FOUNDATION, 0.4, essential=False),
        Requirement("python", Level.FOUNDATION, 0.6, critical=True),
    ),
    summary="Answers questions with data.",
)
COURSES = (
    CatalogueItem("gdpr", "GDPR basics", "", Level.FOUNDATION, 2.0, mandatory=True),
    CatalogueItem("k8s-101", "Kubernetes first steps", "", Level.FOUNDATION, 6.0),
    CatalogueItem("neg-101", "Negotiation basics", "", Level.FOUNDATION, 4.0, external=True),
    CatalogueItem("sql-101", "SQL first steps", "", Level.FOUNDATION, 5.0),
    CatalogueItem("sql-201", "SQL windows", "", Level.PRACTITIONER, 8.0, prerequisites=("sql-101",)),
)
TAGS = {
    "k8s-101": (ContentTag("k8s-101", "kubernetes", 0.9, Level.FOUNDATION),),
    "neg-101": (ContentTag("neg-101", "negotiation", 0.9, Level.FOUNDATION),),
    "sql-101": (ContentTag("sql-101", "sql", 0.9, Level.FOUNDATION),),
    "sql-201": (ContentTag("sql-201", "sql", 0.95, Level.PRACTITIONER),),
}
GIVEN = Given(
    priorities=("negotiation",),
    systems=(System("Billing", 30, "IT desk"),),
    project=FirstProject("A churn report", "the report is read in the weekly meeting", 60),
    buddy="m-2",
)
HELPERS = (
    Helper("m-1", "sql", Level.EXPERT),
    Helper("m-2", "sql", Level.PRACTITIONER),
    Helper("m-1", "python", Level(4)),
)


def case(given: Given = GIVEN, shown: dict[str, Level] | None = None, **changes: Any) -> OnboardingCase:
    """The standard case, with changes."""
    holders = {"sql": 2, "python": 1}
    known = shown or {}
    needs = needs_of(ROLE, known, holders, given.priorities, RULES)
    met = tuple(r.skill_id for r in ROLE.requirements if known.get(r.skill_id, 0) >= r.level)
    standard = OnboardingCase("p-1", ROLE, START, 8.0, needs, met, HELPERS, COURSES, TAGS, frozenset(), "en", given)
    return replace(standard, **changes)
