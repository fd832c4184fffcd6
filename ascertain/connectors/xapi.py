"""Any learning record store (xAPI 1.0 or 2.0): statements as completions, test results, uses and awards; accepted
skills as statements of their own.

Facts the code rests on: ``since`` is exclusive and compares *stored*; the header
``X-Experience-API-Consistent-Through`` is the next watermark; ``more`` is resolved against the store's host;
statements never change, they are voided. A store without that header gets an overlap, and what that brings again is
recognised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer, StatusError, verdict_of
from ascertain.connectors.window import Window
from ascertain.connectors.xapi_options import XapiOptions
from ascertain.connectors.xapi_skills import SkillStatements
from ascertain.connectors.xapi_statements import Statements
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
from ascertain.domain.records import EnrolmentRecord, Entity, Record, Rejected, SourceRef
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, WriteResult
from ascertain.errors import PermanentConnectorError

_VERSION = "X-Experience-API-Version"
_THROUGH = "X-Experience-API-Consistent-Through"
_MAX_PAGES = 100_000
_SAMPLE = 200
_BY_STATEMENT = (Entity.STATEMENT, Entity.ASSESSMENT, Entity.ENGAGEMENT, Entity.AWARD)
Json = Mapping[str, Any]


class XapiConnector(HttpConnector):
    """One store; the connection's URL is its endpoint. Secrets: ``user`` and ``password``, or ``token``."""

    system = "xapi"

    def setup(self) -> None:
        self._options = self.connection.options_as(XapiOptions)
        self._path = self._options.resource
        self._token = self.connection.secrets.get("token", "")
        self._statements = Statements(self.name, self._options)
        self._skills = SkillStatements(self.name, self._options, self._found, self._post)

    def auth(self) -> httpx.Auth | None:
        if self._token:
            return None
        return httpx.BasicAuth(self.connection.secret("user"), self.connection.secret("password"))

    def authorise(self, token: str) -> Mapping[str, str]:
        given = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {_VERSION: self._options.version, **given}

    def capabilities(self) -> Capabilities:
        entities = [Entity.STATEMENT, *([Entity.COURSE] if self._options.courses else [])]
        how = Incremental.UPDATED_SINCE if self._options.incremental else Incremental.FULL
        return Capabilities(dict.fromkeys(entities, how), frozenset({Entity.STATEMENT}))

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token")

    def whoami(self) -> tuple[str, Answer]:
        answer = self.get(self._path, {"limit": 1})
        _statements(answer, self.name)
        return f"speaks xAPI {_header(answer, _VERSION) or self._options.version}", answer

    def probe(self) -> TenantProfile:
        """The verbs of the newest statements and the home pages of accounts, with what they are taken for."""
        verbs: dict[str, int] = {}
        pages: set[str] = set()
        for raw in _statements(self.get(self._path, {"limit": _SAMPLE}), self.name):
            verb, actor = raw.get("verb"), raw.get("actor")
            if isinstance(verb, Mapping) and isinstance(verb.get("id"), str):
                verbs[verb["id"]] = verbs.get(verb["id"], 0) + 1
            account = actor.get("account") if isinstance(actor, Mapping) else None
            if isinstance(account, Mapping) and isinstance(account.get("homePage"), str):
                pages.add(account["homePage"])
        said = {v: f"verb, {n} times, read as {self._options.says(v) or 'not known'}" for v, n in sorted(verbs.items())}
        known = self._options.accounts
        said |= {p: f"accounts, read as {known.get(p, 'not known')}" for p in sorted(pages)}
        unknown = [v for v in verbs if self._options.says(v) is None] + [p for p in pages if p not in known]
        return TenantProfile({Entity.STATEMENT: said}, {Entity.STATEMENT: tuple(sorted(unknown))})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self.capabilities().entities:
            raise self.has_none(entity)
        read = self._courses if entity is Entity.COURSE else self._records
        if not self._options.incremental and not (cursor or {}).get("position"):
            cursor = None
        window = Window(cursor, timedelta(seconds=self._options.overlap_seconds), datetime.now(UTC))
        notes: list[str] = []
        for _ in range(_MAX_PAGES):
            place = window.position
            try:
                answer = self.get(place["more"]) if place else self.get(self._path, self._query(window))
            except StatusError as e:
                if not place or self.classify(e.failure) not in (Verdict.CURSOR_EXPIRED, Verdict.NOT_FOUND):
                    raise
                notes.append("the store had forgotten the query, so this pull was begun again")
                window.restart()
                continue
            # What was stored while this pull runs is the next one's: the first answer's mark holds.
            through = str(place["through"]) if place else _instant(_header(answer, _THROUGH))
            records, rejected = read(_statements(answer, self.name))
            fresh, bad = window.unseen(records), window.unseen(rejected)
            more = self._more(answer)
            if not more:
                end = window.finished()
                yield Page(fresh, bad, {**end, "since": through} if through else end, None, tuple(notes))
                return
            if place and more == place["more"]:
                yield Page(fresh, bad, window.untouched(), None, tuple(notes))
                raise PermanentConnectorError(f"{self.name}: a page of statements leads to itself")
            window.position = {"more": more, "through": through}
            yield Page(fresh, bad, window.checkpoint(window.position), None, tuple(notes))
            notes.clear()
        raise PermanentConnectorError(f"{self.name}: the statements have more than {_MAX_PAGES} pages")

    def classify(self, failure: Failure) -> Verdict:
        if failure.status == 400 and any(w in failure.body.lower() for w in ("more", "cursor", "pit", "search_after")):
            return Verdict.CURSOR_EXPIRED
        return Verdict.CURSOR_EXPIRED if failure.status == 410 else verdict_of(failure)

    def fetch(self, ref: SourceRef) -> Record | None:
        """Of the kinds whose id is a statement's; a completion may rest on several."""
        if ref.entity not in _BY_STATEMENT:
            return None
        said = self._one("statementId", ref.id)
        found = self._statements.records(said) if said else None
        return found if found is not None and not isinstance(found, Rejected) and found.ref == ref else None

    def _query(self, window: Window) -> dict[str, str | int]:
        query: dict[str, str | int] = {"limit": self._options.page_size, "ascending": "true"}
        if window.start:
            query["since"] = window.start.isoformat().replace("+00:00", "Z")
        return query

    def _records(self, found: Sequence[Json]) -> tuple[list[Record], list[Rejected]]:
        records: dict[SourceRef, Record] = {}
        rejected: list[Rejected] = []
        # Some stores go on showing what was voided.
        gone = {v for raw in found if (v := self._statements.is_voiding(raw))}
        for raw in found:
            if (voided := self._statements.is_voiding(raw)) is not None:
                record: Record | Rejected | None = self._without(voided, self._statements.stored(raw))
            else:
                record = None if raw.get("id") in gone else self._statements.records(raw)
            if isinstance(record, Rejected):
                rejected.append(record)
            elif record is not None:
                records[record.ref] = record
        return list(records.values()), rejected

    def _courses(self, found: Sequence[Json]) -> tuple[list[Record], list[Rejected]]:
        courses: dict[SourceRef, Record] = {
            c.ref: c for raw in found if (c := self._statements.course(raw)) is not None
        }
        return list(courses.values()), []

    def _without(self, voided: str, since: datetime | None) -> Record | None:
        """What a voided statement had shown, as it stands without it ``since`` then."""
        said = self._one("voidedStatementId", voided) or self._one("statementId", voided)
        record = self._statements.records(said) if said else None
        if said is None or record is None or isinstance(record, Rejected):
            return None
        if isinstance(record, EnrolmentRecord):
            for other in self._found(self._like(said)):  # it may have been stated more than once
                again = self._statements.records(other)
                if other.get("id") != voided and isinstance(again, EnrolmentRecord) and again.ref == record.ref:
                    return replace(again, updated_at=since)
        return self._statements.emptied(record, since)

    def _like(self, said: Json) -> dict[str, str]:
        """A query for statements of the same person, verb and activity."""
        actor = {k: v for k, v in said["actor"].items() if k in ("mbox", "mbox_sha1sum", "account")}
        return {"agent": json.dumps(actor), "verb": str(said["verb"]["id"]), "activity": str(said["object"]["id"])}

    def _one(self, parameter: str, ident: str) -> Json | None:
        answer = self._ask(parameter, ident)
        data = answer.data if answer else None
        # Some stores wrap a single statement into a list, or answer a parameter that they do not know with all.
        listed = data.get("statements") if isinstance(data, Mapping) else None
        for said in listed if isinstance(listed, list) else [data]:
            if isinstance(said, Mapping) and str(said.get("id", "")).lower() == ident.lower():
                return said
        return None

    def _ask(self, parameter: str, ident: str) -> Answer | None:
        try:
            return self.get(self._path, {parameter: ident})
        except StatusError as e:
            if e.failure.status in (400, 404):  # 400: no UUID, so no statement
                return None
            raise

    def _found(self, query: Mapping[str, str]) -> Iterator[Json]:
        """Every statement of a query; verb and activity are looked at here, too."""
        asked = {k: v for k, v in query.items() if self._options.filters or k not in ("verb", "activity")}
        answer = self.get(self._path, {**asked, "limit": self._options.page_size})
        for _ in range(_MAX_PAGES):
            yield from (s for s in _statements(answer, self.name) if _matches(s, query))
            more = self._more(answer)
            if not more:
                return
            answer = self.get(more)

    def _more(self, answer: Answer) -> str:
        """Where the next page is, on the store's own host; empty at the end."""
        more = answer.data.get("more") if isinstance(answer.data, Mapping) else None
        if not isinstance(more, str) or not more:
            return ""
        home = httpx.URL(self.connection.url)
        url = home.join(more)
        if (url.scheme, url.host, url.port) != (home.scheme, home.host, home.port):
            raise PermanentConnectorError(
                f"{self.name}: the next page is on another host, {url.host}; not followed",
                remedy="set the URL of the connection to the host that the store names in `more`",
            )
        return str(url)

    # -- writing ----------------------------------------------------------------------------------------------------

    def account(self, email: str) -> SourceRef | None:
        """People have no accounts here; they are written about under their address."""
        return SourceRef(self.name, Entity.USER, f"email:{email.strip().lower()}") if "@" in email else None

    def targets(self) -> Sequence[SkillTarget]:
        return self._skills.targets()

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return self._skills.intend(claims)

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        return self._skills.read(user, targets)

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        return self._skills.write(user, target, value, request_id)

    @property
    def lag(self) -> timedelta:
        return timedelta(seconds=self._options.overlap_seconds)

    def _post(self, statements: Sequence[Json]) -> Answer:
        return self.send("POST", self._path, body=list(statements))


def _statements(answer: Answer, name: str) -> Sequence[Json]:
    found = answer.data.get("statements") if isinstance(answer.data, Mapping) else None
    if not isinstance(found, list):
        raise PermanentConnectorError(
            f"{name}: the answer has no list of statements", remedy="check that the URL is the store's xAPI endpoint"
        )
    return [s if isinstance(s, Mapping) else {"id": ""} for s in found]


def _matches(said: Json, query: Mapping[str, str]) -> bool:
    for parameter, key in (("verb", "verb"), ("activity", "object")):
        about = said.get(key)
        if parameter in query and (not isinstance(about, Mapping) or about.get("id") != query[parameter]):
            return False
    return True


def _header(answer: Answer, name: str) -> str:
    return next((v for k, v in answer.headers.items() if k.lower() == name.lower()), "")


def _instant(text: str) -> str:
    """A watermark of the store in our spelling; empty where it says none or says it unreadably."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
