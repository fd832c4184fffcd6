from __future__ import annotations

import math

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.taxonomy.forms import GAP
from ascertain.taxonomy.index import K1, B, build, from_bytes, to_bytes
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.text import stem

SKILLS = (Skill("a", "apple harvest"), Skill("b", "apple"), Skill("c", "pear pruning", synonyms=("trimming pears",)))


def test_bm25_agrees_with_the_formula(lexicon: Lexicon) -> None:
    index = build(SKILLS, (), lexicon)
    lengths = [len(f.split(GAP)) for f in index.forms]
    mean = sum(lengths) / len(lengths)
    apple = index.terms[stem("apple")]
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))  # in two of three skills
    row = index.bm25[apple].toarray().ravel()
    for form, length, weight in zip(index.forms, lengths, row, strict=True):
        expected = idf * (K1 + 1) / (1 + K1 * (1 - B + B * length / mean)) if stem("apple") in form.split(GAP) else 0.0
        assert weight == pytest.approx(expected, rel=1e-5)


def test_a_word_of_two_forms_of_one_skill_counts_as_one_skill(lexicon: Lexicon) -> None:
    index = build(SKILLS, (), lexicon)
    assert index.idf[index.terms[stem("pear")]] == pytest.approx(math.log(1 + 2.5 / 1.5), rel=1e-5)


def test_shares_of_a_form_sum_to_one(lexicon: Lexicon) -> None:
    index = build(SKILLS, (), lexicon)
    assert np.asarray(index.share.sum(axis=0)).ravel() == pytest.approx(1.0)


def test_bytes_round_trip(lexicon: Lexicon) -> None:
    index = build(SKILLS, (), lexicon)
    again = from_bytes(to_bytes(index))
    assert again.terms == index.terms
    assert again.forms == index.forms
    assert (again.bm25 != index.bm25).nnz == 0
    assert (again.pairs != index.pairs).nnz == 0
    assert np.array_equal(again.is_label, index.is_label)


def test_an_index_of_another_format_is_refused(lexicon: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = to_bytes(build(SKILLS, (), lexicon))
    monkeypatch.setattr("ascertain.taxonomy.index.FORMAT", 999)
    with pytest.raises(ValueError, match="not 999"):
        from_bytes(raw)
