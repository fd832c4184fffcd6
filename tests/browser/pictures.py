"""Takes the pictures of `docs/pages.md`: ``python -m tests.browser.pictures``.

A home is made with `ascertain demo` (a minute), or a copy of ``--home`` is taken. With ``--modes`` each page is taken
light and dark, on a desk, on a phone and as it prints, whole, into ``--out``: for looking at.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.harness import DESK, PHONE, Company, company, given, launch
from tests.browser.visits import VISITS, Visit
from tests.e2e.harness import ROOT, Place

FOLDER = ROOT / "docs" / "images" / "pages"
TALLEST = 1200
"""Pixels of a page that are shown; the rest is more of the same."""
COLOURS = 64
ALIKE = 0.02
"""A picture that differs from the one there is in no more than this share of its pixels (a date, a digest) stays."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home that `ascertain demo` has made")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--modes", action="store_true", help="every page, whole, in every way that it is looked at")
    parser.add_argument("--only", nargs="*", help="names of visits")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ascertain-pictures-") as folder:
        home = given(asked.home, Path(folder) / "given") if asked.home else _made(Path(folder))
        with company(home, Path(folder) / "served") as served, sync_playwright() as playwright:
            browser = launch(playwright)
            for visit in VISITS:
                if asked.only and visit.name not in asked.only:
                    continue
                if asked.modes:
                    _every_way(visit, served, browser, asked.out)
                elif visit.picture:
                    _shown(visit, served, browser, asked.out)
            browser.close()
    if not asked.modes and not asked.only:
        for gone in set(asked.out.glob("*.png")) - {asked.out / f"{v.name}.png" for v in VISITS if v.picture}:
            gone.unlink()


def _made(folder: Path) -> Place:
    place = Place(folder / "demo" / "work")
    place.folder.mkdir(parents=True)
    place.run("demo")
    return place


def _opened(visit: Visit, served: Company, browser: Browser) -> Iterator[Page]:
    context = served.visitor(browser, visit.who)
    page = context.new_page()
    page.goto(visit.path(served))
    if visit.then:
        visit.then(page)
    page.evaluate("document.activeElement.blur()")
    page.evaluate("window.scrollTo(0, 0)")
    yield page
    context.close()


def _shown(visit: Visit, served: Company, browser: Browser, out: Path) -> None:
    for page in _opened(visit, served, browser):
        tall = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
        page.set_viewport_size({"width": DESK["width"], "height": tall})
        taken = page.screenshot(animations="disabled", caret="hide")
        made = Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        file = out / f"{visit.name}.png"
        if not (file.exists() and _alike(Image.open(file), made)):
            made.save(file, optimize=True)


def _alike(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return False
    differs = ImageChops.difference(one.convert("L"), other.convert("L")).point(lambda v: 255 if v > 16 else 0)
    return differs.histogram()[255] <= ALIKE * one.width * one.height


def _every_way(visit: Visit, served: Company, browser: Browser, out: Path) -> None:
    for page in _opened(visit, served, browser):
        for size, width in (("desk", DESK), ("phone", PHONE)):
            page.set_viewport_size(width)
            for colours in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
                page.screenshot(path=out / f"{visit.name}-{size}-{colours}.png", full_page=True, caret="hide")
        page.set_viewport_size(DESK)
        page.emulate_media(media="print", color_scheme="light")
        page.screenshot(path=out / f"{visit.name}-print.png", full_page=True)


if __name__ == "__main__":
    main()
