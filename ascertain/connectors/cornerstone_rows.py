"""Cornerstone's rows as records: which columns are read by default, and what they mean.

Confirmed by public clients are the columns of ``vw_rpt_user`` and ``vw_rpt_transcript`` below and those of
``training_core``; titles, types and descriptions of trainings are only known to exist, so look at your view.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ascertain.connectors.connection import Connection
from ascertain.connectors.cornerstone_options import CornerstoneOptions
from ascertain.connectors.parsing import FieldError, FieldMap, Row
from ascertain.domain.records import (
    CourseRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    SourceRef,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.scales import level_of

_PEOPLE: Mapping[str, FieldMap] = {
    "reporting": {
        "id": "user_id",
        "employee_id": "user_ref",
        "email": "user_email",
        "first_name": "user_name_first",
        "last_name": "user_name_last",
        "manager": "user_mgr_ref",
        "status": "user_status_id",
        # Not among the columns that public sources name: map what your view has.
        "active": "",
        "language": "",
        "department": "",
        "job_title": "",
        "job_code": "",
        "location": "",
        "hired": "",
        "updated": "",
    },
    "employees": {
        "id": "id",
        "employee_id": "externalId",
        "email": "primaryEmail",
        "first_name": "firstName",
        "last_name": "lastName",
        "manager": "managerId",
        "status": "",
        "active": "workerStatus.active",
        "language": "settings.displayLanguage",
        "department": "",
        "job_title": "",
        "job_code": "",
        "location": "",
        "hired": "workerStatus.lastHireDate",
        "updated": "employeeMetaData.modifiedDate",
    },
}
_COURSES: Mapping[str, FieldMap] = {
    "reporting": {
        "id": "object_id",
        "title": "lo_title",
        "description": "lo_descr",
        "code": "lo_ref",
        "type": "lo_type",
        "provider": "lo_provider",
        "hours": "lo_hours",
        "max_score": "lo_max_score",
        "active": "lo_active",
        "updated": "lo_modified_dt",
        "level": "",
        "language": "",
        "mandatory": "",
        "prerequisites": "",
    },
    "dataexporter": {
        "id": "object_id",
        "title": "lo_title",  # joined from training_local_core
        "description": "lo_descr",
        "code": "",
        "type": "lo_object_type",
        "provider": "provider",
        "hours": "lo_hours",
        "max_score": "lo_max_score",
        "active": "lo_active",
        "updated": "lo_modified_dt",
        "level": "proficiency_level",
        "language": "",
        "mandatory": "",
        "prerequisites": "",
    },
}
_TRANSCRIPT: FieldMap = {
    "course_id": "transc_object_id",
    "user_id": "transc_user_id",
    "attempt": "reg_num",
    "status": "user_lo_status_id",
    "group": "user_lo_status_group_id",
    "score": "user_lo_score",
    "passed": "user_lo_pass",
    "progress": "user_lo_pct_complete",
    "completed": "user_lo_comp_dt",
    "enrolled": "user_lo_reg_dt",
    "started": "user_lo_start_dt",
    "assigned": "user_lo_assigned_dt",
    "due": "user_lo_min_due_date",
    "removed": "is_removed",
    "updated": "user_lo_last_modified_dt",
}


@dataclass(frozen=True, slots=True)
class Training:
    """What an enrolment has to know of its training."""

    max_score: float | None = None
    title: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in the organisation."""

    department: str = ""
    position: str = ""


