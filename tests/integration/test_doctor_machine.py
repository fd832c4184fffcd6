"""What the doctor finds beside the application, and the remedy it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ascertain.cli import doctor_machine
from ascertain.cli.doctor_machine import addresses, clock, files, workers
from ascertain.errors import PermanentConnectorError
from ascertain.runtime import App, open_app
from tests.integration.job_harness import job_queue, settings_in, submit


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = open_app(settings_in(tmp_path_factory.mktemp("doctor")))
    yield made
    made.close()


def test_a_queue_whose_clock_is_off(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock(app) == ("ok", "within 5 s of queue", "")
    monkeypatch.setattr(doctor_machine, "CLOCK_SECONDS", -1.0)
    state, detail, remedy = clock(app)
    assert state == "warning"
    assert detail.startswith("queue ")
    assert "NTP" in remedy


def test_keys_that_others_may_read(app: App, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert files(app.settings)[0] == "ok"
    key = app.settings.home_dir / "keys" / "pseudonym.key"
    key.chmod(0o640)
    state, detail, remedy = files(app.settings)
    assert state == "failed"
    assert str(key) in detail
    assert remedy == f"chmod go= {key}"
    key.chmod(0o600)
    (tmp_path / ".env").write_text("")
    (tmp_path / ".env").chmod(0o644)
    assert "others may read .env" in files(app.settings)[1]


def test_work_that_nobody_does(app: App, tmp_path: Path) -> None:
    with job_queue(app.settings) as jobs:
        assert workers(app)[0] == "ok"
        submit(jobs, "mark", tmp_path, "one")
        assert workers(app) == ("warning", "0 workers, 1 jobs wait, 0 failed for good", "start `ascertain worker`")


def test_an_address_that_is_never_called(tmp_path: Path) -> None:
    assert addresses(settings_in(tmp_path)) == ("ok", "none is set", "")
    with pytest.raises(PermanentConnectorError, match=r"ASCERTAIN_TRACES_URL: .* never called"):
        addresses(settings_in(tmp_path, traces_url="https://169.254.169.254/v1/traces"))
