"""Equal values have equal bytes, different values different ones, and what has no form is refused."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.canonical import DIGITS, canonical_json, digest, plain
from ascertain.domain.skills import Level, SkillFamily

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1e12, 1e12), st.text(max_size=8), st.dates()
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12,
)


@dataclass(frozen=True)
class _Point:
    x: float
    tags: frozenset[str]


class _Pair(enum.Enum):
    ONE = (1, 2.0)


@given(values)
def test_it_is_json_ascii_and_stable_when_read_back(value: Any) -> None:
    text = canonical_json(value)
    assert text.isascii()
    assert canonical_json(json.loads(text)) == text
    assert canonical_json(plain(value)) == text


@given(st.dictionaries(st.text(max_size=4), scalars, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_and_of_sets_does_not_matter(table: dict[str, Any], rng: object) -> None:
    rows = list(table.items())
    rng.shuffle(rows)  # type: ignore[attr-defined]
    assert canonical_json(dict(rows)) == canonical_json(table)
    assert canonical_json(set(table)) == canonical_json(frozenset(reversed(list(table))))


@given(st.integers(-(2**53), 2**53))
def test_a_whole_figure_is_the_same_as_integer_and_as_float(n: int) -> None:
    assert canonical_json(float(n)) == canonical_json(n)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_floats_differ_exactly_when_they_differ_within_the_digits(a: float, b: float) -> None:
    assert (canonical_json(a) == canonical_json(b)) == (round(a, DIGITS) == round(b, DIGITS))


def test_forms() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    value = {
        "point": _Point(0.1 + 0.2, frozenset({"b", "a"})),
        "level": Level.EXPERT,
        "family": SkillFamily.FAST,
        "pair": _Pair.ONE,
        "day": date(2026, 1, 2),
        "at": moment,
        "zero": -0.0,
        "flag": True,
        "none": None,
        "umlaut": "ü",
        "seq": (1, 2.5),
    }
    assert canonical_json(value) == (
        '{"at":"2026-01-01T10:00:00+00:00","day":"2026-01-02","family":"fast","flag":true,"level":5,"none":null,'
        '"pair":[1,2],"point":{"tags":["a","b"],"x":0.3},"seq":[1,2.5],"umlaut":"\\u00fc","zero":0}'
    )


def test_an_aware_moment_is_written_in_utc() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert canonical_json(moment.astimezone(timezone(timedelta(hours=-5)))) == canonical_json(moment)


def test_things_that_are_not_equal_differ() -> None:
    different = [1, "1", True, "true", None, "null", [], {}, "", [1], ["1"], {"a": 1}, {"a": "1"}, [[1]], 1.000000001]
    assert len({canonical_json(v) for v in different}) == len(different)


@pytest.mark.parametrize("value", [object(), b"bytes", 1j, {"a": {"b": object()}}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="canonical form"):
        canonical_json(value)


def test_colliding_keys_are_refused() -> None:
    with pytest.raises(TypeError, match="same written form"):
        canonical_json({1: "a", "1": "b"})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json([value])


def test_digest_is_cut_sha256() -> None:
    assert digest([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
    assert digest([], length=8) == "4f53cda1"
    assert digest({"a": 1.0}) == digest({"a": 1})
