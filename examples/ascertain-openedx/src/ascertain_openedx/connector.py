"""Open edX: the grades of named courses, through ``/api/grades/v1``.

Facts the code rests on: grades are listed by course, as a share of 0..1, and have no date; nothing tells what changed,
so each pull reads everything. A course without a single answer has the grade 0 for everybody enrolled: that is nothing
that anybody failed, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer
from ascertain.connectors.parsing import FieldError, Row, read_rows
from ascertain.connectors.tokens import TokenKeeper
from ascertain.domain.connector import Capabilities, Cursor, Incremental, Page, QuotaPolicy, TenantProfile
from ascertain.domain.records import AssessmentRecord, Entity, Record, SourceRef
from ascertain.errors import ConfigError, PermanentConnectorError

VERSION = 1
_FIELDS = {"user": "username", "email": "email", "course": "course_id", "percent": "percent", "passed": "passed"}
_MAX_PAGES = 10_000


class OpenEdxOptions(BaseModel):
    """Options of a site. ``courses``: title by course key. ``token_path``: where tokens are given."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    courses: Annotated[dict[str, str], Field(min_length=1)]
    token_path: str = "/oauth2/access_token"
    page_size: Annotated[int, Field(ge=1, le=500)] = 100


class OpenEdxConnector(HttpConnector):
    """One site. Secrets: ``client_id`` and ``client_secret`` of an application with staff rights."""

    system = "openedx"

    def setup(self) -> None:
        self._options = self.connection.options_as(OpenEdxOptions)
        asked = {
            "grant_type": "client_credentials",
            "token_type": "bearer",
            "client_id": self.connection.secret("client_id"),
            "client_secret": self.connection.secret("client_secret"),
        }
        path = self._options.token_path
        self.tokens = TokenKeeper(self.name, lambda: self.http.post(path, form=asked).data)

    def capabilities(self) -> Capabilities:
        return Capabilities({Entity.ASSESSMENT: Incremental.FULL})

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("token")

    def whoami(self) -> tuple[str, Answer]:
        return "reads as staff", self.get("/api/enrollment/v1/enrollments", {"page_size": 1})

    def probe(self) -> TenantProfile:
        """The fields of a grade are fixed: nothing to map."""
        return TenantProfile({Entity.ASSESSMENT: {v: v for v in _FIELDS.values()}})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity is not Entity.ASSESSMENT:
            raise self.has_none(entity)
        state = cursor or {"v": VERSION}
        if state.get("v") != VERSION:
            raise ConfigError("a stored cursor is of another version", remedy="run a full sync once")
        # The place in an interrupted pull: the course, and the mark of its page.
        course, mark = state.get("place") or ("", "")
        keys = sorted(self._options.courses)
        keys = [k for k in keys if k >= course]
        if not keys:  # the courses behind that place are no longer asked for
            yield Page((), (), {"v": VERSION})
        for number, key in enumerate(keys):
            mark = mark if key == course else ""
            for _ in range(_MAX_PAGES):
                rows, following = self._page(key, mark)
                place = (key, following) if following else (keys[number + 1], "") if number + 1 < len(keys) else None
                yield self._read(rows, {"v": VERSION, "place": place} if place else {"v": VERSION})
                if not following:
                    break
                if following == mark:
                    raise PermanentConnectorError(f"{self.name}: the pages of {key} lead in a circle")
                mark = following

    def fetch(self, ref: SourceRef) -> Record | None:
        """One learner's grade in one course."""
        user, _, course = ref.id.partition("@")
        if course not in self._options.courses:
            return None
        answer = self.found_or_none(lambda: self.get(_path(course), {"username": user}))
        rows = _rows(answer.data) if answer else []
        return self.one(rows[0], _FIELDS, ref, self._parse) if rows else None

    def _page(self, course: str, mark: str) -> tuple[list[object], str]:
        asked: dict[str, str | int] = {"page_size": self._options.page_size}
        if mark:
            asked["cursor"] = mark
        data = self.get(_path(course), asked).data
        following = data.get("next") if isinstance(data, Mapping) else None
        # Of the address only the mark is taken: where to call is ours to say.
        found = parse_qs(urlsplit(str(following)).query).get("cursor", [""]) if following else [""]
        return _rows(data), found[0]

    def _read(self, rows: list[object], checkpoint: Cursor) -> Page:
        def identify(row: Row) -> SourceRef:
            return SourceRef(self.name, Entity.ASSESSMENT, f"{row.required('user')}@{row.required('course')}")

        records, rejected = read_rows(rows, _FIELDS, self.zone, identify, self._parse, f"{self.name}:assessment")
        return Page(tuple(records), tuple(rejected), checkpoint)

    def _parse(self, row: Row, ref: SourceRef) -> AssessmentRecord | None:
        score, passed = row.scaled("percent", 0, 1), row.flag("passed")
        if not score and not passed:
            return None
        course = row.required("course")
        if course not in self._options.courses:
            raise FieldError("course_id", f"{course!r} is not the course that was asked for")
        return AssessmentRecord(
            ref=ref,
            user_id=f"email:{row.required('email')}",
            title=self._options.courses[course],
            course_id=course,
            score=score,
            passed=passed,
        )


def _path(course: str) -> str:
    return f"/api/grades/v1/courses/{quote(course, safe='')}/"


def _rows(data: object) -> list[object]:
    found = data.get("results") if isinstance(data, Mapping) else data
    if not isinstance(found, list):
        raise PermanentConnectorError("the site answered without a list of grades", remedy="check the url")
    return found
