"""Links as they stand in the repository, led to where the same thing lies on the site.

Documents link to each other as files, so that they work in any checkout. The site holds ``docs/``; what a document
links to outside of it comes along: Markdown as a page, everything else as a file under ``files/``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FRONT = {"README.md": "index.md"}
"""Documents at the root that have another name on the site."""

_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_LINK = re.compile(r"(\]\()([^)\s]+)(\))")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


def place(file: Path) -> str:
    """Where a file of the repository lies on the site."""
    if file.is_relative_to(DOCS):
        return file.relative_to(DOCS).as_posix()
    path = file.relative_to(ROOT).as_posix()
    return FRONT.get(path, path if file.suffix == ".md" else f"files/{path}")


def origin(place_on_site: str) -> Path:
    """The file of the repository that a page was made of."""
    for path, on_site in FRONT.items():
        if on_site == place_on_site:
            return ROOT / path
    inside = DOCS / place_on_site
    return inside if inside.exists() else ROOT / place_on_site


def outside(text: str, file: Path) -> set[Path]:
    """What a document links to that does not lie in ``docs/``."""
    found = set()
    for _, target, _ in _LINK.findall(_FENCED.sub("", text)):
        led = _led(target, file)
        if led is not None and not led.is_relative_to(DOCS):
            found.add(led)
    return found


def led(text: str, file: Path) -> str:
    """The document with its links as the site needs them."""
    here = place(file)

    def one(match: re.Match[str]) -> str:
        target = _led(match[2], file)
        if target is None:
            return match[0]
        anchor = match[2].partition("#")[2]
        to = posixpath.relpath(place(target), posixpath.dirname(here) or ".")
        return f"{match[1]}{to}{'#' + anchor if anchor else ''}{match[3]}"

    return _outside_fences(text, lambda part: _LINK.sub(one, part))


def _led(target: str, file: Path) -> Path | None:
    """The file that a link leads to; a folder means its README. None where it leads to another site or heading."""
    path = target.partition("#")[0]
    if not path or _ELSEWHERE.match(target):
        return None
    found = (file.parent / path).resolve()
    return found / "README.md" if found.is_dir() else found


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for fenced in _FENCED.finditer(text):
        parts += [change(text[end : fenced.start()]), fenced[0]]
        end = fenced.end()
    return "".join([*parts, change(text[end:])])
