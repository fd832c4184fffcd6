"""Asana's event feed: what changed in a project since a sync token, task by task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ascertain.connectors.asana_rows import TASK_FIELDS
from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import StatusError
from ascertain.errors import PermanentConnectorError

_API = "/api/1.0"
_SYNC = re.compile(r'"sync"\s*:\s*"([^"]{1,200})"')
_NO_TOKEN = 412
_MAX_CALLS = 1000


@dataclass(frozen=True, slots=True)
class Changes:
    """``sync`` counts from now on. ``tasks`` as they stand now, ``None`` where the feed cannot say and the project has
    to be listed; ``gone`` are gids of those that are no more."""

    sync: str
    tasks: list[object] | None
    gone: tuple[str, ...] = ()


def changes(connector: HttpConnector, project: str, sync: str) -> Changes:
    """Ask the feed of a project; without a token, or with one that is too old, only a new token comes back."""
    gids: dict[str, None] = {}
    for _ in range(_MAX_CALLS):
        query = {"resource": project, **({"sync": sync} if sync else {})}
        try:
            data = connector.get(f"{_API}/events", query).data
        except StatusError as e:
            found = _SYNC.search(e.failure.body)
            if e.failure.status != _NO_TOKEN or found is None:
                raise
            return Changes(found[1], None)
        rows = data.get("data") if isinstance(data, Mapping) else None
        if not isinstance(rows, list):
            raise PermanentConnectorError(f"{connector.name}: the events of project {project} are no list")
        gids |= dict.fromkeys(_tasks(rows))
        sync = str(data.get("sync") or sync)
        if data.get("has_more") is not True:
            return _as_they_stand(connector, sync, gids)
    raise PermanentConnectorError(f"{connector.name}: the events of project {project} never end")


def _tasks(rows: list[object]) -> Iterator[str]:
    """Gids of the tasks that events are about; a comment is about the task it stands below."""
    for row in rows:
        if isinstance(row, Mapping):
            for found in (row.get("resource"), row.get("parent")):
                if isinstance(found, Mapping) and found.get("resource_type") == "task" and found.get("gid"):
                    yield str(found["gid"])
                    break


def _as_they_stand(connector: HttpConnector, sync: str, gids: Iterable[str]) -> Changes:
    tasks: list[object] = []
    gone: list[str] = []
    for gid in gids:
        path, query = f"{_API}/tasks/{gid}", {"opt_fields": ",".join(TASK_FIELDS)}
        answer = connector.found_or_none(lambda path=path, query=query: connector.get(path, query))  # type: ignore[misc]
        if answer is None:
            gone.append(gid)
        elif isinstance(answer.data, Mapping):
            tasks.append(answer.data.get("data"))
    return Changes(sync, tasks, tuple(gone))
