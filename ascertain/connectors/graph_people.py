"""The directory behind Microsoft Graph: people with their managers, and how its links are followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx

from ascertain.connectors.graph_rows import ALWAYS, worker
from ascertain.connectors.graph_skills import GraphSkills
from ascertain.connectors.http import Answer, Query, StatusError
from ascertain.connectors.parsing import FieldMap, Row, read_rows
from ascertain.connectors.window import VERSION
from ascertain.domain.connector import Cursor, Page, Verdict
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.errors import PermanentConnectorError

V1 = "/v1.0"


class GraphPeople(GraphSkills):
    """The part of the connector that reads the directory."""

    _fields: FieldMap

    def _people(self, cursor: Cursor | None) -> Iterator[Page]:
        """Everybody, each time: a manager who changes does not show in the person's own changes."""
        place = (cursor or {}).get("position")
        link = str(place["link"]) if isinstance(place, Mapping) else ""
        while True:
            notes: tuple[str, ...] = ()
            try:
                answer = self._follow(link) if link else self.get(f"{V1}/users", self._person_query(page=True))
            except StatusError as e:
                if not link or self.classify(e.failure) is not Verdict.CURSOR_EXPIRED:
                    raise
                notes = ("the page link had expired, so the list of people was begun again",)
                answer = self.get(f"{V1}/users", self._person_query(page=True))
            records, rejected = read_rows(
                values(answer.data, self.name),
                self._person_fields(),
                self.zone,
                lambda row: SourceRef(self.name, Entity.WORKER, row.required("id")),
                self._worker,
                f"{self.name}:worker",
            )
            following = str(answer.data.get("@odata.nextLink") or "")
            if following and following == link:
                raise PermanentConnectorError(f"{self.name}: the list of people gave the same page link twice")
            link = following
            checkpoint: Cursor = {"v": VERSION, "position": {"link": link}} if link else {"v": VERSION}
            yield Page(tuple(records), tuple(rejected), checkpoint, None, notes)
            if not link:
                return

    def _person_query(self, page: bool = False) -> Query:
        wanted = dict.fromkeys((*ALWAYS, *(v for v in self._fields.values() if v)))
        number = self._fields.get("employee_id")
        inner = f"id,{number}" if number else "id"
        query: dict[str, str | int] = {"$select": ",".join(wanted), "$expand": f"manager($select={inner})"}
        return {**query, "$top": self._options.page_size} if page else query

    def _person_fields(self) -> dict[str, str]:
        return {**self._fields, "id": "id", "manager": "manager"}

    def _worker(self, row: Row, ref: SourceRef) -> Record | None:
        above = row.value("manager")
        manager = None
        if isinstance(above, Mapping):
            number = above.get(self._fields.get("employee_id", ""))
            manager = str(number or above.get("id") or "") or None
        return worker(row, ref, manager=manager, profile=self.connection.job_profile(row.text("job_code")))

    def every(self, path: str, query: Query) -> tuple[list[Mapping[str, Any]], datetime | None]:
        """All rows of a list, and the server's clock."""
        answer = self.get(path, query)
        rows, clock, seen = list(values(answer.data, self.name)), answer.server_time, set[str]()
        while (link := str(answer.data.get("@odata.nextLink") or "")) and link not in seen:
            seen.add(link)
            answer = self._follow(link)
            rows += values(answer.data, self.name)
        return [r for r in rows if isinstance(r, Mapping) and r.get("id")], clock

    def _follow(self, link: str) -> Answer:
        """A link that the system gave, of its own host only: the token travels with it."""
        own, url = httpx.URL(self.connection.url), httpx.URL(link)
        if (url.scheme, url.host, url.port) != (own.scheme, own.host, own.port):
            raise PermanentConnectorError(f"{self.name}: a page link leads to another host, {url.host}; not followed")
        return self.get(link)


def values(data: object, name: str) -> list[object]:
    """The rows of an answer; raises ``PermanentConnectorError`` where there is no list of them."""
    rows = data.get("value") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise PermanentConnectorError(
            f"{name}: the answer has no list of values", remedy="check that the URL is that of Microsoft Graph"
        )
    return rows
