"""Drawings say in words what they draw, stay inside their frame, and carry no style attribute or foreign markup."""

from __future__ import annotations

import math
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.service.pages import figures

SHARES = st.floats(min_value=-1, max_value=2) | st.just(math.nan) | st.just(math.inf)


def parts(drawing: str) -> ElementTree.Element:
    assert "style=" not in drawing, "the content security policy refuses inline styles"
    return ElementTree.fromstring(drawing)


@given(SHARES, SHARES)
def test_a_signed_bar_starts_at_the_middle_and_stays_in_its_frame(value: float, most: float) -> None:
    root = parts(figures.signed(value, most))
    for bar in root.iter("rect"):
        begins, wide = float(bar.attrib["x"]), float(bar.attrib["width"])
        assert begins >= 0
        assert begins + wide <= figures.BAR + 1
        if bar.attrib["class"] == "up":
            assert (value > 0, begins) == (True, figures.BAR / 2)
        if bar.attrib["class"] == "down":
            assert value < 0
            assert begins + wide == pytest.approx(figures.BAR / 2, abs=1.1)


@given(SHARES, SHARES, SHARES)
def test_an_interval_stays_in_its_frame_whatever_it_is_given(low: float, high: float, point: float) -> None:
    root = parts(figures.interval(low, high, point))
    for e in root.iter("rect"):
        begins, wide = float(e.attrib["x"]), float(e.attrib["width"])
        assert begins >= 0
        assert begins + wide <= figures.BAR + 0.11


def test_an_interval_says_its_figures() -> None:
    root = parts(figures.interval(0.6, 0.93, 0.85))
    assert root.find("title") is not None
    assert root.findtext("title") == "0.85, range 0.60 to 0.93"
    band = next(e for e in root if e.attrib.get("class") == "band")
    assert (float(band.attrib["x"]), float(band.attrib["width"])) == pytest.approx((72.0, 39.6))


@pytest.mark.parametrize("level", [None, 1, 2, 3, 4, 5])
def test_a_ladder_has_as_many_steps_as_the_level(level: int | None) -> None:
    root = parts(figures.ladder(level, 4))
    steps = [e.attrib["class"].split() for e in root if e.tag == "rect"]
    assert sum("on" in s for s in steps) == (level or 0)
    assert [i for i, s in enumerate(steps, 1) if "asked" in s] == [4]
    assert "the role asks for 4" in (root.findtext("title") or "")


@given(st.floats(min_value=0, max_value=50))
def test_the_sheets_add_up_to_the_amount(amount: float) -> None:
    root = parts(figures.evidence(amount))
    drawn = sum(float(e.attrib["height"]) / 13 for e in root if e.attrib.get("class") == "sheet on")
    assert drawn == pytest.approx(min(amount, figures.SHEETS), abs=0.05)
    assert bool([e for e in root if e.attrib.get("class") == "more"]) == (amount > figures.SHEETS)


def test_titles_from_outside_cannot_become_markup() -> None:
    drawing = figures.timeline([("<script>alert(1)</script>", 0.0, 3.0, False)], 10)
    assert "<script" not in drawing
    assert "&lt;script" in drawing
    parts(drawing)


@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 20), st.booleans()), max_size=8), st.floats(1, 60))
def test_a_timeline_holds_all_its_steps(raw: list[tuple[float, float, bool]], weeks: float) -> None:
    root = parts(figures.timeline([(f"step {i}", b, b + d, done) for i, (b, d, done) in enumerate(raw)], weeks))
    rows = [e for e in root if e.tag == "rect"]
    assert len(rows) == len(raw)
    assert all(float(e.attrib["x"]) + float(e.attrib["width"]) <= 640.0 + 6.1 for e in rows)


def test_a_reliability_curve_tells_each_point_in_words() -> None:
    root = parts(figures.reliability([(0.2, 0.25, 0.1, 0.4, 12), (0.9, 0.8, 0.7, 0.88, 120)]))
    assert (
        root.findtext("title")
        == "Reliability curve: stated 0.20, observed 0.25 of 12; stated 0.90, observed 0.80 of 120"
    )
    points = [e for e in root if e.tag == "circle"]
    assert float(points[0].attrib["cy"]) > float(points[1].attrib["cy"]), "up is more"
    assert float(points[0].attrib["r"]) < float(points[1].attrib["r"]), "more decisions draw a larger point"


def test_a_trend_ends_where_the_last_figure_is() -> None:
    root = parts(figures.trend([(date(2026, 1, 1), 0.2), (date(2026, 3, 1), 0.8)], words="coverage"))
    line = next(e for e in root if e.attrib.get("class") == "line").attrib["d"]
    assert re.findall(r"[\d.]+", line) == ["4", "36", "216", "12"]
    assert root.findtext("title") == "coverage: 0.20 on 2026-01-01, 0.80 on 2026-03-01"
