"""What the routers share."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import anyio

from ascertain.domain.permission import Role
from ascertain.domain.webhooks import Receives
from ascertain.runtime import App
from ascertain.service.dispatch import Dispatcher
from ascertain.service.limits import RateLimiter
from ascertain.service.metrics import Metrics
from ascertain.service.oidc import OidcClient
from ascertain.service.reads import ReadLog
from ascertain.service.recorder import Recorder
from ascertain.service.watching import RunWatch

API_PER_MINUTE = 1200
API_BURST = 200
HOOK_BURST = 400
HOOK_THREADS = 16
INFER_THREADS = 8
LINKS_PER_MINUTE = 10
"""Tries to sign in with a link, from one address."""


@dataclass(slots=True)
class Service:
    """One running service.

    Attributes:
        hooks: connections that receive, by name.
        reads: records who reads whom.
        api_limit, caller_limit: calls of strangers from one address, and of one known caller.
        hook_threads, infer_threads: threads of their own, so that neither holds up the other or anything else.
        metrics: counts calls for Prometheus.
        oidc: the identity provider, where one is set up; ``groups`` are what its groups give.
        watch: how runs that somebody asked for stand.
        assessing: lets one assessment at a time run in this process.
    """

    app: App
    hooks: Mapping[str, Receives]
    dispatcher: Dispatcher
    recorder: Recorder
    reads: ReadLog
    hook_limit: RateLimiter
    api_limit: RateLimiter
    caller_limit: RateLimiter
    hook_threads: anyio.CapacityLimiter
    infer_threads: anyio.CapacityLimiter
    metrics: Metrics
    oidc: OidcClient | None = None
    groups: Mapping[str, tuple[Role, tuple[str, ...]]] = field(default_factory=dict)
    link_limit: RateLimiter = field(default_factory=lambda: RateLimiter(LINKS_PER_MINUTE, LINKS_PER_MINUTE))
    watch: RunWatch = field(default_factory=RunWatch)
    assessing: threading.Lock = field(default_factory=threading.Lock)

    def group_roles(self, groups: Sequence[str]) -> dict[Role, tuple[str, ...]]:
        """Roles that these groups give, with all populations of each."""
        found: dict[Role, tuple[str, ...]] = {}
        for role, populations in (self.groups[g] for g in groups if g in self.groups):
            found[role] = tuple(sorted({*found.get(role, ()), *populations}))
        return found
