"""Cornerstone's two OData surfaces: the views of the Reporting API and the objects of the Data Exporter.

Paging is the server's: a size is preferred, ``@odata.nextLink`` is followed as it was given, never ``$skip``. The Data
Exporter can track changes: its last page has an ``@odata.deltaLink``, and what that gives later is what changed since,
deletions included. An object that cannot be tracked answers 501.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from ascertain.connectors.http import Answer, StatusError
from ascertain.errors import PermanentConnectorError

VIEWS = "/services/api/x/odata/api/views/"
OBJECTS = "/services/api/x/dataexporter/api/objects/"
_LONGEST = 2083
Get = Callable[[str, Mapping[str, str], Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True)
class Part:
    """One answer: rows, how many were deleted, and where it goes on (``next``) or is tracked (``delta``)."""

    rows: list[object]
    gone: int = 0
    total: int | None = None
    next: str = ""
    delta: str = ""


class Feed:
    """Reads pages of views and objects.

    Args:
        name: the connection's, for messages.
        base: its address; links to other hosts are refused, because the token would travel with them.
        get: makes an authorised call from path, parameters and headers.
    """

    def __init__(self, name: str, base: str, get: Get, page_size: int) -> None:
        self._name = name
        self._base = httpx.URL(base)
        self._get = get
        self._page_size = page_size

    def begin(
        self, path: str, *, columns: Sequence[str] = (), where: str = "", count: bool = False, track: bool = False
    ) -> Part:
        """The first page. ``columns`` empty asks for all; ``where`` is an OData filter."""
        query: dict[str, str] = {}
        if columns:
            query["$select"] = ",".join(dict.fromkeys(columns))
        if where:
            query["$filter"] = where
        if count:
            query["$count"] = "true"
        if len(str(httpx.URL(self._base.join(path), params=query))) > _LONGEST:
            # The service refuses longer addresses; the field map drops the other columns all the same.
            query.pop("$select", None)
        try:
            return self._part(path, query, track)
        except StatusError as e:
            if e.failure.status != 400:
                raise
            said = " ".join(e.failure.body.split())[:200]
            raise StatusError(
                f"{e.message}: {said}",
                e.failure,
                remedy=f"compare the connection's fields with the $metadata of {path.rpartition('/')[2]}; "
                "an empty name switches a field off",
            ) from None

    def follow(self, link: str, *, track: bool = False) -> Part:
        """The page of a link that the service gave."""
        url = self._base.join(link)
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            raise PermanentConnectorError(
                f"{self._name}: a page link leads to another host, {url.host}; not followed",
                remedy="set the URL of the connection to the host that the links name",
            )
        return self._part(str(url), {}, track)

    def all(self, path: str, *, columns: Sequence[str] = (), where: str = "") -> list[object]:
        """Every row; for lists that fit into memory."""
        part = self.begin(path, columns=columns, where=where)
        rows, seen = part.rows, set[str]()
        while part.next:
            if part.next in seen:
                raise PermanentConnectorError(f"{self._name}: {path} gave the same page link twice")
            seen.add(part.next)
            part = self.follow(part.next)
            rows += part.rows
        return rows

    def _part(self, path: str, query: Mapping[str, str], track: bool) -> Part:
        prefer = f"odata.maxpagesize={self._page_size}" + (",odata.track-changes" if track else "")
        data = self._get(path, query, {"Prefer": prefer}).data
        rows = data.get("value") if isinstance(data, Mapping) else None
        if not isinstance(rows, list):
            raise PermanentConnectorError(
                f"{self._name}: {httpx.URL(path).path} has no list of values",
                remedy="check that the URL is that of a Cornerstone portal",
            )
        kept = [r for r in rows if not _deleted(r)]
        total = data.get("@odata.count")
        return Part(
            rows=kept,
            gone=len(rows) - len(kept),
            total=total if isinstance(total, int) else None,
            next=self._link(path, data.get("@odata.nextLink")),
            delta=self._link(path, data.get("@odata.deltaLink")),
        )

    def _link(self, path: str, link: object) -> str:
        """A link in full: one without a host (``transcript_core?deltatoken=…``) is relative to what was asked for."""
        return str(self._base.join(path).join(str(link))) if link else ""


def since(column: str, moment: datetime) -> str:
    """A filter for what changed since then."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{column} ge cast('{text}',Edm.DateTimeOffset)"


def _deleted(row: Any) -> bool:
    """A deleted entity in a delta, as OData 4.01 or 4.0 writes it."""
    if not isinstance(row, Mapping):
        return False
    return "@removed" in row or "@odata.removed" in row or str(row.get("@odata.context", "")).endswith("$deletedEntity")
