"""Takes a person out of the queue: jobs that name them, with their results, and the server's append-only file."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import closing
from typing import Any, cast

from redis.exceptions import ResponseError
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.utils import as_text

from ascertain.errors import ConflictError
from ascertain.jobs.server import open_queue
from ascertain.settings import Settings

REWRITE_SECONDS = 60.0


def forget_person(settings: Settings, words: Collection[str]) -> tuple[int, bool]:
    """Delete every job that names one of ``words``; rewrite the server's append-only file.

    Returns:
        How many jobs went, and whether the file was rewritten (an outside server may not let us).

    Raises:
        ConflictError: the file is still being rewritten after a minute.
    """
    known = {w.casefold() for w in words if w}
    with closing(open_queue(settings)) as handle:
        gone = 0
        for key in handle.connection.scan_iter(f"{Job.redis_job_namespace_prefix}*", count=500):
            job_id = as_text(key).removeprefix(Job.redis_job_namespace_prefix)
            try:
                job = Job.fetch(job_id, connection=handle.connection, serializer=handle.queue.serializer)
                told = [*map(str, job.args or ()), *(str(v) for v in _values(job.return_value()))]
            except (NoSuchJobError, DeserializationError, ValueError):
                continue  # gone meanwhile, or not a job of this product
            if known & {t.casefold() for t in told}:
                job.delete(remove_from_queue=True)
                gone += 1
        try:
            handle.connection.bgrewriteaof()
        except ResponseError as e:
            return gone, "already in progress" in str(e) and _rewritten(handle.connection)
        return gone, _rewritten(handle.connection)


def _rewritten(connection: Any) -> bool:
    deadline = time.monotonic() + REWRITE_SECONDS
    while time.monotonic() < deadline:
        now = cast(dict[str, Any], connection.info("persistence"))
        if not now["aof_rewrite_in_progress"] and not now["aof_rewrite_scheduled"]:
            return True
        time.sleep(0.05)
    raise ConflictError("the queue's file is still being rewritten", remedy="run the erasure's last step again later")


def _values(result: Any) -> Collection[Any]:
    return result.values() if isinstance(result, dict) else ()
