"""Tokens, messages and fields of forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.errors import InputError
from ascertain.service.pages.forms import Form, Message, must_carry, seal, token_of, unseal
from ascertain.service.problems import Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(TEXT, st.sampled_from(["", "warn", "bad"]))
def test_messages_come_back_in_their_session_alone(text: str, kind: str) -> None:
    sealed = seal("one", [Message(text, kind)])
    assert unseal("one", sealed) == [Message(text, kind)]
    assert unseal("another", sealed) == []
    assert unseal("one", "x" + sealed) == []


@pytest.mark.parametrize("text", ["", ".", "x", "x.y", "W10=."], ids=["nothing", "dot", "word", "pair", "no_mac"])
def test_what_is_no_message_is_none(text: str) -> None:
    assert unseal("one", text) == []


def test_a_token_belongs_to_one_session() -> None:
    must_carry(Form((("csrf", token_of("one")),)), "one")
    for wrong in ("", "x", token_of("another"), token_of("one").upper()):
        with pytest.raises(Problem):
            must_carry(Form((("csrf", wrong),)), "one")


def test_a_token_is_no_message_of_the_same_session() -> None:
    assert unseal("one", f"form.{token_of('one')}") == []


def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="characters"):
        Form((("a", "x" * 11),)).text("a", 10)


@pytest.mark.parametrize(("given_", "level"), [("", None), ("3", 3)])
def test_a_level_is_one_to_five_or_nothing(given_: str, level: int | None) -> None:
    assert Form((("level", given_),)).level("level") == level


@pytest.mark.parametrize("wrong", ["0", "6", "x", "3.0"])
def test_another_level_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match="level"):
        Form((("level", wrong),)).level("level")
