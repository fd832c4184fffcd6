"""A real HTTP server that speaks the OpenAI chat protocol and answers what a script says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.brains.rules import RULES
from tests.crews import world

Body = dict[str, Any]

ROLE_OF_TOOL = {
    "lms_activity": "evidence_collector",
    "taxonomy_search": "taxonomy_mapper",
    "computed_gap": "gap_analyst",
    "path_solver": "learning_path_curator",
    "case_findings": "reviewer",
    "onboarding_needs": "onboarding_planner",
    "drafted_plan": "onboarding_reviewer",
    "taxonomy_matters": "taxonomy_steward",
    "proposed_changes": "taxonomy_critic",
    "library_items": "content_tagger",
    "tagged_items": "tag_reviewer",
}


@dataclass
class Reply:
    """A raw HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[str, Body], Reply | Body]
"""From role and request to a raw reply, or to the message of a well-formed one."""


@dataclass
class Recorder:
    """The server's address and what it was asked."""

    url: str
    requests: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


def role_of(body: Body) -> str:
    """Told by the tools."""
    names = [t["function"]["name"] for t in body.get("tools", ())]
    return next((ROLE_OF_TOOL[n] for n in names if n in ROLE_OF_TOOL), "")


def tool_data(body: Body) -> dict[str, dict[str, Any]]:
    """What the tools said, by name."""
    names = {c["id"]: c["function"]["name"] for m in body["messages"] for c in m.get("tool_calls") or ()}
    return {
        names[m["tool_call_id"]]: json.loads(m["content"])
        for m in body["messages"]
        if m["role"] == "tool" and m["content"].startswith("{")
    }


def sensible(role: str, body: Body) -> Body:
    """Calls every tool, then answers by the rules of the embedded brain."""
    if not any(m["role"] == "tool" for m in body["messages"]):
        return {
            "tool_calls": [
                {"id": f"t{i}", "type": "function", "function": {"name": t["function"]["name"], "arguments": "{}"}}
                for i, t in enumerate(body["tools"])
            ]
        }
    return {"content": json.dumps(RULES[role](tool_data(body), world.services()))}


@contextmanager
def serve(script: Script) -> Iterator[Recorder]:
    """Serve on a free port of the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            return

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            recorder.requests.append(body)
            recorder.keys.append(self.headers.get("Authorization"))
            made = script(role_of(body), body)
            reply = made if isinstance(made, Reply) else Reply(body=_completion(body, made))
            self.send_response(reply.status)
            for k, v in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(k, v)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    recorder = Recorder(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(body: Body, message: Body) -> bytes:
    full = {"role": "assistant", "content": None, **message}
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": body["model"],
            "choices": [
                {"index": 0, "message": full, "finish_reason": "tool_calls" if "tool_calls" in message else "stop"}
            ],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }
    ).encode()
