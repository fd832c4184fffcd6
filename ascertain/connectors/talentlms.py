"""TalentLMS: users, courses, enrolments and test results, over version 2 of its API and version 1 where that is needed.

Facts the code rests on: ``X-API-Key`` and a dated ``X-API-Version``; pages of at most 100; users can be filtered by
``last_updated``; custom fields stand in a user's details only. Version 2 has no list of enrolments and tells progress
for one user and course at a time, while version 1 lists all courses of a user with their state in one call (Basic, the
key as user name), so that is where enrolments come from. Version 1 writes numbers as text and times as Unix seconds.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ascertain.connectors.http import Answer, Query, StatusError
from ascertain.connectors.pace import Pace
from ascertain.connectors.parents import Part, fan_out, position_of
from ascertain.connectors.parsing import naive, read_rows
from ascertain.connectors.talentlms_options import TalentLmsOptions
from ascertain.connectors.talentlms_people import LookUps
from ascertain.connectors.talentlms_rows import CUSTOM, TalentLmsRows
from ascertain.connectors.talentlms_writeback import TalentLmsWriteBack, custom_fields, data_of
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
from ascertain.domain.records import Entity, Record, Rejected, SourceRef
from ascertain.errors import PermanentConnectorError

_V2 = "/api/v2"
_LISTS = {Entity.USER: "/users", Entity.WORKER: "/users", Entity.COURSE: "/courses"}
_PARTS = {Entity.ENROLMENT: "courses", Entity.ENGAGEMENT: "courses", Entity.AWARD: "certifications"}
_MAX_PAGES = 100_000
_MAX_RESTARTS = 3
_BURST_SECONDS = 5.0


class TalentLmsConnector(TalentLmsWriteBack):
    """One TalentLMS portal. Secret: ``api_key``."""

    system = "talentlms"

    def setup(self) -> None:
        self._options = o = self.connection.options_as(TalentLmsOptions)
        self._rows = TalentLmsRows(self.connection, o)
        self._key = self.connection.secret("api_key")
        self._pace = Pace(o.burst_calls, _BURST_SECONDS)
        wanted = {
            Entity.WORKER: o.workers,
            Entity.ENGAGEMENT: o.engagement,
            Entity.AWARD: o.certificates,
            Entity.ASSESSMENT: o.tests,
        }
        self._entities = [e for e in (*_LISTS, *_PARTS, Entity.ASSESSMENT) if wanted.get(e, True)]

    def capabilities(self) -> Capabilities:
        # Nothing but a user says when it changed.
        people = (Entity.USER, Entity.WORKER)
        return Capabilities({e: Incremental.UPDATED_SINCE if e in people else Incremental.FULL for e in self._entities})

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant", self._options.hourly_calls, timedelta(hours=1))

    def authorise(self, token: str) -> Mapping[str, str]:
        return {"X-API-Key": self._key, "X-API-Version": self._options.api_version}

    def get(self, path: str, params: Query | None = None) -> Answer:
        """GET of version 2, no faster than the vendor allows."""
        self._pace.wait()
        return super().get(path, params)

    def whoami(self) -> tuple[str, Answer]:
        answer = self._list("/users", 1, size=1)[2]
        left = self.version1("ratelimit").get("remaining", "an unknown number of")
        return f"the key is good for both versions, {left} calls left in this hour", answer

    def probe(self) -> TenantProfile:
        found: dict[Entity, dict[str, str]] = {}
        for entity, path in ((Entity.USER, "/user-fields"), (Entity.COURSE, "/course-fields")):
            answer = self.found_or_none(lambda p=path: self.get(f"{_V2}{p}"))  # type: ignore[misc]
            listed = answer.data.get("_data") if answer and isinstance(answer.data, Mapping) else []
            rows = [f for f in (listed if isinstance(listed, list) else []) if isinstance(f, Mapping) and "id" in f]
            found[entity] = {f"{CUSTOM}{f['id']}": str(f.get("name") or "") for f in rows}
        used = {e: set(self._rows.fields[e].values()) for e in found}
        used[Entity.USER] |= set(self._rows.fields[Entity.WORKER].values())  # workers are read out of users
        if self._options.skills_field is not None:
            used[Entity.USER].add(f"{CUSTOM}{self._options.skills_field}")
        unused = {e: tuple(k for k in fields if k not in used[e]) for e, fields in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self._entities:
            raise self.has_none(entity)
        if entity in _LISTS:
            return self._pull_list(entity, cursor)
        read = self._read_tests if entity is Entity.ASSESSMENT else self._read_user
        parents = _LISTS[Entity.COURSE if entity is Entity.ASSESSMENT else Entity.USER]
        return fan_out(
            self.name,
            self._ids(parents),
            lambda parent, number: read(entity, parent, number),
            calls=self._options.batch_calls,
            place=position_of(cursor),
        )

    def fetch(self, ref: SourceRef) -> Record | None:
        fields = self._rows.fields.get(ref.entity, {})
        if ref.entity is Entity.USER:
            return self._one_user(ref)
        if ref.entity is Entity.COURSE:
            answer = self.found_or_none(lambda: self.get(f"{_V2}/courses/{ref.id}"))
            return self.one(_flat_course(data_of(answer.data)), fields, ref, self._rows.course) if answer else None
        if ref.entity is not Entity.ENROLMENT:
            return None
        user = ref.id.partition("-")[2]
        records, _ = self._of_user(ref.entity, user) if user else ([], [])
        return next((r for r in records if r.ref == ref), None)

    def _one_user(self, ref: SourceRef) -> Record | None:
        """A user as the list has it, because a language and the last change stand there only."""
        answer = self.found_or_none(lambda: self.get(f"{_V2}/users/{ref.id}"))
        if answer is None:
            return None
        details = data_of(answer.data)
        listed = self.get(f"{_V2}/users", {"filter[login][eq]": str(details.get("login"))}).data
        rows = listed.get("_data") if isinstance(listed, Mapping) else None
        mine = [r for r in rows or [] if isinstance(r, Mapping) and str(r.get("id")) == ref.id]
        if not mine:
            return None
        raw = {**mine[0], "custom_fields": details.get("custom_fields")}
        records, rejected = self._people(Entity.USER, [raw])
        if rejected:
            raise PermanentConnectorError(f"{ref}: {rejected[0].field}: {rejected[0].reason}")
        return records[0] if records else None

    def classify(self, failure: Failure) -> Verdict:
        # Version 1 answers 400 with this text where it should be 404.
        if failure.status == 400 and "not exist" in failure.body.lower():
            return Verdict.NOT_FOUND
        return super().classify(failure)

    def version1(self, path: str, form: Mapping[str, str] | None = None) -> Any:
        login = base64.b64encode(f"{self._key}:".encode()).decode()
        method = "POST" if form else "GET"
        self._pace.wait()
        answer = self.http.send(method, f"/api/v1/{path}", form=form, headers={"Authorization": f"Basic {login}"})
        error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
        if isinstance(error, Mapping):  # said with status 200
            said = str(error.get("message") or error.get("type") or "an error")[:200]
            raise StatusError(f"{self.name}: {path}: {said}", Failure(400, said))
        return answer.data

    # -- lists of version 2 -----------------------------------------------------------------------------------------

    def _pull_list(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        """Users by what changed, courses whole. Pages have numbers only, so a list that grew or shrank while it was
        read is begun again: something may have slipped from a page not read yet to one that was."""
        window = Window(cursor, timedelta(minutes=self._options.overlap_minutes), datetime.now(UTC))
        whole = entity is Entity.COURSE
        notes: tuple[str, ...] = ()
        restarts = 0
        for _ in range(_MAX_PAGES):
            place = window.position or {"page": 1, "total": None}
            number = int(place["page"])
            items, (pages, total), _answer = self._list(_LISTS[entity], number, since=None if whole else window.start)
            if place["total"] not in (None, total) and restarts < _MAX_RESTARTS:
                restarts += 1
                window.restart()
                notes = ("the list changed while it was read, so it was begun again",)
                continue
            records, rejected = self._read(entity, items)
            fresh = tuple(records) if whole else window.unseen(records)
            bad = tuple(rejected) if whole else window.unseen(rejected)
            more = bool(items) and (number < pages if pages is not None else len(items) >= self._options.page_size)
            if more:
                window.position = {"page": number + 1, "total": total}
                checkpoint: Cursor = window.checkpoint(window.position)
            else:
                checkpoint = {"v": VERSION} if whole else window.finished()
            yield Page(fresh, bad, checkpoint, total, notes)
            notes = ()
            if not more:
                return
        raise PermanentConnectorError(f"{self.name}: the list of {entity.value}s never ends")

    def _read(self, entity: Entity, items: list[object]) -> tuple[list[Record], list[Rejected]]:
        if entity is not Entity.COURSE:
            return self._people(entity, items)
        return self._rows_of(
            Entity.COURSE,
            [_flat_course(i) for i in items],
            lambda row: SourceRef(self.name, Entity.COURSE, row.required("id")),
            self._rows.course,
        )

    def _people(self, entity: Entity, items: list[object]) -> tuple[list[Record], list[Rejected]]:
        look = LookUps(self, self._rows.fields[entity], self._options)
        detailed = [look.with_fields(i) for i in items]
        return self._rows_of(
            entity,
            detailed,
            lambda row: self._rows.person(entity, row),
            lambda row, ref: self._rows.user(row, ref, look),
        )

    def _ids(self, path: str) -> list[str]:
        """The ids of a whole list."""
        found: list[str] = []
        for number in range(1, _MAX_PAGES):
            items, (pages, _), _answer = self._list(path, number, size=100)
            found += [str(i["id"]) for i in items if isinstance(i, Mapping) and i.get("id") is not None]
            if not items or (number >= pages if pages is not None else len(items) < 100):
                return found
        raise PermanentConnectorError(f"{self.name}: {path} never ends")

    def _list(
        self, path: str, number: int, *, since: datetime | None = None, size: int = 0
    ) -> tuple[list[object], tuple[int | None, int | None], Answer]:
        """One page: its rows, how many pages and rows there are in all, and the answer."""
        query: dict[str, str | int] = {"page[number]": number, "page[size]": size or self._options.page_size}
        if since:
            query["filter[last_updated][gte]"] = naive(since, self.zone, "%Y-%m-%dT%H:%M:%S")
        answer = self.get(f"{_V2}{path}", query)
        data = answer.data if isinstance(answer.data, Mapping) else {}
        items, meta = data.get("_data"), data.get("_meta")
        if not isinstance(items, list):
            raise PermanentConnectorError(
                f"{self.name}: {path} answered without a list", remedy="check that the URL is that of the portal"
            )
        said = meta.get("pagination") if isinstance(meta, Mapping) else None
        said = said if isinstance(said, Mapping) else {}
        if said.get("page") not in (None, number):
            raise PermanentConnectorError(f"{self.name}: asked for page {number} of {path}, got {said['page']}")
        pages = said.get("total_pages") if isinstance(said.get("total_pages"), int) else None
        # Which of the two counts all rows and which those of the page is not documented; the larger one is all.
        totals = [int(said[k]) for k in ("total_items", "total_results") if isinstance(said.get(k), int)]
        return items, (pages, max(totals, default=None)), answer

    # -- below a user or a course, from version 1 -------------------------------------------------------------------

    def _read_user(self, entity: Entity, user: str, number: int) -> Part:
        return Part(*self._of_user(entity, user))

    def _of_user(self, entity: Entity, user: str) -> tuple[list[Record], list[Rejected]]:
        """What belongs to one user; nothing where the user went away meanwhile."""
        details = self._found(f"users/id:{user}")
        listed = details.get(_PARTS[entity])
        rows: list[object] = listed if isinstance(listed, list) else []
        if entity is Entity.ENROLMENT and self._options.scores:
            rows = [self._with_progress(user, r) for r in rows]
        parse = {
            Entity.ENROLMENT: self._rows.enrolment,
            Entity.ENGAGEMENT: self._rows.engagement,
            Entity.AWARD: self._rows.award,
        }[entity]
        return self._rows_of(
            entity,
            rows,
            lambda row: self._rows.below(entity, user, row),
            lambda row, ref: parse(user, row, ref),
        )

    def _with_progress(self, user: str, raw: object) -> object:
        """A finished course with the score that version 2 knows of it."""
        if not isinstance(raw, Mapping) or raw.get("completion_status") in ("not_attempted", "incomplete", None):
            return raw
        query = {"user_id": user, "course_id": str(raw.get("id"))}
        answer = self.found_or_none(lambda: self.get(f"{_V2}/course-progress", query))
        told = data_of(answer.data) if answer else {}
        return {**{f"progress.{k}": v for k, v in told.items()}, **raw}

    def _read_tests(self, entity: Entity, course: str, number: int) -> Part:
        """The results of one test of a course: the test's place among them is the inner page."""
        details = self._found(f"courses/id:{course}")
        units = [u for u in details.get("units") or [] if isinstance(u, Mapping)]
        tests = [u for u in units if str(u.get("type", "")).lower().startswith("test") and u.get("id")]
        if number >= len(tests):
            return Part()
        learners = [u for u in details.get("users") or [] if isinstance(u, Mapping) and u.get("id")]
        begun = [u for u in learners if str(u.get("completion_percentage") or "0") not in ("0", "0.00")]
        test = str(tests[number]["id"])
        rows: list[object] = []
        for learner in begun:
            result = self._found(f"gettestanswers/test_id:{test},user_id:{learner['id']}")
            if result:
                rows.append({"test_id": test, "test_name": tests[number].get("name"), **result})
        records, rejected = self._rows_of(
            entity,
            rows,
            lambda row: self._rows.below(entity, row.required("user_id"), row),
            lambda row, ref: self._rows.assessment(course, row, ref),
        )
        return Part(records, rejected, number + 1 < len(tests))

    def _found(self, path: str) -> Mapping[str, Any]:
        """What version 1 knows, empty where there is nothing."""
        try:
            data = self.version1(path)
        except StatusError as e:
            if self.classify(e.failure) is Verdict.NOT_FOUND:
                return {}
            raise
        return data if isinstance(data, Mapping) else {}

    def _rows_of(
        self, entity: Entity, rows: list[object], identify: Any, parse: Any
    ) -> tuple[list[Record], list[Rejected]]:
        return read_rows(rows, self._rows.fields[entity], self.zone, identify, parse, f"{self.name}:{entity.value}")


def _flat_course(raw: object) -> object:
    """A course with its custom fields beside the others, by name or as ``custom_field_<id>``."""
    if not isinstance(raw, Mapping):
        return raw
    custom = raw.get("custom_fields")
    if isinstance(custom, Mapping):
        return {**custom, **raw}
    return {**custom_fields({"_data": raw}), **raw}


__all__ = ["TalentLmsConnector", "TalentLmsOptions"]
