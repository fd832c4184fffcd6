"""The report: what the law asks for stands in it, it reads without scripts or colour, and no label breaks it."""

from __future__ import annotations

import csv
import html.parser
import io
import json
from datetime import date

import pytest

from ascertain.domain.canonical import plain
from ascertain.domain.fairness import FLAGGED, MeanTable, RateTable, Verdict
from ascertain.domain.fairness_audit import FairnessReport, LabelSource, Measure, MeasureKind, Participant, audit
from ascertain.report.fairness import COLUMNS, MARKS, fairness_csv, fairness_html

MEASURES = (
    Measure("reviews", MeasureKind.OPPORTUNITY, "Reviews written", "reviews about the person"),
    Measure("hired", MeasureKind.SELECTION, "Was chosen", "who was chosen"),
    Measure("score", MeasureKind.SCORE, "Score", "what they scored"),
    Measure("never", MeasureKind.SELECTION, "Never", "what applies to nobody"),
)
EVIL = '=cmd|"<script>alert(1)</script>'


def people() -> list[Participant]:
    return [
        Participant(
            {"sex": EVIL if i % 40 == 2 else "FM"[i % 2], "age": "old" if i % 5 else ""},
            {"reviews": float(i % 2 * 3), "hired": float(i % 2 or i % 7 == 0), "score": (i * 37 % 100) / 100},
        )
        for i in range(200)
    ]


@pytest.fixture(scope="module")
def report() -> FairnessReport:
    return audit(
        people(),
        MEASURES,
        ["sex", "age"],
        made_on=date(2026, 11, 1),
        made_by="=Ada <b>",
        population="Data",
        sources=[LabelSource("HR survey 2026", "fairness audits", date(2026, 10, 1))],
        notes=["Made for a test."],
    )


class Reader(html.parser.HTMLParser):
    """Collects tags, headings in order, and what tables lack."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.sections: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.void = {"meta", "br", "link"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self.sections.append(dict(attrs).get("id") or "")
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes what it did not open"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def read(report: FairnessReport) -> Reader:
    found = Reader()
    found.feed(fairness_html(report))
    assert found.open == [], "something is left open"
    return found


def test_opportunity_stands_before_results(read: Reader) -> None:
    assert read.sections == ["look", "basis", "opportunity", "results", "method", "limits"]


def test_it_says_date_source_population_method_limits_and_how_many_are_unknown(read: Reader) -> None:
    text = " ".join(" ".join(read.text).split())

    for said in (
        "2026-11-01",
        "HR survey 2026",
        "fairness audits",
        "Data",
        "Made for a test.",
        "29 CFR 1607.4 D",
        "Fisher",
        "200 people, of whom 40 without a known group",
        "no flag is no proof of fairness",
        "Nobody is in this sample",
        "too few",
    ):
        assert said in text, said


def test_it_needs_no_script_no_network_and_no_colour(report: FairnessReport, read: Reader) -> None:
    page = fairness_html(report)

    assert not any(tag in ("script", "link", "img", "iframe") for tag, _ in read.tags)
    assert "default-src 'none'" in page
    assert "http" not in page.replace('http-equiv="', "")
    assert all(a.get("scope") in ("col", "row") for tag, a in read.tags if tag == "th"), "a table header names no scope"
    assert set(MARKS) == set(Verdict), "a verdict has no sign of its own"
    assert all(MARKS[v] not in {MARKS[w] for w in Verdict if w not in FLAGGED} for v in FLAGGED)


def test_labels_are_text_and_never_markup(report: FairnessReport) -> None:
    page = fairness_html(report)

    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "=Ada &lt;b&gt;" in page


def test_the_csv_has_a_row_a_group_opportunity_first_and_no_formula(report: FairnessReport) -> None:
    rows = list(csv.reader(io.StringIO(fairness_csv(report))))
    start = rows.index(list(COLUMNS))
    found = [dict(zip(COLUMNS, r, strict=True)) for r in rows[start + 1 :]]

    tables: list[MeanTable | RateTable] = [*report.opportunity, *report.rates, *report.scores]
    assert len(found) == sum(len(t.groups) for t in tables)
    assert [r["section"] for r in found] == sorted(
        (r["section"] for r in found), key=["opportunity", "rates", "scores"].index
    )
    assert ["# date", "2026-11-01"] in rows
    assert ["# made by", "'=Ada <b>"] in rows
    assert not any(cell.startswith(("=", "+", "@")) for r in rows for cell in r)
    few = next(r for r in found if r["verdict"] == "too few" and r["section"] == "rates")
    assert (few["chosen"], few["rate"], few["ratio"]) == ("", "", "")
    assert int(few["n"]) < report.rules.least_people
    chosen = next(r for r in found if r["measure"] == "hired" and r["by"] == "sex" and r["group"] == "sex F")
    of = next(
        g for t in report.rates if t.by == ("sex",) and t.measure == "hired" for g in t.groups if g.group == ("F",)
    )
    assert (int(chosen["n"]), int(chosen["chosen"])) == (of.n, of.chosen)
    assert of.rate == pytest.approx(float(chosen["rate"]), rel=1e-5)


def test_the_whole_report_can_be_written_as_json(report: FairnessReport) -> None:
    assert json.loads(json.dumps(plain(report)))["rates"][0]["unknown"] == report.rates[0].unknown
