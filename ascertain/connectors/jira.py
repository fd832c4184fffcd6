"""Jira Cloud: resolved issues as traces of work, through ``/rest/api/3/search/jql``.

Facts the code rests on: pages chain by ``nextPageToken`` (valid 7 days) and the answer has no total; without ``fields``
only ids come back; unbounded JQL is refused; ``updated >=`` has minute precision in the *user's* time zone, so queries
overlap; chains that never end were reported, so a repeated token stops the pull.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.adf import flatten
from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer, StatusError, verdict_of
from ascertain.connectors.jira_webhooks import receive
from ascertain.connectors.parsing import FieldError, Row, naive, read_rows
from ascertain.connectors.rotation import either
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
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity, Record, SourceRef, TextRecord
from ascertain.domain.text import clean_plain
from ascertain.domain.webhooks import Proof, RawRequest, Received
from ascertain.errors import PermanentConnectorError

_SEARCH = "/rest/api/3/search/jql"
_FIELDS = ("summary", "description", "assignee", "comment", "resolutiondate", "updated", "issuetype")
_ALLOWED = {"id": "id", "key": "key", "fields": "fields"}
_MAX_PAGES = 20_000


class JiraOptions(BaseModel):
    """Options of a Jira connection.

    ``projects``: keys to read, empty for all. ``resolved_only``: issues still open show no result. ``comments``: the
    assignee's own comments are part of the text (other people's never are). ``accounts``: e-mail address by account
    id, for sites whose users hide theirs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    projects: list[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]+$")]] = Field(default_factory=list)
    resolved_only: bool = True
    comments: bool = True
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    overlap_minutes: Annotated[int, Field(ge=1, le=10_080)] = 5
    accounts: dict[str, str] = Field(default_factory=dict)


