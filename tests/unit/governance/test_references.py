"""Every statement of the governance pages has something behind it, and that exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.e2e.harness import ROOT
from tests.unit.governance import pages
from tests.unit.governance.pages import GOVERNANCE, PAGES, name, references, rows, spans, what_is_wrong

each_page = pytest.mark.parametrize("page", PAGES, ids=name)


def test_the_kit_is_complete() -> None:
    assert {p.name for p in GOVERNANCE} == {
        "DPIA.md",
        "README.md",
        "fairness-review.md",
        "intended-purpose.md",
        "iso-42001.md",
        "notice-to-workers.md",
        "retention-policy.md",
        "rmf.md",
        "rollout.md",
        "taxonomy-charter.md",
    }


@each_page
def test_what_is_referred_to_exists(page: Path) -> None:
    wrong = [f"{s}: {why}" for s in spans(page.read_text(encoding="utf-8")) if (why := what_is_wrong(s))]
    assert not wrong


@each_page
def test_every_statement_has_something_behind_it(page: Path) -> None:
    """A row whose last column is "Behind it" refers to something, or says that it is the organisation's own."""
    bare = [
        str(r)
        for r in rows(page)
        if "Behind it" in r.cells and not references(r["Behind it"]) and not r["Behind it"].startswith("yours")
    ]
    assert not bare


@each_page
def test_no_cell_is_empty(page: Path) -> None:
    empty = [f"{r}: {column}" for r in rows(page) for column, cell in r.cells.items() if column and not cell]
    assert not empty


def _defined(file: Path) -> set[str]:
    """What pytest would collect of a file, by its own rules: functions ``test…``, also in classes ``Test…``."""
    found: set[str] = set()

    def look(body: list[ast.stmt], inside: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                look(node.body, f"{inside}::{node.name}")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                found.add(f"{inside}::{node.name}")

    if file.name.startswith("test_"):
        look(ast.parse(file.read_text(encoding="utf-8")).body, file.relative_to(ROOT).as_posix())
    return found


def test_every_test_that_is_named_is_there() -> None:
    """A test that was renamed, or moved, shows nothing."""
    named = {t for p in PAGES for t in pages.named_tests(p.read_text(encoding="utf-8"))}
    assert len(named) > 50
    files = sorted({t.partition("::")[0] for t in named})
    gone = [f for f in files if not (ROOT / f).is_file()]
    assert not gone
    assert not named - set[str]().union(*(_defined(ROOT / f) for f in files))


def test_a_test_that_is_no_more_would_be_missed() -> None:
    own = _defined(Path(__file__))
    assert "tests/unit/governance/test_references.py::test_a_test_that_is_no_more_would_be_missed" in own
    assert not any("_defined" in name for name in own)
    assert _defined(Path(pages.__file__)) == set()
    in_classes = _defined(ROOT / "tests/integration/test_cli_permissions.py")
    assert any("::TestGrants::test_" in name for name in in_classes)


def test_wrong_references_are_found() -> None:
    """The tests above are as good as this reader."""
    assert what_is_wrong("policy: routing.target_error_rate") == ""
    assert "has no" in what_is_wrong("policy: routing.nothing")
    assert "there is no" in what_is_wrong("nothing: routing")
    assert what_is_wrong("contract: The domain is pure") == ""
    assert what_is_wrong("contract: The domain is not") != ""
    assert what_is_wrong("ascertain/domain/audit.py") == ""
    assert what_is_wrong("ascertain/domain/nothing.py") != ""
    assert references("see `ascertain audit verify`, `x` and [this](that.md)") == ["ascertain audit verify", "that.md"]
    assert pages.named_tests("`tests/unit/a.py::test_b` and `tests/unit`") == ["tests/unit/a.py::test_b"]
