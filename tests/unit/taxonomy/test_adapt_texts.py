"""Texts to adapt with: no text is searched where its name is, and bad lines are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascertain.domain.skills import Skill
from ascertain.errors import InputError
from ascertain.taxonomy.adapt_texts import PARTS, fold_of, made_texts, read_labelled, without_asked
from ascertain.taxonomy.lexicon import Lexicon

SKILLS = (
    Skill("a", "Alpha", synonyms=("first letter", "Alphas", "shared name")),
    Skill("b", "Beta", synonyms=("second letter", "shared name")),
    Skill("c", "Gamma"),
    *(Skill(f"s{i}", f"Skill {i}", synonyms=(f"craft number {i}", f"trade {i}")) for i in range(40)),
)


def test_a_held_name_is_in_its_text_and_not_in_the_taxonomy_it_is_searched_in(lexicon: Lexicon) -> None:
    texts = made_texts(SKILLS, lexicon)
    held = [t for t in texts if t.held]
    assert len(held) > 40
    for t in held:
        (row,) = t.gold
        assert t.held is not None
        assert t.held in t.text
        assert t.part is not None
        searched = without_asked(SKILLS, texts, t.part)[row]
        assert t.held in SKILLS[row].synonyms
        assert t.held not in searched.synonyms
        assert searched.label == SKILLS[row].label
        assert len(searched.synonyms) == len(SKILLS[row].synonyms) - 1, "one name of a skill a part"


def test_shared_names_and_spellings_of_the_label_are_not_asked_for(lexicon: Lexicon) -> None:
    held = {t.held for t in made_texts(SKILLS, lexicon)}
    assert "shared name" not in held
    assert "Alphas" not in held
    assert {"first letter", "second letter"} <= held


def test_there_are_labels_and_texts_of_no_skill(lexicon: Lexicon) -> None:
    texts = made_texts(SKILLS, lexicon)
    assert any(t.gold and t.held is None for t in texts)
    assert any(not t.gold for t in texts)
    assert {t.part for t in texts} == set(range(PARTS))


def test_the_same_taxonomy_gives_the_same_texts_and_another_language_bare_names(lexicon: Lexicon) -> None:
    assert made_texts(SKILLS, lexicon) == made_texts(SKILLS, lexicon)
    names = {n for s in SKILLS for n in (s.label, *s.synonyms)}
    assert {t.text for t in made_texts(SKILLS, lexicon, english=False)} <= names
    assert made_texts([Skill("a", "Alpha")], lexicon) == []
    assert len([t for t in made_texts(SKILLS, lexicon, most=7) if t.held]) == 7


def test_texts_of_one_skill_share_a_fold(lexicon: Lexicon) -> None:
    folds: dict[frozenset[int], set[int]] = {}
    for t in made_texts(SKILLS, lexicon):
        if t.gold:
            folds.setdefault(t.gold, set()).add(fold_of(t, 5))
    assert all(len(f) == 1 for f in folds.values())
    assert len(set.union(*folds.values())) == 5


def test_labelled_texts_are_read_and_joined(tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    rows = [{"text": "x", "skills": ["a"]}, {"text": "y", "skills": []}, {"text": "x", "skills": ["b"]}]
    file.write_text("\n\n".join(json.dumps(r) for r in rows), encoding="utf-8-sig")
    assert [(t.text, t.gold, t.part) for t in read_labelled(file, SKILLS)] == [
        ("x", frozenset({0, 1}), None),
        ("y", frozenset(), None),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"text": "x", "skills": ["a"]}\n{"text": "x"}', "texts.jsonl:2: 'skills' is a required property"),
        (b'\n{"text": "x", "skills": ["zz"]}', "texts.jsonl:2, field 'skills': the taxonomy has no skill 'zz'"),
        (b'{"text": "", "skills": []}', "texts.jsonl:1, field 'text'"),
        (b"{", "texts.jsonl:1: not JSON"),
        (b'{"text": "\xff", "skills": []}', "texts.jsonl:1: not UTF-8"),
        (b"\n", "holds no text"),
    ],
)
def test_a_bad_line_is_named(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_bytes(content)
    with pytest.raises(InputError) as e:
        read_labelled(file, SKILLS)
    assert told in str(e.value)
    assert e.value.remedy
    with pytest.raises(InputError, match="cannot read it"):
        read_labelled(tmp_path / "nothing", SKILLS)
