"""A folder of SCORM results, as players and learning systems export them: JSON, JSONL or CSV, one attempt a record.

The data model's elements are SCORM's own; who, which course and when stand in columns that differ from export to
export and are mapped. Each course of the export is a catalogue item, each attempt an enrolment. Calls nobody.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from itertools import islice
from typing import Annotated, Any, Literal, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.connection import Connection
from ascertain.connectors.files_folder import FileProblem, Folder, Found
from ascertain.connectors.http import verdict_of
from ascertain.connectors.parents import Part, fan_out, position_of
from ascertain.connectors.parsing import FieldError, FieldMap, Row, read_rows
from ascertain.connectors.scorm_cmi import flat, outcome
from ascertain.domain.canonical import digest
from ascertain.domain.connector import (
    Budget,
    Capabilities,
    Cursor,
    Failure,
    Health,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import (
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    Record,
    Rejected,
    SourceRef,
)
from ascertain.errors import ConfigError, ConnectorError, PermanentConnectorError

_FIELDS: FieldMap = {
    "learner": "cmi.learner_id",
    "learner_12": "cmi.core.student_id",
    "course": "course_id",
    "title": "title",
    "description": "description",
    "attempt": "attempt",
    "recorded": "recorded_at",
}
_KINDS = (".json", ".jsonl", ".ndjson", ".csv")
_SAMPLE = 50


class ScormOptions(BaseModel):
    """Options of a folder of SCORM results.

    ``files``: which of them, by pattern. ``learner_is``: what learners are named by. ``delimiter``: of CSV.
    ``page_size``: attempts handed on at a time. ``max_megabytes``: a larger file is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    files: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: [f"*{k}" for k in _KINDS])
    learner_is: Literal["employee", "email"] = "employee"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    page_size: Annotated[int, Field(ge=1, le=5000)] = 500
    max_megabytes: Annotated[int, Field(ge=1, le=500)] = 64


class ScormConnector:
    """One folder: the connection's ``path``. No secrets."""

    system = "scorm"

    def __init__(self, connection: Connection) -> None:
        self.name = connection.name
        self._zone = connection.zone
        self._options = connection.options_as(ScormOptions)
        if not connection.path:
            raise ConfigError(f"connection {self.name}: path is not given", remedy="name the folder under path")
        self._folder = Folder(self.name, connection.path)
        self._fields = connection.field_map(Entity.ENROLMENT, _FIELDS)

    @classmethod
    def open(
        cls,
        connection: Connection,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> Self:
        """For the registry."""
        return cls(connection)

    def capabilities(self) -> Capabilities:
        entities = (Entity.COURSE, Entity.ENROLMENT, Entity.ENGAGEMENT)
        return Capabilities(dict.fromkeys(entities, Incremental.FULL))

    def check(self) -> Health:
        """Whether there is something to read."""
        try:
            found = self._files()
        except ConnectorError as e:
            return Health(False, f"{self.name}: not usable", e.message, e.remedy or "")
        if not found:
            return Health(
                False, f"{self.name}: not usable", "the folder has no file of results", "compare options.files with it"
            )
        return Health(True, f"files of results: {len(found)}")

    def probe(self) -> TenantProfile:
        """Names that the first attempts of each file have beside the data model's elements."""
        seen: dict[str, str] = {}
        for path in self._files():
            try:
                for _, raw in islice(self._attempts(path), _SAMPLE):
                    if isinstance(raw, Mapping):
                        seen |= {k: k for k in flat(raw) if not k.startswith("cmi.")}
            except FileProblem:
                continue  # the pull names it
        used = set(self._fields.values())
        return TenantProfile({Entity.ENROLMENT: seen}, {Entity.ENROLMENT: tuple(k for k in seen if k not in used)})

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self.capabilities().entities:
            raise PermanentConnectorError(f"{self.name}: a folder of SCORM results has no {entity.value} to pull")
        reader = _Reader(self, entity)
        yield from fan_out(self.name, self._files(), reader.part, calls=1, place=position_of(cursor))

    def fetch(self, ref: SourceRef) -> Record | None:
        return None

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("folder")

    def classify(self, failure: Failure) -> Verdict:
        return verdict_of(failure)

    def close(self) -> None:
        """Nothing to give back."""

    # -- reading ----------------------------------------------------------------------------------------------------

    def _files(self) -> dict[str, Found]:
        found, _ = self._folder.files()
        chosen = (f for f in found if f.path.lower().endswith(_KINDS))
        return {f.path: f for f in chosen if any(fnmatch(f.path, p) for p in self._options.files)}

    def _attempts(self, path: str) -> Iterator[tuple[int, object]]:
        """Line (or place) and record; raises ``FileProblem`` for a file that cannot be read as a whole."""
        most = self._options.max_megabytes << 20
        with self._folder.open(path) as stream:
            raw = stream.read(most + 1)
        if len(raw) > most:
            raise FileProblem(f"has more than {self._options.max_megabytes} MB")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise FileProblem("is not UTF-8") from None
        if path.lower().endswith(".csv"):
            yield from self._csv(text)
        elif path.lower().endswith(".json"):
            yield from _json(text)
        else:
            for number, line in enumerate(text.splitlines(), start=1):
                if line.strip():
                    yield number, _parsed(line)

    def _csv(self, text: str) -> Iterator[tuple[int, object]]:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=self._options.delimiter, strict=True)
        try:
            for row in reader:
                # A cell too many stands under no name, one too few is no value.
                yield reader.line_num, "ragged" if None in row or None in row.values() else row
        except csv.Error as e:
            raise FileProblem(f"line {reader.line_num}: {e}") from None

    def _identify(self, row: Row) -> SourceRef:
        """An attempt by who, what and which; the reference does not say who."""
        learner, course = row.text("learner") or row.text("learner_12"), row.required("course")
        if not learner:
            raise FieldError(row.source_name("learner"), "is empty")
        attempt = row.text("attempt") or "1"
        return SourceRef(self.name, Entity.ENROLMENT, digest([learner, course, attempt], length=24))

    def _user(self, row: Row) -> str:
        learner = row.text("learner") or row.text("learner_12")
        return f"{self._options.learner_is}:{learner.lower() if self._options.learner_is == 'email' else learner}"


