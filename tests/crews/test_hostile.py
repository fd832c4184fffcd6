"""Endpoints that misbehave on the wire: each run ends by name, after few calls, with nothing invalid."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agents.brains import bounded
from agents.brains.models import ROLES, EndpointConfig
from ascertain.errors import BrainError, BudgetError
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew, build
from tests.crews import world
from tests.crews.scripted_server import Body, Reply, role_of, sensible, serve
from tests.crews.test_checks import stored

Wire = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.0)


def crew(url: str, **changes: Any) -> AgentCrew:
    data = {"kind": "openai", "model": "hostile", "base_url": url, "timeout_s": 5, "attempts": 2, **changes}
    return AgentCrew(dict.fromkeys(ROLES, EndpointConfig.model_validate(data)), read_prompts())


@contextmanager
def wire(talk: Wire) -> Iterator[tuple[str, list[int]]]:
    """A server that speaks as ``talk`` does; its address, and a list that grows with each call."""
    calls: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(1)
            try:
                talk(self)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", calls
    finally:
        server.shutdown()
        server.server_close()


def head(h: BaseHTTPRequestHandler, **fields: str) -> None:
    h.send_response(200)
    h.send_header("Content-Type", "application/json")
    for name, value in fields.items():
        h.send_header(name.replace("_", "-"), value)
    h.end_headers()


def announced(h: BaseHTTPRequestHandler) -> None:
    """Ten megabytes, said beforehand."""
    head(h, Content_Length="10000000")
    for _ in range(1000):
        h.wfile.write(b" " * 10_000)


def unannounced(h: BaseHTTPRequestHandler) -> None:
    """As many as the other side takes."""
    head(h)
    for _ in range(100_000):
        h.wfile.write(b" " * 10_000)


def cut_short(h: BaseHTTPRequestHandler) -> None:
    """Says more than it sends."""
    head(h, Content_Length="500")
    h.wfile.write(b'{"id": "1", "object": "chat.completion", "choices": [{"index": 0, "mess')
    h.wfile.flush()
    h.connection.close()


def cut_chunk(h: BaseHTTPRequestHandler) -> None:
    """Ends in the middle of a chunk."""
    head(h, Transfer_Encoding="chunked")
    h.wfile.write(b"ff\r\n{")
    h.wfile.flush()
    h.connection.close()


def hangs_up(h: BaseHTTPRequestHandler) -> None:
    """Without a word."""
    h.connection.close()


def no_http(h: BaseHTTPRequestHandler) -> None:
    """Not the protocol at all."""
    h.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    h.wfile.flush()
    h.connection.close()


@pytest.mark.parametrize(
    ("talk", "tries", "words"),
    [
        (announced, 1, f"more than {bounded.MOST_BYTES} bytes"),
        (unannounced, 1, f"more than {bounded.MOST_BYTES} bytes"),
        (cut_short, 2, "Connection"),
        (cut_chunk, 2, "Connection"),
        (hangs_up, 2, "Connection"),
        (no_http, 2, "Connection"),
    ],
)
def test_what_is_no_answer_ends_by_name_after_its_tries(talk: Wire, tries: int, words: str) -> None:
    with wire(talk) as (url, calls):
        with pytest.raises(BrainError, match=words) as caught:
            crew(url).run(world.case(), world.services())
        assert len(calls) == tries
    assert caught.value.state == "brain_failed"


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_a_storm_of_refusals_is_bounded_for_the_run_and_by_its_budget(status: int) -> None:
    """Every other call is refused: all of it is done, and each try was counted."""
    seen: list[int] = []

    def every_other(role: str, body: Body) -> Reply | Body:
        seen.append(1)
        return Reply(status, b"{}", {"Retry-After": "0"}) if len(seen) % 2 else sensible(role, body)

    with serve(every_other) as server:
        found = crew(server.url).run(world.case(), world.services())
        assert len(server.requests) == 20
    assert stored(found) == stored(build().run(world.case(), world.services()))
    seen.clear()
    with serve(every_other) as server:
        one = crew(server.url)
        budget = one.budgets.model_copy(update={"run": one.budgets.run.model_copy(update={"calls": 7})})
        with pytest.raises(BudgetError):
            AgentCrew(one.team, one.prompts, budget).run(world.case(), world.services())
        assert len(server.requests) == 7


def test_an_agent_that_calls_tools_of_others_is_told_there_are_none() -> None:
    """The grant of an agent is its post's: a collector cannot look at the catalogue, nor at a colleague's plans."""
    asked = ["path_solver", "case_findings", "catalogue_search", "write_back", "lms_activity"]

    def script(role: str, body: Body) -> Reply | Body:
        turns = sum(1 for m in body["messages"] if m["role"] == "assistant")
        if role == "evidence_collector" and turns == 0:
            calls = [
                {"id": f"x{i}", "type": "function", "function": {"name": n, "arguments": '{"learner_id": "E2"}'}}
                for i, n in enumerate(asked)
            ]
            return {"tool_calls": calls}
        if role == "evidence_collector" and turns == 1:
            return sensible(role, {**body, "messages": body["messages"][:2]})
        return sensible(role, body)

    with serve(script) as server:
        found = crew(server.url).run(world.case(), world.services())
    answers = {
        m["tool_call_id"]: m["content"]
        for m in next(b for b in server.requests if role_of(b) == "evidence_collector" and len(b["messages"]) > 2)[
            "messages"
        ]
        if m["role"] == "tool"
    }
    shown = [n for i, n in enumerate(asked) if answers[f"x{i}"].startswith("{")]
    assert shown == ["lms_activity"]
    assert json.loads(answers["x4"])["rows"]
    assert stored(found) == stored(build().run(world.case(), world.services()))


def test_thousands_of_claims_and_kilometres_of_words_are_cut() -> None:
    def script(role: str, body: Body) -> Reply | Body:
        message = sensible(role, body)
        if role == "evidence_collector" and "content" in message:
            good = json.loads(message["content"])
            many = [{"evidence_id": "e1", "quote": "SQL", "stance": "supports"}] * 5_000
            return {"content": json.dumps({**good, "claims": good["claims"] + many, "missing": ["x" * 10_000] * 100})}
        return message

    with serve(script) as server:
        found = crew(server.url).run(world.case(), world.services())
    assert len(found.claims) <= 40
    assert len(found.missing) <= 12
    assert all(len(m) <= 320 for m in found.missing)
    assert len(stored(found)) < 50_000 + sum(len(d.what) + len(d.why) for d in found.drops) * 2
