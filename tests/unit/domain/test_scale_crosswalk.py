"""Scales of other systems: monotone, nothing rounded up, and what is lost on the way there and back is what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.scale_crosswalk import NumberScale, Scale, WordScale, convert, loss
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError, InputError
from ascertain.policy.scales import read_scales, scale_called

SHIPPED = list(read_scales().values())
NUMBERS = [s for s in SHIPPED if isinstance(s, NumberScale)]


@st.composite
def number_scales(draw: st.DrawFn) -> NumberScale:
    low = draw(st.integers(-20, 20))
    high = low + draw(st.integers(1, 100))
    begins = sorted(draw(st.lists(st.integers(low, high + 5), min_size=5, max_size=5)))
    step = draw(st.sampled_from([None, 2.5])) if high - low >= 3 and high - low <= 100 else None
    return NumberScale("n", "made up", low, high, tuple(map(float, begins)), step)


@st.composite
def word_scales(draw: st.DrawFn) -> WordScale:
    words = draw(st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=12, unique=True))
    places = sorted(draw(st.lists(st.integers(0, 5), min_size=len(words), max_size=len(words))))
    parts = [tuple(w for w, p in zip(words, places, strict=True) if p == i) for i in range(6)]
    if not any(parts[1:]):
        parts = [(), *parts[:5]]
    return WordScale("w", "made up", tuple(parts[1:]), parts[0])


SCALES = st.one_of(number_scales(), word_scales(), st.sampled_from(SHIPPED))


def rank(level: Level | None) -> int:
    return int(level or 0)


@given(number_scales() | st.sampled_from(NUMBERS), st.data())
def test_a_higher_value_is_never_a_lower_level(scale: NumberScale, data: st.DataObject) -> None:
    value = st.floats(scale.low, scale.high, allow_nan=False)
    a, b = sorted((data.draw(value), data.draw(value)))
    assert rank(scale.level(repr(a))) <= rank(scale.level(repr(b)))


@given(SCALES)
def test_values_are_shown_the_lowest_first(scale: Scale) -> None:
    ranks = [rank(level) for _, level in scale.shown()]
    assert ranks == sorted(ranks)


@given(SCALES)
def test_a_level_comes_back_from_the_value_that_stands_for_it(scale: Scale) -> None:
    missing = loss(scale).levels
    for level in Level:
        value = scale.value(level)
        assert (value is None) is (level in missing)
        assert value is None or scale.level(value) is level


@given(SCALES)
def test_what_is_said_to_be_lost_is_what_is_lost(scale: Scale) -> None:
    """A value comes back as itself exactly where the loss does not name it, or names it first."""
    said = loss(scale)
    for value, level in scale.shown():
        back = scale.value(level) if level else None
        first = level is not None and value == said.merged.get(level, (value,))[0]
        assert (back == value) is (value not in said.below and first)


@given(SCALES, SCALES, st.data())
def test_between_two_scales_nothing_is_rounded_up(one: Scale, other: Scale, data: st.DataObject) -> None:
    value, level = data.draw(st.sampled_from(list(one.shown())))
    found = convert(value, one, other)
    if found is not None:
        assert rank(other.level(found)) <= rank(level)
        assert convert(found, other, one) is None or rank(one.level(convert(found, other, one) or "")) <= rank(level)
    else:
        assert level is None or all(other.value(lv) is None for lv in Level if lv <= level)


@pytest.mark.parametrize(
    ("scale", "value", "level"),
    [
        ("eqf", "1", 1), ("eqf", "4", 2), ("eqf", "5", 3), ("eqf", "8", 5),
        ("cefr", "b1", 3), ("cefr", "C2", 5), ("cefr", "A0", None),
        ("percent", "49.9", 2), ("percent", "50 %", 3), ("percent", "9", None),
        ("letters", "B+", 3), ("letters", "F", None), ("zero-to-ten", "7,5", 4), ("onet-level", "3.5", 3),
    ],
)  # fmt: skip
def test_shipped_scales(scale: str, value: str, level: int | None) -> None:
    assert scale_called(scale).level(value) == level


def test_what_is_lost_is_said_in_words() -> None:
    assert loss(scale_called("one-to-five")).words == "nothing is lost on the way there and back"
    assert loss(scale_called("one-to-four")).words == "it has no value for level 5"
    assert "C1, C2 all become level 5 and come back as C1" in loss(scale_called("cefr")).words
    assert "1, 2 all become level 1 and come back as 1" in loss(scale_called("eqf")).words
    assert convert("C2", scale_called("cefr"), scale_called("one-to-four")) == "4"
    assert convert("F", scale_called("letters"), scale_called("eqf")) is None


@pytest.mark.parametrize("value", ["9", "-1", "B1", "", "nan", "1e400", "five"])
def test_a_value_that_is_none_of_the_scale_is_refused(value: str) -> None:
    with pytest.raises(InputError, match="is no number from 1 to 8") as caught:
        scale_called("eqf").level(value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("scales: {a: {about: x, numbers: {low: 5, high: 1, begins: [1, 2, 3, 4, 5]}}}", "a.*low"),
        ("scales: {a: {about: x, numbers: {low: 1, high: 5, begins: [1, 3, 2, 4, 5]}}}", "a.*begins"),
        ("scales: {a: {about: x, numbers: {low: 1, high: 5, begins: [1, 2]}}}", "scales.a.numbers.begins"),
        ("scales: {a: {about: x, words: {levels: [[x], [x], [], [], []]}}}", "'x' stands twice"),
        ("scales: {a: {about: x, words: {levels: [[], [], [], [], []]}}}", "no level has a word"),
        ("scales: {a: {about: x, numbers: {low: 1, high: 5, begins: [1, 2, 3, 4, 5], step: 9}}}", "a.*step"),
        ("scales: {a: {about: x}}", "needs numbers or words"),
        ("scales: {a: {about: x, number: 1}}", "scales.a.number"),
        ("scales: [", "not.*|cannot read"),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "scales.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=named):
        read_scales(file)


def test_an_unknown_scale_is_named_with_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        scale_called("sfia")
    assert "eqf" in str(caught.value.remedy)
