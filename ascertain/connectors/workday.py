"""Workday: workers, reviews and project submissions through Reports-as-a-Service.

A report is one JSON document, ``{"Report_Entry": [...]}``, without paging, so it is downloaded whole and read row by
row. Its keys are the aliases that the customer's report builder chose. So the field map is compulsory in practice, and
it is the allow-list too: a column that it does not name (a national id that somebody left in the report) is never read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Annotated, Any

import httpx
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.connectors.base import HttpConnector
from ascertain.connectors.http import Answer
from ascertain.connectors.parsing import FieldError, FieldMap, Row, naive, read_rows
from ascertain.connectors.window import Window
from ascertain.connectors.workday_report import Report
from ascertain.domain.connector import (
    Capabilities,
    Cursor,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
)
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity, Record, SourceRef, TextRecord, WorkerRecord
from ascertain.errors import PermanentConnectorError

DEFAULT_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.WORKER: {
        "employee_id": "Employee_ID",
        "name": "Worker",
        "email": "Email_-_Primary_Work",
        "job_title": "Business_Title",
        "job_code": "Job_Profile_Code",
        "department": "Department",
        "manager": "Manager_ID",
        "hired": "Hire_Date",
        "hours_per_week": "Scheduled_Weekly_Hours",
        "location": "Location",
        "timezone": "Time_Zone",
        "active": "Worker_Status",
        "reviews_consent": "Reviews_Consent",
        "messages_consent": "",
        "updated": "Last_Updated",
    },
    Entity.REVIEW: {
        "id": "Review_ID",
        "employee_id": "Employee_ID",
        "author": "Reviewer_ID",
        "kind": "Review_Type",
        "date": "Review_Date",
        "rating": "Overall_Rating",
        "text": "Comments",
        "course_code": "",
    },
    Entity.PROJECT: {
        "id": "Submission_ID",
        "employee_id": "Employee_ID",
        "title": "Project",
        "date": "Submitted_On",
        "rating": "Assessor_Rating",
        "text": "Narrative",
        "course_code": "",
    },
}
"""Product field → report alias. What stands here may be read, and nothing else; empty means not mapped."""

_REVIEW_KINDS = (
    (re.compile(r"\bself\b|self-", re.IGNORECASE), EvidenceKind.SELF_ASSESSMENT),
    (re.compile(r"\bpeer\b|360|colleague", re.IGNORECASE), EvidenceKind.PEER_FEEDBACK),
    (re.compile(r"manager|performance|annual|review", re.IGNORECASE), EvidenceKind.MANAGER_REVIEW),
)
_PAGE = 500


class WorkdayOptions(BaseModel):
    """Options of a Workday connection.

    ``reports``: the report of each entity. ``updated_prompt``: the prompt that narrows a report to what changed since
    a day, where the customer built one in. ``rating_low`` and ``rating_high``: ends of the rating scale.
    ``no_consent_by_default``: where the report has no consent column, reviews are left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    reports: Annotated[dict[Entity, str], Field(min_length=1)]
    updated_prompt: str = ""
    rating_low: float = 1.0
    rating_high: float = 5.0
    no_consent_by_default: bool = False

    @model_validator(mode="after")
    def _sensible(self) -> WorkdayOptions:
        if strange := [e.value for e in self.reports if e not in DEFAULT_FIELDS]:
            raise ValueError(f"reports: {strange[0]} cannot come from Workday")
        if self.rating_high <= self.rating_low:
            raise ValueError("rating_high must exceed rating_low")
        return self