class _Reader:
    """The attempts of one pull, file by file; the last file stays in mind for its next page."""

    def __init__(self, connector: ScormConnector, entity: Entity) -> None:
        self._own = connector
        self._entity = entity
        self._path = ""
        self._rows: list[tuple[int, object]] = []

    def part(self, path: str, number: int) -> Part:
        """Some attempts of a file."""
        own = self._own
        if path != self._path:
            try:
                self._rows = list(own._attempts(path))
            except FileProblem as e:
                ref = f"{own.name}:{self._entity.value}:file {digest(path, length=12)}"
                return Part(rejected=[Rejected(ref, f"{path}: {e.reason}", e.field)])
            self._path = path
        size = own._options.page_size
        records: dict[str, Record] = {}
        rejected: list[Rejected] = []
        for line, raw in self._rows[number * size : (number + 1) * size]:
            good, bad = self._one(path, line, raw)
            records |= {str(r.ref): r for r in good}  # of several reports of an attempt, the last one
            rejected += bad
        return Part(list(records.values()), rejected, (number + 1) * size < len(self._rows))

    def _one(self, path: str, line: int, raw: object) -> tuple[list[Record], list[Rejected]]:
        own = self._own
        where = f"{own.name}:{self._entity.value}:{digest([path, line], length=12)}"
        if not isinstance(raw, Mapping):
            reason = "has more or fewer cells than the header" if raw == "ragged" else "is no JSON object"
            return [], [Rejected(where, f"{path}, line {line}: {reason}")]
        values = flat(raw)

        def parse(row: Row, ref: SourceRef) -> Record | None:
            return self._record(row, ref, values)

        good, bad = read_rows([values], own._fields, own._zone, own._identify, parse, where)
        if self._entity is Entity.COURSE:
            return good, []  # the attempt itself is rejected where enrolments are read
        return good, [
            Rejected(
                r.ref, f"{path}, line {line}: {r.reason}", r.field, {k: v for k, v in r.raw.items() if k == "course"}
            )
            for r in bad
        ]

    def _record(self, row: Row, ref: SourceRef, values: Mapping[str, Any]) -> Record | None:
        own = self._own
        course = row.required("course")
        title = row.text("title") or course
        if self._entity is Entity.COURSE:
            place = SourceRef(own.name, Entity.COURSE, course)
            return CourseRecord(place, course, title, row.prose("description"))
        found, at = outcome(values), row.moment("recorded")
        if self._entity is Entity.ENGAGEMENT:
            if found.status is not EnrolmentStatus.IN_PROGRESS or not found.minutes:
                return None
            return EngagementRecord(
                ref=SourceRef(own.name, Entity.ENGAGEMENT, ref.id),
                user_id=own._user(row),
                title=title,
                verb="looked at" if found.browsed else "worked on",
                course_id=course,
                minutes=found.minutes,
                occurred_at=at,
                updated_at=at,
            )
        number = row.number("attempt") or 1.0
        if number < 1 or number != int(number):
            raise FieldError(row.source_name("attempt"), f"{number:g} is no number of an attempt")
        return EnrolmentRecord(
            ref=ref,
            user_id=own._user(row),
            course_id=course,
            status=found.status,
            attempt=int(number),
            score=found.score,
            completed_at=at if found.status is EnrolmentStatus.COMPLETED else None,
            is_assessment=found.score is not None,
            updated_at=at,
        )


def _json(text: str) -> Iterator[tuple[int, object]]:
    found = _parsed(text)
    if isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list):
        raise FileProblem("is neither a JSON object nor a list of them")
    yield from enumerate(found, start=1)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
