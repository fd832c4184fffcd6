"""kill -9 in the middle of a cohort: after a restart every learner has been assessed, exactly once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.e2e.harness import COHORT, Demo, Place, tables, undecide


def test_cohort_survives_kill_minus_nine(demo: Demo, own: Place, fresh: Place, tmp_path: Path) -> None:
    key = demo.place.pseudonym_key()
    total = demo.place.rows("SELECT count(*) FROM learners WHERE department = ?", (COHORT,))[0][0]
    queued = fresh.json("assess", "--cohort", COHORT, "--queue", env=key)
    assert queued["queued"] == total >= 12
    log = tmp_path / "worker.log"
    worker = fresh.start("worker", "--processes", "2", env=key, log=log)
    try:
        # Once in the middle of things, with runs begun and not ended; once more, and the queue's server with them.
        _until(lambda: _done(fresh) >= 3 and _open(fresh) > 0, log)
        killed = _kill_session(worker.pid, spare="valkey")
        assert killed >= 3  # supervisor, two workers, and a work-horse or two
        worker.wait(timeout=10)
        first = _done(fresh)
        assert 3 <= first < total
        worker = fresh.start("worker", "--processes", "2", env=key, log=log)
        _until(lambda: _done(fresh) >= first + 3 and _open(fresh) > 0, log)
        _kill_session(worker.pid)
        _kill_server(fresh)
        worker.wait(timeout=10)
        assert _done(fresh) < total
    finally:
        _kill_session(worker.pid)
    # What was begun and not ended is begun again.
    fresh.run("worker", "--burst", "--processes", "2", env=key)

    done = fresh.rows("SELECT learner_id FROM runs WHERE state = 'done'")
    assert len(done) == len(set(done)) == total
    assert fresh.rows("SELECT count(*) FROM runs WHERE state <> 'done'") == [(0,)]
    concluded = fresh.rows(
        "SELECT json_extract(header, '$.run'), count(*) FROM audit_records WHERE action = 'run.concluded' GROUP BY 1"
    )
    assert sorted(concluded) == sorted((r[0], 1) for r in fresh.rows("SELECT id FROM runs"))
    assert fresh.json("audit", "verify")["whole"] is True
    # Not a row more, less or otherwise than in the demonstration, which nobody disturbed.
    undecide(own)
    for name in ("runs", "assertions", "review_items"):
        wanted = [r for r in tables(own, [name])[name] if set(r) & _learners(own)]
        assert tables(fresh, [name])[name] == wanted, name


def _learners(place: Place) -> set[str]:
    return {r[0] for r in place.rows("SELECT id FROM learners WHERE department = ?", (COHORT,))}


def _done(place: Place) -> int:
    return int(place.rows("SELECT count(*) FROM runs WHERE state = 'done'")[0][0])


def _open(place: Place) -> int:
    return int(place.rows("SELECT count(*) FROM runs WHERE state = 'started'")[0][0])


def _until(what: object, log: Path, seconds: float = 90) -> None:
    assert callable(what)
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _kill_session(leader: int, *, spare: str = "") -> int:
    """SIGKILL to every process of a session; stopped first, so that none can see another die and react."""
    members = [p for p in _processes() if _session(p) == leader and not (spare and spare in _name(p))]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in members:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
    return len(members)


def _kill_server(place: Place) -> None:
    """SIGKILL to the embedded server of this home, wherever it was started from."""
    found = [p for p in _processes() if "valkey" in _name(p) and str(place.home) in _command(p)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]


def _stat(pid: int) -> tuple[str, list[str]]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", ["Z"] + ["-1"] * 5
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, rest.split()


def _session(pid: int) -> int:
    fields = _stat(pid)[1]
    return -1 if fields[0] == "Z" else int(fields[3])


def _name(pid: int) -> str:
    return _stat(pid)[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