class WorkdayConnector(HttpConnector):
    """One Workday tenant. Secrets: ``username``, ``password`` of an integration system user."""

    system = "workday"

    def setup(self) -> None:
        self._options = self.connection.options_as(WorkdayOptions)
        self._fields = {e: self.connection.field_map(e, defaults) for e, defaults in DEFAULT_FIELDS.items()}

    def auth(self) -> httpx.Auth:
        return httpx.BasicAuth(self.connection.secret("username"), self.connection.secret("password"))

    def capabilities(self) -> Capabilities:
        how = Incremental.UPDATED_SINCE if self._options.updated_prompt else Incremental.FULL
        return Capabilities(dict.fromkeys(self._options.reports, how))

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("tenant")

    def whoami(self) -> tuple[str, Answer]:
        entity = next(iter(self._options.reports))
        since = datetime.now(UTC) if self._options.updated_prompt else None
        with closing(self._report(entity, since)) as report:
            count = sum(1 for _ in report.rows())
            said = Answer(None, report.server_time)
        return f"report {self._options.reports[entity]} answered with {count} rows", said

    def probe(self) -> TenantProfile:
        found: dict[Entity, dict[str, str]] = {}
        for entity in self._options.reports:
            with closing(self._report(entity, None)) as report:
                keys = sorted({k for row in islice(report.rows(), 50) if isinstance(row, Mapping) for k in row})
            found[entity] = {k: k.replace("_", " ") for k in keys}
        unused = {e: tuple(k for k in keys if k not in self._fields[e].values()) for e, keys in found.items()}
        return TenantProfile(found, unused)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self._options.reports:
            raise PermanentConnectorError(f"{self.name}: no report is configured for {entity.value}")
        # A report is dated by day, so the newest day is always asked for again.
        window = Window(cursor, timedelta(days=1), datetime.now(UTC))
        with closing(self._report(entity, window.start)) as report:
            rows, read, seen, more = report.rows(), 0, set[str](), True
            part = list(islice(rows, _PAGE))
            while more:
                following = list(islice(rows, _PAGE))
                more = bool(following)
                read += len(part)
                seen.update(str(k) for row in part if isinstance(row, Mapping) for k in row)
                records, rejected = read_rows(
                    part,
                    self._fields[entity],
                    self.zone,
                    lambda row: self._identify(entity, row),
                    lambda row, ref: self._parse(entity, row, ref),
                    f"{self.name}:{entity.value}",
                )
                fresh, bad = window.unseen(records), window.unseen(rejected)
                # A report has no order to rely on: an interrupted pull starts over, and upserts absorb the repetition.
                checkpoint = window.untouched() if more else window.finished()
                notes = () if more or not read else self._missing_columns(entity, seen)
                yield Page(fresh, bad, checkpoint, None if more else read, notes)
                part = following

    def fetch(self, ref: SourceRef) -> Record | None:
        """Reports give no single rows: always ``None``."""
        return None

    def _report(self, entity: Entity, since: datetime | None) -> Report:
        o = self._options
        path = f"/ccx/service/customreport2/{o.tenant}/{o.owner}/{o.reports[entity]}"
        query: dict[str, str | int] = {"format": "json"}
        if o.updated_prompt and since is not None:
            query[o.updated_prompt] = naive(since, self.zone, "%Y-%m-%d")
        return Report(f"{self.name}: report {o.reports[entity]}", self.download(path, query))

    def _missing_columns(self, entity: Entity, seen: Collection[str]) -> tuple[str, ...]:
        gone = sorted(c for c in self._fields[entity].values() if c not in seen)
        return (f"report {self._options.reports[entity]} has no column {', '.join(gone)}",) if gone else ()

    def _identify(self, entity: Entity, row: Row) -> SourceRef:
        key = row.required("employee_id" if entity is Entity.WORKER else "id")
        return SourceRef(self.name, entity, key)

    def _parse(self, entity: Entity, row: Row, ref: SourceRef) -> Record:
        return self._worker(row, ref) if entity is Entity.WORKER else self._text(entity, row, ref)

    def _worker(self, row: Row, ref: SourceRef) -> WorkerRecord:
        code = row.text("job_code")
        hours = row.number("hours_per_week")
        if hours is not None and not 0 < hours <= 80:
            raise FieldError(row.source_name("hours_per_week"), f"{hours:g} is outside 0..80")
        return WorkerRecord(
            ref=ref,
            employee_id=ref.id,
            email=row.text("email"),
            name=row.text("name") or ref.id,
            job_title=row.text("job_title"),
            job_code=code,
            job_profile_id=self.connection.job_profile(code),
            department=row.text("department"),
            manager_employee_id=row.text("manager") or None,
            hired_at=row.moment("hired"),
            hours_per_week=40.0 if hours is None else hours,
            location=row.text("location"),
            timezone=row.text("timezone") or "UTC",
            active=row.text("active").lower() in ("", "active", "1", "true", "on leave", "leave"),
            reviews_consent=row.flag("reviews_consent", not self._options.no_consent_by_default),
            messages_consent=row.flag("messages_consent", False),
            updated_at=row.moment("updated"),
        )

    def _text(self, entity: Entity, row: Row, ref: SourceRef) -> TextRecord:
        text = row.prose("text")
        if not text:
            raise FieldError(row.source_name("text"), "is empty")
        when = row.moment("date")
        values: dict[str, Any] = {
            "ref": ref,
            "subject": f"employee:{row.required('employee_id')}",
            "text": text,
            "score": row.scaled("rating", self._options.rating_low, self._options.rating_high),
            "occurred_at": when,
            "updated_at": when,
            "course_code": row.text("course_code") or None,
        }
        if entity is Entity.PROJECT:
            return TextRecord(kind=EvidenceKind.PROJECT, title=row.required("title"), **values)
        word = row.required("kind")
        kind = next((k for pattern, k in _REVIEW_KINDS if pattern.search(word)), None)
        if kind is None:
            raise FieldError(row.source_name("kind"), f"{word!r} is not a kind of review the product knows")
        return TextRecord(kind=kind, title=word, author=row.text("author"), **values)
