from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.taxonomy.text import MAX_WORDS, sentences, stem, tokens, without_markup


def pieces(text: str, abbreviations: frozenset[str] = frozenset({"e.g", "approx"})) -> list[str]:
    return [text[a:b] for a, b in sentences(text, abbreviations)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("C++, C# and .NET", ["C++", "C#", "and", ".NET"]),
        ("R&D in R", ["R&D", "in", "R"]),
        ("front-end/back-end", ["front", "end", "back", "end"]),
        ("the learner's work", ["the", "learner's", "work"]),
        ("Node.js.Next", ["Node", "js", "Next"]),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [t.surface for t in tokens(text)] == words


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("modelling", "modeling"),
        ("organisation", "organization"),
        ("analysed", "analyzing"),
        ("behaviour", "behavior"),
        ("centre", "center"),
        ("programmes", "program"),
        ("learner's", "learners"),
        ("Communicating", "communication"),
    ],
)
def test_spellings_and_inflections_share_a_stem(a: str, b: str) -> None:
    assert stem(a) == stem(b)


@pytest.mark.parametrize(
    ("a", "b"), [("succession", "success"), ("marketing", "markets"), ("internal", "international")]
)
def test_unrelated_words_do_not(a: str, b: str) -> None:
    assert stem(a) != stem(b)


def test_sentences_end_at_stops_line_ends_bullets_and_semicolons() -> None:
    text = "First one. Second one!\nThird • Fourth; fifth"
    assert pieces(text) == ["First one.", "Second one!", "Third", "Fourth;", "fifth"]


def test_an_abbreviation_or_a_number_ends_no_sentence() -> None:
    assert pieces("Tools, e.g. Excel, cost approx. 3.5 hours. Next.") == [
        "Tools, e.g. Excel, cost approx. 3.5 hours.",
        "Next.",
    ]


def test_markup_is_passed_over_and_keeps_offsets() -> None:
    text = "<p>Learn <b>SQL</b> well.</p><p>Then rest.</p>"
    assert len(without_markup(text)) == len(text)
    assert pieces(text) == ["Learn <b>SQL</b> well.", "Then rest."]


def test_a_list_without_stops_is_cut() -> None:
    text = ", ".join(f"word{i}" for i in range(3 * MAX_WORDS))
    parts = pieces(text)
    assert len(parts) > 3
    assert all(len(tokens(p)) <= MAX_WORDS for p in parts)
    assert [t.surface for p in parts for t in tokens(p)] == [t.surface for t in tokens(text)]


@given(st.text(max_size=300))
def test_spans_are_ordered_within_the_text_and_lose_no_word(text: str) -> None:
    spans = sentences(text, frozenset())
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    clean = without_markup(text)
    covered = sum(len(tokens(clean[a:b])) for a, b in spans)
    assert covered == len(tokens(clean))
