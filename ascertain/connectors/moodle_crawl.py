"""Moodle's crawl: who is a member of a course, how far they are, what they scored, what they finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ascertain.connectors.connection import Connection
from ascertain.connectors.http import StatusError
from ascertain.connectors.moodle_options import MoodleOptions
from ascertain.connectors.moodle_rows import MoodleRows, graded
from ascertain.connectors.parents import Part
from ascertain.connectors.parsing import FieldError, Row, read_rows
from ascertain.domain.records import Entity, Record, Rejected
from ascertain.errors import PermanentConnectorError

Json = Mapping[str, Any]
Ask = Callable[[str, Mapping[str, Any]], Any]


class Crawl:
    """What one pull asks for, course by course; keeps what it has heard of the present one.

    Args:
        ask: a function's answer, from its name and its parameters.
        titles: of the courses, by id.
    """

    def __init__(
        self, connection: Connection, options: MoodleOptions, rows: MoodleRows, ask: Ask, titles: Mapping[str, str]
    ) -> None:
        self._ask = ask
        self._name = connection.name
        self._zone = connection.zone
        self._rows = rows
        self._options = options
        self._titles = titles
        self._course = ""
        self._members: list[str] = []
        self._grades: dict[str, Json] = {}
        self._names: dict[str, str] = {}

    def enrolments(self, course: str, number: int) -> Part:
        """The completions of some members."""
        self._enter(course)
        size = self._options.members_a_page
        part = self._members[number * size : (number + 1) * size]
        records: list[Record] = []
        rejected: list[Rejected] = []
        for user in part:
            try:
                records.append(self._membership(course, user))
            except FieldError as e:
                ref = str(self._rows.ref(Entity.ENROLMENT, f"{course}-{user}"))
                rejected.append(Rejected(ref, e.reason, e.field, {"course": course, "user": user}))
        return Part(records, rejected, (number + 1) * size < len(self._members))

    def membership(self, course: str, user: str) -> Record | None:
        """One member's, ``None`` for somebody who is none."""
        self._enter(course)
        try:
            return self._membership(course, user) if user in self._members else None
        except FieldError as e:
            raise PermanentConnectorError(f"{self._name}: {course}-{user}: {e.field}: {e.reason}") from None

    def assessments(self, course: str, number: int) -> Part:
        """The graded activities of all members."""
        records: list[Record] = []
        rejected: list[Rejected] = []
        for user, raw in self._graded(course).items():
            good, bad = self._read(
                Entity.ASSESSMENT,
                graded(raw, self._options.test_modules),
                lambda row, u=user: self._rows.ref(Entity.ASSESSMENT, f"{row.required('id')}-{u}"),
                lambda row, ref, u=user: self._rows.assessment(course, u, row, ref),
            )
            records += good
            rejected += bad
        return Part(records, rejected)

    def engagements(self, course: str, number: int) -> Part:
        """What some members finished without a grade."""
        self._enter(course)
        size = self._options.members_a_page
        records: list[Record] = []
        rejected: list[Rejected] = []
        for user in self._members[number * size : (number + 1) * size]:
            asked = {"courseid": course, "userid": user}
            data = self._told("core_completion_get_activities_completion_status", asked)
            good, bad = self._read(
                Entity.ENGAGEMENT,
                data.get("statuses") if isinstance(data.get("statuses"), list) else [],
                lambda row, u=user: self._rows.ref(Entity.ENGAGEMENT, f"{row.required('id')}-{u}"),
                lambda row, ref, u=user: self._rows.engagement(course, u, row, ref, self._named(course)),
            )
            records += good
            rejected += bad
        return Part(records, rejected, (number + 1) * size < len(self._members))

    def _membership(self, course: str, user: str) -> Record:
        data = self._told("core_completion_get_course_completion_status", {"courseid": course, "userid": user})
        status = data.get("completionstatus")
        total = graded(self._grades.get(user), ["course"])
        row = Row(total[0], self._rows.fields[Entity.ASSESSMENT], self._zone) if total else None
        known = status if isinstance(status, Mapping) else {}
        return self._rows.enrolment(course, user, self._titles[course], known, row)

    def _told(self, function: str, params: Mapping[str, Any]) -> Json:
        """Nothing where a course has no criteria or somebody left it meanwhile: Moodle throws then."""
        try:
            data = self._ask(function, params)
        except StatusError as e:
            if e.failure.status not in (400, 404):
                raise
            return {}
        return data if isinstance(data, Mapping) else {}

    def _enter(self, course: str) -> None:
        if course == self._course:
            return
        try:
            members = self._ask(self._options.members_function, {"courseid": course})
        except StatusError as e:
            if e.failure.status != 404:
                raise
            members = []  # the course went away meanwhile
        rows = listed(members, "users", self._name)
        self._members = sorted(
            {str(m["id"]) for m in rows if isinstance(m, Mapping) and m.get("id") is not None}, key=_order
        )
        self._grades = self._graded(course) if self._options.grades_function and self._members else {}
        self._names.clear()
        self._course = course

    def _graded(self, course: str) -> dict[str, Json]:
        """Grade items by user."""
        data = self._told(self._options.grades_function, {"courseid": course})
        found = data.get("usergrades")
        rows = [g for g in (found if isinstance(found, list) else []) if isinstance(g, Mapping)]
        return {str(g["userid"]): g for g in rows if g.get("userid") is not None}

    def _named(self, course: str) -> Mapping[str, str]:
        """Names of the present course's activities by course module."""
        if not self._names and self._options.contents_function:
            sections = listed(self._ask(self._options.contents_function, {"courseid": course}), "sections", self._name)
            for section in sections:
                for module in section.get("modules") or [] if isinstance(section, Mapping) else []:
                    if isinstance(module, Mapping):
                        self._names[str(module.get("id"))] = str(module.get("name") or "")
            self._names.setdefault("", "")
        return self._names

    def _read(self, entity: Entity, rows: Any, identify: Any, parse: Any) -> tuple[list[Record], list[Rejected]]:
        return read_rows(rows, self._rows.fields[entity], self._zone, identify, parse, f"{self._name}:{entity.value}")


def listed(data: Any, key: str, name: str) -> list[object]:
    """A list, or the one that stands under a key of an object."""
    found = data.get(key) if isinstance(data, Mapping) else data
    if not isinstance(found, list):
        raise PermanentConnectorError(
            f"{name}: the answer has no list of {key}", remedy="check that the URL is that of the Moodle site"
        )
    return found


def _order(ident: str) -> tuple[int, str]:
    return len(ident), ident
