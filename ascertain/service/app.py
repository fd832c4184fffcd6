"""Puts the service together."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from ascertain import __version__
from ascertain.domain.connector import Connector
from ascertain.domain.webhooks import Receives
from ascertain.runtime import App
from ascertain.service import health, infer, sessions, webhooks
from ascertain.service.api.routers import API
from ascertain.service.context import (
    API_BURST,
    API_PER_MINUTE,
    HOOK_BURST,
    HOOK_THREADS,
    INFER_THREADS,
    Service,
)
from ascertain.service.dispatch import EVERY, Dispatcher
from ascertain.service.frame import Frame
from ascertain.service.limits import RateLimiter
from ascertain.service.metrics import Metrics
from ascertain.service.pages.routes import PAGES
from ascertain.service.pages.shell import SignInNeeded
from ascertain.service.pages.sign_in import to_sign_in
from ascertain.service.problems import install
from ascertain.service.providers import identity_provider, read_groups
from ascertain.service.reads import ReadLog
from ascertain.service.recorder import Recorder

log = logging.getLogger(__name__)

ROUTERS = (health.router, webhooks.router, infer.router, sessions.router, *API)


def create_app(
    app: App, connectors: Sequence[Connector] | None = None, *, look_every: float = EVERY, warm: bool = False
) -> FastAPI:
    """The ASGI application.

    Args:
        connectors: the open connections; by default all that are configured. Those that receive get an address.
        look_every: seconds between looks at the inbox.
        warm: load what assessments need at once, beside the first calls, and not with the first assessment.

    Raises:
        ConfigError: a connection lacks a secret.
    """
    opened = app.connectors() if connectors is None else list(connectors)
    hooks = {c.name: c for c in opened if isinstance(c, Receives)}
    service = Service(
        app=app,
        hooks=hooks,
        dispatcher=Dispatcher(app, every=look_every),
        recorder=Recorder(app.units),
        reads=ReadLog(app.units),
        hook_limit=RateLimiter(app.settings.webhooks_per_minute, HOOK_BURST),
        api_limit=RateLimiter(API_PER_MINUTE, API_BURST),
        caller_limit=RateLimiter(app.settings.calls_per_minute, max(1, app.settings.calls_per_minute // 2)),
        hook_threads=anyio.CapacityLimiter(HOOK_THREADS),
        infer_threads=anyio.CapacityLimiter(INFER_THREADS),
        metrics=Metrics(app),
        oidc=identity_provider(app.settings),
        groups=read_groups(app.settings.access_file),
    )

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        service.dispatcher.start()
        if warm:
            threading.Thread(target=_warm, args=(service,), name="warm", daemon=True).start()
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(service.dispatcher.stop)
            await anyio.to_thread.run_sync(service.watch.close)
            await anyio.to_thread.run_sync(service.reads.close)
            for connector in opened:
                connector.close()

    made = FastAPI(
        title="Ascertain",
        version=__version__,
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    made.state.service = service
    install(made)
    made.add_middleware(Frame, answered=service.metrics.answered)
    made.add_exception_handler(SignInNeeded, to_sign_in)
    for router in (*ROUTERS, *PAGES):
        made.include_router(router)
    return made


def routes_of(api: FastAPI | APIRouter) -> list[BaseRoute]:
    """Every route, those of included routers too (FastAPI keeps each of these as one)."""
    found: list[BaseRoute] = []
    for route in api.routes:
        inner = getattr(route, "original_router", None)
        found += routes_of(inner) if isinstance(inner, APIRouter) else [route]
    return found


def _warm(service: Service) -> None:
    """An assessment that comes meanwhile waits for it."""
    with service.assessing:
        try:
            service.app.warm()
        except Exception as e:  # whoever asks for an assessment gets the same error, with an answer to carry it
            log.error("loading what assessments need failed: %s", type(e).__name__, exc_info=e)
