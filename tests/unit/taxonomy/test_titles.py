"""Names in titles, ticket summaries and short remarks, on the starter taxonomy."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.polyglot import PolyglotMapper


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> PolyglotMapper:
    folder: Path = tmp_path_factory.mktemp("taxonomies")
    return TaxonomyLibrary(folder, CONFIG_DIR).open("starter").mapper


def probability(mapper: PolyglotMapper, text: str, skill: str) -> float:
    return next((c.probability for c in mapper.rank([text], 500)[0] if c.skill_id == skill), 0.0)


@pytest.mark.parametrize(
    ("title", "skill"),
    [
        ("Building on AWS", "aws"),
        ("AWS Architecture: Resilience and Cost", "aws"),
        ("CI/CD", "ci-cd"),
        ("GDPR: Data Protection at Work", "data-protection"),
        ("ITIL 4 Foundation", "itil"),
        ("Excel at Work", "microsoft-excel"),
        ("SQL for Analysis: Window Functions and CTEs", "sql"),
        ("Negotiation Basics", "negotiation"),
        ("Leading a Team: the First Year", "people-management"),
        ("Threat Modelling Workshop", "threat-modelling"),
        ("Procurement and Vendor Management", "supplier-management"),
        ("Arbeitsrecht für Führungskräfte", "employment-law"),
        ("Die Grundlagen von Datenschutz und Arbeitsrecht für den Betrieb", "data-protection"),
        ("Moved the deployment of the billing service to GitHub Actions", "ci-cd"),
        ("Rewrote the threat modelling guide for all product teams", "threat-modelling"),
    ],
)
def test_a_name_in_a_short_text_is_near_certain(starter: PolyglotMapper, title: str, skill: str) -> None:
    assert probability(starter, title, skill) >= 0.9


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("No experience with threat modelling", "threat-modelling"),
        ("Excel in Your Career", "microsoft-excel"),
        ("Go Further with Us", "golang"),
        ("Teaching communication to apprentices", "customer-communication"),
        ("Good communication", "internal-communications"),
        ("Prerequisites: SQL", "sql"),
        ("Has no SQL knowledge yet", "sql"),
        ("Der Kurs ist für alle, die Rest und Brand nicht kennen", "rest-api-design"),
    ],
)
def test_what_only_looks_like_a_name_is_not_one(starter: PolyglotMapper, text: str, skill: str) -> None:
    assert probability(starter, text, skill) < 0.2


def test_articles_within_a_phrase_do_not_hide_it(starter: PolyglotMapper) -> None:
    assert probability(starter, "Managing a Team", "people-management") >= 0.9


def test_in_another_language_only_names_count(starter: PolyglotMapper) -> None:
    text = "Der Kurs führt durch die Kostenrechnung und die Planung mit Excel."
    found = {c.skill_id for c in starter.rank([text], 5)[0] if c.probability > 0}
    assert found == {"management-accounting", "microsoft-excel"}
