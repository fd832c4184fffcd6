"""Moodle: users, courses, memberships with their completion, grades of tests, ratings of competencies.

Facts the code rests on: one REST address and a token in the body; failures inside answers that say 200; completion is
asked for course by course and person by person; times are Unix seconds and 0 is none; nothing tells what changed and
nothing calls, so every pull is whole. Names and answers of the functions that list courses, members and grades are
options: they are Moodle's own, but the sources at hand do not confirm them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer, StatusError
from ascertain.connectors.moodle_calls import LOGIN, SERVER, failure_in, flat, mended
from ascertain.connectors.moodle_crawl import Crawl, listed
from ascertain.connectors.moodle_options import MoodleOptions
from ascertain.connectors.moodle_rows import MoodleRows, custom_fields, flattened
from ascertain.connectors.moodle_skills import Competencies
from ascertain.connectors.parents import fan_out, position_of
from ascertain.connectors.parsing import read_rows
from ascertain.connectors.tokens import TokenKeeper
from ascertain.connectors.window import VERSION
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
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, WriteResult

log = logging.getLogger(__name__)
_TOKEN_SECONDS = 12 * 3600.0


class MoodleConnector(HttpConnector):
    """One site. Secrets: ``token``, or ``username`` and ``password`` (then option ``service``)."""

    system = "moodle"

    def setup(self) -> None:
        c = self.connection
        self._options = c.options_as(MoodleOptions)
        self._rows = MoodleRows(c, self._options)
        self._skills = Competencies(self.name, self._options.skills, self.call)
        self._token = c.secrets.get("token", "")
        if not self._token:
            asked = {
                "username": c.secret("username"),
                "password": c.secret("password"),
                "service": self._options.service,
            }
            self.tokens = TokenKeeper(
                self.name, lambda: self.http.post(LOGIN, form=asked).data, token_key="token", lifetime=_TOKEN_SECONDS
            )

    def capabilities(self) -> Capabilities:
        o = self._options
        entities = [Entity.USER, Entity.COURSE, Entity.ENROLMENT]
        entities += [Entity.WORKER] if o.workers else []
        entities += [Entity.ASSESSMENT] if o.grades_function else []
        entities += [Entity.ENGAGEMENT] if o.engagement else []
        return Capabilities(dict.fromkeys(entities, Incremental.FULL))

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token")

    def inspect(self, data: Any, headers: Mapping[str, str]) -> Failure | None:
        return failure_in(data)

    def mend(self, raw: bytes) -> bytes:
        return mended(raw)

    def call(self, function: str, params: Mapping[str, Any] | None = None, *, repeatable: bool = True) -> Any:
        """What a function answers; once more with a new token when the old one died.

        Raises:
            StatusError: with Moodle's error code as the failure's body.
        """
        return self._answer(function, params, repeatable).data

    def _answer(self, function: str, params: Mapping[str, Any] | None = None, repeatable: bool = True) -> Answer:
        def once(token: str) -> Answer:
            head = {"wstoken": token, "wsfunction": function, "moodlewsrestformat": "json"}
            return self.http.send("POST", SERVER, form={**head, **flat(params or {})}, repeatable=repeatable)

        try:
            return self._with_token(once)
        except StatusError as e:
            said = f"{self.name}: {function}: {e.failure.body or e.failure.status}"
            remedy = e.remedy
            if e.failure.status == 403:
                remedy = (
                    f"add {function} to the token's service and give its user the rights that the function asks for"
                )
            if e.failure.status == 401:
                said = f"{said} (401)"
            raise StatusError(said, e.failure, remedy=remedy) from None

    def _with_token(self, once: Any) -> Answer:
        if self.tokens is None:
            found: Answer = once(self._token)
            return found
        token = self.tokens.token()
        try:
            answer: Answer = once(token)
        except StatusError as e:
            if self.classify(e.failure) is not Verdict.REAUTHENTICATE:
                raise
            answer = once(self.tokens.token(refused=token))
        return answer

    def whoami(self) -> tuple[str, Answer]:
        # Nobody has the id 0: the call shows that the token may look for users, and brings none.
        answer = self._answer("core_user_get_users", _criteria({"id": "0"}))
        return "the token may look for users", answer

    def probe(self) -> TenantProfile:
        """The custom fields of the site's users and courses."""
        fields: dict[Entity, dict[str, str]] = {}
        unused: dict[Entity, tuple[str, ...]] = {}
        for entity, rows in ((Entity.USER, self._users()), (Entity.COURSE, self._courses())):
            fields[entity] = custom_fields(rows)
            used = set(self._rows.fields[entity].values())
            if entity is Entity.USER and self._options.workers:
                used |= set(self._rows.fields[Entity.WORKER].values())
            unused[entity] = tuple(k for k in fields[entity] if k not in used)
        return TenantProfile(fields, unused)

    # -- reading ----------------------------------------------------------------------------------------------------

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self.capabilities().entities:
            raise self.has_none(entity)
        if entity in (Entity.USER, Entity.WORKER):
            yield self._page(*self._people(entity, self._users()))
            return
        courses = self._courses()
        if entity is Entity.COURSE:
            yield self._page(*self._catalogue(courses))
            return
        titles = _titles(courses)
        crawl = self._crawl(titles)
        read = {
            Entity.ENROLMENT: crawl.enrolments,
            Entity.ASSESSMENT: crawl.assessments,
            Entity.ENGAGEMENT: crawl.engagements,
        }[entity]
        calls = self._options.courses_a_page if entity is Entity.ASSESSMENT else 1
        yield from fan_out(self.name, titles, read, calls=calls, place=position_of(cursor))

    def fetch(self, ref: SourceRef) -> Record | None:
        """Users, and the membership of one person in one course."""
        if ref.entity is Entity.USER and ref.id.isdigit():
            records, _ = self._people(Entity.USER, self._users({"id": ref.id}))
            return records[0] if records else None
        if ref.entity is not Entity.ENROLMENT or ref.id.count("-") != 1:
            return None
        course, user = ref.id.split("-")
        named = _titles(self._courses())
        if course not in named:
            return None
        return self._crawl(named).membership(course, user)

    def _crawl(self, titles: Mapping[str, str]) -> Crawl:
        return Crawl(self.connection, self._options, self._rows, self.call, titles)

    def _page(self, records: Sequence[Record], rejected: Sequence[Rejected]) -> Page:
        return Page(tuple(records), tuple(rejected), {"v": VERSION})

    def _users(self, criteria: Mapping[str, str] | None = None) -> list[object]:
        data = self.call("core_user_get_users", _criteria(criteria or self._options.user_criteria))
        self._warned("core_user_get_users", data)
        return listed(data, "users", self.name)

    def _people(self, entity: Entity, users: Sequence[object]) -> tuple[list[Record], list[Rejected]]:
        parse = self._rows.worker if entity is Entity.WORKER else self._rows.user
        return read_rows(
            [flattened(u) for u in users],
            self._rows.fields[entity],
            self.zone,
            lambda row: self._rows.identify(entity, row),
            parse,
            f"{self.name}:{entity.value}",
        )

    def _courses(self) -> list[object]:
        found = listed(self.call(self._options.courses_function), "courses", self.name)
        only = {str(n) for n in self._options.only_courses}
        return [c for c in found if not only or not isinstance(c, Mapping) or str(c.get("id")) in only]

    def _catalogue(self, courses: Sequence[object]) -> tuple[list[Record], list[Rejected]]:
        return read_rows(
            [flattened(c) for c in courses],
            self._rows.fields[Entity.COURSE],
            self.zone,
            lambda row: self._rows.identify(Entity.COURSE, row),
            self._rows.course,
            f"{self.name}:course",
        )

    def _warned(self, function: str, data: object) -> None:
        """Warnings ride on good answers: an operator should be able to find them."""
        found = data.get("warnings") if isinstance(data, Mapping) else None
        for warning in found if isinstance(found, list) else []:
            code = warning.get("warningcode") if isinstance(warning, Mapping) else None
            log.warning("%s: %s: warning %s", self.name, function, code)

    # -- writing ----------------------------------------------------------------------------------------------------

    def targets(self) -> Sequence[SkillTarget]:
        return self._skills.targets()

    def intend(self, user: SourceRef, claims: Sequence[SkillClaim]) -> Sequence[Intended]:
        return self._skills.intend(claims)

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        return self._skills.read(user, targets)

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        # The present rating makes a repeat harmless: there is nothing to hand the request id to.
        return self._skills.write(user, target, value)

    @property
    def lag(self) -> timedelta:
        return timedelta()


def _criteria(wanted: Mapping[str, str]) -> dict[str, Any]:
    return {"criteria": [{"key": k, "value": v} for k, v in wanted.items()]}


def _titles(courses: Sequence[object]) -> dict[str, str]:
    """Titles by id; the site's front page is no course."""
    found = [c for c in courses if isinstance(c, Mapping) and c.get("id") is not None and c.get("format") != "site"]
    return {str(c["id"]): str(c.get("fullname") or "") for c in found}
