"""What CrewAI leaves behind, seen from outside: in a process of its own with everything set against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import json, os, sys
sys.path.insert(0, {root!r})
connected, written = [], []

def audit(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        connected.append(str(args[1:]))
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        written.append(str(args[0]))

sys.addaudithook(audit)
from crews.learner import build
crew = build()
imported_too_early = "crewai" in sys.modules
from tests.crews import world
case, services = world.case(), world.services()
parent = crew.run(case, services)
read, write = os.pipe()
child = os.fork()
if child == 0:
    again = crew.run(case, services)
    os.write(write, b"same" if again == parent else b"other")
    os._exit(0)
os.waitpid(child, 0)
from crews.environment import prepare
private = prepare()
print(json.dumps({{
    "connected": connected,
    "written": [w for w in written if not w.startswith("/dev/")],
    "imported_too_early": imported_too_early,
    "verdicts": len(parent.verdicts),
    "child": os.read(read, 5).decode(),
    "home": os.environ.get("HOME"),
    "redis": os.environ.get("REDIS_URL"),
    "from_dotenv": os.environ.get("SURPRISE"),
    "private": str(private),
    "mode": oct(private.stat().st_mode & 0o777),
    "kept": {{str(p): p.read_bytes().decode("latin-1") for p in private.rglob("*") if p.is_file()}},
}}))
"""

BOMB = b"cos\nsystem\n(S'touch exploded'\ntR."
"""A pickle that leaves a file behind when it is opened."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    work = tmp_path_factory.mktemp("work")
    temp = tmp_path_factory.mktemp("temp")
    (work / ".env").write_text("SURPRISE=loaded\n")
    (work / "trained_agents_data.pkl").write_bytes(BOMB)
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("CREWAI", "OTEL"))},
        "HOME": "/dev/null",
        "TMPDIR": str(temp),
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Python 3.12 warns of any fork beside threads; that this one is sound is what the test shows.
        "PYTHONWARNINGS": "ignore:This process:DeprecationWarning",
    }
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(root=str(ROOT))],
        cwd=work,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    *before, last = ran.stdout.splitlines()
    assert before == []
    data: dict[str, object] = json.loads(last)
    data["left"] = sorted(str(p) for folder in (work, temp) for p in folder.rglob("*"))
    data["work"], data["temp"] = str(work), str(temp)
    return data


def test_a_run_works_where_home_cannot_be_written(seen: dict[str, object]) -> None:
    assert seen["verdicts"] == 2
    assert seen["home"] == "/dev/null"


def test_no_address_is_looked_up_or_connected_to(seen: dict[str, object]) -> None:
    assert seen["connected"] == []


def test_nothing_is_written_outside_the_private_folder(seen: dict[str, object]) -> None:
    written = seen["written"]
    assert isinstance(written, list)
    assert [w for w in written if not w.startswith(str(seen["private"]))] == []
    assert seen["mode"] == "0o700"


def test_nothing_of_the_case_is_in_crewais_files(seen: dict[str, object]) -> None:
    kept = seen["kept"]
    assert isinstance(kept, dict)
    for name, content in kept.items():
        assert "revenue" not in content, name
        assert "p-1" not in content, name
        assert not name.endswith(".db")


def test_the_private_folder_goes_with_the_process(seen: dict[str, object]) -> None:
    assert seen["left"] == [f"{seen['work']}/.env", f"{seen['work']}/trained_agents_data.pkl"]


def test_the_environment_is_given_back(seen: dict[str, object]) -> None:
    assert seen["redis"] == "redis://127.0.0.1:9/0"
    assert seen["from_dotenv"] is None


def test_a_child_forked_after_a_run_can_run_too(seen: dict[str, object]) -> None:
    assert seen["child"] == "same"


def test_building_the_crew_does_not_import_crewai(seen: dict[str, object]) -> None:
    assert seen["imported_too_early"] is False
