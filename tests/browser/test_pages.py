"""Every page in a real browser: it answers, asks nobody else, and fits WCAG 2.2 AA, light and dark, desk and phone.

axe-core runs in each page through the browser's own debugging line, which the content security policy does not bind,
so the policy under test is the one that people get.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.harness import DESK, NARROWEST, PHONE, Company
from tests.browser.visits import NOT_LOOKED_AT, VISITS, Visit, routes

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
FRAMES = {"sign-in", "overview", "learning", "review-item"}
"""Where the other two of size and scheme are tried too. What only these show is the frame, the same on every page."""
LEAKS = re.compile(r"<?(?:built-in|bound) method|object at 0x|\{[{%]|Undefined|Traceback")
"""What only a template that is wrong would show."""
EVERYTHING = {"runOnly": {"type": "tag", "values": TAGS}}


def test_every_page_is_visited() -> None:
    visited = {v.route for v in VISITS}
    assert routes() - visited - NOT_LOOKED_AT.keys() == set(), "add a visit in tests/browser/visits.py"
    assert NOT_LOOKED_AT.keys() <= routes()
    assert {v.name for v in VISITS} >= FRAMES
    assert len({v.name for v in VISITS}) == len(VISITS)


@pytest.mark.parametrize("visit", VISITS, ids=lambda v: v.name)
def test_page(visit: Visit, company: Company, browser: Browser) -> None:
    page = company.visitor(browser, visit.who).new_page()
    answer = page.goto(visit.path(company))
    assert answer is not None
    assert answer.status == visit.status
    if visit.then:
        visit.then(page)
    page.evaluate(AXE_SCRIPT)
    found = check(page, "desk, light", EVERYTHING)
    page.emulate_media(color_scheme="dark")
    if visit.name in FRAMES:
        found += check(page, "desk, dark", COLOURS)
    page.set_viewport_size(PHONE)
    found += check(page, "phone, dark", EVERYTHING)
    if visit.name in FRAMES:
        page.emulate_media(color_scheme="light")
        found += check(page, "phone, light", COLOURS)
    assert found == []
    for size in (PHONE, NARROWEST):
        page.set_viewport_size(size)
        assert overflow(page) == [], size
    page.set_viewport_size(DESK)
    assert page.locator("h1").count() == 1
    assert LEAKS.findall(page.locator("body").inner_text()) == []


def check(page: Page, how: str, options: dict[str, Any]) -> list[str]:
    """What axe-core finds wrong, a line for each element."""
    options = {**options, "resultTypes": ["violations"]}
    answer: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{how}: {v['id']} at {' '.join(map(str, n['target']))}: {n['failureSummary']}"
        for v in answer["violations"]
        for n in v["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """The elements that make the whole page scroll to the side; what scrolls inside its own box does not."""
    script = """() => {
      const wide = document.documentElement.clientWidth;
      const reaches = document.documentElement.scrollWidth;
      if (reaches <= wide) return [];
      const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide + 1);
      const own = out.filter(e => !e.parentElement.closest('.scroll'));
      return [`${reaches} wide`, ...(own.length ? own : out).slice(0, 5).map(e => e.outerHTML.slice(0, 160))];
    }"""
    found: list[str] = page.evaluate(script)
    return found
