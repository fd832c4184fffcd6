"""What `ascertain doctor` looks at beside the application: clocks, who may read the files, whether somebody works."""

from __future__ import annotations

import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ascertain.runtime import App
    from ascertain.settings import Settings

CLOCK_SECONDS = 5.0
"""By which two clocks may differ; signatures of webhooks and slots of schedules bear minutes."""
PRIVATE = ("keys", "audit", "ascertain.sqlite", "fairness")
"""In the home: what only its owner may read."""

Found = tuple[str, str, str]
"""State (ok, warning, failed), detail, remedy."""


def clock(app: App) -> Found:
    """This machine's clock against those of the queue's server and of the database, in seconds."""
    apart = {"queue": _queue_ahead(app.settings)}
    database = app.store.server_time()
    if database is not None:
        apart["database"] = (database - datetime.now(UTC)).total_seconds()
    worst = max(apart, key=lambda name: abs(apart[name]))
    said = f"{worst} {apart[worst]:+.1f} s from this machine"
    if abs(apart[worst]) > CLOCK_SECONDS:
        return "warning", said, "let every machine take the time from one source (NTP, chrony)"
    return "ok", f"within {CLOCK_SECONDS:.0f} s of {' and '.join(apart)}", ""


def files(settings: Settings) -> Found:
    """Nobody else may read keys and personal data."""
    home = settings.home_dir
    found = [p for name in PRIVATE if (home / name).exists() for p in [home / name, *(home / name).rglob("*")]]
    extra = [f for f in (Path(".env"), settings.kms_token_file) if f is not None and f.is_file()]
    wide = [f for f in extra if f.stat().st_mode & stat.S_IROTH]
    wide += [p for p in found if p.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    if wide:
        some = ", ".join(map(str, wide[:3])) + (" …" if len(wide) > 3 else "")
        return "failed", f"others may read {some}", f"chmod go= {wide[0]}"
    return "ok", "keys and data are this user's alone", ""


def workers(app: App) -> Found:
    """Whether somebody works on what waits, and what failed for good."""
    from rq.worker import Worker

    from ascertain.jobs.queue import JobQueue
    from ascertain.jobs.server import open_queue

    with closing(open_queue(app.settings)) as handle:
        waiting = sum(JobQueue(handle, app.settings).waiting().values())
        living = len(Worker.all(queue=handle.queue))
        failed = sum(q.failed_job_registry.count for q in handle.queues.values())
    said = f"{living} workers, {waiting} jobs wait, {failed} failed for good"
    if waiting and not living:
        return "warning", said, "start `ascertain worker`"
    if failed:
        return "warning", said, "the worker's log says why; `ascertain sweep` takes up who is still due"
    return "ok", said, ""


def addresses(settings: Settings) -> Found:
    """Addresses of the settings, by where they lead; connections and webhooks out check their own at each call."""
    import httpx

    from ascertain.connectors.addresses import resolve
    from ascertain.connectors.host_guard import HostGuard

    named = {"OIDC_ISSUER": settings.oidc_issuer, "KMS_URL": settings.kms_url, "TRACES_URL": settings.traces_url}
    given = {name: url for name, url in named.items() if url}
    for name, url in given.items():
        HostGuard([url], resolve).may_call(httpx.URL(url), f"ASCERTAIN_{name}")
    return "ok", ", ".join(given) or "none is set", ""


def _queue_ahead(settings: Settings) -> float:
    from ascertain.jobs.server import open_queue

    with closing(open_queue(settings)) as handle:
        seconds, micros = handle.connection.time()
        return seconds + micros / 1e6 - datetime.now(UTC).timestamp()
