"""Cornerstone OnDemand: people, trainings, transcripts, completions by webhook, native employee skills.

Facts the code rests on: client credentials; two OData surfaces with server-driven paging (``cornerstone_odata``); an
employee list whose page token lives five minutes; hourly limits for each address of the API, told in headers, where a
refused call counts too; a warehouse up to 15 minutes behind. Scores are on the training's own scale. What is not
confirmed is an option with its default in ``cornerstone_options``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.cornerstone_odata import Feed, Part, since
from ascertain.connectors.cornerstone_options import CornerstoneOptions
from ascertain.connectors.cornerstone_people import EMPLOYEES, employees, next_token
from ascertain.connectors.cornerstone_reader import PEOPLE, Batch, Reader
from ascertain.connectors.cornerstone_rows import CornerstoneRows
from ascertain.connectors.cornerstone_skills import EmployeeSkills
from ascertain.connectors.cornerstone_webhooks import must_be_signable, receive
from ascertain.connectors.http import Answer, StatusError, verdict_of
from ascertain.connectors.parsing import FieldError, Row
from ascertain.connectors.rotation import either
from ascertain.connectors.tokens import TokenKeeper
from ascertain.connectors.window import VERSION, Window
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
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, WriteResult
from ascertain.errors import PermanentConnectorError, RetryableConnectorError

_LOST = ("skiptoken", "deltatoken", "nextpagetoken", "expired")
_REMAINING = "x-csod-requests-remaining-urilevel"
_REST_SECONDS = 60.0
_MAX_PAGES, _MAX_RESTARTS = 100_000, 3


class CornerstoneConnector(HttpConnector):
    """One Cornerstone portal. Secrets: ``client_id``, ``client_secret``; for webhooks ``webhook_key`` and, where calls
    are signed, ``webhook_secret``."""

    system = "cornerstone"

    def setup(self) -> None:
        c = self.connection
        self._options = c.options_as(CornerstoneOptions)
        self._rows = CornerstoneRows(c, self._options)
        asked = {
            "clientId": c.secret("client_id"),
            "clientSecret": c.secret("client_secret"),
            "grantType": "client_credentials",
            "scope": self._options.scope,
        }
        self.tokens = TokenKeeper(self.name, lambda: self.http.post("/services/api/oauth2/token", body=asked).data)
        self._secret = c.secrets.get("webhook_secret", "")
        must_be_signable(self.name, self._options.webhooks, c.secrets)
        self._feed = Feed(self.name, c.url, self._read, self._options.page_size)
        self._reader = Reader(self.name, self.zone, self._feed, self._rows, self._options, self._account)
        self._skills = EmployeeSkills(self.name, self._options.skills, self.send)
        self._untracked: set[Entity] = set()
        self._resting: dict[str, float] = {}

    # -- what it offers ---------------------------------------------------------------------------------------------

    def capabilities(self) -> Capabilities:
        entities = [Entity.USER, Entity.COURSE, Entity.ENROLMENT, *([Entity.WORKER] if self._options.workers else [])]
        return Capabilities({e: self._how(e) for e in entities})

    def _how(self, entity: Entity) -> Incremental:
        """By a tracked object or a column that dates changes; the employee list has neither."""
        listed = entity in PEOPLE and self._options.users == "employees"
        dated = "updated" in self._rows.fields[entity] and not listed
        return Incremental.UPDATED_SINCE if dated or self._reader.exported(entity) else Incremental.FULL

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant", self._options.calls_per_minute, timedelta(minutes=1))

    def classify(self, failure: Failure) -> Verdict:
        if failure.status == 410 or (failure.status == 400 and any(w in failure.body.lower() for w in _LOST)):
            return Verdict.CURSOR_EXPIRED
        if failure.status == 501:  # an object that cannot be tracked: no try will mend that
            return Verdict.PERMANENT
        return verdict_of(failure)

    def whoami(self) -> tuple[str, Answer]:
        path, columns = self._reader.source(Entity.USER)
        if path == EMPLOYEES:
            return "the employee list answers", self._read(path, {"pageSize": "1"}, {})
        query = {"$select": columns[0]} if columns else {}
        return "the reporting views answer", self._read(path, query, {"Prefer": "odata.maxpagesize=1"})

    def probe(self) -> TenantProfile:
        """The columns of the first row of each surface, mapped or not."""
        found: dict[Entity, dict[str, str]] = {}
        for entity in self.capabilities().entities:
            path, _ = self._reader.source(entity)
            if path == EMPLOYEES:
                rows = employees(self._read(path, {"pageSize": "1"}, {}), self.name)
            else:
                first = self._read(path, {}, {"Prefer": "odata.maxpagesize=1"}).data
                value = first.get("value") if isinstance(first, Mapping) else None
                rows = Batch(self._reader, entity).titled(value[:1] if isinstance(value, list) else [])
            keys = sorted(str(k) for row in rows[:1] if isinstance(row, Mapping) for k in row)
            found[entity] = {k: k.replace("_", " ") for k in keys if not k.startswith("@")}
        unused = {e: tuple(k for k in ks if k not in self._rows.fields[e].values()) for e, ks in found.items()}
        return TenantProfile(found, unused)

    # -- reading ----------------------------------------------------------------------------------------------------

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        how = self.capabilities().incremental
        if entity not in how:
            raise self.has_none(entity)
        if self._reader.source(entity)[0] == EMPLOYEES:
            yield from self._pull_employees(entity, cursor)
        else:
            yield from self._pull_feed(entity, cursor, whole=how[entity] is Incremental.FULL)

    def _pull_feed(self, entity: Entity, cursor: Cursor | None, *, whole: bool) -> Iterator[Page]:
        window = Window(cursor, timedelta(minutes=self._options.overlap_minutes), datetime.now(UTC))
        delta = str((cursor or {}).get("delta") or "")
        # Without a link from last time there is nothing to track: then changes are found by their date.
        track = self._reader.exported(entity) and entity not in self._untracked and bool(delta or window.start is None)
        batch, notes, used, restarts = Batch(self._reader, entity), list[str](), set[str](), 0
        for _ in range(_MAX_PAGES):
            link = str((window.position or {}).get("next") or delta)
            try:
                part = self._feed.follow(link, track=track) if link else self._begin(entity, window, track)
            except StatusError as e:
                if e.failure.status == 501 and track:
                    self._untracked.add(entity)
                    track, delta = False, ""
                    notes.append("the object cannot be tracked, so changes are found by their date")
                    continue
                restarts += 1
                if not link or restarts > _MAX_RESTARTS or self.classify(e.failure) is not Verdict.CURSOR_EXPIRED:
                    raise
                notes.append("a page link had expired, so this pull was begun again")
                # A place within a set of changes may be lost while the link to the set still works.
                delta = "" if link == delta else delta
                window.restart()
                used = set()
                continue
            if part.next and part.next in used:
                raise PermanentConnectorError(f"{self.name}: the list of {entity.value}s gave the same page link twice")
            used.add(part.next)
            if part.gone:
                notes.append(f"{part.gone} rows were deleted at the source; a full sync retires them")
            records, rejected = batch.read(part.rows)
            fresh, bad = window.unseen(records), window.unseen(rejected)
            window.position = {"next": part.next} if part.next else None
            if whole:  # everything comes each time: nothing to remember but the place
                checkpoint = _place(window.position)
            elif window.position:
                checkpoint = {**window.checkpoint(window.position), "delta": delta}
            else:
                checkpoint = {**window.finished(), "delta": part.delta}
            yield Page(fresh, bad, checkpoint, part.total, tuple(notes))
            notes.clear()
            if not part.next:
                return
        raise PermanentConnectorError(f"{self.name}: the list of {entity.value}s never ends")

    def _begin(self, entity: Entity, window: Window, track: bool) -> Part:
        path, columns = self._reader.source(entity)
        column = self._rows.fields[entity].get("updated")
        where = since(column, window.start) if column and window.start and not track else ""
        return self._feed.begin(path, columns=columns, where=where, count=True, track=track)

    def _pull_employees(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        """All employees, page by page. The list tells no changes; its token dies after five minutes."""
        window = Window(cursor, timedelta(0), datetime.now(UTC))
        batch, notes, restarts = Batch(self._reader, entity), list[str](), 0
        for _ in range(_MAX_PAGES):
            token = str((window.position or {}).get("token") or "")
            query = {"pageSize": str(self._options.employees_page_size)} | ({"nextPageToken": token} if token else {})
            try:
                answer = self._read(EMPLOYEES, query, {})
            except StatusError as e:
                restarts += 1
                if not token or restarts > _MAX_RESTARTS or self.classify(e.failure) is not Verdict.CURSOR_EXPIRED:
                    raise
                notes.append("the page token had expired, so this pull was begun again")
                window.restart()
                continue
            records, rejected = batch.read(employees(answer, self.name))
            following = next_token(answer)
            if following and following == token:
                raise PermanentConnectorError(f"{self.name}: the employee list gave the same page token twice")
            window.position = {"token": following} if following else None
            yield Page(tuple(records), tuple(rejected), _place(window.position), None, tuple(notes))
            notes.clear()
            if not following:
                return
        raise PermanentConnectorError(f"{self.name}: the employee list never ends")

    def fetch(self, ref: SourceRef) -> Record | None:
        entity = ref.entity
        if entity not in self.capabilities().entities:
            return None
        batch, fields = Batch(self._reader, entity, alone=True), self._rows.fields[entity]
        if self._reader.source(entity)[0] == EMPLOYEES:
            answer = self._employee(ref)
            rows = employees(answer, self.name) if answer else []
        elif entity is Entity.ENROLMENT:
            # By the account alone: one literal of a known type, and nobody has thousands of trainings.
            rows = self._reader.matching(entity, fields["user_id"], ref.id.rpartition("_")[0].rpartition("_")[2])
        else:
            key = fields["employee_id" if entity is Entity.WORKER else "id"]
            rows = batch.titled(self._reader.matching(entity, key, ref.id))
        for raw in rows:
            if self._is(entity, raw, ref):
                return self.one(raw, fields, ref, batch.parse)
        return None

    def _is(self, entity: Entity, raw: object, ref: SourceRef) -> bool:
        try:
            return self._rows.identify(entity, Row(raw, self._rows.fields[entity], self.zone)) == ref
        except FieldError:
            return False

    def _employee(self, ref: SourceRef) -> Answer | None:
        if ref.entity is Entity.WORKER:
            try:
                return self.found_or_none(lambda: self._read(EMPLOYEES, {"externalId": ref.id}, {}))
            except StatusError as e:
                if e.failure.status != 400:
                    raise
                return None  # a portal without that filter gives no single workers
        return self._account(ref.id)

    def _account(self, account: str) -> Answer | None:
        if not account.isdigit():
            return None
        return self.found_or_none(lambda: self._read(f"{EMPLOYEES}/{account}", {}, {}))

    def _read(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """GET, unless this address has just said that no calls are left: a refused call would count too."""
        place = httpx.URL(path).path
        if (wait := self._resting.get(place, 0.0) - time.monotonic()) > 0:
            raise RetryableConnectorError(f"{self.name}: GET {place}: no calls left for now", retry_after=wait)
        answer = self.authorised(lambda given: self.http.get(path, query, headers={**headers, **given}))
        if answer.headers.get(_REMAINING, "").strip() == "0":
            self._resting[place] = time.monotonic() + _REST_SECONDS
        return answer

    # -- webhooks and skills ----------------------------------------------------------------------------------------

    @property
    def proof(self) -> Proof:
        """Signed where a secret is configured, otherwise a key that is sent along."""
        return Proof.HMAC_REQUEST if self._secret else Proof.CLIENT_STATE

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        hooks = self._options.webhooks
        return either(
            self.connection.secrets,
            lambda s: receive(self.name, hooks, s.get("webhook_key", ""), s.get("webhook_secret", ""), request, now),
        )

    def targets(self) -> Sequence[SkillTarget]:
        return self._skills.targets()

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return self._skills.intend(claims)

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        return self._skills.read(user, targets)

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        """Compared before it is written, so ``request_id`` needs no memory."""
        return self._skills.write(user, target, value)

    @property
    def lag(self) -> timedelta:
        return timedelta(minutes=self._options.skills.lag_minutes)


def _place(position: Mapping[str, Any] | None) -> Cursor:
    return {"v": VERSION, "position": dict(position)} if position else {"v": VERSION}
