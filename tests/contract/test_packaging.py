"""What is built is what was tried: the wheel, installed where the checkout cannot be seen, shows the demonstration."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.e2e import harness
from tests.e2e.harness import ROOT, Demo, Place, audit_counts, tables

FOLDERS = ("agents", "tasks", "tools", "crews")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `python -m build` makes it."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own with the wheel in it; only what it depends on comes from the one that tests."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(made), "install", "--no-deps", "--no-index", "-q", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    (site,) = (folder / "lib").glob("python*/site-packages")
    # A path in a .pth file is searched, but .pth files in it are not read: an editable checkout stays out of sight.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return made


def test_wheel_has_one_top_level_name(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {n.partition("/")[0] for n in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"ascertain"}
    assert len(tops) == 2
    assert not [n for n in names if "__pycache__" in n or n.endswith((".pyc", ".sqlite", ".key"))]


def test_wheel_has_every_file_that_is_tracked(wheel: Path) -> None:
    """An ignore rule that also fits a template or a taxonomy shows here, and not at the user's."""
    names = set(zipfile.ZipFile(wheel).namelist())
    for top in ("ascertain", "config", *FOLDERS):
        for file in (ROOT / top).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix not in (".pyc",):
                path = file.relative_to(ROOT).as_posix()
                assert (path if top == "ascertain" else f"ascertain/_app/{path}") in names, path


def test_nobody_else_owns_our_names() -> None:
    owners = packages_distributions()
    for name in FOLDERS:
        assert set(owners.get(name, [])) <= {"ascertain"}, "another distribution would be overwritten, or imported"


def test_installed_modules_are_the_wheels(python: Path, tmp_path: Path) -> None:
    code = (
        "import json, ascertain, ascertain.paths as p; from ascertain.runtime import load; load('crews.learner:build');"
        "import agents, tasks, tools, crews;"
        "print(json.dumps([m.__file__ for m in (ascertain, agents, tasks, tools, crews)] + [str(p.CONFIG_DIR)]))"
    )
    env = Place(tmp_path).environment({"PYTHONPATH": ""})
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    for file in json.loads(done.stdout):
        assert Path(file).is_relative_to(python.parents[1]), file


@pytest.mark.slow
def test_demonstration_out_of_the_wheel(demo: Demo, python: Path, tmp_path: Path) -> None:
    """Another folder, nothing of the checkout on the path, and to the byte what the checkout finds."""
    place = Place(tmp_path / "elsewhere")
    place.folder.mkdir()
    script = python.with_name("ascertain")
    assert script.exists()
    done = place.run("demo", env={"PYTHONPATH": ""} | demo.place.pseudonym_key(), command=(str(script),))
    assert str(ROOT) not in done.stdout + done.stderr
    assert (place.folder / "report.html").stat().st_size > 100_000
    for name, rows in tables(place).items():
        assert rows == [tuple(r) for r in demo.before[name]], name
    assert audit_counts(place)["run.concluded"] == audit_counts(demo.place)["run.concluded"]
    assert harness.COMMAND[0] != str(python)
