"""Cornerstone's OData: server-driven pages, ``$select``, ``$filter``, ``$count``, changes since a delta link.

Next and delta links are opaque: they name a query that the server keeps. Deleted rows come in the form of OData 4.0
(``$deletedEntity``); a token that is not known any more is answered with 410.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from ascertain.sandbox.cornerstone_filter import FilterError, matcher
from ascertain.sandbox.cornerstone_gate import ApiError, CornerstoneOptions, known
from ascertain.sandbox.cornerstone_shapes import Row, Table
from ascertain.sandbox.live import LiveCompany

MAX_URL, DEFAULT_PAGE, MAX_PAGE = 2083, 1000, 10_000
_PREFER = re.compile(r"odata\.maxpagesize=(\d+)")
_KEPT = 300
Key = tuple[Any, ...]


@dataclass(frozen=True)
class _Query:
    """A query as it was first asked, with its rows as they stood then. ``marks`` is what changes are told against."""

    name: str
    rows: tuple[Row, ...]
    size: int
    track: bool
    count: bool
    select: tuple[str, ...]
    filter: str
    marks: Mapping[Key, str]


class Service:
    """One of the two OData services: its tables below its address. Only the Data Exporter (``deltas``) tracks."""

    def __init__(
        self, tables: Mapping[str, Table], live: LiveCompany, options: CornerstoneOptions, *, deltas: bool
    ) -> None:
        self._tables = tables
        self._live = live
        self._options = options
        self._deltas = deltas
        self._lock = threading.Lock()
        self._kept: dict[str, _Query] = {}

    def answer(self, request: Request, name: str) -> JSONResponse:
        """One page."""
        if len(str(request.url)) > MAX_URL:
            raise ApiError(414, f"The address has more than {MAX_URL} characters")
        known(request, "$select", "$filter", "$count", "$skiptoken", *(("deltatoken",) if self._deltas else ()))
        table = self._table(name)
        query = request.query_params
        start = 0
        if token := query.get("$skiptoken"):
            head, _, place = token.rpartition(".")
            found = self._known(head)
            if found.name != name or not place.isdigit():
                raise ApiError(400, "Invalid $skiptoken")
            start = int(place)
        elif (token := query.get("deltatoken")) is not None:
            found = self._changes(self._known(token), name, table)
        else:
            found = self._asked(request, name, table)
        return self._page(request, found, start)

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise ApiError(404, f"Resource not found for the segment '{name}'")
        return self._tables[name]

    def _asked(self, request: Request, name: str, table: Table) -> _Query:
        prefer = ",".join(request.headers.getlist("prefer"))
        track = "odata.track-changes" in prefer
        if track and not (self._deltas and table.tracked):
            raise ApiError(501, f"Change tracking is not supported for {name}")
        size = DEFAULT_PAGE
        if wanted := _PREFER.search(prefer):
            size = min(MAX_PAGE, max(1, int(wanted[1])))
        query = request.query_params
        select = tuple(c.strip() for c in query.get("$select", "").split(",") if c.strip())
        if strange := [c for c in select if c not in table.columns]:
            raise ApiError(400, f"Could not find a property named '{strange[0]}' on type '{name}'")
        count = query.get("$count", "false")
        if count not in ("true", "false"):
            raise ApiError(400, "$count must be true or false")
        base = _Query(name, (), size, track, count == "true", select, query.get("$filter", ""), {})
        rows = self._select(base, table)
        return _Query(
            name, tuple(rows.values()), size, track, base.count, select, base.filter, _marks(rows) if track else {}
        )

    def _select(self, query: _Query, table: Table) -> dict[Key, Row]:
        rows = table.rows(self._live.current)
        if query.filter:
            try:
                wanted = matcher(query.filter, table.columns, table.indexed or table.columns)
            except FilterError as e:
                raise ApiError(400, f"The query specified in the URI is not valid. {e}") from None
            rows = tuple(r for r in rows if wanted(r))
        return {tuple(r[k] for k in table.keys): r for r in rows}

    def _changes(self, before: _Query, name: str, table: Table) -> _Query:
        if before.name != name or not before.track:
            raise ApiError(400, "Invalid deltatoken")
        now = self._select(before, table)
        marks = _marks(now)
        rows: list[Row] = [now[k] for k, mark in marks.items() if before.marks.get(k) != mark]
        for key in before.marks:
            if key not in marks:
                inside = ",".join(f"{c}={v}" for c, v in zip(table.keys, key, strict=True))
                gone = {"@odata.context": f"$metadata#{name}/$deletedEntity", "id": f"{name}({inside})"}
                rows.append({**gone, "reason": "deleted"})
        return _Query(name, tuple(rows), before.size, True, False, before.select, before.filter, marks)

    def _page(self, request: Request, query: _Query, start: int) -> JSONResponse:
        rows = query.rows[start : start + query.size]
        end = start + len(rows)
        base = f"{request.url.scheme}://{request.url.netloc}{request.url.path}"
        body: dict[str, Any] = {"@odata.context": f"{base.rpartition('/')[0]}/$metadata#{query.name}"}
        if query.count:
            body["@odata.count"] = len(query.rows)
        body["value"] = [_chosen(r, query.select) for r in rows]
        link = query.name if self._options.relative_links else base
        if end < len(query.rows):
            if self._options.repeat_rows and query.size > 1:
                end -= 1
            body["@odata.nextLink"] = f"{link}?$skiptoken={self._keep(query)}.{end}"
        elif query.track:
            body["@odata.deltaLink"] = f"{link}?deltatoken={self._keep(query)}"
        applied = ["odata.track-changes"] if query.track else []
        applied += [f"odata.maxpagesize={query.size}"] if "maxpagesize" in request.headers.get("prefer", "") else []
        headers = {"OData-Version": "4.0"} | ({"Preference-Applied": ", ".join(applied)} if applied else {})
        return JSONResponse(body, headers=headers)

    def _keep(self, query: _Query) -> str:
        with self._lock:
            for token, kept in self._kept.items():
                if kept is query:
                    return token
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            token = secrets.token_urlsafe(18)
            self._kept[token] = query
            return token

    def _known(self, token: str) -> _Query:
        with self._lock:
            if token not in self._kept:
                raise ApiError(410, "The token has expired: ask for everything again")
            return self._kept[token]


def _marks(rows: Mapping[Key, Row]) -> dict[Key, str]:
    return {k: json.dumps(r, sort_keys=True) for k, r in rows.items()}


def _chosen(row: Row, select: tuple[str, ...]) -> Row:
    return row if not select or "@odata.context" in row else {c: row[c] for c in select}
