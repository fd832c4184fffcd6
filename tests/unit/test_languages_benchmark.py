"""The benchmark of texts in other languages: its data, and that further names are worth what is said of them."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from ascertain.taxonomy.text import SNOWBALL
from benchmarks.languages import LANGUAGES, measure, sentences


def test_the_sentences_are_labelled_and_spread_evenly() -> None:
    found = sentences()
    assert Counter(language for language, _, _ in found) == dict.fromkeys(LANGUAGES, 30)
    assert len({text for _, text, _ in found}) == len(found)
    assert all(right for _, _, right in found)
    assert set(LANGUAGES) <= set(SNOWBALL)


@pytest.mark.slow
def test_names_in_a_language_make_its_texts_findable() -> None:
    lines = {(x.names, x.language): x for x in measure()}
    for code in LANGUAGES:
        alone, all_ = lines["English", code], lines["all", code]
        assert alone.recall < 10, "product names alone"
        assert all_.recall > 70
        assert all_.first > 70
        assert all_.right > 85
        assert all_.detected == alone.detected == 100
    assert all(a.texts == b.texts for a, b in pairwise(lines.values()))
