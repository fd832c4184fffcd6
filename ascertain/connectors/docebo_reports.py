"""Docebo's bulk path: a saved report, exported and read in large pages for a handful of the hourly calls.

The report is made by the customer, so its columns are captions in the report's language and stand in the field map.
An export takes minutes. Its number is kept in the checkpoint, and while there is nothing to read the runner is asked to
come back; no second export is started meanwhile. How an unfinished export answers is not documented, so both an empty
first page and a refusal count as unfinished until the patience is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.http import Answer, Query, StatusError
from ascertain.connectors.window import VERSION, Window
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import Record, Rejected
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

_UNFINISHED = (202, 404, 409, 422, 425)
_LOST = (400, 404, 410)
_MAX_PAGES = 100_000
Read = Callable[[list[object]], tuple[list[Record], list[Rejected]]]


class ReportPull:
    """Reads one saved report.

    Args:
        name: the connection's, for messages.
        get: makes an authorised call.
        wait: after which time an unfinished export is asked for again.
        patience: after which time it is begun anew, or taken for empty.
    """

    def __init__(
        self,
        name: str,
        get: Callable[[str, Query | None], Answer],
        *,
        wait: timedelta,
        patience: timedelta,
        page_size: int,
    ) -> None:
        self._name = name
        self._get = get
        self._wait = wait
        self._patience = patience
        self._page_size = page_size

    def pages(self, report: str, cursor: Cursor | None, read: Read) -> Iterator[Page]:
        """The whole report. A checkpoint in the middle goes on in the same export."""
        now = datetime.now(UTC)
        place = dict(Window(cursor, timedelta(0), now).position or {})
        notes: tuple[str, ...] = ()
        if place and not place.get("token") and now - datetime.fromisoformat(place["begun"]) > self._patience * 4:
            place, notes = {}, ("the export had grown old, so it was begun again",)
        if not place:
            place = {"execution": self._begin(report), "begun": now.isoformat(), "token": ""}
            yield Page((), (), _at(place), None, notes)
        used, begun_again = set[str](), False
        for _ in range(_MAX_PAGES):
            try:
                body = self._results(report, place)
            except StatusError as e:
                if not place["token"] or begun_again or e.failure.status not in _LOST:
                    raise
                begun_again = True
                used.clear()
                place = {"execution": self._begin(report), "begun": now.isoformat(), "token": ""}
                yield Page((), (), _at(place), None, ("the page token had expired, so the export was begun again",))
                continue
            rows = body.get("data")
            if not isinstance(rows, list):
                raise PermanentConnectorError(f"{self._name}: report {report} gave no list of rows")
            records, rejected = read(rows)
            token = str(body.get("nextToken") or "")
            if token and token in used:
                raise PermanentConnectorError(f"{self._name}: report {report} gave the same page token twice")
            used.add(token)
            place = {**place, "token": token}
            warned = () if rows or used != {token} else (f"report {report} has no rows",)
            yield Page(tuple(records), tuple(rejected), _at(place if token else None), None, warned)
            if not token:
                return
        raise PermanentConnectorError(f"{self._name}: report {report} never ends")

    def _begin(self, report: str) -> str:
        data = self._get(f"/analytics/v1/reports/{report}/export/csv", None).data
        inner = data.get("data") if isinstance(data, Mapping) else None
        execution = inner.get("executionId") if isinstance(inner, Mapping) else None
        if not isinstance(execution, str | int) or not str(execution):
            raise PermanentConnectorError(
                f"{self._name}: report {report} could not be exported",
                remedy="check the report's id in options.reports and that the integration user may see it",
            )
        return str(execution)

    def _results(self, report: str, place: Mapping[str, Any]) -> Mapping[str, Any]:
        query: dict[str, str | int] = {"pageSize": self._page_size}
        if place["token"]:
            query["nextToken"] = str(place["token"])
        waited = datetime.now(UTC) - datetime.fromisoformat(place["begun"])
        try:
            body = self._get(f"/analytics/v1/reports/{report}/exports/{place['execution']}/results", query).data
        except StatusError as e:
            if place["token"] or e.failure.status not in _UNFINISHED or waited > self._patience:
                raise
            body = None
        unfinished = not isinstance(body, Mapping) or not (body.get("data") or body.get("nextToken"))
        if unfinished and not place["token"] and waited <= self._patience:
            raise RetryableConnectorError(
                f"{self._name}: report {report} is still being exported", retry_after=self._wait.total_seconds()
            )
        return body if isinstance(body, Mapping) else {}


def _at(place: Mapping[str, Any] | None) -> Cursor:
    return {"v": VERSION, "position": dict(place)} if place else {"v": VERSION}
