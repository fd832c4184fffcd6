"""The drawing of readiness over time."""

from __future__ import annotations

from typing import Any

from ascertain.service.pages.readiness_figure import moving


def month(name: str, low: float, point: float, high: float) -> dict[str, Any]:
    return {"month": f"{name}-01", "coverage": {"low": low, "point": point, "high": high}, "band": "within 1 year"}


def test_one_month_is_a_mark_and_several_are_a_line_in_its_range() -> None:
    one = str(moving([month("2026-04", 0.1, 0.4, 0.9)]))
    assert 'class="band"' not in one
    assert one.count('class="point"') == 1
    several = str(moving([month("2026-04", 0.1, 0.4, 0.9), month("2026-06", 0.3, 0.5, 0.8)]))
    assert 'class="band"' in several
    assert several.count('class="point"') == 2
    assert "2026-04 40 %, within 1 year; 2026-06 50 %" in several
    assert "nothing yet" in str(moving([]))
