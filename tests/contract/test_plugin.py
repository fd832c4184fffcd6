"""A connector of another package is found by its entry points and held to the same contract as ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.harness import KEPT, ROOT

EXAMPLE = ROOT / "examples" / "ascertain-openedx"


def install(source: Path, folder: Path) -> Path:
    """Build and install the package into a folder of its own, as pip does."""
    copy = folder / "source"
    shutil.copytree(source, copy)
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", str(site), str(copy)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the package beside ours."""
    kept = {k: os.environ[k] for k in KEPT if k in os.environ}
    path = os.pathsep.join((str(site), str(ROOT)))
    env = {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env=env)


def suite(site: Path, chosen: str) -> subprocess.CompletedProcess[str]:
    """The contract suite, as docs/adding-a-connector.md says to run it."""
    files = [f"tests/contract/test_{n}.py" for n in ("connectors", "receiving", "writing")]
    return run(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", chosen)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(EXAMPLE, tmp_path_factory.mktemp("plugin"))


def test_the_connector_is_found_by_its_entry_point(site: Path) -> None:
    code = (
        "from ascertain.connectors.registry import connector_class, systems; from ascertain.sandbox import dialects;"
        "print('openedx' in systems(), connector_class('openedx').__module__, 'openedx' in dialects.names())"
    )
    assert run(site, "-c", code).stdout.split() == ["True", "ascertain_openedx.connector", "True"]
    alone = run(ROOT, "-c", code)
    assert "there is no connector for 'openedx'" in alone.stderr


@pytest.mark.slow
def test_the_example_keeps_the_contract(site: Path) -> None:
    done = suite(site, "openedx")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 20


@pytest.mark.slow
def test_a_connector_that_does_not_is_caught(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(EXAMPLE, broken)
    file = broken / "src" / "ascertain_openedx" / "connector.py"
    text = file.read_text(encoding="utf-8")
    changed = text.replace("if not following:\n                    break", "break")
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    done = suite(install(broken, tmp_path), "openedx and paging")
    assert done.returncode == 1, done.stdout[-3000:]
    assert "test_paging_is_complete" in done.stdout
