"""Webhooks of the sandbox: in order and once unless the plan says otherwise."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ascertain.sandbox.faults import Fault, FaultPlan
from ascertain.sandbox.hooks import HookSender


class Receiver:
    """Takes calls on a socket of its own; ``statuses`` are the next answers, 200 after them."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.proofs: list[str | None] = []
        self.statuses: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                outer.proofs.append(self.headers["x-proof"])
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("X-Echo", self.headers["x-proof"] or "")
                self.end_headers()
                self.wfile.write(b"seen")

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def sent(
    receiver: Receiver, *bodies: bytes, plan: FaultPlan | None = None, delays: tuple[float, ...] = ()
) -> HookSender:
    sender = HookSender(plan or FaultPlan(), delays=delays)
    for body in bodies:
        sender.post(receiver.url, body, sign=lambda b, attempt: {"x-proof": f"{len(b)}/{attempt}"}, bare=b"bare")
    assert sender.flush()
    sender.close()
    return sender


def faulty(kind: str) -> FaultPlan:
    return FaultPlan([Fault(kind)])  # type: ignore[arg-type]


def test_without_a_plan_each_comes_once_and_in_order(receiver: Receiver) -> None:
    sent(receiver, *(b"%d" % n for n in range(20)))
    assert receiver.bodies == [b"%d" % n for n in range(20)]
    assert receiver.proofs[0] == "1/0"


@pytest.mark.parametrize(
    ("kind", "bodies"),
    [
        ("hook_twice", [b"a1", b"a1", b"b2"]),
        ("hook_late", [b"b2", b"a1"]),
        ("hook_altered", [b"a2", b"b2"]),
        ("hook_unsigned", [b"bare", b"b2"]),
        ("hook_lost", [b"b2"]),
        ("rate_limit", [b"a1", b"b2"]),
    ],
)
def test_the_plan_is_followed(receiver: Receiver, kind: str, bodies: list[bytes]) -> None:
    sent(receiver, b"a1", b"b2", plan=faulty(kind))
    assert receiver.bodies == bodies
    assert (None in receiver.proofs) == (kind == "hook_unsigned")
    if kind == "hook_altered":
        assert receiver.proofs[0] == "2/0", "signed before it was altered"


def test_what_is_held_back_comes_even_if_nothing_follows(receiver: Receiver) -> None:
    sent(receiver, b"a1", plan=faulty("hook_late"))
    assert receiver.bodies == [b"a1"]


def test_a_receiver_that_fails_is_called_again_as_often_as_the_system_does(receiver: Receiver) -> None:
    receiver.statuses = [503, 500, 400]
    sender = sent(receiver, b"a1", b"b2", delays=(0.01, 0.01, 0.01))
    assert [(s.attempt, s.status) for s in sender.log] == [(0, 503), (1, 500), (2, 400), (0, 200)]
    assert receiver.proofs[:3] == ["2/0", "2/1", "2/2"]


def test_nobody_there_is_noted(receiver: Receiver) -> None:
    receiver.server.shutdown()
    receiver.server.server_close()
    assert [s.status for s in sent(receiver, b"a1").log] == [None]
    assert HookSender(FaultPlan()).ask(receiver.url) is None


def test_a_handshake_reads_the_answer(receiver: Receiver) -> None:
    answer = HookSender(FaultPlan()).ask(receiver.url, b"", {"x-proof": "secret"})
    assert answer is not None
    assert (answer[0], answer[1]["x-echo"], answer[2]) == (200, "secret", "seen")


def test_only_this_machine_is_called() -> None:
    with pytest.raises(ValueError, match="this machine"):
        HookSender(FaultPlan()).post("https://example.com/hook", b"{}")
    with pytest.raises(ValueError, match="this machine"):
        HookSender(FaultPlan()).ask("http://169.254.169.254/")
