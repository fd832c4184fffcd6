"""Workday's options, field maps and rows. A report has the customer's aliases, a REST service its own names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import Entity, JobProfileRecord, Record, SourceRef, TextRecord, WorkerRecord
from ascertain.domain.text import clean_plain

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
    Entity.JOB_PROFILE: {
        "code": "Job_Code",
        "title": "Job_Profile_Name",
        "summary": "Job_Description",
        "department": "Job_Family",
        "skills": "Skills",
        "active": "",
        "updated": "Last_Updated",
    },
}
"""Product field → report alias. What stands here may be read, and nothing else; empty means not mapped."""

REST_FIELDS: Mapping[Entity, FieldMap] = {
    Entity.WORKER: {
        "employee_id": "workerID",
        "name": "descriptor",
        "email": "primaryWorkEmail",
        "job_title": "businessTitle",
        "job_code": "primaryJob",
        "department": "primarySupervisoryOrganization",
        "manager": "",
        "hired": "hireDate",
        "terminated": "terminationDate",
        "hours_per_week": "",
        "location": "location",
        "timezone": "",
        "active": "",
        "reviews_consent": "",
        "messages_consent": "",
        "updated": "",
    },
    Entity.JOB_PROFILE: {
        "code": "id",
        "title": "descriptor",
        "summary": "",
        "department": "",
        "skills": "",
        "active": "",
        "updated": "",
    },
}
"""The same for a REST service. A dot goes into an object (``primaryJob.id``)."""

_REVIEW_KINDS = (
    (re.compile(r"\bself\b|self-", re.IGNORECASE), EvidenceKind.SELF_ASSESSMENT),
    (re.compile(r"\bpeer\b|360|colleague", re.IGNORECASE), EvidenceKind.PEER_FEEDBACK),
    (re.compile(r"manager|performance|annual|review", re.IGNORECASE), EvidenceKind.MANAGER_REVIEW),
)
_SEPARATORS = re.compile(r"[;\n|]")
_NAMES = ("descriptor", "name", "Skill", "Skills")


class WorkdayOptions(BaseModel):
    """Options of a Workday connection.

    ``reports``: the report of each entity, under ``owner``. ``rest``: in place of a report, the service and version
    that has the entity (``staffing/v6``). ``updated_prompt``: the prompt that narrows a report to what changed since
    a day, where the customer built one in. ``rating_low`` and ``rating_high``: ends of the rating scale.
    ``managers``: with REST, ask each manager's direct reports. ``rest_page_size``: rows a call, at most 100.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tenant: Annotated[str, Field(min_length=1)]
    owner: str = ""
    reports: dict[Entity, str] = Field(default_factory=dict)
    rest: dict[Entity, Annotated[str, Field(pattern=r"^[A-Za-z]+/v[0-9]+$")]] = Field(default_factory=dict)
    updated_prompt: str = ""
    rating_low: float = 1.0
    rating_high: float = 5.0
    managers: bool = True
    rest_page_size: Annotated[int, Field(ge=1, le=100)] = 100

    @model_validator(mode="after")
    def _sensible(self) -> WorkdayOptions:
        if strange := [e.value for e in self.reports if e not in DEFAULT_FIELDS]:
            raise ValueError(f"reports: {strange[0]} cannot come from Workday")
        if strange := [e.value for e in self.rest if e not in REST_FIELDS]:
            raise ValueError(f"rest: {strange[0]} cannot come from a REST service")
        if both := sorted(e.value for e in set(self.reports) & set(self.rest)):
            raise ValueError(f"{both[0]} is under reports and under rest")
        if not self.reports and not self.rest:
            raise ValueError("name at least one entity under reports or rest")
        if self.reports and not self.owner:
            raise ValueError("owner: reports need the user that owns them")
        if self.rating_high <= self.rating_low:
            raise ValueError("rating_high must exceed rating_low")
        return self


def worker(row: Row, ref: SourceRef, options: WorkdayOptions, profiles: Mapping[str, str]) -> WorkerRecord:
    """A worker. ``profiles``: the connection's mapping of job codes."""
    code = row.text("job_code")
    hours = row.number("hours_per_week")
    if hours is not None and not 0 < hours <= 80:
        raise FieldError(row.source_name("hours_per_week"), f"{hours:g} is outside 0..80")
    working = row.text("active").lower() in ("", "active", "1", "true", "on leave", "leave")
    return WorkerRecord(
        ref=ref,
        employee_id=ref.id,
        email=row.text("email"),
        name=row.text("name") or ref.id,
        job_title=row.text("job_title"),
        job_code=code,
        job_profile_id=profiles.get(code),
        department=row.text("department"),
        manager_employee_id=row.text("manager") or None,
        hired_at=row.moment("hired"),
        hours_per_week=40.0 if hours is None else hours,
        location=row.text("location"),
        timezone=row.text("timezone") or "UTC",
        active=working and row.moment("terminated") is None,
        reviews_consent=row.answer("reviews_consent"),
        messages_consent=row.answer("messages_consent"),
        updated_at=row.moment("updated"),
    )


def text(entity: Entity, row: Row, ref: SourceRef, options: WorkdayOptions) -> TextRecord:
    """A review or a project submission."""
    said = row.prose("text")
    if not said:
        raise FieldError(row.source_name("text"), "is empty")
    when = row.moment("date")
    values: dict[str, Any] = {
        "ref": ref,
        "subject": f"employee:{row.required('employee_id')}",
        "text": said,
        "score": row.scaled("rating", options.rating_low, options.rating_high),
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


def job_profile(row: Row, ref: SourceRef) -> JobProfileRecord:
    """A job profile. Its skills are a list, or one text with semicolons, bars or lines between them."""
    return JobProfileRecord(
        ref=ref,
        code=ref.id,
        title=row.required("title"),
        summary=row.prose("summary"),
        department=row.text("department"),
        skills=_skills(row.value("skills"), row.source_name("skills")),
        active=row.flag("active", True),
        updated_at=row.moment("updated"),
    )


def parse(entity: Entity, row: Row, ref: SourceRef, options: WorkdayOptions, profiles: Mapping[str, str]) -> Record:
    """A row of that entity."""
    if entity is Entity.WORKER:
        return worker(row, ref, options, profiles)
    return job_profile(row, ref) if entity is Entity.JOB_PROFILE else text(entity, row, ref, options)


def key_of(entity: Entity) -> str:
    """The product's field that identifies a row."""
    return {Entity.WORKER: "employee_id", Entity.JOB_PROFILE: "code"}.get(entity, "id")


def _skills(value: object, field: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        names: list[object] = list(_SEPARATORS.split(value))
    elif isinstance(value, list):
        names = [next((v[n] for n in _NAMES if n in v), None) if isinstance(v, Mapping) else v for v in value]
    else:
        raise FieldError(field, f"should be a list or a text, not {type(value).__name__}")
    found = (clean_plain(n).strip() for n in names if isinstance(n, str))
    return tuple(dict.fromkeys(n for n in found if n))
