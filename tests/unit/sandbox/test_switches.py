"""Faults as words on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.errors import InputError
from ascertain.sandbox.faults import Fault
from ascertain.sandbox.switches import KINDS, parse

SERVED = ("docebo", "jira")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("docebo:429", Fault("rate_limit", retry_after="1")),
        ("docebo:429=30", Fault("rate_limit", retry_after="30")),
        ("docebo:429=none", Fault("rate_limit", retry_after=None)),
        ("docebo:503", Fault("server_error", status=503)),
        ("docebo:slow=0.5", Fault("slow", seconds=0.5)),
        ("docebo:half@/learn", Fault("half_body", path="/learn")),
        ("docebo:html", Fault("not_json")),
        ("docebo:token", Fault("token_death")),
        ("docebo:drift", Fault("drift")),
        ("docebo:drift=course_name@/learn", Fault("drift", key="course_name", path="/learn")),
        ("docebo:hook-twice", Fault("hook_twice")),
        ("docebo:hook-late", Fault("hook_late")),
        ("docebo:hook-altered", Fault("hook_altered")),
        ("docebo:hook-unsigned", Fault("hook_unsigned")),
        ("docebo:hook-lost", Fault("hook_lost")),
    ],
)
def test_words_become_faults(text: str, fault: Fault) -> None:
    systems, found = parse(text, share=0.25, served=SERVED)
    assert systems == ["docebo"]
    assert (found.times, found.share) == (None, 0.25)
    found.times, found.share = fault.times, fault.share
    assert found == fault


def test_all_is_every_system_that_is_served() -> None:
    assert parse("all:500", share=1, served=SERVED)[0] == ["docebo", "jira"]


@pytest.mark.parametrize(
    "text", ["docebo", "docebo:", "moodle:429", "docebo:404", "docebo:slow=x", "docebo:half=2", "docebo:500=1", ":429"]
)
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, share=1, served=SERVED)
    assert text in caught.value.message
    assert caught.value.remedy


@given(st.text(max_size=30))
def test_no_word_is_an_error_of_ours(text: str) -> None:
    try:
        systems, _ = parse(text, share=1, served=SERVED)
    except InputError as e:
        systems = []
        remedy = e.remedy
    else:
        remedy = "none needed"
    assert remedy
    assert set(systems) <= set(SERVED)


def test_every_kind_that_is_listed_is_understood() -> None:
    for kind in KINDS:
        parse(f"docebo:{kind.split()[0]}", share=1, served=SERVED)
