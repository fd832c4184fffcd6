"""The report: whole, safe with any text, and honest about what is not known."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ConfigError, NotFoundError
from ascertain.report import render_report, write_report
from ascertain.runtime import App
from tests.integration.pipeline.world import ANN, CHI, World, course, exam, open_world, piece

HOSTILE = "<script src=//evil.example/x.js></script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


@dataclass
class Shown:
    """What a report needs of the application, on the small world."""

    world: World

    @property
    def bundle(self) -> Any:
        return SimpleNamespace(taxonomy=self.world.taxonomy)

    @property
    def clock(self) -> Any:
        return self.world.clock

    @property
    def policy(self) -> Any:
        return self.world.policy

    @property
    def as_of(self) -> date:
        return self.world.builder.as_of()

    def units(self, *, write: bool = True) -> UnitOfWork:
        return self.world.store.units(write=write)


def _render(world: World, cohort: str = "all") -> str:
    return render_report(cast(App, Shown(world)), cohort)


class Page(HTMLParser):
    """Tags, addresses and ids of a page, and whether its tags close."""

    void = frozenset(("meta", "br", "img", "link", "input", "hr"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(n, v or "") for n, v in attrs]
        if tag not in self.void:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open[-1] in ("li", "p") and tag not in ("li", "p"):
            self._open.pop()
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [v for n, v in self.attributes if n == name]


def _inert(html: str) -> Page:
    page = Page(html)
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "link", "form", "base"}
    assert not [n for n, _ in page.attributes if n.startswith("on") or n in ("src", "srcdoc", "action", "formaction")]
    assert all(v.startswith("#") for v in page.values("href"))
    assert all(re.fullmatch(r"[\w:;.%-]*", v) for v in page.values("style"))
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html
    return page


def test_a_store_without_anybody_gives_a_report(template: Path, tmp_path: Path) -> None:
    world = open_world(template, tmp_path)
    page = _inert(_render(world))
    assert "0 people" in " ".join(" ".join(page.words).split())
    with pytest.raises(NotFoundError, match="'Sales'"):
        _render(world, "Sales")
    world.store.close()


def test_people_never_assessed_are_in_the_report(world: World) -> None:
    html = _render(world)
    page = _inert(html)
    assert html.count("Not assessed yet.") == 3
    for name in ("Ann Archer", "Bob Baker", "Chi Carver"):
        assert name in page.words


@pytest.fixture
def full(world: World) -> World:
    for learner in ("E1", "E2", "E3"):
        world.assess(learner)
    return world


def test_every_learner_has_a_section_and_every_link_a_target(full: World) -> None:
    page = _inert(_render(full))
    assert {"E1", "E2", "E3"} <= set(page.values("id"))
    assert {h.removeprefix("#") for h in page.values("href")} <= set(page.values("id"))
    assert len(page.values("id")) == len(set(page.values("id")))


def test_figures_are_those_of_the_store(full: World) -> None:
    html = _render(full)
    sql = full.assertions()["sql"]
    assert f"{sql.confidence:.2f}" in html
    assert f"{sql.low:.2f}–{sql.high:.2f}" in html
    assert "Learning path" in html
    assert "Kubernetes first steps" in html
    assert "Rewrote the SQL of the revenue report." in html


def test_not_enough_evidence_is_never_a_zero(full: World) -> None:
    html = _render(full)
    ann = html[html.index('<article id="E1">') : html.index('<article id="E2">')]
    assert "Not enough evidence yet (which is not zero skill): Negotiation" in ann
    skills = ann[: ann.index("Gap to")]
    assert 'scope="row">Negotiation' not in skills
    assert not re.search(r">\s*0\.00\s*<", skills)
    heat = html[html.index('<section id="heat">') : html.index('<section id="gaps">')]
    assert re.search(r'<td class="unknown"><span[^>]*>\?</span></td>', heat)
    row = re.search(r'<th scope="row">Negotiation</th><td>\d</td><td>(.*?)</td>', ann)
    assert row is not None
    assert row[1] == "–"


def test_hostile_text_stays_text(full: World) -> None:
    full.person(
        CHI, name=f"Mallory {HOSTILE}", department=f"R&D {HOSTILE}", job_title=HOSTILE, job_profile_id="analyst"
    )
    full.add(
        exam("e-h", "E3", title=f"SQL {HOSTILE}", content_id=None),
        piece("e-t", "E3", text=f"Wrote SQL. {HOSTILE}"),
    )
    full.content(course("h-1", f"Kubernetes {HOSTILE}", description=HOSTILE))
    full.assess("E3")
    html = _render(full)
    page = _inert(html)
    assert "{{ 7*7 }}" in html
    assert "49}}" not in html
    assert any("Mallory <script" in w for w in page.words)
    assert "<script" not in html


def test_a_cohort_shows_nobody_else(full: World) -> None:
    full.person(ANN, department="Finance")
    html = _render(full, "Data")
    assert "Ann Archer" not in html
    assert "Bob Baker" in html


def test_the_file_is_its_owners_alone_and_whole(full: World, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("older")
    out.chmod(0o644)
    size = write_report(cast(App, Shown(full)), out)
    assert out.stat().st_size == size
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text(encoding="utf-8") == _render(full)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_named(full: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing"):
        write_report(cast(App, Shown(full)), tmp_path / "missing" / "report.html")
