"""Figures for Prometheus, on a port of their own: how calls went, and how the installation stands when asked.

Nothing here is about a person: labels are routes' patterns, queues and connections as the configuration names them.
"""

from __future__ import annotations

import logging
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from rq.worker import Worker
from sqlalchemy.exc import SQLAlchemyError

from ascertain.domain.ports import UnitOfWork
from ascertain.errors import AscertainError, ConfigError
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.pipeline.stop import stopped
from ascertain.runtime import App

log = logging.getLogger(__name__)

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds."""


class Metrics:
    """Counts calls, and looks at the installation whenever it is scraped."""

    def __init__(self, app: App) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._calls = Counter("ascertain_http_requests", "Calls answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "ascertain_http_request_seconds",
            "Seconds until they were",
            ("method", "route"),
            registry=self.registry,
            buckets=BUCKETS,
        )
        self.registry.register(_Standing(app))
        ProcessCollector(registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A call was answered. ``route`` is its pattern: what a caller wrote never becomes a label."""
        known = method if method in METHODS else "other"
        self._calls.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer scrapes at this address; what it gives ends that.

        Raises:
            ConfigError: the address cannot be had.
        """
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as e:
            raise ConfigError(
                f"--metrics-port: cannot listen on {host}:{port}: {e.strerror}", remedy="choose a free port"
            ) from None

        def end() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return end


class _Standing(Collector):
    """What the database and the queue say. One that is away is a figure too."""

    def __init__(self, app: App) -> None:
        self._app = app

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked of the database before the first scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure, as it is now."""
        for name, what, look in (
            ("database", "Whether the database answers", self._database),
            ("queue", "Whether the queue's server answers", self._queue),
        ):
            try:
                found = look()
                up = 1
            except (AscertainError, SQLAlchemyError, RedisError, OSError) as e:
                log.warning("no figures of the %s: %s", name, type(e).__name__)
                found, up = [], 0
            yield _gauge(f"{name}_up", what, {(): up})
            yield from found

    def _database(self) -> list[Metric]:
        with self._app.units(write=False) as uow:
            return [*_work(uow), *_connections(uow), *_spending(uow, self._app.clock.now().astimezone(UTC))]

    def _queue(self) -> list[Metric]:
        with closing(open_queue(self._app.settings)) as handle:
            jobs = JobQueue(handle, self._app.settings)
            queues = handle.queues.items()
            failed = {(p,): q.failed_job_registry.count for p, q in queues}
            running = {(p,): q.started_job_registry.count for p, q in queues}
            return [
                _gauge("queue_jobs", "Jobs that wait", {(p,): n for p, n in jobs.waiting().items()}, "queue"),
                _gauge("queue_running", "Jobs that a worker has", running, "queue"),
                _gauge("queue_failed", "Jobs that failed for good", failed, "queue"),
                _gauge("workers", "Workers that live", {(): len(Worker.all(queue=handle.queue))}),
            ]


def _work(uow: UnitOfWork) -> list[Metric]:
    events = uow.inbox.unfinished()
    given_up = sum(e.given_up for e in events)
    inbox = {("waiting",): len(events) - given_up, ("given_up",): given_up}
    messages: Tally[tuple[str, ...]] = Tally()
    for (_, state), n in uow.notifications.counts().items():
        messages[(str(state),)] += n
    return [
        _gauge("stopped", "Whether everything that works by itself is stopped", {(): int(stopped(uow) is not None)}),
        _gauge("runs", "Assessments by how they ended", {(s,): n for s, n in uow.runs.states().items()}, "state"),
        _gauge("reviews_open", "Assertions that wait for a human", {(): sum(uow.reviews.waiting_for().values())}),
        _gauge("inbox_events", "Events of webhooks that are not worked off", inbox, "state"),
        _gauge("messages", "Messages that go out", dict(messages), "state"),
    ]


def _connections(uow: UnitOfWork) -> list[Metric]:
    attempts = uow.sync.attempts()
    read = {(a.connector, a.entity): a.ok_at.timestamp() for a in attempts if a.ok_at}
    failing = {(a.connector, a.entity): a.failures for a in attempts}
    held = Tally((q.connector,) for q in uow.sync.quarantined())
    of = ("connection", "entity")
    return [
        _gauge("connection_read_timestamp_seconds", "When it was last read to the end", read, *of),
        _gauge("connection_failures", "Tries in a row that failed", failing, *of),
        _gauge("quarantined_records", "Records that could not be used", dict(held), "connection"),
    ]


def _spending(uow: UnitOfWork, now: datetime) -> list[Metric]:
    today = [d.usage for d in uow.usage.between(now.date(), now.date())]
    figures = {("calls",): sum(u.calls for u in today), ("tokens",): sum(u.tokens for u in today)}
    return [
        _gauge("brain_today", "What language models did on this day (UTC)", figures, "of"),
        _gauge("brain_today_dollars", "What they cost", {(): sum(u.usd for u in today)}),
    ]


def _gauge(name: str, what: str, values: Mapping[Any, float], *labels: str) -> Metric:
    family = GaugeMetricFamily(f"ascertain_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
