"""What may be set for a TalentLMS connection. What no public source confirms is an option here, with its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.connection import Pattern
from ascertain.domain.records import EnrolmentStatus


class TalentLmsOptions(BaseModel):
    """Options of a TalentLMS connection.

    ``api_version``: the date in ``X-API-Version``; pin the one you tested. ``hourly_calls``: your plan's budget, 2,000
    or 10,000; ``burst_calls``: in five seconds, where 200 are allowed. ``batch_calls``: calls after which a
    checkpoint is handed on. ``branches``: the department is the first branch where no field says it (one call a
    user). ``workers``: hand people over as an HRIS would; the field mapped
    to ``manager`` names the manager by ``manager_by``. ``scores``: scores of finished courses (one call each).
    ``tests``: results of tests (a call for each learner and test). ``certificates``: certificates of courses, and
    ``engagement``: time spent on courses not finished (each reads every user once more). ``statuses``: your own
    words for a completion. ``duration_unit``: of a mapped duration. ``skills_field``: id of the custom user field that
    accepted skills are written to; without it nothing is written. ``write_through``: version 2's batch, whose effect
    may show later, or version 1's ``edituser``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    api_version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] = "2025-01-01"
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    hourly_calls: Annotated[int, Field(ge=1)] = 2000
    burst_calls: Annotated[int, Field(ge=1)] = 190
    batch_calls: Annotated[int, Field(ge=1, le=1000)] = 20
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 5
    branches: bool = False
    workers: bool = False
    manager_by: Literal["employee_id", "email", "login", "id"] = "employee_id"
    scores: bool = False
    tests: bool = False
    certificates: bool = False
    engagement: bool = False
    max_score: Annotated[float, Field(gt=0)] = 100.0
    statuses: dict[str, EnrolmentStatus] = Field(default_factory=dict)
    duration_unit: Literal["seconds", "minutes", "hours"] = "minutes"
    certification: Pattern = r"(?i)\b(certification|certificate exam|proctored)\b"
    skills_field: Annotated[int, Field(ge=1)] | None = None
    skills_field_length: Annotated[int, Field(ge=100)] = 255
    skills_lag_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    write_through: Literal["batch", "v1"] = "batch"
