"""Reads the tables of docs/governance and docs/trust.md, and what their sentences refer to.

A code span is a reference when it is one of these:

* ``tests/unit/domain/test_audit.py::test_a_reordering``: a test;
* ``policy: routing.target_error_rate``: a key of ``config/policy.yaml``, and so for each file of that folder;
* ``contract: The domain is pure``: a contract of import-linter;
* ``ascertain/domain/belief.py``: a file or folder of the repository;
* ``ascertain audit verify``, ``ASCERTAIN_HOME``: a command, a setting (that they exist is seen to for all documents);

and so is a link.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ascertain.paths import CONFIG_DIR
from tests.e2e.harness import ROOT

GOVERNANCE = sorted((ROOT / "docs" / "governance").glob("*.md"))
TRUST = ROOT / "docs" / "trust.md"
SECURITY = ROOT / "SECURITY.md"
PAGES = [*GOVERNANCE, TRUST, SECURITY]
DPIA = ROOT / "docs" / "governance" / "DPIA.md"

TEST = re.compile(r"tests/[\w/]+\.py::\w+(?:::\w+)?")
_SETTING = re.compile(r"([a-z]+): ([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)")
_CONTRACT = re.compile(r"contract: (.+)")
_PATH = re.compile(
    r"(?:ascertain|agents|benchmarks|config|crews|docs|examples|tasks|tests|tools)/[\w./-]*|pyproject\.toml|constraints\.txt|NOTICE"
)
_COMMAND = re.compile(r"ascertain [a-z].*")
_VARIABLE = re.compile(r"ASCERTAIN_[A-Z_]+")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def name(page: Path) -> str:
    """A page as the repository knows it."""
    return page.relative_to(ROOT).as_posix()


@dataclass(frozen=True)
class Row:
    """A row of a table: where it stands, and its cells by the heading of their column."""

    page: str
    line: int
    section: str
    cells: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def rows(page: Path) -> Iterator[Row]:
    """Every row of every table."""
    section = ""
    header: list[str] = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#"):
            section = line.lstrip("# ").strip()
        if not line.startswith("|"):
            header = []
            continue
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if not header:
            header = cells
        elif not re.fullmatch(r"[|\s:-]+", line):
            assert len(cells) == len(header), f"{name(page)}:{number}: {len(cells)} cells under {len(header)} headings"
            yield Row(name(page), number, section, dict(zip(header, cells, strict=True)))


def section(page: Path, title: str) -> list[Row]:
    """The rows under a heading."""
    found = [r for r in rows(page) if r.section == title]
    assert found, f"{name(page)} has no table under {title!r}"
    return found


def spans(text: str) -> list[str]:
    """The code spans of a text."""
    return re.findall(r"`([^`\n]+)`", text)


def references(text: str) -> list[str]:
    """What a text refers to."""
    forms = (TEST, _SETTING, _CONTRACT, _PATH, _COMMAND, _VARIABLE)
    return [s for s in spans(text) if any(f.fullmatch(s) for f in forms)] + _LINK.findall(text)


def named_tests(text: str) -> list[str]:
    """The tests that a text names."""
    return [s for s in spans(text) if TEST.fullmatch(s)]


def what_is_wrong(span: str) -> str:
    """Why a code span leads nowhere; empty if it does, or is no reference."""
    if setting := _SETTING.fullmatch(span):
        return _no_setting(*setting.groups())
    if contract := _CONTRACT.fullmatch(span):
        return "" if contract.group(1) in contracts() else "pyproject.toml has no such contract"
    if _PATH.fullmatch(span):
        return "" if (ROOT / span).exists() else "there is no such file"
    return ""


def _no_setting(stem: str, path: str) -> str:
    file = CONFIG_DIR / f"{stem}.yaml"
    if not file.exists():
        return f"there is no config/{stem}.yaml"
    place: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    for key in path.split("."):
        if not isinstance(place, dict) or key not in place:
            return f"config/{stem}.yaml has no {path}"
        place = place[key]
    return ""


def contracts() -> set[str]:
    """Names of import-linter's contracts."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {c["name"] for c in project["tool"]["importlinter"]["contracts"]}
