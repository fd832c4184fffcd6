"""The documents as a site: it builds strictly, without network, and its reference says what the code has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.cli.permissions import ENTRIES
from ascertain.domain.audit_actions import ACTIONS
from ascertain.settings import PREFIX, Settings
from ascertain.store.schema import Base
from tests.e2e.harness import ROOT
from website import links, reference
from website.markdown import cell, code, table

LOADED = re.compile(r"""<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)""")
CALLS = re.compile(r"""url\(["']?((?:https?:)?//[^)"']+)""")
GLUED = re.compile(r"<p>[^<]*\n(?:\*|-|\d+\.) ")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it, where no proxy would answer."""
    to = tmp_path_factory.mktemp("site")
    nowhere = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(to)],
        cwd=ROOT,
        env=os.environ | nowhere | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return to


def pages(site: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(site.rglob("*.html")):
        yield file.relative_to(site).as_posix(), file.read_text(encoding="utf-8")


def test_each_document_is_a_page_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    made = dict(pages(site))
    for document in [*links.DOCS.rglob("*.md"), *ROOT.glob("[A-Z]*.md")]:
        page = links.place(document).removesuffix(".md").replace("README", "index") + ".html"
        assert page in made, page
    for name, html in made.items():
        assert LOADED.findall(html) == [], name
        assert GLUED.findall(html) == [], f"{name}: a list needs an empty line before it"
    for sheet in site.rglob("*.css"):
        assert CALLS.findall(sheet.read_text(encoding="utf-8")) == [], sheet.name


def test_what_is_not_a_document_comes_along(site: Path) -> None:
    assert (site / "files" / "config" / "policy.yaml").read_bytes() == (ROOT / "config" / "policy.yaml").read_bytes()
    assert 'href="files/config/connectors.yaml"' in (site / "index.html").read_text(encoding="utf-8")


def test_the_reference_leaves_nothing_out() -> None:
    commands = reference.commands()
    assert [c for c in ENTRIES if f"\n## ascertain {c}\n" not in commands] == []
    settings = reference.settings()
    assert [s for s in Settings.model_fields if f"| `{PREFIX}{s.upper()}` |" not in settings] == []
    actions = reference.actions()
    assert [a for a in ACTIONS if f"| `{a}` |" not in actions] == []
    schema = reference.schema()
    assert [t for t in Base.metadata.tables if f"\n### {t}\n" not in schema] == []


def test_the_reference_tells_kinds_bounds_and_values() -> None:
    policy = reference.policy()
    assert "| `belief.interval` | number, > 0, &lt; 1 | required | `0.9` |" in policy
    routes = reference.api()
    assert "## GET /v1/learners\n" in routes
    assert "| `cursor` | query |" in routes
    assert "| 429 | Too many calls;" in routes
    schema = reference.schema()
    assert re.search(r"\| `learner_id` \| \w+ \| always \| .*→ learners\.id", schema)
    assert "| `--full` |  | Pull everything again instead of what changed. |" in reference.commands()


@pytest.mark.parametrize(
    ("text", "document", "expected"),
    [
        ("[a](docs/audit.md#x)", "README.md", "[a](audit.md#x)"),
        ("[a](../config/policy.yaml)", "docs/paths.md", "[a](files/config/policy.yaml)"),
        ("[a](../../CALIBRATION.md)", "docs/governance/rmf.md", "[a](../CALIBRATION.md)"),
        ("[a](connectors/)", "docs/architecture.md", "[a](connectors/README.md)"),
        ("[a](https://example.org/x.md) [b](#here)", "README.md", "[a](https://example.org/x.md) [b](#here)"),
        ("```\n[a](docs/audit.md)\n```", "README.md", "```\n[a](docs/audit.md)\n```"),
        ("[a](audit.md) [b](../README.md)", "docs/keys.md", "[a](audit.md) [b](index.md)"),
    ],
)
def test_links_are_led(text: str, document: str, expected: str) -> None:
    assert links.led(text, ROOT / document) == expected


def test_what_is_written_stays_in_its_cell() -> None:
    assert (
        table(("a", "b"), [(cell("x | <y>\nz"), code("p `q`"))]).splitlines()[2] == "| x \\| &lt;y> z | `` p `q` `` |"
    )
