"""Docebo: users with managers and branches, courses, enrolments and external training over its REST API.

Facts the code rests on: OAuth2 token of an hour, 1,000 calls an hour for each source address, an envelope with
``has_more_data``, pages kept stable by ``get_cursor``, ``updated_from`` as ``YYYY-MM-DD HH:MM:SS`` in the tenant's
time, zero dates. Not confirmed by any public source and therefore configuration: the unit of ``duration``, award
types, which additional field means what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.docebo_people import LookUps, with_additional
from ascertain.connectors.docebo_reports import ReportPull
from ascertain.connectors.docebo_rows import DEFAULT_FIELDS, DoceboOptions, DoceboRows
from ascertain.connectors.docebo_webhooks import receive
from ascertain.connectors.docebo_writeback import DoceboWriteBack
from ascertain.connectors.http import Answer, Query, StatusError, verdict_of
from ascertain.connectors.parsing import naive, read_rows
from ascertain.connectors.rotation import either
from ascertain.connectors.tokens import TokenKeeper
from ascertain.connectors.window import Window
from ascertain.domain.connector import (
    Capabilities,
    Cursor,
    Failure,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, Rejected, SourceRef
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.errors import PermanentConnectorError

_PATHS = {
    Entity.USER: "/manage/v1/user",
    Entity.COURSE: "/learn/v1/courses",
    Entity.ENROLMENT: "/learn/v1/enrollments",
    Entity.AWARD: "/learn/v1/external_training",
}
_WORKERS = {Entity.WORKER: _PATHS[Entity.USER]}
_STAMP = "%Y-%m-%d %H:%M:%S"
_MAX_PAGES = 100_000


class DoceboConnector(DoceboWriteBack):
    """One Docebo tenant. Secrets: ``client_id``, ``client_secret``; for its grant ``username``, ``password``."""

    system = "docebo"

    def setup(self) -> None:
        c = self.connection
        self._options = c.options_as(DoceboOptions)
        self._rows = DoceboRows(c, self._options)
        self._grant = {
            "grant_type": self._options.grant,
            "scope": "api",
            "client_id": c.secret("client_id"),
            "client_secret": c.secret("client_secret"),
        }
        if self._options.grant == "password":
            self._grant |= {"username": c.secret("username"), "password": c.secret("password")}
        self.tokens = TokenKeeper(self.name, lambda: self.http.post("/oauth2/token", form=self._grant).data)

        self._paths = _PATHS | (_WORKERS if self._options.workers else {})

    def capabilities(self) -> Capabilities:
        reports = self._options.reports  # a saved report takes no date
        how = {e: Incremental.FULL if e in reports else Incremental.UPDATED_SINCE for e in self._paths}
        return Capabilities(how)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("ip", 1000, timedelta(hours=1))

    def classify(self, failure: Failure) -> Verdict:
        if failure.status == 400 and "cursor" in failure.body.lower():
            return Verdict.CURSOR_EXPIRED
        return verdict_of(failure)

    def whoami(self) -> tuple[str, Answer]:
        answer = self.get("/manage/v1/user/session")
        data = _data(answer, self.name)
        level = str(data.get("level", ""))
        if level and level not in ("superadmin", "godadmin"):
            raise PermanentConnectorError(
                f"{self.name}: signed in as {level}, so the integration user does not see the whole platform",
                remedy="give the user behind the API credentials the superadmin level",
            )
        return f"signed in as {data.get('username', 'the integration user')}", answer

    def probe(self) -> TenantProfile:
        found: dict[Entity, dict[str, str]] = {}
        for entity, path in ((Entity.USER, "/manage/v1/user_fields"), (Entity.COURSE, "/learn/v1/course_fields")):
            items = _items(_data(self.get(path, {"page_size": 200}), self.name), self.name)
            found[entity] = {
                f"field_{i['id']}": str(i.get("title") or i.get("name") or "")
                for i in items
                if isinstance(i, Mapping) and "id" in i
            }
        unused = {e: tuple(k for k in fields if k not in self._rows.fields[e].values()) for e, fields in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self._paths:
            raise self.has_none(entity)
        look = self._look_ups()
        if report := self._options.reports.get(entity):
            yield from self._reports().pages(report, cursor, lambda items: self._read(entity, items, look))
            return
        window = Window(cursor, timedelta(minutes=self._options.overlap_minutes), datetime.now(UTC))
        notes: list[str] = []
        for _ in range(_MAX_PAGES):
            place = window.position
            number = int(place["page"]) if place else 1
            try:
                data = _data(self.get(self._paths[entity], self._query(entity, window, number)), self.name)
            except StatusError as e:
                if place is None or self.classify(e.failure) is not Verdict.CURSOR_EXPIRED:
                    raise
                notes.append("the stored query had expired, so this pull was begun again")
                window.restart()
                continue
            items = _items(data, self.name)
            if data.get("current_page") not in (None, number):
                raise PermanentConnectorError(
                    f"{self.name}: asked for page {number} of {entity.value}, got {data.get('current_page')}"
                )
            records, rejected = self._read(entity, items, look)
            fresh, bad = window.unseen(records), window.unseen(rejected)
            more = bool(items) and _has_more(data, number, len(items), self._options.page_size)
            if more:
                window.position = {"page": number + 1, "cursor": data.get("cursor") or (place or {}).get("cursor")}
                checkpoint = window.checkpoint(window.position)
            else:
                checkpoint = window.finished()
            total = data.get("total_count")
            yield Page(fresh, bad, checkpoint, total if isinstance(total, int) else None, tuple(notes))
            notes.clear()
            if not more:
                return
        raise PermanentConnectorError(f"{self.name}: the list of {entity.value}s never ends")

    def fetch(self, ref: SourceRef) -> Record | None:
        if ref.entity in self._options.reports:
            return None  # a report's captions do not fit a single row
        try:
            if ref.entity is Entity.ENROLMENT:
                course, user, *_ = ref.id.split("-")
                raw = _data(self.get(f"/learn/v1/enrollments/{course}/{user}"), self.name).get("records")
            elif ref.entity is Entity.USER:
                raw = with_additional(_data(self.get(f"/manage/v1/user/{ref.id}"), self.name))
            elif ref.entity is Entity.COURSE:
                raw = _data(self.get(f"/learn/v1/courses/{ref.id}"), self.name)
            else:
                return None
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND:
                return None
            raise
        look = self._look_ups()
        found = self.one(
            raw,
            self._rows.fields[ref.entity],
            ref,
            lambda row, _: self._rows.parse(ref.entity, row, self._rows.identify(ref.entity, row), look),
        )
        # A webhook names an enrolment by course and user alone: whichever attempt is the present one is meant.
        present = ref.entity is Entity.ENROLMENT and ref.id.count("-") == 1
        return found if found and (present or found.ref == ref) else None

    def _lists(self, path: str, params: Query) -> Iterator[object]:
        """Every item of a paged list, one page after the other."""
        size = int(str(params.get("page_size", self._options.page_size)))
        for number in range(1, _MAX_PAGES):
            data = _data(self.get(path, {**params, "page": number}), self.name)
            items = _items(data, self.name)
            yield from items
            if not items or not _has_more(data, number, len(items), size):
                return

    def _read(self, entity: Entity, items: list[object], look: LookUps) -> tuple[list[Record], list[Rejected]]:
        return read_rows(
            items,
            self._rows.fields[entity],
            self.zone,
            lambda row: self._rows.identify(entity, row),
            lambda row, ref: self._rows.parse(entity, row, ref, look),
            f"{self.name}:{entity.value}",
        )

    def _look_ups(self) -> LookUps:
        """Those of one pull, so that nothing is asked for twice and nothing grows old."""

        def ask(path: str) -> Mapping[str, Any]:
            answer = self.found_or_none(lambda: self.get(path, {"page_size": self._options.page_size}))
            return answer.data if answer and isinstance(answer.data, Mapping) else {}

        return LookUps(ask, self._lists, self._options, self._rows.fields[Entity.WORKER])

    def _reports(self) -> ReportPull:
        o = self._options
        return ReportPull(
            self.name,
            self.get,
            wait=timedelta(seconds=o.report_wait_seconds),
            patience=timedelta(minutes=o.report_patience_minutes),
            page_size=o.report_page_size,
        )

    @property
    def proof(self) -> Proof:
        return Proof.BASIC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """See ``docebo_webhooks``; secrets ``webhook_user`` and ``webhook_password``."""
        return either(
            self.connection.secrets,
            lambda s: receive(self.name, self.zone, s.get("webhook_user", ""), s.get("webhook_password", ""), request),
        )

    def _query(self, entity: Entity, window: Window, number: int) -> Query:
        query: dict[str, str | int] = {"page": number, "page_size": self._options.page_size}
        if window.position and window.position.get("cursor"):
            query["cursor"] = str(window.position["cursor"])
            return query
        query["get_cursor"] = 1
        if entity in (Entity.USER, Entity.WORKER):
            query |= {"sort_attr": "last_update", "sort_dir": "asc"}
        else:
            query["sort_by"] = "last_update" if entity is Entity.COURSE else "date_last_updated"
        if window.start:
            query["updated_from"] = naive(window.start, self.zone, _STAMP)
        return query


def _data(answer: Answer, name: str) -> Mapping[str, Any]:
    data = answer.data.get("data") if isinstance(answer.data, Mapping) else None
    if not isinstance(data, Mapping):
        raise PermanentConnectorError(
            f"{name}: the answer has no data object", remedy="check that the URL is that of a Docebo platform"
        )
    return data


def _items(data: Mapping[str, Any], name: str) -> list[object]:
    items = data.get("items")
    if not isinstance(items, list):
        raise PermanentConnectorError(f"{name}: the answer has no list of items")
    return items


def _has_more(data: Mapping[str, Any], number: int, count: int, size: int) -> bool:
    """Only ``items`` is sure to be there: fall back on the page count, then on whether the page was full."""
    if data.get("has_more_data") is not None:
        return bool(data["has_more_data"])
    if isinstance(data.get("total_page_count"), int):
        return number < int(data["total_page_count"])
    return count >= size


__all__ = ["DEFAULT_FIELDS", "DoceboConnector", "DoceboOptions"]
