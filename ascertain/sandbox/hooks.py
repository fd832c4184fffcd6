"""Sends a dialect's webhooks from a background thread, and lets them come twice, late, altered, unsigned or not at all.

    sender = HookSender(options.faults)
    sender.post(url, body, sign=lambda body, attempt: {"X-Signature": ...})

``sign`` makes the headers that prove where the call comes from; it is asked for every attempt, so a timestamp or a
count of retries may be in it. Deliveries go out in the order they were posted unless the plan holds one back.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from ascertain.sandbox.faults import FaultPlan

Sign = Callable[[bytes, int], Mapping[str, str]]
"""Headers of proof from the body and the attempt's number, 0 for the first."""

JSON = {"content-type": "application/json"}
_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_HELD = 0.5
"""Seconds that a delivery is held back when no other comes behind which it could go out."""


def unproved(body: bytes, attempt: int) -> Mapping[str, str]:
    """For systems whose calls carry no proof."""
    return {}


@dataclass(frozen=True, slots=True)
class Sent:
    """One call that was made. ``status`` is ``None`` where no answer came; ``fault`` is what was done to it."""

    url: str
    status: int | None
    attempt: int
    fault: str = ""
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Delivery:
    url: str
    body: bytes
    sign: Sign
    headers: Mapping[str, str]
    bare: bytes


class HookSender:
    """The deliveries of one system. The thread begins with the first one and ends with the process, or ``close``.

    Args:
        plan: what shall go wrong (the ``hook_*`` kinds).
        delays: seconds before each new attempt after no answer, 408, 429 or 5xx; empty for systems that deliver at
            most once.
        timeout: seconds that a receiver may take.
    """

    def __init__(self, plan: FaultPlan, *, delays: Sequence[float] = (), timeout: float = 5.0) -> None:
        self._plan = plan
        self._delays = tuple(delays)
        self._timeout = timeout
        self._queue: queue.Queue[_Delivery | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.log: list[Sent] = []

    def post(
        self,
        url: str,
        body: bytes,
        *,
        sign: Sign = unproved,
        headers: Mapping[str, str] | None = None,
        bare: bytes | None = None,
    ) -> None:
        """Queue one delivery and return at once. ``bare`` is the body without its proof, where that stands inside.

        Raises:
            ValueError: for a receiver that is not on this machine; the sandbox calls nobody else.
        """
        _on_this_machine(url)
        self._queue.put(_Delivery(url, body, sign, {**JSON, **(headers or {})}, body if bare is None else bare))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sandbox webhooks", daemon=True)
                self._thread.start()

    def ask(
        self, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], str] | None:
        """A call that waits for its answer (a handshake): status, headers with small letters, text; ``None`` where no
        answer came. Raises as ``post`` does."""
        _on_this_machine(url)
        try:
            answer = httpx.post(url, content=body, headers=headers, timeout=self._timeout, trust_env=False)
        except httpx.HTTPError:
            return None
        return answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.text

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until everything posted is delivered (a delivery held back is released); whether that came true."""
        end = time.monotonic() + seconds
        while self._queue.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.005)
        return not self._queue.unfinished_tasks

    def close(self) -> None:
        """Deliver what is queued, then end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(timeout=30)

    def _run(self) -> None:
        held: list[tuple[_Delivery, str]] = []
        with httpx.Client(timeout=self._timeout, trust_env=False, follow_redirects=False) as client:
            while True:
                try:
                    delivery = self._queue.get(timeout=_HELD if held else None)
                except queue.Empty:
                    self._release(client, held)
                    continue
                if delivery is None:
                    self._release(client, held)
                    self._queue.task_done()
                    return
                fault = self._plan.next_hook(httpx.URL(delivery.url).path)
                kind = fault.kind if fault else ""
                if kind == "hook_late":
                    held.append((delivery, kind))  # goes out behind the next one
                    continue
                self._deliver(client, delivery, kind)
                if kind == "hook_twice":
                    self._deliver(client, delivery, kind)
                self._queue.task_done()
                self._release(client, held)

    def _release(self, client: httpx.Client, held: list[tuple[_Delivery, str]]) -> None:
        for delivery, kind in held:
            self._deliver(client, delivery, kind)
            self._queue.task_done()
        held.clear()

    def _deliver(self, client: httpx.Client, delivery: _Delivery, kind: str) -> None:
        if kind == "hook_lost":
            self.log.append(Sent(delivery.url, None, 0, kind, delivery.body))
            return
        for attempt in range(len(self._delays) + 1):
            proof = {} if kind == "hook_unsigned" else dict(delivery.sign(delivery.body, attempt))
            body = delivery.bare if kind == "hook_unsigned" else delivery.body
            body = _altered(body) if kind == "hook_altered" else body
            headers = {**delivery.headers, **proof}
            status: int | None = None
            with suppress(httpx.HTTPError):  # the log says that no answer came
                status = client.post(delivery.url, content=body, headers=headers).status_code
            self.log.append(Sent(delivery.url, status, attempt, kind, body, headers))
            if (status is not None and status < 500 and status not in (408, 429)) or attempt == len(self._delays):
                return
            time.sleep(self._delays[attempt])


def _on_this_machine(url: str) -> None:
    if httpx.URL(url).host not in _LOOPBACK:
        raise ValueError("the sandbox delivers to this machine only")


def _altered(body: bytes) -> bytes:
    """Still readable, but not what was signed: another last digit, or a blank more."""
    for place in range(len(body) - 1, -1, -1):
        if body[place : place + 1].isdigit():
            return body[:place] + (b"1" if body[place : place + 1] != b"1" else b"2") + body[place + 1 :]
    return body + b" "
