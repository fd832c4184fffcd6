"""What every page is drawn with."""

from __future__ import annotations

from typing import Any

import pytest

from ascertain.domain.gaps import GapStatus
from ascertain.domain.text import clean_text
from ascertain.report.heat import HEAT, heat
from ascertain.report.page_templates import page_templates
from ascertain.service.pages.rendering import STATIC, environment
from tests.e2e.harness import ROOT


@pytest.mark.parametrize("status", list(GapStatus), ids=lambda s: s.value)
def test_a_cell_of_any_status_has_a_style_on_the_pages_and_in_the_report(status: GapStatus) -> None:
    sheets = (STATIC / "app.css", ROOT / "ascertain" / "report" / "templates" / "report.css")
    for sheet in sheets:
        assert f".{HEAT[status]}" in sheet.read_text(encoding="utf-8"), sheet.name


def _heatmap() -> dict[str, Any]:
    cells: list[Any] = [
        {"p_below": None if s is GapStatus.CONTESTED else 0.25, "required": 3, "status": s.value, "assertion": "a1"}
        for s in GapStatus
    ]
    skills = [{"id": f"s{n}", "label": f"Skill <{n}>"} for n in range(len(cells) + 1)]
    return {"skills": skills, "people": [{"id": "E1", "name": "Ann <b>", "cells": [*cells, None]}]}


def test_the_report_and_the_pages_draw_one_heat_map() -> None:
    report = page_templates()
    report.filters |= {"clean": lambda t: clean_text(str(t)), "percent": environment().filters["percent"], "heat": heat}
    own: Any = report.get_template("heatmap.html").module
    theirs: Any = environment().get_template("report/heatmap.html").module

    def nowhere(*_: Any) -> str:
        return ""

    drawn = own.table(_heatmap(), "Team", nowhere)
    assert drawn == theirs.table(_heatmap(), "Team", nowhere)
    assert "Ann <b>" not in drawn
    assert "!" in drawn
    assert "<a " not in drawn, "without an address there is no link"
    linked = theirs.table(
        _heatmap(), "Team", lambda p, s, c: f"/assertions/{c['assertion']}" if c else f"/learners/{p['id']}"
    )
    assert linked.count('href="/assertions/a1"') == len(GapStatus)
    assert linked.count('href="/learners/E1"') == 1
