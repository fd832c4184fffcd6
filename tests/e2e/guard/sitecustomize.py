"""Put on PYTHONPATH of a run under test: every interpreter of it, forks and subprocesses too, reports what it reaches.

Python calls an audit hook before the act itself (PEP 578), and nothing in the process can take the hook out again.
One JSON line an event in $GUARD_LOG; CrewAI's private folder is copied to $GUARD_FILES the moment before it is removed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any

BY_NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
NETWORK = BY_NAME | {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


_reporting = False


def _report(event: str, what: str) -> None:
    global _reporting
    _reporting = True  # writing the log is itself an event
    try:
        with open(os.environ["GUARD_LOG"], "a", encoding="utf-8") as log:
            log.write(json.dumps({"event": event, "what": what, "pid": os.getpid()}) + "\n")
    finally:
        _reporting = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _reporting:
        return
    if event in NETWORK:
        address = (
            args[0] if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr") else args[1]
        )
        _report(event, repr(address))
    elif event == "open":
        path, _, flags = args
        if isinstance(flags, int) and flags & WRITING and isinstance(path, str | bytes):
            _report(event, os.path.abspath(os.fsdecode(path)))
    elif event == "os.mkdir":
        _report(event, os.path.abspath(os.fsdecode(args[0])))
    elif event == "shutil.rmtree" and os.path.basename(os.fsdecode(args[0])).startswith("ascertain-crewai-"):
        shutil.copytree(args[0], os.path.join(os.environ["GUARD_FILES"], str(os.getpid())), dirs_exist_ok=True)


if "GUARD_LOG" in os.environ:
    sys.addaudithook(_hook)
