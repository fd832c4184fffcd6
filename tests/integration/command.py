"""Calls the command line within the test process: the same ``main`` with arguments, environment and working folder."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascertain import runtime
from ascertain.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(
    *arguments: str, home: Path, folder: Path | None = None, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> Answer:
    """Run one command with a home of its own and nothing of the caller's settings."""
    out, err = io.StringIO(), io.StringIO()
    alone = _as_if_alone(["ascertain", *arguments], home, folder or home.parent, env or {}, stdin)
    with alone, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else int(e.code is not None)
    return Answer(code, out.getvalue(), err.getvalue())


def granted(home: Path, name: str, role: str, *more: str) -> None:
    """Give ``name`` a role, as the local operator."""
    answer = call("access", "grant", name, role, *more, home=home)
    assert answer.code == 0, answer


@contextlib.contextmanager
def _as_if_alone(argv: list[str], home: Path, folder: Path, env: Mapping[str, str], stdin: bytes) -> Iterator[None]:
    before, was, old_argv, old_in = dict(os.environ), Path.cwd(), sys.argv, sys.stdin
    try:
        for name in [n for n in os.environ if n.startswith("ASCERTAIN_")]:
            del os.environ[name]
        os.environ.update({"ASCERTAIN_HOME": str(home), "COLUMNS": "140", **env})
        os.chdir(folder)
        sys.argv, sys.stdin = argv, io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        yield
    finally:
        if runtime._APP is not None:
            runtime._APP.close()
        runtime.set_app(None)
        sys.argv, sys.stdin = old_argv, old_in
        os.chdir(was)
        os.environ.clear()
        os.environ.update(before)
