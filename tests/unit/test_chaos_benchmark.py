"""The processes that the chaos suite kills are those that it means, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.chaos import FAULTS, _children, _kill, _session

PARENT = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); p.wait()"


def test_a_session_holds_a_process_and_its_children_and_nobody_else() -> None:
    leader = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        while not _children(leader.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        (child,) = _children(leader.pid)
        assert set(_session(leader.pid)) == {leader.pid, child}
        assert os.getpid() not in set(_session(leader.pid))
        assert _kill(child) == 1
        assert leader.wait(10) == 0
        assert not list(_session(leader.pid))
        assert _kill(child) == 0, "it is gone"
    finally:
        for pid in list(_session(leader.pid)):
            _kill(pid)


def test_most_faults_hit_the_process_that_runs_a_job() -> None:
    assert FAULTS["horse"] > sum(FAULTS.values()) / 2
    assert min(FAULTS.values()) > 0
