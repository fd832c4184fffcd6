"""`docs/pages.md` shows every page there is, with the pictures that `python -m tests.browser.pictures` takes."""

from __future__ import annotations

import re

from tests.browser.visits import NOT_LOOKED_AT, VISITS, routes
from tests.e2e.harness import ROOT

PAGES = ROOT / "docs" / "pages.md"
FOLDER = ROOT / "docs" / "images" / "pages"
MOST_BYTES = 3_000_000


def test_every_page_is_in_the_document() -> None:
    named = set(re.findall(r"`(/[^`\s]*)`", PAGES.read_text(encoding="utf-8")))
    assert {r.replace(":path}", "}") for r in routes() - NOT_LOOKED_AT.keys()} - named == set()


def test_the_pictures_are_those_of_the_visits() -> None:
    shown = set(re.findall(r"\]\(images/pages/([\w-]+)\.png\)", PAGES.read_text(encoding="utf-8")))
    files = {f.stem for f in FOLDER.glob("*.png")}
    assert shown == files == {v.name for v in VISITS if v.picture}


def test_the_pictures_are_small() -> None:
    assert sum(f.stat().st_size for f in FOLDER.glob("*.png")) < MOST_BYTES
