"""Asks the converting process (``files_convert``) for a document's text, with a limit on time and memory.

The process has neither the environment nor any secret of this one. It is started when it is first needed, replaced
when a document was too much for it, and now and then, so that nothing piles up in it.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from typing import IO, Any

from ascertain.connectors.files_folder import FileProblem

MEMORY = 2 << 30
_DOCUMENTS = 200
_MAX_ANSWER = 64 << 20
_CHUNK = 1 << 16


class Converter:
    """One converting process. ``seconds`` is what one document may take."""

    def __init__(self, *, seconds: float, max_pages: int, max_characters: int, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._limits = {"max_pages": max_pages, "max_characters": max_characters}
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._done = 0

    def text(self, body: bytes, suffix: str) -> tuple[str, int]:
        """A document's text, one character longer than allowed where it is cut; pages left out.

        Raises:
            FileProblem: when there is none to be had.
        """
        found = self._answer(body, suffix, {})
        return str(found["text"]), int(found["left_out"])

    def passages(self, body: bytes, suffix: str) -> dict[str, Any]:
        """A transcript's passages, as ``files_convert.passages_of``.

        Raises:
            FileProblem: when there are none to be had.
        """
        return self._answer(body, suffix, {"passages": True})

    def _answer(self, body: bytes, suffix: str, how: dict[str, Any]) -> dict[str, Any]:
        if self._done >= _DOCUMENTS:
            self.close()
        process = self._process or self._start()
        self._done += 1
        request = {"suffix": suffix, "size": len(body), **self._limits, **how}
        try:
            found = self._ask(process, json.dumps(request).encode() + b"\n" + body)
        except TimeoutError:
            self.close()
            raise FileProblem(f"takes more than {self._seconds:g} s to read: left alone") from None
        except (OSError, ValueError):
            self.close()
            raise FileProblem("was too much for its reader, which stopped") from None
        if "problem" in found:
            raise FileProblem(str(found["problem"]))
        return found

    def close(self) -> None:
        """End the process."""
        process, self._process, self._done = self._process, None, 0
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)

    def _start(self) -> subprocess.Popen[bytes]:
        seconds = int(self._seconds * _DOCUMENTS) + 60
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ascertain.connectors.files_convert", str(self._memory), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self._process

    def _ask(self, process: subprocess.Popen[bytes], request: bytes) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        until = time.monotonic() + self._seconds + (10 if self._done == 1 else 0)  # starting takes its time too
        process.stdin.write(request)
        process.stdin.flush()
        parts: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            while True:
                if not waiting.select(max(0.0, until - time.monotonic())):
                    raise TimeoutError
                chunk = os.read(process.stdout.fileno(), _CHUNK)
                parts.append(chunk)
                size += len(chunk)
                if not chunk or size > _MAX_ANSWER:
                    raise ValueError("no answer")
                if chunk.endswith(b"\n"):
                    break
        found: dict[str, Any] = json.loads(b"".join(parts))
        return found


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what was still to be written went with the process
