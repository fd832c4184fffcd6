"""Graph's change tracking: pages by next link, then a delta link that later brings what has changed since.

A dead link of the directory is answered 400 ``syncStateNotFound``, one of messages 410 with a ``Location`` to begin
again at; no public source says which of the two the messages use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fastapi import Request

from ascertain.sandbox.graph_gate import ApiError, GraphOptions, Json, link, option, pack, unpack

Numbered = Sequence[tuple[int, Json]]
"""Rows with their place among all, which never changes, in that order."""


def tracked(
    request: Request,
    options: GraphOptions,
    context: str,
    rows: Callable[[int, list[str]], Numbered],
    newest: int,
    names: list[str],
    top: int,
    *,
    gone: bool,
) -> Json:
    """One page of a round.

    Args:
        rows: what has changed after a number (0: everything), with a selection of properties.
        newest: the number of the last change of all.
        names: the selection of a new round; a link has its own.
        gone: a dead link is answered 410 instead of 400.
    """
    skip, delta = option(request, "skiptoken"), option(request, "deltatoken")
    since, behind, until = 0, -1, newest
    if skip is not None:
        since, behind, until, names, top = unpack(skip, 5)
    elif delta == "latest":
        since = newest
    elif delta:
        since, made, names, top = unpack(delta, 4)
        if time.time() - float(made) >= options.delta_seconds:
            raise _dead(request, gone)
    # Pages follow the places, so what changes meanwhile moves no other row. The next round begins with what was known
    # when this one began: a row may come twice, none is missed.
    found = [(place, row) for place, row in rows(int(since), list(names)) if place > int(behind)]
    part = found[: int(top)]
    answer: Json = {"@odata.context": f"{request.base_url}v1.0/$metadata#{context}"}
    if len(found) > len(part):
        answer["@odata.nextLink"] = link(request, skiptoken=pack([since, part[-1][0], until, names, top]))
    else:
        answer["@odata.deltaLink"] = link(request, deltatoken=pack([until, time.time(), names, top]))
    return {**answer, "value": [row for _, row in part]}


def _dead(request: Request, gone: bool) -> ApiError:
    if gone:
        return ApiError(
            410,
            "resyncRequired",
            "Resync required. Replace any local items.",
            {"Location": link(request, deltatoken="")},
        )
    message = "The sync state generation is not found. The delta token is expired and data must be synchronized again."
    return ApiError(400, "syncStateNotFound", message)
