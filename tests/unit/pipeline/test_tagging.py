"""Which skills a course is said to teach, on the starter taxonomy and the shipped policy."""

from __future__ import annotations

import json

import pytest

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.ports import Content
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_text
from ascertain.paths import APP_ROOT, CONFIG_DIR
from ascertain.pipeline.tagging import taught
from ascertain.policy import read_policy
from ascertain.taxonomy import TaxonomyBundle, TaxonomyLibrary


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> TaxonomyBundle:
    return TaxonomyLibrary(tmp_path_factory.mktemp("taxonomies"), CONFIG_DIR).open("starter")


@pytest.fixture(scope="module")
def rules() -> MappingRules:
    return read_policy()[0].mapping


def course(title: str, description: str = "") -> Content:
    return Content(CatalogueItem("1", title, "", Level.FOUNDATION, 1.0), "test", "1", "X-1", description, "", "")


def skills(starter: TaxonomyBundle, rules: MappingRules, title: str, description: str = "") -> set[str]:
    return {c.skill_id for c in taught(starter.mapper, [course(title, description)], rules)[0]}


def test_what_the_title_names_is_taught(starter: TaxonomyBundle, rules: MappingRules) -> None:
    assert skills(starter, rules, "Docker and Kubernetes") == {"docker", "kubernetes"}


@pytest.mark.parametrize(
    "sentence",
    [
        "Good SQL is a prerequisite.",
        "You should know SQL.",
        "Prior Python and SQL skills are necessary.",
        "Python programming and basic SQL needed.",
        "Examples in SQL.",
        "For analysts with firm SQL knowledge.",
        "A chapter on SQL closes the day.",
        "Vorausgesetzt wird SQL.",
    ],
)
def test_prerequisites_audiences_and_side_chapters_are_not(
    starter: TaxonomyBundle, rules: MappingRules, sentence: str
) -> None:
    assert skills(starter, rules, "Negotiation Basics", f"Two days of role play. {sentence}") == {"negotiation"}


def test_the_quote_is_from_the_text(starter: TaxonomyBundle, rules: MappingRules) -> None:
    text = "Positions and interests. Two days of negotiation training on video."
    found = taught(starter.mapper, [course("Negotiation Basics", text)], rules)[0]
    assert found
    assert all(c.quote in text for c in found)


def test_the_shipped_policy_keeps_its_precision_on_the_labelled_catalogue(
    starter: TaxonomyBundle, rules: MappingRules
) -> None:
    courses = {
        c["id"]: c
        for file in (CONFIG_DIR / "demo").glob("courses-*.json")
        for c in json.loads(file.read_text(encoding="utf-8"))
    }
    lines = (APP_ROOT / "training/data/course_tags.jsonl").read_text(encoding="utf-8").splitlines()
    labels = [json.loads(line) for line in lines]
    assert {label["id"] for label in labels} == set(courses)
    contents = [course(courses[d["id"]]["name"], clean_text(courses[d["id"]]["description"])) for d in labels]
    found = [{c.skill_id for c in f} for f in taught(starter.mapper, contents, rules)]
    right = sum(len(f & set(d["skills"])) for f, d in zip(found, labels, strict=True))
    assert right / sum(map(len, found)) >= 0.8
    assert right / sum(len(d["skills"]) for d in labels) >= 0.62
