"""A full demonstration reaches nobody, leaves nothing behind and tells CrewAI's files nothing about anybody.

The demonstration of these tests runs under an audit hook in every interpreter (``guard/sitecustomize.py``).
"""

from __future__ import annotations

import ast
import ipaddress
import json
from pathlib import Path
from typing import Any

from tests.e2e.harness import Demo, Place


def events(demo: Demo) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (demo.place.guard / "log.jsonl").read_text().splitlines()]


def test_the_guard_was_in_every_process(demo: Demo) -> None:
    """Else the other tests would prove nothing: sandbox, workers and their forks must all have reported."""
    seen = events(demo)
    pids = {e["pid"] for e in seen if e["event"] == "socket.connect" and "valkey.sock" in e["what"]}
    learners = demo.place.rows("SELECT count(*) FROM learners WHERE active")[0][0]
    assert len(pids) > 3
    assert len({e["pid"] for e in seen}) >= learners  # a work-horse each
    assert any(e["event"] == "socket.connect" and "127.0.0.1" in e["what"] for e in seen)


def test_loopback_and_unix_sockets_only(demo: Demo) -> None:
    for event in events(demo):
        if event["event"] in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"):
            address = ast.literal_eval(event["what"])
            if isinstance(address, tuple):
                assert ipaddress.ip_address(address[0]).is_loopback, event
            else:
                # A unix socket, and one of this home.
                assert str(address).startswith((str(demo.place.home), "/tmp/")), event


def test_no_name_is_looked_up(demo: Demo) -> None:
    looked_up = [ast.literal_eval(e["what"]) for e in events(demo) if e["event"].startswith("socket.get")]
    for host in looked_up:
        assert ipaddress.ip_address(host).is_loopback, host


def test_nothing_is_left_behind(demo: Demo) -> None:
    assert [p for p in demo.place.temp.rglob("*") if not p.is_dir()] == []
    assert list(demo.place.temp.iterdir()) == []
    assert sorted(p.name for p in demo.place.folder.iterdir()) == ["again.html", "report.html", "state"]
    allowed = (demo.place.folder, demo.place.temp, demo.place.guard, Path("/dev"), Path("/proc"))
    for event in events(demo):
        if event["event"] in ("open", "os.mkdir"):
            path = Path(event["what"])
            assert any(path.is_relative_to(a) for a in allowed), event


def test_nothing_personal_in_crewais_files_nor_in_logs_nor_in_the_queue(demo: Demo) -> None:
    kept = list((demo.place.guard / "files").iterdir())
    assert kept, "CrewAI's folder was not seen"
    files = [p for p in kept[0].rglob("*") if p.is_file()]
    ours = [
        demo.place.home / "logs" / "worker.log",
        *(p for p in (demo.place.home / "queue").rglob("*") if p.is_file()),
    ]
    assert any(p.name == "worker.log" for p in ours)
    assert any(p.suffix == ".aof" for p in ours)
    secrets = personal(demo.place)
    assert len(secrets) > 300
    for file in files + ours:
        content = file.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, (file, secret)


def test_a_whole_run_logged_in_full_tells_of_nobody(demo: Demo) -> None:
    """Sync, queue, workers and reading, all at DEBUG: whole objects, ids, and nothing personal (the test before)."""
    text = (demo.place.home / "logs" / "worker.log").read_text() + demo.log
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"DEBUG", "INFO"} <= {line["level"] for line in lines}
    assert any(line["logger"].startswith("rq") for line in lines)
    assert all({"time", "logger", "message", "process"} <= line.keys() for line in lines)
    for secret in personal(demo.place):
        assert secret not in text, secret


def test_the_chain_names_nobody_in_clear(demo: Demo) -> None:
    names = [n for row in demo.place.rows("SELECT id, name, email FROM learners") for n in row]
    for seq, subject, header in demo.place.rows("SELECT seq, subject, header FROM audit_records"):
        for name in names:
            assert name not in header, (seq, name)
            assert name not in subject, (seq, name)


def personal(place: Place) -> list[str]:
    """Names, addresses, quotes and texts of everybody, and the key of the pseudonyms."""
    found = {n for row in place.rows("SELECT name, email FROM learners") for n in row}
    for (document,) in place.rows("SELECT document FROM run_documents WHERE name = 'claims'"):
        found |= {c["quote"] for c in json.loads(document)}
    found |= {t for (t,) in place.rows("SELECT text FROM evidence WHERE kind = 'review'")}
    found.add((place.home / "keys" / "pseudonym.key").read_text().strip())
    # Short quotes ("passed") are words of everybody; long ones are cut, for a file may break them.
    return sorted({f[:60] for f in found if len(f) >= 8})


def test_a_home_directory_that_could_be_written_is_not(own: Place, tmp_path: Path) -> None:
    """Where HOME is writable, nothing is written there either."""
    home = tmp_path / "person"
    home.mkdir()
    (learner,) = own.rows("SELECT id FROM learners ORDER BY id DESC LIMIT 1")
    own.tamper(f"UPDATE learners SET hours_per_week = hours_per_week + 1 WHERE id = '{learner[0]}'")
    done = own.json("assess", "--learner", learner[0], env={"HOME": str(home)})
    assert done["new"] is True
    assert list(home.iterdir()) == []
    assert list(own.temp.iterdir()) == []
