"""What the routers share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from ascertain.domain.webhooks import Receives
from ascertain.runtime import App
from ascertain.service.dispatch import Dispatcher
from ascertain.service.limits import RateLimiter
from ascertain.service.recorder import Recorder

API_PER_MINUTE = 1200
API_BURST = 200
HOOK_BURST = 400
HOOK_THREADS = 16
INFER_THREADS = 8


@dataclass(slots=True)
class Service:
    """One running service.

    Attributes:
        hooks: connections that receive, by name.
        hook_threads, infer_threads: threads of their own, so that neither holds up the other or anything else.
        assessing: lets one assessment at a time run in this process.
    """

    app: App
    hooks: Mapping[str, Receives]
    dispatcher: Dispatcher
    recorder: Recorder
    hook_limit: RateLimiter
    api_limit: RateLimiter
    hook_threads: anyio.CapacityLimiter
    infer_threads: anyio.CapacityLimiter
    assessing: threading.Lock = field(default_factory=threading.Lock)
