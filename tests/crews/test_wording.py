from __future__ import annotations

import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.orders import gives_orders
from tools.figures import figures, figures_in, unfounded
from tools.wording import MAX_QUOTE, affirmative, denies, sentences, squash, statements, wishes

TEXTS = st.text(alphabet=st.sampled_from("abc SQL.,;!?\n•but however (1)\"'é"), max_size=900)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_pieces_are_short_and_verbatim(text: str) -> None:
    whole = squash(text)
    for piece in (*sentences(text), *statements(text)):
        assert 0 < len(piece) <= MAX_QUOTE
        assert piece in whole


def test_sentences_end_where_sentences_end() -> None:
    text = "Used Node.js 3.11, e.g. Express. It worked!\n• Wrote tests\n• Fixed C# code"
    assert list(sentences(text)) == ["Used Node.js 3.11, e.g. Express.", "It worked!", "Wrote tests", "Fixed C# code"]


def test_a_long_sentence_is_given_in_parts_that_lose_nothing_but_commas() -> None:
    text = ", ".join(f"skill number {i}" for i in range(60))
    parts = list(sentences(text))
    assert len(parts) > 3
    assert ", ".join(parts) == text


@pytest.mark.parametrize(
    "text",
    [
        "He struggles with SQL joins.",
        "She has no experience in Kubernetes.",
        "Not yet able to deploy alone.",
        "Lacks knowledge of Python.",
        "needs more support with negotiation",
        "He did not understand window functions.",
        "Has never used Terraform.",
        "Her presentation skills are below expectations.",
        "He needs a lot of guidance on testing.",
        "She is weak in statistics.",
        "could not explain the data model",
        "Vendor contracts are new to her.",
        "His delegation is weak, though.",
        "He is still unsure with joins in SQL.",
        "The on-call week showed gaps in monitoring.",
        "She has not worked with SQL yet.",
        "He scored high in the training, yet it does not show in his daily work.",
        "Statistical reasoning is not yet at the level we need.",
        "Kubernetes she leaves to us",
        "In der Auswertung ist sie noch unsicher.",
    ],
)
def test_words_that_deny(text: str) -> None:
    assert denies(text)
    assert len(affirmative(text)) < len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Migrated without downtime.",
        "Helped colleagues who struggle with SQL.",
        "Fixed the failed login.",
        "Coached a team that had no experience with Scrum.",
        "Not only fast, also careful.",
        "Found a security weakness and closed it.",
        "Never late, always prepared.",
        "I have never seen her leave a pipeline undocumented.",
        "Wrote decision records everyone could follow.",
        "The team works well with new customers.",
    ],
)
def test_words_that_only_look_like_denial(text: str) -> None:
    assert not denies(text)
    assert affirmative(text) == text


def test_a_sentence_that_turns_is_two_statements() -> None:
    assert list(statements("Strong in SQL, but struggles with Kubernetes.")) == [
        "Strong in SQL",
        "struggles with Kubernetes.",
    ]
    assert list(statements("Quick but careful.")) == ["Quick but careful."]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Health scores exist, but he does not use them.", 1),
        ("He can explain testing well, yet it does not show in his work.", 1),
        ("Python is good, infrastructure topics are still new.", 2),
        ("She writes Spark code; she should delegate more.", 2),
        ("Planning is his weak side: no critical path, estimates without ranges, no reserve.", 1),
    ],
)
def test_a_turn_that_points_back_stays_whole(text: str, parts: int) -> None:
    assert len(list(statements(text))) == parts


@pytest.mark.parametrize(
    "text", ["He should delegate more.", "She could use dbt tests more.", "Risk management has to become a routine."]
)
def test_wishes_are_no_proof(text: str) -> None:
    assert wishes(text)
    assert not wishes("He delegates whole topics, and others could follow.")


def test_a_long_text_is_read_in_no_time() -> None:
    hostile = ("is are was were still " * 200 + "need much more a lot of some " * 200 + "note to " * 400)[:16000]
    start = time.process_time()
    list(statements(hostile))
    gives_orders(hostile)
    assert time.process_time() - start < 1.0


@given(st.integers(0, 10**9))
def test_integers_are_found_in_every_spelling(n: int) -> None:
    assert figures(f"about {n} of them") == {Decimal(n)}
    assert figures(f"({n:,})") == {Decimal(n)} or n < 1000
    assert figures(str(n).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))) == {Decimal(n)}


@given(st.decimals(0, 999, places=2))
def test_decimals_are_found_with_point_and_comma(d: Decimal) -> None:
    assert figures(f"p={d}%") == {d}
    assert figures(f"{d}".replace(".", ",")) == {d}


@given(
    st.recursive(st.integers(0, 999) | st.booleans() | st.none(), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
)
@settings(max_examples=60, deadline=None)
def test_what_the_data_hold_may_be_said(data: object) -> None:
    for f in figures_in({"data": data}):
        assert unfounded(f"It is {f:f}.", figures_in({"data": data})) == []


def test_lists_of_numbers_do_not_run_together() -> None:
    assert figures_in({"range": [3, 65]}) == {Decimal(3), Decimal(65)}


@pytest.mark.parametrize("text", ["eighty-five percent sure", "nine out of ten", "ninety per cent"])
def test_spelled_out_shares_are_unfounded(text: str) -> None:
    assert unfounded(text, {Decimal(85), Decimal(9), Decimal(10), Decimal(90)})
