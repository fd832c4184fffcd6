"""What can never be a skill, and that what can be learned stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.denied import DeniedGroup, DenyList, words_of
from ascertain.taxonomy.denying import read_denied

ROOT = Path(__file__).resolve().parents[3]
DENY = read_denied()


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Empathy", "emotion"),
        ("EMOTIONS", "emotion"),
        ("good mood", "emotion"),
        ("level of happiness", "emotion"),
        ("employee's emotional state", "emotion"),
        ("Emotional intelligence", "emotion"),
        ("have emotional intelligence", "emotion"),
        ("demonstrate enthusiasm", "emotion"),
        ("Empathie", "emotion"),
        ("estado de ánimo", "emotion"),
        ("Extraversion", "personality"),
        ("Big Five conscientiousness score", "personality"),
        ("personality traits (Big 5)", "personality"),
        ("be loyal", "personality"),
        ("Loyalty", "personality"),
        ("Cultural fit", "personality"),
        ("strong work ethic", "personality"),
        ("high self-confidence", "personality"),
        ("demonstrate curiosity", "personality"),
        ("Pünktlichkeit", "personality"),
        ("disability status", "health"),
        ("not pregnant: health status", "health"),
        ("Neurodivergent", "health"),
        ("political opinion", "belief"),
        ("Trade union membership (yes/no)", "belief"),
        ("Religious belief", "belief"),
        ("ethnic origin", "origin"),
        ("Native speaker", "origin"),
        ("Young", "origin"),
        ("gender identity", "origin"),
        ("digital native", "origin"),
    ],
)
def test_states_traits_and_protected_matters_are_refused(name: str, group: str) -> None:
    found = DENY.refuses(name)
    assert found is not None
    assert found.id == group
    assert found.source


@pytest.mark.parametrize(
    "name",
    [
        "conflict management",
        "show empathy",
        "empathise with healthcare users",
        "cope with stress",
        "exercise patience",
        "deal with aggressive behaviour",
        "listen actively",
        "give constructive feedback",
        "manage frustration",
        "stress management",
        "health and safety",
        "sex education",
        "political science",
        "religious studies",
        "age-appropriate teaching",
        "race car maintenance",
        "single sign-on",
        "Gay-Lussac's law",
        "kind of fabrics",
        "data integrity",
        "artificial intelligence",
        "business intelligence",
        "character animation",
        "Liberal arts",
        "union catalogues",
        "",
        "!!!",
    ],
)
def test_what_can_be_learned_stays(name: str) -> None:
    assert DENY.refuses(name) is None


def test_nothing_of_520_esco_labels_is_refused() -> None:
    labels = set()
    for line in (ROOT / "benchmarks" / "data" / "esco_sentences.jsonl").read_text("utf-8").splitlines():
        labels |= set(json.loads(line)["labels"])
    assert len(labels) >= 500
    assert [n for n in sorted(labels) if DENY.refuses(n)] == []


def test_nothing_of_the_starter_taxonomy_is_refused() -> None:
    names = []
    for file in (ROOT / "config" / "taxonomy" / "starter").glob("*.json"):
        for skill in json.loads(file.read_text("utf-8"))["skills"]:
            names += [skill["label"], *skill.get("synonyms", ())]
    assert len(names) > 1000
    assert [n for n in names if DENY.refuses(n)] == []


def test_every_term_of_the_list_is_refused_however_it_is_written() -> None:
    for group in DENY.groups:
        for term in group.terms | group.phrases:
            if term in DENY.allowed:
                continue
            for spelled in (" ".join(term), " ".join(term).upper(), f"  {'  '.join(term)} (general)"):
                found = DENY.refuses(spelled)
                assert found is not None, spelled


def test_an_allowed_name_is_allowed_as_a_whole_only() -> None:
    group = DeniedGroup("x", "because", "somewhere", frozenset({("mood",)}), frozenset({("state", "of", "mind")}))
    deny = DenyList("1", (group,), frozenset({("level", "of"), ("high",)}), frozenset({("high", "mood")}))
    assert deny.refuses("high mood") is None
    assert deny.refuses("high level of mood") is group
    assert deny.refuses("a good state of mind at work") is group
    assert deny.refuses("mood board") is None


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert DENY.refuses(text) is None or words_of(text)
