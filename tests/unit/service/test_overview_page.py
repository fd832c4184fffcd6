"""No figure is told that is not in the data, and none leads to a row that does not hold it: over random data, and over
the page that is made of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.sentences import Figure
from ascertain.pipeline import overview_words
from ascertain.service.pages.rendering import environment
from ascertain.service.pages.scope import Scope

WORDS = st.text(st.sampled_from("abcXYZ 0123456789<>&-"), min_size=1, max_size=20).filter(lambda t: t.strip())
COUNT = st.integers(0, 12_000)
SHARE = st.floats(0, 1, allow_nan=False)
DAY = st.dates().map(lambda d: d.isoformat())
DEPARTMENTS = ("Data", "Sales")


@st.composite
def courses(draw: Any) -> dict[str, Any]:
    people = draw(st.integers(1, 12_000))
    finished = draw(st.integers(0, people))
    before = draw(st.one_of(st.none(), SHARE))
    return {
        "content": "",
        "title": draw(WORDS).strip(),
        "people": people,
        "finished": finished,
        "failed": draw(COUNT),
        "open": draw(COUNT),
        "overdue": draw(COUNT),
        "expiring": draw(COUNT),
        "share": finished / people,
        "before": {"on": draw(DAY), "finished": 0, "people": 0, "share": before},
        "departments": [{"name": "Data", "finished": finished, "people": people, "overdue": 0, "share": 0.0}],
        "who": [],
    }


@st.composite
def skills(draw: Any) -> dict[str, Any]:
    people = draw(st.integers(1, 12_000))
    covered = draw(st.integers(0, people))
    named = {"skill": "", "label": draw(WORDS).strip(), "people": people, "covered": covered, "share": covered / people}
    return named | {"departments": []}


@st.composite
def roles(draw: Any) -> dict[str, Any]:
    assessed = draw(st.sampled_from((0, draw(st.integers(1, 12_000)))))
    low, point, high = sorted(draw(st.tuples(SHARE, SHARE, SHARE)))
    ready = draw(st.integers(0, assessed))
    close = draw(st.integers(0, assessed - ready))
    return {
        "role": "",
        "title": draw(WORDS).strip(),
        "people": assessed + draw(COUNT),
        "assessed": assessed,
        "ready": ready,
        "close": close,
        "far": assessed - ready - close,
        "ready_range": {"low": 0.0, "high": 1.0},
        "computed": {"low": low, "point": point, "high": high} if assessed else dict.fromkeys(("low", "point", "high")),
        "before": {"on": draw(DAY), "assessed": 1, "point": draw(st.one_of(st.none(), SHARE))},
        "confirmed": draw(SHARE),
        "least": {"label": draw(WORDS).strip(), "missing": draw(COUNT)},
    }


def numbered(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Ids as the store has them: one each."""
    return [r | {key: f"{key}:{n}"} for n, r in enumerate(rows)]


class Told(HTMLParser):
    """The links of the sentences, and the text within each element that has an id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.within: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self._link = ""
        self._telling = False
        self.digits = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {k: v or "" for k, v in attrs}
        if values.get("class") == "told":
            self._telling = True
        if tag == "a" and values.get("class") == "figure-in-words":
            self._link = values["href"]
            self.links.append((self._link, ""))
        if tag not in ("meta", "link", "input", "br", "img"):
            self._open.append((tag, values.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            closed, _ = self._open.pop()
            if closed == tag:
                break
        if tag == "a":
            self._link = ""
        if tag == "ul":
            self._telling = False

    def handle_data(self, data: str) -> None:
        if any(t == "title" for t, _ in self._open) and any(t == "svg" for t, _ in self._open):
            return  # the text of a drawing is no row of a table
        if self._link:
            where, said = self.links[-1]
            self.links[-1] = (where, said + data)
        elif self._telling:
            self.digits += "".join(c for c in data if c.isdigit())
        for _, ident in self._open:
            if ident:
                self.within[ident] = self.within.get(ident, "") + " " + data


def plain(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").split())


def holds(text: str, words: str) -> bool:
    """Whether the words stand in the text as a figure of their own, not as part of another one."""
    return re.search(rf"(?<![\d.,]){re.escape(plain(words))}(?!\d)", plain(text)) is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(courses(), max_size=4), st.lists(skills(), max_size=3), st.lists(roles(), max_size=4), COUNT, COUNT)
def test_every_figure_that_is_told_stands_in_the_row_that_it_leads_to(
    compliance: list[dict[str, Any]],
    mandatory: list[dict[str, Any]],
    readiness: list[dict[str, Any]],
    waiting: int,
    overdue: int,
) -> None:
    compliance, mandatory = numbered(compliance, "content"), numbered(mandatory, "skill")
    readiness = numbered(readiness, "role")
    told = overview_words.summary(compliance, mandatory, readiness, waiting, overdue)
    assert all(p.href for s in told for p in s.parts if isinstance(p, Figure)), "a figure without an address"
    everybody = Scope("all", "Everybody", (), 0, ())
    page = Told(
        environment()
        .get_template("overview.html")
        .render(
            reader=None,
            menu=[],
            csrf="",
            messages=[],
            versions=None,
            scope=everybody,
            not_counted=0,
            told=told,
            compliance=compliance,
            totals=overview_words.counts(compliance),
            due=[],
            skills=mandatory,
            readiness=readiness,
            lines=(0.8, 0.5),
            period=90,
            waiting=waiting,
            late=overdue,
            may_review=False,
            departments=DEPARTMENTS,
        )
    )
    assert page.digits == "", "a digit that is no figure of the data"
    assert len(page.links) == sum(isinstance(p, Figure) for s in told for p in s.parts)
    for where, said in page.links:
        row = page.within.get(where.removeprefix("#"))
        assert row is not None, f"{where} is nowhere on the page"
        assert holds(row, said), f"{said!r} is not in {where}: {plain(row)}"
