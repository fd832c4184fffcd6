"""The retention commands and the scheduled job on a whole installation."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ascertain.jobs.outgoing import HANDLERS
from ascertain.jobs.retaining import retain, retainer
from ascertain.jobs.schedule import read_schedules
from ascertain.policy import parse_policy, read_policy
from ascertain.runtime import App, SystemClock, open_app, set_app
from ascertain.store import open_store
from tests.integration.command import call, granted
from tests.integration.job_harness import settings_in
from tests.integration.test_cli_person import ANN, assessed

__all__ = ["assessed"]


@pytest.fixture
def home(assessed: Path, tmp_path: Path) -> Path:
    shutil.copytree(assessed, tmp_path / "home")
    return tmp_path / "home"


class Later(SystemClock):
    """Five years on."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=1827)


def test_plan_hold_release_and_log(home: Path) -> None:
    planned = call("retain", "plan", "--json", home=home)
    assert planned.code == 0, planned.err
    assert {d["kind"] for d in planned.json["due"]} >= {"evidence_text", "people_who_left", "audit_records"}
    granted(home, "counsel", "admin")
    held = call("retain", "hold", "--person", ANN.id, "--reason", "case 12", "--as", "counsel", "--json", home=home)
    assert held.code == 0, held.err
    refused = call("person", "erase", ANN.id, "--reason", "asked", "--yes", home=home)
    assert (refused.code, "legal hold" in refused.err) == (5, True)
    assert [h["id"] for h in call("retain", "holds", "--json", home=home).json["holds"]] == [held.json["id"]]
    assert call("retain", "release", held.json["id"], "--as", "counsel", home=home).code == 0
    assert call("retain", "release", held.json["id"], "--as", "counsel", home=home).code == 4
    assert call("retain", "hold", "--reason", "x", home=home).code == 3
    assert call("retain", "run", "--yes", "--json", home=home).code == 0
    assert call("retain", "log", home=home).code == 0


def test_the_scheduled_job_deletes_and_the_chain_still_verifies(home: Path) -> None:
    app: App = open_app(settings_in(home.parent), clock=Later())
    app.store.close()
    kept = app.settings.home_dir / "audit" / "checkpoints.jsonl"
    app.store = open_store(
        app.settings.effective_database_url,
        pseudonym=app.pseudonyms.pseudonym,
        checkpoint_file=kept,
        clock=app.clock.now,
    )
    set_app(app)
    try:
        with app.units() as uow:
            ann = uow.people.get(ANN.id)
        assert ann is not None
        report = retain("schedule:retention")
        assert report["rows"]["evidence_text"] > 0
        assert report["stopped"] is False
        assert retain("schedule:retention")["rows"] == {}
        assert retainer(app).plan().rows == 0
    finally:
        set_app(None)
        app.close()
    assert call("audit", "verify", home=home).code == 0
    assert [d["kind"] for d in call("retain", "log", "--json", home=home).json["deletions"]]


def test_the_shipped_schedule_runs_retention_through_a_known_job() -> None:
    tasks = {e.task for e in read_schedules().values()}
    assert "retain" in tasks
    assert "ascertain.jobs.retaining.retain" in HANDLERS


def test_less_than_half_a_year_of_audit_is_refused_at_the_start(home: Path, tmp_path: Path) -> None:
    _, text = read_policy()
    assert parse_policy(text.replace("audit_days: 1095", "audit_days: 183")).retention.audit_days == 183
    short = tmp_path / "short.yaml"
    short.write_text(text.replace("audit_days: 1095", "audit_days: 182"))
    refused = call("retain", "plan", home=home, env={"ASCERTAIN_POLICY_FILE": str(short)})
    assert refused.code == 2
    assert "retention.audit_days" in refused.err
    assert "at least 183 days" in refused.err
