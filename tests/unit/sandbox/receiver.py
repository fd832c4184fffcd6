"""A receiver of webhooks on this machine, for tests of what the sandbox sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, Mapping[str, str], bytes]


class Receiver:
    """Keeps each call; ``answer`` makes the reply from headers, query and body."""

    def __init__(self, answer: Callable[[Mapping[str, str], Mapping[str, str], bytes], Answer]) -> None:
        self.answer = answer
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {k.lower(): v for k, v in self.headers.items()}
                outer.got.append((headers, body))
                query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                status, extra, said = outer.answer(headers, query, body)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def wait(self, calls: int, seconds: float = 5.0) -> None:
        """Until so many calls have come, or the time is over."""
        end = time.monotonic() + seconds
        while len(self.got) < calls and time.monotonic() < end:
            time.sleep(0.005)

    def close(self) -> None:
        """No more calls."""
        self._server.shutdown()
        self._server.server_close()