class CornerstoneRows:
    """Parses rows of one portal."""

    def __init__(self, connection: Connection, options: CornerstoneOptions) -> None:
        self._connection = connection
        self._options = options
        self._certification = re.compile(options.certification)
        people = connection.field_map(Entity.USER, _PEOPLE[options.users])
        self.fields: Mapping[Entity, FieldMap] = {
            Entity.USER: people,
            Entity.WORKER: connection.field_map(Entity.WORKER, people),
            Entity.COURSE: connection.field_map(Entity.COURSE, _COURSES[options.courses]),
            Entity.ENROLMENT: connection.field_map(Entity.ENROLMENT, _TRANSCRIPT),
        }

    def identify(self, entity: Entity, row: Row) -> SourceRef:
        """The reference of a row: an attempt is named by training, user and registration number, a worker by the
        employee id, so that managers are found."""
        if entity is Entity.ENROLMENT:
            key = f"{row.required('course_id')}_{row.required('user_id')}_{row.text('attempt') or 1}"
        else:
            key = row.required("employee_id" if entity is Entity.WORKER else "id")
        return SourceRef(self._connection.name, entity, key)

    def user(self, row: Row, ref: SourceRef, place: Place) -> UserRecord:
        """An account."""
        code = row.text("job_code") or place.position
        email = row.address("email")
        return UserRecord(
            ref=ref,
            email=email,
            name=row.full_name() or email,
            language=row.text("language").lower()[:2] or "en",
            active=self._active(row),
            department=row.text("department") or place.department,
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            employee_id=row.text("employee_id"),
            updated_at=row.moment("updated"),
        )

    def worker(self, row: Row, ref: SourceRef, place: Place, manager: str) -> WorkerRecord:
        """The same person as an HRIS would show them. ``manager`` is an employee id."""
        code = row.text("job_code") or place.position
        return WorkerRecord(
            ref=ref,
            employee_id=row.required("employee_id"),
            email=row.text("email"),
            name=row.full_name() or row.required("employee_id"),
            job_title=row.text("job_title") or place.position,
            job_code=code,
            job_profile_id=self._connection.job_profile(code),
            department=row.text("department") or place.department,
            manager_employee_id=manager or None,
            hired_at=row.moment("hired"),
            location=row.text("location"),
            active=self._active(row),
            updated_at=row.moment("updated"),
        )

    def course(self, row: Row, ref: SourceRef) -> CourseRecord:
        """A training."""
        hours = row.number("hours")
        if hours is not None and hours < 0:
            raise FieldError(row.source_name("hours"), f"{hours:g} is negative")
        return CourseRecord(
            ref=ref,
            code=row.text("code"),
            title=row.required("title"),
            description=row.prose("description"),
            level=level_of(row.text("level")),
            hours=hours or None,
            modality=row.text("type").lower() or "elearning",
            language=row.text("language").lower()[:2] or "en",
            category=row.text("provider"),
            prerequisites=tuple(c for c in re.split(r"[\s,;]+", row.text("prerequisites")) if c),
            mandatory=row.flag("mandatory"),
            active=row.flag("active", True),
            updated_at=row.moment("updated"),
        )

    def training(self, row: Row) -> Training:
        """What enrolments need of a training."""
        most = row.number("max_score")
        return Training(most if most and most > 0 else None, row.text("title"), row.text("type"))

    def enrolment(self, row: Row, ref: SourceRef, training: Training) -> EnrolmentRecord | None:
        """One registration; ``None`` where it was removed from the transcript."""
        if row.flag("removed"):
            return None
        most = training.max_score or self._options.default_max_score
        score = row.scaled("score", 0, most) if most else None
        attempt = row.number("attempt")
        return EnrolmentRecord(
            ref=ref,
            user_id=row.required("user_id"),
            course_id=row.required("course_id"),
            status=self._status(row),
            attempt=int(attempt) if attempt and attempt >= 1 else 1,
            score=score,
            enrolled_at=row.moment("enrolled") or row.moment("assigned"),
            completed_at=row.moment("completed"),
            due_at=row.moment("due"),
            is_assessment=score is not None,
            is_certification=bool(self._certification.search(f"{training.title}\n{training.type}")),
            updated_at=row.moment("updated"),
        )

    def _status(self, row: Row) -> EnrolmentStatus:
        """The portal's number if it is mapped; otherwise what dates and the pass mark say."""
        options = self._options
        found = options.statuses.get(row.text("status")) or options.status_groups.get(row.text("group"))
        if found is not None:
            return found
        if row.moment("completed") is not None:
            return EnrolmentStatus.COMPLETED if row.flag("passed", True) else EnrolmentStatus.FAILED
        if row.moment("started") is not None or (row.number("progress") or 0) > 0:
            return EnrolmentStatus.IN_PROGRESS
        return EnrolmentStatus.ENROLLED

    def _active(self, row: Row) -> bool:
        known = self._options.active_statuses
        return row.flag("active", True) and (not known or row.text("status") in known)
