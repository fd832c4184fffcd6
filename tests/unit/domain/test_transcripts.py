"""Captions become passages that begin where they were said, and nothing of what was said is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.transcripts import LONGEST, Cue, Passage, clock_time, place_of, some, spoken, words_sha


def cues(*texts: str, every: float = 2.0) -> list[Cue]:
    return [Cue(i * every, (i + 1) * every, t) for i, t in enumerate(texts)]


def test_a_passage_ends_where_the_sentence_does_and_begins_with_its_first_caption() -> None:
    found = spoken(cues("Today we write", "SQL queries.", "Then we test", "them!"))
    assert found == (Passage("Today we write SQL queries.", 0.0), Passage("Then we test them!", 4.0))


def test_a_pause_and_too_many_words_end_a_passage_too() -> None:
    assert [p.text for p in spoken([Cue(0, 1, "no full stop"), Cue(9, 10, "later")])] == ["no full stop", "later"]
    long = spoken(cues(*[f"word{i} " * 12 for i in range(10)]))
    assert all(len(p.text) <= LONGEST for p in long)
    assert len(long) > 1


def test_rolling_captions_are_taken_once() -> None:
    found = spoken(cues("we open the editor", "we open the editor and we write", "and we write a query."))
    assert [p.text for p in found] == ["we open the editor and we write a query."]
    assert [p.text for p in spoken(cues("Done.", "Done."))] == ["Done."]
    later = spoken([Cue(0, 1, "Save your work."), Cue(60, 61, "Save your work.")])
    assert [p.second for p in later] == [0, 60], "what is said again later was said twice"


@given(st.lists(st.text("ab cd.", min_size=1, max_size=30), max_size=30))
def test_every_word_of_a_caption_was_said_in_some_passage(texts: list[str]) -> None:
    said = " ".join(p.text for p in spoken(cues(*texts)))
    for text in texts:
        for word in text.split():
            assert word in said


@pytest.mark.parametrize(
    ("second", "words"), [(0, "00:00"), (59.9, "00:59"), (192, "03:12"), (3599, "59:59"), (3600, "1:00:00")]
)
def test_a_moment_is_said_as_a_player_shows_it(second: float, words: str) -> None:
    assert clock_time(second) == words


def test_a_quote_is_found_where_it_was_said() -> None:
    passages = (Passage("Hello.", 1.0), Passage("We write SQL.", 192.0), Passage("A slide.", page=4))
    assert place_of(passages, "write SQL") == "at 03:12"
    assert place_of(passages, "slide") == "on page 4"
    assert place_of(passages, "nowhere") == place_of(passages, "") == ""


def test_some_are_spread_from_the_first_to_the_last() -> None:
    passages = tuple(Passage(str(i)) for i in range(100))
    kept = some(passages, 10)
    assert len(kept) == 10
    assert (kept[0].text, kept[-1].text) == ("0", "99")
    assert some(passages, 100) == passages


def test_the_words_and_not_the_times_name_a_transcript() -> None:
    assert words_sha([Passage("x", 1.0)]) == words_sha([Passage("x", 2.0)])
    assert words_sha([Passage("x", 1.0)]) != words_sha([Passage("y", 1.0)])
