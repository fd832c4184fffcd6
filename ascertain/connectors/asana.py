"""Asana: completed tasks as traces of work, project by project.

Facts the code rests on: ``GET /tasks`` wants a project; ``modified_since`` and ``opt_fields``; pages chain by an
``offset`` that expires; ``GET /events`` answers 412 with a sync token the first time and once more when a token is
older than a day; webhooks are delivered at most once, so polling goes on beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ascertain.connectors.asana_events import changes
from ascertain.connectors.asana_rows import TASK, TASK_FIELDS, AsanaOptions, assignee_of, is_work, own_comments, task
from ascertain.connectors.asana_subscriptions import subscribe
from ascertain.connectors.asana_webhooks import receive
from ascertain.connectors.base import HttpConnector
from ascertain.connectors.crawl import Crawl
from ascertain.connectors.http import Answer, StatusError, verdict_of
from ascertain.connectors.parsing import Row, read_rows
from ascertain.connectors.rotation import either
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
from ascertain.domain.webhooks import Proof, RawRequest, Received, Subscription
from ascertain.errors import ConfigError, PermanentConnectorError

_API = "/api/1.0"
T = TypeVar("T")
_EXPIRED = "the page token had expired, so project {} was read again from its beginning"


class AsanaConnector(HttpConnector):
    """One Asana workspace. Secrets: ``token`` (a service account's or a person's), ``webhook_token`` for webhooks."""

    system = "asana"

    def setup(self) -> None:
        self._options = self.connection.options_as(AsanaOptions)
        self._token = self.connection.secret("token")
        self._workspace = self._options.workspace

    def authorise(self, token: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def capabilities(self) -> Capabilities:
        deletes = frozenset({Entity.TICKET}) if self._options.events else frozenset[Entity]()
        return Capabilities({Entity.TICKET: Incremental.UPDATED_SINCE}, deletes)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token", self._options.calls_per_minute, timedelta(minutes=1))

    def classify(self, failure: Failure) -> Verdict:
        if failure.status == 400 and ("offset" in failure.body.lower() or "pagination" in failure.body.lower()):
            return Verdict.CURSOR_EXPIRED
        return verdict_of(failure)

    def whoami(self) -> tuple[str, Answer]:
        answer = self.get(f"{_API}/users/me")
        return "signed in", answer

    def probe(self) -> TenantProfile:
        """The projects that could be named under ``projects``, by gid."""
        return TenantProfile({Entity.TICKET: {str(p["gid"]): str(p.get("name") or "") for p in self._projects()[0]}})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity is not Entity.TICKET:
            raise self.has_none(entity)
        crawl = Crawl(cursor, timedelta(minutes=self._options.overlap_minutes), self._parents)
        if crawl.parent is None:
            yield Page((), (), crawl.step(None), None, ("there is no project to read",))
        while crawl.parent is not None:
            yield self._page(crawl)

    def fetch(self, ref: SourceRef) -> Record | None:
        answer = self.found_or_none(lambda: self.get(f"{_API}/tasks/{ref.id}", {"opt_fields": ",".join(TASK_FIELDS)}))
        return self.one(_data(answer, dict, self.name), TASK, ref, self._parse) if answer else None

    # -- webhooks ---------------------------------------------------------------------------------------------------

    @property
    def proof(self) -> Proof:
        return Proof.HANDSHAKE

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        """As the port says; see ``asana_webhooks``."""
        return either(self.connection.secrets, lambda s: receive(self.name, s.get("webhook_token", ""), request, kept))

    def subscribe(self, url: str, *, now: datetime) -> Sequence[Subscription]:
        """As the port says; one webhook a project."""
        return subscribe(self, url, self._parents()[0], self._in(), now, comments=self._options.comments)

    # -- one page ---------------------------------------------------------------------------------------------------

    def _page(self, crawl: Crawl) -> Page:
        project = crawl.parent or ""
        notes: list[str] = []
        try:
            if self._options.events and crawl.token is None:
                changed = changes(self, project, crawl.mark or "")
                crawl.promise(changed.sync)
                if changed.tasks is not None:
                    gone = tuple(SourceRef(self.name, Entity.TICKET, gid) for gid in changed.gone)
                    return replace(self._read(crawl, changed.tasks, None, ()), gone=gone)
                if crawl.mark:
                    notes.append(f"the event token of project {project} was too old; read by its changes instead")
            answer = self._list(project, crawl)
        except StatusError as e:
            verdict = self.classify(e.failure)
            if verdict is Verdict.CURSOR_EXPIRED and crawl.token is not None:
                return Page((), (), crawl.again(), None, (_EXPIRED.format(project),))
            if verdict is Verdict.NOT_FOUND:
                return Page((), (), crawl.step(None), None, (f"project {project} is gone or no longer visible",))
            raise
        rows, token = _data(answer, list, self.name), _next(answer)
        if token is not None and token == crawl.token:
            raise PermanentConnectorError(
                f"{self.name}: the list of tasks gave the same page token twice, so the pull was stopped",
                remedy="sync again; the pull goes on from its last checkpoint",
            )
        return self._read(crawl, rows, token, notes)

    def _read(self, crawl: Crawl, rows: Sequence[object], token: str | None, notes: Sequence[str]) -> Page:
        records, rejected = read_rows(
            rows,
            TASK,
            UTC,
            lambda row: SourceRef(self.name, Entity.TICKET, row.required("id")),
            self._parse,
            f"{self.name}:ticket",
        )
        fresh, bad = crawl.window.unseen(records), crawl.window.unseen(rejected)
        return Page(fresh, bad, crawl.step(token), None, tuple(notes))

    def _list(self, project: str, crawl: Crawl) -> Answer:
        query: dict[str, str | int] = {
            "project": project,
            "limit": self._options.page_size,
            "opt_fields": ",".join(TASK_FIELDS),
        }
        if crawl.start is not None:
            query["modified_since"] = crawl.start.isoformat().replace("+00:00", "Z")
        if crawl.token is not None:
            query["offset"] = crawl.token
        return self.get(f"{_API}/tasks", query)

    def _parse(self, row: Row, ref: SourceRef) -> Record | None:
        comments: list[str] = []
        wanted = row.flag("completed") or not self._options.completed_only
        if self._options.comments and wanted and is_work(row):
            query: dict[str, str | int] = {"limit": 100, "opt_fields": "type,resource_subtype,text,created_by"}
            answer = self.found_or_none(lambda: self.get(f"{_API}/tasks/{ref.id}/stories", query))
            comments = own_comments(_data(answer, list, self.name), assignee_of(row)[0]) if answer else []
        return task(row, ref, self._options, comments)

    # -- projects and events ----------------------------------------------------------------------------------------

    def _parents(self) -> tuple[Sequence[str], datetime | None]:
        if self._options.projects:
            return self._options.projects, self.whoami()[1].server_time
        found, clock = self._projects()
        return [str(p["gid"]) for p in found], clock

    def _projects(self) -> tuple[list[Mapping[str, Any]], datetime | None]:
        query: dict[str, str | int] = {"workspace": self._in(), "limit": 100, "opt_fields": "name"}
        if not self._options.archived:
            query["archived"] = "false"
        found: list[Mapping[str, Any]] = []
        clock: datetime | None = None
        while True:
            answer = self.get(f"{_API}/projects", query)
            clock = clock or answer.server_time
            found += [p for p in _data(answer, list, self.name) if isinstance(p, Mapping) and p.get("gid")]
            token = _next(answer)
            if token is None or token == query.get("offset"):
                return found, clock
            query["offset"] = token

    def _in(self) -> str:
        if self._workspace is None:
            mine = _data(self.get(f"{_API}/users/me", {"opt_fields": "workspaces.name"}), dict, self.name)
            listed = [str(w["gid"]) for w in mine.get("workspaces") or [] if isinstance(w, Mapping) and w.get("gid")]
            if len(listed) != 1:
                raise ConfigError(
                    f"connection {self.name}: the token's user is in {len(listed)} workspaces",
                    remedy="name the one to read under options.workspace",
                )
            self._workspace = listed[0]
        return self._workspace


def _data(answer: Answer, kind: type[T], name: str) -> T:
    """What is in the envelope."""
    found = answer.data.get("data") if isinstance(answer.data, Mapping) else None
    if not isinstance(found, kind):
        raise PermanentConnectorError(
            f"{name}: the answer has no data", remedy="check that the URL is Asana's, without /api/1.0"
        )
    return found


def _next(answer: Answer) -> str | None:
    """The token of the next page."""
    following = answer.data.get("next_page")
    token = following.get("offset") if isinstance(following, Mapping) else None
    return str(token) if token else None
