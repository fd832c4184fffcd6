"""The embedded server: started on demand, shared, healed, stopped by the last to leave."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.jobs.embedded import POINTER
from ascertain.jobs.server import open_queue, redacted
from tests.integration.job_harness import ROOT, dead, settings_in, wait_for


def server_pid(folder: Path) -> int:
    return int((folder / "home" / "queue" / "valkey.pid").read_text())


def test_starts_private_and_without_a_port(tmp_path: Path) -> None:
    handle = open_queue(settings_in(tmp_path))
    try:
        assert handle.embedded
        assert handle.connection.ping()
        assert handle.connection.config_get("port")["port"] == "0"
        assert handle.connection.config_get("appendonly")["appendonly"] == "yes"
        queue = tmp_path / "home" / "queue"
        for path in [queue, *queue.rglob("*")]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    finally:
        handle.close()


def test_the_last_to_leave_stops_it_and_data_survives(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = open_queue(settings)
    pid = server_pid(tmp_path)
    second = open_queue(settings)
    assert first.attachment is not None
    assert second.attachment is not None
    assert (first.attachment.started, second.attachment.started) == (True, False)
    first.connection.set("kept", "yes")
    first.close()  # whoever started it may leave first
    first.close()
    assert second.connection.ping()
    second.close()
    assert dead(pid)
    assert not (tmp_path / "home" / "queue" / "valkey.sock").exists()
    third = open_queue(settings)
    assert third.connection.get("kept") == b"yes"
    third.close()


def test_keep_leaves_it_running_for_the_next(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_queue(settings).close(keep=True)
    pid = server_pid(tmp_path)
    assert not dead(pid)
    again = open_queue(settings)
    assert server_pid(tmp_path) == pid
    again.close()
    assert dead(pid)


def test_another_process_attaches_and_its_death_leaves_the_server_in_use(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    handle = open_queue(settings)
    code = (
        "import sys, time; from ascertain.settings import Settings; from ascertain.jobs.server import open_queue\n"
        "h = open_queue(Settings(home=sys.argv[1])); print(h.attachment.started, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(settings.home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "False"
    child.kill()
    child.wait()
    child.stdout.close()
    assert handle.connection.ping()
    pid = server_pid(tmp_path)
    handle.close()
    assert dead(pid), "a killed user must not keep it alive"


def test_a_process_that_just_ends_stops_what_it_started(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    code = (
        "import sys; from ascertain.settings import Settings; from ascertain.jobs.server import open_queue\n"
        "open_queue(Settings(home=sys.argv[1])).connection.set('kept', 1)"
    )
    subprocess.run([sys.executable, "-c", code, str(settings.home)], cwd=ROOT, check=True)
    assert not (tmp_path / "home" / "queue" / "valkey.sock").exists()


def test_a_killed_server_leaves_a_stale_socket_that_is_cleaned(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = open_queue(settings)
    first.connection.set("kept", "yes")
    pid = server_pid(tmp_path)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: dead(pid))
    assert (tmp_path / "home" / "queue" / "valkey.sock").exists()
    second = open_queue(settings)
    assert second.attachment is not None
    assert second.attachment.started
    assert second.connection.get("kept") == b"yes"
    assert first.connection.get("kept") == b"yes", "the first finds it at the same place"
    first.close()
    second.close()


def test_a_living_server_whose_socket_was_swept_away_is_restarted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    first = open_queue(settings)
    first.connection.set("kept", "yes")
    pid = server_pid(tmp_path)
    (tmp_path / "home" / "queue" / "valkey.sock").unlink()
    second = open_queue(settings)
    assert dead(pid), "two servers must never write one file"
    assert second.connection.get("kept") == b"yes"
    first.close()
    second.close()


def test_a_home_too_deep_for_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    settings = settings_in(deep)
    first = open_queue(settings)
    second = open_queue(settings)
    assert second.url == first.url
    socket = Path(first.url.removeprefix("unix://"))
    assert not socket.is_relative_to(deep)
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    second.connection.set("kept", "yes")
    first.close()
    second.close()
    assert not socket.parent.exists()
    assert not (deep / "home" / "queue" / POINTER).exists()
    third = open_queue(settings)
    assert third.connection.get("kept") == b"yes"
    third.close()


def test_a_pointer_to_a_folder_that_others_may_write_is_not_followed(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir(mode=0o777)
    trap.chmod(0o777)
    queue = tmp_path / "home" / "queue"
    queue.mkdir(parents=True)
    (queue / POINTER).write_text(str(trap))
    handle = open_queue(settings_in(tmp_path))
    assert handle.url == f"unix://{queue / 'valkey.sock'}"
    handle.close()


def test_a_folder_that_cannot_be_used_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "queue").write_text("in the way")
    with pytest.raises(ConfigError, match=r"ASCERTAIN_HOME: the queue cannot use .*queue") as e:
        open_queue(settings_in(tmp_path))
    assert e.value.remedy


def test_a_torn_file_of_another_program_is_an_error_with_its_reason(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    open_queue(settings).close()
    folder = tmp_path / "home" / "queue" / "appendonlydir"
    (folder / "appendonly.aof.manifest").write_text("not a manifest\n")
    with pytest.raises(Exception, match=r"embedded queue server (did not start|ended while starting)") as e:
        open_queue(settings)
    assert "valkey.log" in str(e.value)


def test_an_explicit_url_wins_and_is_checked(tmp_path: Path) -> None:
    handle = open_queue(settings_in(tmp_path))
    other = settings_in(tmp_path / "elsewhere", queue_url=handle.url)
    named = open_queue(other)
    assert not named.embedded
    named.connection.set("via", "url")
    named.close()
    assert handle.connection.get("via") == b"url"
    handle.close()
    with pytest.raises(ConfigError, match="ASCERTAIN_QUEUE_URL: cannot use unix://"):
        open_queue(other)


def test_messages_never_show_a_password() -> None:
    assert redacted("redis://user:secret@host:6380/2?password=x") == "redis://host:6380/2"
    assert redacted("unix:///run/valkey.sock?db=1") == "unix:///run/valkey.sock"
    with pytest.raises(ConfigError) as e:
        open_queue(settings_in(Path("unused"), queue_url="redis://u:secret@127.0.0.1:1/0"))
    assert "secret" not in str(e.value)
