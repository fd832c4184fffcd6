"""A sentence shows the figures it was given and no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.sentences import Figure, tell


def test_figures_stand_where_their_names_stood_and_keep_their_address() -> None:
    told = tell(
        "{done} of {people} have finished {course}.",
        {
            "done": Figure(12, "/compliance#gdpr"),
            "people": Figure(1052),
            "course": Figure("GDPR in 30 minutes"),
        },
    )
    assert told.text == "12 of 1\u202f052 have finished GDPR in 30 minutes."
    assert [p.href for p in told.parts if isinstance(p, Figure)] == ["/compliance#gdpr", "", ""]


def test_shares_are_read_as_percent() -> None:
    assert tell("{share} are covered.", {"share": Figure(0.4249, share=True)}).text == "42\u202f% are covered."
    assert tell("{gap} on average.", {"gap": Figure(0.4249)}).text == "0.42 on average."


@pytest.mark.parametrize("template", ["2 of {people}", "{people} of 52", "in 2026 {people}"])
def test_a_template_may_not_bring_a_figure(template: str) -> None:
    with pytest.raises(ValueError, match="not in the data"):
        tell(template, {"people": Figure(52)})


def test_a_figure_that_is_not_there_is_not_made_up() -> None:
    with pytest.raises(ValueError, match="no figure 'done'"):
        tell("{done} of {people}", {"people": Figure(52)})


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.integers(0, 10**7), min_size=1, max_size=5))
def test_every_digit_comes_from_a_figure(values: dict[str, int]) -> None:
    told = tell(" and ".join(f"{{{name}}} people" for name in values), {n: Figure(v) for n, v in values.items()})
    shown = [int(re.sub(r"\D", "", w)) for w in re.findall(r"[\d\u202f]+", told.text)]
    assert shown == list(values.values())
