"""The processes that the chaos suite kills are those that it means, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from benchmarks.chaos.faults import ALL
from benchmarks.chaos.processes import children, kill, session

PARENT = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); p.wait()"


def test_a_session_holds_a_process_and_its_children_and_nobody_else() -> None:
    leader = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    try:
        deadline = time.monotonic() + 10
        while not children(leader.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        (child,) = children(leader.pid)
        assert set(session(leader.pid)) == {leader.pid, child}
        assert os.getpid() not in set(session(leader.pid))
        assert kill(child) == 1
        assert leader.wait(10) == 0
        assert not list(session(leader.pid))
        assert kill(child) == 0, "it is gone"
    finally:
        for pid in list(session(leader.pid)):
            kill(pid)


def test_most_faults_hit_a_process_that_runs_a_job() -> None:
    weights = {f.name: f.weight for f in ALL}
    assert len(weights) == len(ALL)
    assert weights["kill -9 of the process that runs a job"] > sum(weights.values()) / 2
    assert min(weights.values()) > 0
