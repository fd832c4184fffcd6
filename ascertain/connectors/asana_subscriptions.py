"""Asana's webhooks, one a project: made through the API, because its pages have nothing to make them with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer, StatusError
from ascertain.connectors.subscribing import refused
from ascertain.domain.webhooks import Subscription
from ascertain.errors import ConfigError

_PLACE = "/api/1.0/webhooks"
_TASKS = tuple({"resource_type": "task", "action": a} for a in ("added", "changed", "deleted", "undeleted"))
_COMMENTS = ({"resource_type": "story", "action": "added"},)


def subscribe(
    connector: HttpConnector, url: str, projects: Iterable[str], workspace: str, now: datetime, *, comments: bool
) -> list[Subscription]:
    """A working webhook for each project: kept where there is one, made anew where it is missing or no longer active.

    Raises:
        ConfigError: without a ``webhook_token``; several webhooks cannot be told apart then.
    """
    token = connector.connection.secrets.get("webhook_token")
    if not token:
        raise ConfigError(
            f"connection {connector.name}: secrets.webhook_token is not given",
            remedy="choose a long random text, and name the variable that holds it under secrets.webhook_token",
        )
    there = [w for w in _all(connector, workspace) if str(w.get("target", "")).partition("?")[0] == url]
    found: list[Subscription] = []
    for project in projects:
        mine = [w for w in there if _project(w) == project]
        if working := [w for w in mine if w.get("active") is True]:
            found.append(Subscription(str(working[0].get("gid")), f"project {project}", "kept"))
            continue
        for old in mine:
            connector.send("DELETE", f"{_PLACE}/{old.get('gid')}")
        # A name of its own, because its secret is a new one.
        query = urlencode({"token": token, "hook": f"p{project}-{int(now.timestamp())}"})
        filters = [*_TASKS, *(_COMMENTS if comments else ())]
        body = {"data": {"resource": project, "target": f"{url}?{query}", "filters": filters}}
        try:
            made = connector.send("POST", _PLACE, body=body, repeatable=False)
        except StatusError as e:
            raise refused(e) from None
        found.append(Subscription(_gid(made), f"project {project}", "made"))
    return found


def _all(connector: HttpConnector, workspace: str) -> Iterator[Mapping[str, Any]]:
    query: dict[str, str | int] = {"workspace": workspace, "limit": 100, "opt_fields": "resource,target,active"}
    while True:
        data = connector.get(_PLACE, query).data
        rows = data.get("data") if isinstance(data, Mapping) else None
        yield from (w for w in rows or [] if isinstance(w, Mapping))
        following = data.get("next_page") if isinstance(data, Mapping) else None
        token = following.get("offset") if isinstance(following, Mapping) else None
        if not token or token == query.get("offset"):
            return
        query["offset"] = str(token)


def _project(hook: Mapping[str, Any]) -> str:
    """Whose it is by the name in its address."""
    name = dict(parse_qsl(urlsplit(str(hook.get("target", ""))).query)).get("hook", "")
    return name.partition("-")[0].removeprefix("p")


def _gid(answer: Answer) -> str:
    data = answer.data.get("data") if isinstance(answer.data, Mapping) else None
    return str(data.get("gid") or "") if isinstance(data, Mapping) else ""
