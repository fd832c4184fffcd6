"""The commands of the audit chain on the demonstration's data."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from ascertain import audit_verifier
from tests.e2e.harness import Place
from tests.integration.command import Answer, call, granted


def tell(place: Place, *arguments: str) -> Answer:
    return call(*arguments, home=place.home, folder=place.folder)


def test_export_checkpoint_and_verifier_agree(own: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    away, file = tmp_path / "away.jsonl", tmp_path / "export.jsonl"
    first = tell(own, "audit", "checkpoint", "--out", str(away))
    assert first.code == 0, first
    assert json.loads(tell(own, "audit", "checkpoint").out) == json.loads(away.read_text())
    assert tell(own, "audit", "export", "--out", str(file)).code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert tell(own, "audit", "export").out == file.read_text()
    assert audit_verifier.main([str(file), "--checkpoints", str(away)]) == 0
    assert "1 checkpoints: whole" in capsys.readouterr().out
    last = json.loads(away.read_text())["seq"]
    cut = file.read_bytes().splitlines(keepends=True)[:-1]
    file.write_bytes(b"".join(cut))
    assert audit_verifier.main([str(file), "--checkpoints", str(away)]) == 8
    assert f"record {last}:" in capsys.readouterr().out


def test_a_checkpoint_elsewhere_shows_a_cut_off_end_when_ours_was_cut_too(own: Place, tmp_path: Path) -> None:
    away = tmp_path / "away.jsonl"
    tell(own, "audit", "checkpoint", "--out", str(away))
    last = json.loads(away.read_text())["seq"]
    with sqlite3.connect(own.database) as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("DELETE FROM audit_records WHERE seq >= ?", (last,))
    raw.close()
    kept = own.home / "audit" / "checkpoints.jsonl"
    lines = [x for x in kept.read_text().splitlines() if json.loads(x)["seq"] < last]
    kept.write_text("\n".join(lines) + "\n")
    assert tell(own, "audit", "verify").code == 0
    found = tell(own, "audit", "verify", "--checkpoints", str(away))
    assert found.code == 8
    assert f"record {last}:" in found.out
    assert tell(own, "audit", "verify", "--checkpoints", str(tmp_path / "none")).code == 3


def test_payloads_in_clear_are_recorded_before_they_are_read(own: Place) -> None:
    chain = tell(own, "audit", "export").out.splitlines()
    with_payload = next(r["seq"] for r in map(json.loads, chain) if r["action"] == "run.concluded")
    part = ("--from", str(with_payload), "--to", str(with_payload + 2))
    granted(own.home, "Zoe", "auditor")
    assert tell(own, "audit", "export", *part, "--as", "Zoe").code == 0
    assert tell(own, "audit", "export", "--open", *part, "--as", "Zoe").code == 9
    chain = tell(own, "audit", "export").out.splitlines()
    answer = tell(own, "audit", "export", "--open", *part)
    assert answer.code == 0, answer
    assert [json.loads(x)["seq"] for x in answer.out.splitlines()] == [with_payload + i for i in range(3)]
    assert "assertions" in json.loads(answer.out.splitlines()[0])["payload"]
    sealed = json.loads(tell(own, "audit", "export").out.splitlines()[len(chain)])
    assert (sealed["action"], sealed["header"]["first"]) == ("audit.opened", with_payload)
    assert tell(own, "audit", "export", "--from", "yesterday").code == 3
    assert tell(own, "audit", "export", "--from", "2020-01-01", "--to", "2020-01-02").code == 4
