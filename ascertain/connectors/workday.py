"""Workday: workers, reviews, project submissions and job profiles through Reports-as-a-Service, or workers and job
profiles through REST.

A report is one JSON document, ``{"Report_Entry": [...]}``, without paging, so it is downloaded whole and read row by
row. Its keys are the aliases that the customer's report builder chose. So the field map is compulsory in practice, and
it is the allow-list too: a column that it does not name (a national id that somebody left in the report) is never read.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer
from ascertain.connectors.parsing import Row, naive, read_rows
from ascertain.connectors.tokens import TokenKeeper
from ascertain.connectors.window import Window
from ascertain.connectors.workday_report import Report
from ascertain.connectors.workday_rest import RestReader
from ascertain.connectors.workday_rows import DEFAULT_FIELDS, REST_FIELDS, WorkdayOptions, key_of, parse
from ascertain.domain.connector import (
    Capabilities,
    Cursor,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
)
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.errors import PermanentConnectorError

_PAGE = 500


class WorkdayConnector(HttpConnector):
    """One Workday tenant. Secrets: ``username``, ``password`` of an integration system user, for reports; or
    ``client_id``, ``client_secret`` and perhaps ``refresh_token`` of a registered API client, for both."""

    system = "workday"

    def setup(self) -> None:
        secrets, o = self.connection.secrets, self.connection.options_as(WorkdayOptions)
        self._options = o
        fields = {**{e: DEFAULT_FIELDS[e] for e in o.reports}, **{e: REST_FIELDS[e] for e in o.rest}}
        self._fields = {e: self.connection.field_map(e, known) for e, known in fields.items()}
        if o.rest or "client_id" in secrets:
            client = (self.connection.secret("client_id"), self.connection.secret("client_secret"))
            self._client = {"Authorization": _basic(*client)}
            self.tokens = TokenKeeper(self.name, self._token)
        self._user: Mapping[str, str] = {}
        if o.reports and (self.tokens is None or "username" in secrets):
            login = (self.connection.secret("username"), self.connection.secret("password"))
            self._user = {"Authorization": _basic(*login)}
        self._rest = RestReader(self.name, self.get, o, self._fields, self.connection.job_profiles)

    def capabilities(self) -> Capabilities:
        how = Incremental.UPDATED_SINCE if self._options.updated_prompt else Incremental.FULL
        found = {**dict.fromkeys(self._options.reports, how), **dict.fromkeys(self._options.rest, Incremental.FULL)}
        return Capabilities(found)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant")

    def whoami(self) -> tuple[str, Answer]:
        if not self._options.reports:
            entity = next(iter(self._options.rest))
            rows, answer = self._rest.first(entity, 1)
            return f"{self._options.rest[entity]} can be read ({len(rows)} {entity.value} looked at)", answer
        entity = next(iter(self._options.reports))
        since = datetime.now(UTC) if self._options.updated_prompt else None
        with closing(self._report(entity, since)) as report:
            count = sum(1 for _ in report.rows())
            said = Answer(None, report.server_time)
        return f"report {self._options.reports[entity]} answered with {count} rows", said

    def probe(self) -> TenantProfile:
        found: dict[Entity, dict[str, str]] = {}
        for entity in self._options.reports:
            with closing(self._report(entity, None)) as report:
                keys = sorted({k for row in islice(report.rows(), 50) if isinstance(row, Mapping) for k in row})
            found[entity] = {k: k.replace("_", " ") for k in keys}
        for entity in self._options.rest:
            rows, _ = self._rest.first(entity, min(50, self._options.rest_page_size))
            names = sorted({n for row in rows if isinstance(row, Mapping) for n in _names(row)})
            found[entity] = {n: n for n in names}
        unused = {e: tuple(k for k in keys if k not in self._fields[e].values()) for e, keys in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity in self._options.rest:
            yield from self._rest.pull(entity, cursor)
            return
        if entity not in self._options.reports:
            raise PermanentConnectorError(f"{self.name}: no report is configured for {entity.value}")
        # A report is dated by day, so the newest day is always asked for again.
        window = Window(cursor, timedelta(days=1), datetime.now(UTC))
        with closing(self._report(entity, window.start)) as report:
            rows, read, seen, more = report.rows(), 0, set[str](), True
            part = list(islice(rows, _PAGE))
            while more:
                following = list(islice(rows, _PAGE))
                more = bool(following)
                read += len(part)
                seen.update(str(k) for row in part if isinstance(row, Mapping) for k in row)
                records, rejected = read_rows(
                    part,
                    self._fields[entity],
                    self.zone,
                    lambda row: SourceRef(self.name, entity, row.required(key_of(entity))),
                    lambda row, ref: self._parse(entity, row, ref),
                    f"{self.name}:{entity.value}",
                )
                fresh, bad = window.unseen(records), window.unseen(rejected)
                # A report has no order to rely on: an interrupted pull starts over, and upserts absorb the repetition.
                checkpoint = window.untouched() if more else window.finished()
                notes = () if more or not read else self._missing_columns(entity, seen)
                yield Page(fresh, bad, checkpoint, None if more else read, notes)
                part = following

    def fetch(self, ref: SourceRef) -> Record | None:
        """Neither reports nor services give single rows by the employee's number: always ``None``."""
        return None

    def _report(self, entity: Entity, since: datetime | None) -> Report:
        o = self._options
        path = f"/ccx/service/customreport2/{o.tenant}/{o.owner}/{o.reports[entity]}"
        query: dict[str, str | int] = {"format": "json"}
        if o.updated_prompt and since is not None:
            query[o.updated_prompt] = naive(since, self.zone, "%Y-%m-%d")
        found = self.http.download(path, query, headers=self._user) if self._user else self.download(path, query)
        return Report(f"{self.name}: report {o.reports[entity]}", found)

    def _missing_columns(self, entity: Entity, seen: Collection[str]) -> tuple[str, ...]:
        gone = sorted(c for c in self._fields[entity].values() if c not in seen)
        return (f"report {self._options.reports[entity]} has no column {', '.join(gone)}",) if gone else ()

    def _parse(self, entity: Entity, row: Row, ref: SourceRef) -> Record:
        return parse(entity, row, ref, self._options, self.connection.job_profiles)

    def _token(self) -> Any:
        """A new access token: for the refresh token of a person who agreed, or for the client itself."""
        form = {"grant_type": "client_credentials"}
        if refresh := self.connection.secrets.get("refresh_token", ""):
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
        return self.http.post(f"/ccx/oauth2/{self._options.tenant}/token", form=form, headers=self._client).data


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _names(row: Mapping[str, Any]) -> Iterator[str]:
    """Names of a row's fields, those of objects inside with a dot."""
    for name, value in row.items():
        yield str(name)
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in value)