class JiraConnector(HttpConnector):
    """One Jira Cloud site. Secrets: ``user`` (e-mail address) and ``token`` (API token); ``webhook_secret``."""

    system = "jira"

    def setup(self) -> None:
        self._options = self.connection.options_as(JiraOptions)
        self._user_zone_found: ZoneInfo | None = None

    def auth(self) -> httpx.Auth:
        return httpx.BasicAuth(self.connection.secret("user"), self.connection.secret("token"))

    def capabilities(self) -> Capabilities:
        return Capabilities({Entity.TICKET: Incremental.UPDATED_SINCE})

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token")

    def classify(self, failure: Failure) -> Verdict:
        if failure.status == 400 and "token" in failure.body.lower():
            return Verdict.CURSOR_EXPIRED
        return verdict_of(failure)

    def whoami(self) -> tuple[str, Answer]:
        return "signed in", self.get("/rest/api/3/myself")

    def probe(self) -> TenantProfile:
        """Jira's issue fields are fixed here: nothing to map."""
        return TenantProfile({Entity.TICKET: {name: name for name in _FIELDS}})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity is not Entity.TICKET:
            raise self.has_none(entity)
        window = Window(cursor, timedelta(minutes=self._options.overlap_minutes), datetime.now(UTC))
        used: set[str] = set()
        notes: list[str] = []
        for _ in range(_MAX_PAGES):
            place = window.position or {"jql": self._jql(window), "token": None}
            try:
                data = self._search(place)
            except StatusError as e:
                if not place["token"] or self.classify(e.failure) is not Verdict.CURSOR_EXPIRED:
                    raise
                notes.append("the page token had expired, so this pull was begun again")
                window.restart()
                continue
            records, rejected = read_rows(
                data["issues"],
                _ALLOWED,
                UTC,
                lambda row: SourceRef(self.name, Entity.TICKET, row.required("id")),
                self._parse,
                f"{self.name}:ticket",
            )
            fresh, bad = window.unseen(records), window.unseen(rejected)
            token = data.get("nextPageToken")
            if data.get("isLast") is True or not token:
                yield Page(fresh, bad, window.finished(), None, tuple(notes))
                return
            if token in used or token == place["token"]:
                yield Page(fresh, bad, window.untouched(), None, tuple(notes))
                raise PermanentConnectorError(
                    f"{self.name}: the search gave the same page token twice, so the pull was stopped",
                    remedy="sync again; the pull starts over from its last watermark",
                )
            used.add(token)
            window.position = {"jql": place["jql"], "token": token}
            yield Page(fresh, bad, window.checkpoint(window.position), None, tuple(notes))
            notes.clear()
        raise PermanentConnectorError(f"{self.name}: the search has more than {_MAX_PAGES} pages; it never ends")

    def fetch(self, ref: SourceRef) -> Record | None:
        answer = self.found_or_none(lambda: self.get(f"/rest/api/3/issue/{ref.id}", {"fields": ",".join(_FIELDS)}))
        return self.one(answer.data, _ALLOWED, ref, self._parse) if answer and self._counts(answer.data) else None

    @property
    def proof(self) -> Proof:
        """HMAC in ``X-Hub-Signature``, with the secret of a webhook that an administrator registered."""
        return Proof.HMAC

    def receive(self, request: RawRequest, *, now: datetime, kept: Mapping[str, str]) -> Received:
        projects = self._options.projects
        return either(
            self.connection.secrets, lambda s: receive(self.name, projects, s.get("webhook_secret", ""), request)
        )

    def _counts(self, issue: object) -> bool:
        """Whether the search would have found an issue; a webhook tells of all."""
        fields = issue.get("fields") if isinstance(issue, Mapping) else None
        if not isinstance(issue, Mapping) or not isinstance(fields, Mapping) or not fields.get("assignee"):
            return False
        project = str(issue.get("key", "")).rpartition("-")[0]
        if self._options.projects and project not in self._options.projects:
            return False
        return bool(fields.get("resolutiondate")) or not self._options.resolved_only

    def _jql(self, window: Window) -> str:
        clauses = ["assignee is not EMPTY"]
        if self._options.projects:
            clauses.append(f"project in ({', '.join(self._options.projects)})")
        if self._options.resolved_only:
            clauses.append("resolution is not EMPTY")
        if window.start:
            clauses.append(f'updated >= "{naive(window.start, self._user_zone(), "%Y-%m-%d %H:%M")}"')
        return " AND ".join(clauses) + " ORDER BY updated ASC"

    def _user_zone(self) -> ZoneInfo:
        """The time zone in which this user's queries are read."""
        if self._user_zone_found is None:
            data = self.get("/rest/api/3/myself").data
            name = data.get("timeZone") if isinstance(data, Mapping) else None
            try:
                self._user_zone_found = ZoneInfo(str(name)) if name else self.zone
            except (KeyError, ValueError):
                self._user_zone_found = self.zone
        return self._user_zone_found

    def _search(self, place: Mapping[str, Any]) -> Mapping[str, Any]:
        body: dict[str, Any] = {"jql": place["jql"], "fields": list(_FIELDS), "maxResults": self._options.page_size}
        if place["token"]:
            body["nextPageToken"] = place["token"]
        data = self.send("POST", _SEARCH, body=body).data
        if not isinstance(data, Mapping) or not isinstance(data.get("issues"), list):
            raise PermanentConnectorError(f"{self.name}: the search answered without a list of issues")
        return data

    def _parse(self, row: Row, ref: SourceRef) -> TextRecord:
        fields = row.value("fields")
        if not isinstance(fields, Mapping):
            raise FieldError("fields", "is missing")
        inner = Row(fields, {n: n for n in _FIELDS})
        assignee = inner.value("assignee")
        if not isinstance(assignee, Mapping):
            raise FieldError("assignee", "is missing")
        account = str(assignee.get("accountId") or "")
        email = clean_plain(str(assignee.get("emailAddress") or "")) or self._options.accounts.get(account, "")
        if not email:
            raise FieldError(
                "assignee.emailAddress", f"is hidden; name account {account} under options.accounts of the connection"
            )
        parts = [flatten(inner.value("description"))]
        if self._options.comments:
            parts += _own_comments(inner.value("comment"), account)
        summary = inner.required("summary")
        return TextRecord(
            ref=ref,
            subject=f"email:{email}",
            kind=EvidenceKind.TICKET,
            title=f"{row.text('key')} {summary}".strip(),
            text="\n".join(p for p in parts if p) or summary,
            occurred_at=inner.moment("resolutiondate") or inner.moment("updated"),
            updated_at=inner.moment("updated"),
        )


def _own_comments(value: object, account: str) -> list[str]:
    comments = value.get("comments") if isinstance(value, Mapping) else None
    found: list[str] = []
    for comment in comments if isinstance(comments, list) else []:
        author = comment.get("author") if isinstance(comment, Mapping) else None
        if isinstance(author, Mapping) and author.get("accountId") == account:
            found.append(flatten(comment.get("body")))
    return found
