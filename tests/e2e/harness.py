"""Runs the product as its users do: a process of its own, a home of its own, no key, nowhere to write but there.

What is slow is made once per test session and shared read-only between the test processes (a lock file and a mark,
as pytest-xdist's manual has it); a test that writes takes a copy.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ascertain.sandbox.managers import managers
from ascertain.sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
GUARD = Path(__file__).parent / "guard"
COMMAND = (sys.executable, "-m", "ascertain")
COHORT = "Customer"
"""The department that the shorter runs use: 16 people in four roles."""

KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Place:
    """Where a run happens: ``folder`` is the working folder, and everything else lies in it."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "state"

    @property
    def database(self) -> Path:
        return self.home / "ascertain.sqlite"

    @property
    def temp(self) -> Path:
        return self.folder.with_name(self.folder.name + "-tmp")

    @property
    def guard(self) -> Path:
        return self.folder.with_name(self.folder.name + "-guard")

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of the caller's but the path: above all no key. HOME can be neither written nor made."""
        self.temp.mkdir(parents=True, exist_ok=True)
        blocked = self.temp.with_name(self.temp.name + "-blocked")
        blocked.touch()
        return {
            **{k: os.environ[k] for k in KEPT if k in os.environ},
            "HOME": str(blocked / "home"),
            "TMPDIR": str(self.temp),
            "ASCERTAIN_HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "140",
            **(extra or {}),
        }

    def guarded(self) -> dict[str, str]:
        """Environment under which every interpreter reports what it reaches."""
        (self.guard / "files").mkdir(parents=True, exist_ok=True)
        return {
            "PYTHONPATH": os.pathsep.join((str(GUARD), str(ROOT))),
            "GUARD_LOG": str(self.guard / "log.jsonl"),
            "GUARD_FILES": str(self.guard / "files"),
        }

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
        stdin: str | None = None,
        command: Sequence[str] = COMMAND,
        timeout: float = 280,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the product to its end, and check its exit code (``None``: any)."""
        done = subprocess.run(
            [*command, *arguments],
            cwd=self.folder,
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
        )
        if code is not None and done.returncode != code:
            said = f"{done.stdout}\n{done.stderr}"
            raise AssertionError(f"ascertain {' '.join(arguments)}: exit code {done.returncode}, not {code}\n{said}")
        return done

    def start(self, *arguments: str, env: Mapping[str, str] | None = None, log: Path) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own, so that it can be killed with all it has started."""
        with log.open("ab") as sink:
            return subprocess.Popen(
                [*COMMAND, *arguments],
                cwd=self.folder,
                env=self.environment(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )

    def json(self, *arguments: str, env: Mapping[str, str] | None = None, code: int = 0) -> Any:
        """What a command prints under ``--json``."""
        return json.loads(self.run(*arguments, "--json", env=env, code=code).stdout)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read the store behind the product's back."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, parameters).fetchall()

    def tamper(self, *statements: str) -> None:
        """Change the store behind the product's back, as one with access to its file can."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def pseudonym_key(self) -> dict[str, str]:
        """The setting that gives another home the same pseudonyms."""
        return {"ASCERTAIN_PSEUDONYM_KEY": (self.home / "keys" / "pseudonym.key").read_text().strip()}


@dataclass(frozen=True)
class Demo:
    """The demonstration's two runs: the first in an empty home, the second in what the first left."""

    place: Place
    output: str
    log: str
    again: str
    before: dict[str, list[tuple[Any, ...]]]


TABLES = {
    "learners": "* EXCEPT updated_at",
    "evidence": "* EXCEPT updated_at",
    "contents": "* EXCEPT updated_at",
    "content_tags": "* EXCEPT tagged_at",
    "runs": "* EXCEPT started_at, finished_at, started_by",
    "run_documents": "*",
    "assertions": "* EXCEPT created_at",
    "review_items": "* EXCEPT created_at, decided_at, shown_at",
    "review_checks": "* EXCEPT created_at, decided_at, shown_at",
    "quarantine": "* EXCEPT seen_at",
}
"""What two homes must have in common. Left out: when, and on whose call."""


def tables(place: Place, names: Sequence[str] = tuple(TABLES)) -> dict[str, list[tuple[Any, ...]]]:
    """The content of whole tables, in an order of its own."""
    found = {}
    for name in names:
        hidden = TABLES[name].partition("EXCEPT")[2].replace(",", " ").split()
        columns = [c[1] for c in place.rows(f"PRAGMA table_info({name})") if c[1] not in hidden]
        assert columns, f"no table {name}"
        found[name] = sorted(place.rows(f"SELECT {', '.join(columns)} FROM {name}"), key=repr)
    return found


def audit_counts(place: Place) -> dict[str, int]:
    """Number of audit records by action."""
    return dict(place.rows("SELECT action, count(*) FROM audit_records GROUP BY action"))


def _apart(stderr: str) -> tuple[str, str]:
    """The log's lines, and the others."""
    lines = stderr.splitlines(keepends=True)
    log = [line for line in lines if line.startswith('{"time"')]
    return "".join(log), "".join(line for line in lines if line not in set(log))


def demonstration(shared: Path) -> Demo:
    """`ascertain demo`, twice, under guard."""
    place = Place(shared / "demo" / "work")

    def make() -> None:
        place.folder.mkdir(parents=True)
        # Everything is logged: a test looks for people in it. On the terminal it would be beside what people read.
        first = place.run(
            "demo", env=place.guarded() | {"ASCERTAIN_LOG_LEVEL": "DEBUG", "ASCERTAIN_LOG_FORMAT": "json"}
        )
        logged, said = _apart(first.stderr)
        before = tables(place) | {"audit": sorted(audit_counts(place).items())}
        second = place.run("demo", "--out", "again.html", env=place.guarded())
        kept = {
            "output": first.stdout + said,
            "log": logged,
            "again": second.stdout + second.stderr,
            "before": before,
        }
        (shared / "demo" / "kept.json").write_text(json.dumps(kept))

    _once(shared / "demo.lock", make)
    kept = json.loads((shared / "demo" / "kept.json").read_text())
    kept["before"] = {name: [tuple(row) for row in rows] for name, rows in kept["before"].items()}
    return Demo(place, **kept)


RESET = (
    "UPDATE review_items SET decision = NULL, decided_level = NULL, decided_by = '', decision_reason = '',"
    " decided_at = NULL, own_level = NULL, shown_at = NULL, needs = ''",
    "DELETE FROM review_looks",
    "DELETE FROM review_checks",
    "DELETE FROM disputes",
    "DELETE FROM role_grants",
    "DELETE FROM reviewer_trainings",
    "UPDATE assertions SET human_reviewed = 0, state = json_extract(result, '$.state'),"
    " level = json_extract(result, '$.level') WHERE state <> 'superseded'",
)


def undecide(place: Place) -> Place:
    """Take back what the demonstration's invented people did: as after the assessment."""
    with closing(sqlite3.connect(place.home / "ascertain.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for statement in RESET:
            connection.execute(statement)
        connection.commit()
    shutil.rmtree(place.home / "fairness", ignore_errors=True)
    return place


def synchronised(shared: Path) -> Place:
    """A home into which the sandbox has been pulled, with the one withdrawal, in which nobody has been assessed."""
    demo = demonstration(shared)
    place = Place(shared / "synced" / "work")

    def make() -> None:
        place.folder.mkdir(parents=True)
        with sandbox() as (_, env):
            env = env | demo.place.pseudonym_key()
            opt_in = ("--source", "reviews", "--source", "peer_feedback", "--text-version", "1", "--reason", "agreed")
            place.run("consent", "organisation", "--allow", *opt_in, env=env)
            place.run("sync", env=env)
            gone = managers().withdrawn
            word = ("--source", gone["source"], "--on", gone["on"], "--reason", gone["reason"])
            place.run("consent", "withdraw", gone["person"], *word)
            place.run("notice", "record", "--cohort", "all", "--joiners", "--on", "2025-01-06", "--text-version", "1")

    _once(shared / "synced.lock", make)
    return place


def copy(place: Place, folder: Path) -> Place:
    """The same state to write in."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Place(folder / "work")
    # Sockets cannot be copied; no server runs, so none is needed.
    shutil.copytree(place.folder, made.folder, ignore=lambda d, names: [n for n in names if _left(Path(d, n))])
    if place.database.exists():
        with (
            closing(sqlite3.connect(f"file:{place.database}?mode=ro", uri=True, timeout=30)) as source,
            closing(sqlite3.connect(made.database)) as target,
        ):
            source.backup(target)
        shutil.copymode(place.database, made.database)
    return made


def _left(path: Path) -> bool:
    """Whether a copy of files leaves it out: a socket; the store, which SQLite copies, as another test process may be
    reading it, and its ``-wal`` and ``-shm`` come and go with the readers; and logs. The demonstration logs at DEBUG
    for the tests that read that, and there people's ids stand, which an erasure rightly finds."""
    return path.is_socket() or path.name.startswith("ascertain.sqlite") or path.name == "logs"


@contextmanager
def sandbox() -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """The company's systems, served from this process, and the settings that connect to them."""
    with Sandbox() as served:
        yield served, served.environment()


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """One folder for all test processes of the session."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


def _once(lock: Path, make: Callable[[], None]) -> None:
    """The first process to come makes it, the others wait; if making fails, it fails for all alike."""
    mark = lock.with_suffix(".done")
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not mark.exists():
            try:
                make()
            except BaseException as e:
                mark.write_text(f"{type(e).__name__}: {e}")
                raise
            mark.write_text("")
    if failure := mark.read_text():
        pytest.fail(f"made in another test: {failure}")
