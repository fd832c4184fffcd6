"""UKG Pro: workers out of three lists, the list of changes, jobs where the tenant lists them.

Facts the code rests on: Basic authentication and ``US-Customer-Api-Key`` together; answers are bare arrays, read until
one is empty; the page size is ``per_page`` at one path and ``per_Page`` at others; ``employee-changes`` is to be asked
at most every three hours and says only that something changed; a 429 comes without ``Retry-After``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer
from ascertain.connectors.parsing import FieldError, Row, naive, read_rows
from ascertain.connectors.rotation import either
from ascertain.connectors.ukg_rows import (
    DEFAULT_FIELDS,
    Key,
    People,
    UkgOptions,
    cut,
    job_profile,
    level_names,
    worker,
    worker_fields,
)
from ascertain.connectors.ukg_webhooks import receive
from ascertain.connectors.window import Window
from ascertain.domain.connector import Capabilities, Cursor, Incremental, Page, QuotaPolicy, TenantProfile
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.errors import PermanentConnectorError

_EMPLOYMENTS = "/personnel/v1/employment-details"
_PERSONS = "/personnel/v1/person-details"
_SUPERVISORS = "/personnel/v1/employee-supervisor-details"
_HOMES = "/personnel/v1/employee-employment-details"
_CHANGES = "/personnel/v1/employee-changes"
_LEVELS = "/configuration/v1/org-levels"
_NUMBER = "employeeNumber"
_PER_PAGE = {_CHANGES: "per_page"}
"""How a path spells the page size; ``per_Page`` elsewhere."""
_MAX_PAGES = 5_000
_FOREVER = timedelta(days=36_500)
"""What was handed on is remembered whatever its date: a new manager or a renamed department moves no date of a row."""
_MANY = 5_000
"""More changes than this are not kept in a checkpoint: everything is read instead."""


class UkgConnector(HttpConnector):
    """One UKG Pro tenant. Secrets: ``username``, ``password`` of a service account, ``api_key``; ``webhook_secret``."""

    system = "ukg"

    def setup(self) -> None:
        self._options = self.connection.options_as(UkgOptions)
        self._fields = {e: self.connection.field_map(e, defaults) for e, defaults in DEFAULT_FIELDS.items()}
        self._key = self.connection.secret("api_key")

    def auth(self) -> httpx.Auth:
        return httpx.BasicAuth(self.connection.secret("username"), self.connection.secret("password"))

    def authorise(self, token: str) -> Mapping[str, str]:
        return {"US-Customer-Api-Key": self._key}

    def capabilities(self) -> Capabilities:
        found = {Entity.WORKER: Incremental.UPDATED_SINCE}
        if self._options.job_profiles_path:
            found[Entity.JOB_PROFILE] = Incremental.FULL
        return Capabilities(found)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant")

    def whoami(self) -> tuple[str, Answer]:
        rows, answer = self._page(_EMPLOYMENTS, 1, 1, {})
        return f"employments can be read ({len(rows)} looked at)", answer

    def probe(self) -> TenantProfile:
        """Names of the fields in the first rows of each list; their values are not looked at."""
        found: dict[Entity, dict[str, str]] = {Entity.WORKER: {}}
        for path in (_EMPLOYMENTS, _PERSONS, _SUPERVISORS):
            rows, _ = self._page(path, 1, min(self._options.page_size, 50), {})
            keys = {str(k) for r in rows if isinstance(r, Mapping) for k in r}
            found[Entity.WORKER] |= {k: f"{k} ({path.rpartition('/')[2]})" for k in sorted(keys)}
        if self._options.job_profiles_path:
            rows = self._whole(self._options.job_profiles_path)
            keys = {str(k) for r in rows[:50] if isinstance(r, Mapping) for k in r}
            found[Entity.JOB_PROFILE] = {k: k for k in sorted(keys)}
        used = {e: {v.lower() for v in self._fields[e].values()} | {"supervisorid"} for e in found}
        unused = {e: tuple(k for k in keys if k.lower() not in used[e]) for e, keys in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self.capabilities().entities:
            raise self.has_none(entity)
        return self._workers(cursor) if entity is Entity.WORKER else self._jobs(cursor)

    def fetch(self, ref: SourceRef) -> Record | None:
        """One worker by number; of jobs there is only the list."""
        if ref.entity is not Entity.WORKER:
            return None
        people = self._people()
        number = (
            "employeeId" if self._fields[Entity.WORKER].get("employee_id", "employeeID") == "employeeID" else _NUMBER
        )
        people.add_employments(self._list(_EMPLOYMENTS, {number: ref.id}))
        if people.undecided():
            for _, employee in people.everyone():
                people.add_homes(self._list(_HOMES, {"employeeId": employee}))
        key = next((k for k in people.main() if people.number(k[1]) == ref.id), None)
        if key is None:
            return None
        asked = {"companyId": key[0], "employeeId": key[1]}
        people.add_persons(self._list(_PERSONS, asked))
        people.add_supervisors(self._list(_SUPERVISORS, asked))
        row = people.joined(key)
        above = str(row.get(self._fields[Entity.WORKER].get("supervisor", "")) or "")
        if above and people.number(above) is None:
            people.add_employments(self._list(_EMPLOYMENTS, {"employeeId": above}))
        return self.one(row, self._map, ref, lambda r, found: self._worker(r, found, people))

    @property
    def proof(self) -> Proof:
        """HMAC in a header that the Webhooks application was told to use."""
        return Proof.HMAC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        hooks = self._options.webhooks
        return either(self.connection.secrets, lambda s: receive(hooks, s.get("webhook_secret", ""), request, now))

    # -- workers ----------------------------------------------------------------------------------------------------

    @property
    def _map(self) -> Mapping[str, str]:
        return worker_fields(self._fields[Entity.WORKER])

    def _workers(self, cursor: Cursor | None) -> Iterator[Page]:
        now = datetime.now(UTC)
        window = Window(cursor, _FOREVER, now)
        place, since = window.position, _moment(cursor)
        if place:
            begun, behind = datetime.fromisoformat(place["begun"]), (str(place["behind"][0]), str(place["behind"][1]))
            wanted = None if place["wanted"] is None else {(c, e) for c, e in place["wanted"]}
        else:
            if cursor is not None and since and now - since < timedelta(hours=self._options.changes_hours):
                yield Page((), (), cursor)  # asked too recently; what changed meanwhile comes with the next pull
                return
            begun, behind = now, ("", "")
            wanted = self._changed(since, now) if since else None
        people = People(self._fields[Entity.WORKER], {})
        if wanted is None or wanted:
            people = self._everybody()
        keys = self._order(people, behind, wanted)
        size = self._options.page_size
        left = None if wanted is None or len(wanted) > _MANY else sorted(wanted)
        for start in range(0, max(len(keys), 1), size):
            part = keys[start : start + size]
            records, rejected = read_rows(
                [people.joined(k) for k in part] + (people.broken if start == 0 and wanted is None else []),
                self._map,
                self.zone,
                self._identify,
                lambda row, ref: self._worker(row, ref, people),
                f"{self.name}:{Entity.WORKER.value}",
            )
            fresh, bad = window.unseen(records), window.unseen(rejected)
            if start + size >= len(keys):
                # Changes are counted from when this pull began: the list tells when something changed, not the rows.
                yield Page(fresh, bad, {**window.finished(), "since": begun.isoformat()}, len(keys))
                return
            position = {"begun": begun.isoformat(), "behind": list(part[-1]), "wanted": left}
            yield Page(fresh, bad, window.checkpoint(position), len(keys))

    def _everybody(self) -> People:
        people = self._people()
        people.add_persons(self._list(_PERSONS, {}))
        people.add_supervisors(self._list(_SUPERVISORS, {}))
        people.add_employments(self._list(_EMPLOYMENTS, {}))
        if people.undecided():
            people.add_homes(self._list(_HOMES, {}))
        return people

    def _people(self) -> People:
        levels = level_names(self._whole(_LEVELS)) if self._options.org_level_names else {}
        return People(self._fields[Entity.WORKER], levels)

    def _changed(self, since: datetime, now: datetime) -> set[Key]:
        """Who changed: the list has whole rows, but not the person's name, so they say only where to look."""
        form, overlap = "%Y-%m-%dT%H:%M:%SZ", timedelta(hours=self._options.overlap_hours)
        asked = {"startDate": naive(since - overlap, UTC, form), "endDate": naive(now, UTC, form)}
        found: set[Key] = set()
        for raw in self._list(_CHANGES, asked, self._options.changes_page_size):
            try:
                row = cut(raw, ("companyId", "employeeId"))
            except FieldError:
                continue  # without a key there is nothing to look up
            found.add((str(row.get("companyId") or ""), str(row.get("employeeId") or "")))
        return found

    def _order(self, people: People, behind: Key, wanted: set[Key] | None) -> list[Key]:
        """What to hand on after a place, in an order that stays. A change of one employment may decide which counts,
        so all of that person's are looked at."""
        whom = None if wanted is None else {employee for _, employee in wanted}
        return sorted(k for k in people.main() if k > behind and (whom is None or k[1] in whom))

    def _identify(self, row: Row) -> SourceRef:
        row.required("employee")
        return SourceRef(self.name, Entity.WORKER, row.required("employee_id"))

    def _worker(self, row: Row, ref: SourceRef, people: People) -> Record:
        profile = self.connection.job_profile(row.text("job_code"))
        return worker(row, ref, people, self._options, profile)

    # -- jobs -------------------------------------------------------------------------------------------------------

    def _jobs(self, cursor: Cursor | None) -> Iterator[Page]:
        window = Window(cursor, timedelta(0), datetime.now(UTC))
        rows = self._whole(self._options.job_profiles_path)
        records, rejected = read_rows(
            rows,
            self._fields[Entity.JOB_PROFILE],
            self.zone,
            lambda row: SourceRef(self.name, Entity.JOB_PROFILE, row.required("code")),
            job_profile,
            f"{self.name}:{Entity.JOB_PROFILE.value}",
        )
        yield Page(tuple(records), tuple(rejected), window.untouched(), len(rows))

    # -- calls ------------------------------------------------------------------------------------------------------

    def _list(self, path: str, asked: Mapping[str, str], size: int | None = None) -> Iterator[object]:
        """All rows of a list: pages until one is empty."""
        before: list[object] = []
        for number in range(1, _MAX_PAGES + 1):
            rows, _ = self._page(path, number, size or self._options.page_size, asked)
            if not rows:
                return
            if rows == before:
                raise PermanentConnectorError(f"{self.name}: {path} gave the same page twice, so reading was stopped")
            before = rows
            yield from rows
        raise PermanentConnectorError(f"{self.name}: {path} has more than {_MAX_PAGES} pages; it never ends")

    def _page(self, path: str, number: int, size: int, asked: Mapping[str, str]) -> tuple[list[object], Answer]:
        query: dict[str, str | int] = {**asked, "page": number, _PER_PAGE.get(path, "per_Page"): size}
        answer = self.get(path, query)
        return self._array(path, answer.data), answer

    def _whole(self, path: str) -> list[object]:
        return self._array(path, self.get(path).data)

    def _array(self, path: str, data: Any) -> list[object]:
        if not isinstance(data, list):
            raise PermanentConnectorError(
                f"{self.name}: {path} should answer with a list, not {type(data).__name__}",
                remedy="check that the URL is the service host of your UKG Pro tenant",
            )
        return data


def _moment(cursor: Cursor | None) -> datetime | None:
    since = (cursor or {}).get("since")
    return datetime.fromisoformat(since) if isinstance(since, str) else None
