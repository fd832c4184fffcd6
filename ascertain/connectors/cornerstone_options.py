"""What may be set for a Cornerstone connection. What no public source confirms is an option here, with its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascertain.connectors.connection import Pattern
from ascertain.domain.records import EnrolmentStatus

Column = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Organisation(BaseModel):
    """Departments and positions, joined from two Data Exporter objects.

    The objects and the two type numbers are documented; the names of their columns are not.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    units: Column = "ou_core"
    memberships: Column = "user_ou_core"
    unit_id: Column = "ou_id"
    unit_type: Column = "type_id"
    unit_title: Column = "title"
    member_user: Column = "user_id"
    member_unit: Column = "ou_id"
    department_type: int = 2
    position_type: int = 4


class LocalTitles(BaseModel):
    """Titles of trainings, which the Data Exporter keeps in an object of their own; its columns are not documented."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    object: Column = "training_local_core"
    id: Column = "object_id"


class Webhooks(BaseModel):
    """How calls are proven, beyond the ``x-api-key`` (secret ``webhook_key``).

    ``string_to_sign``: what the HMAC in ``Authorization`` covers, with the places ``{method}``, ``{uri}`` (the whole
    address), ``{path}`` (path and query), ``{date}``, ``{sha256}`` (the header ``x-content-sha256``), ``{host}`` and
    ``{header:NAME}``. No public source gives it, so it has no default; secret ``webhook_secret`` goes with it.
    ``tolerance_seconds``: how far a signed ``Date`` may be from our clock.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    string_to_sign: str = ""
    secret_form: Literal["base64", "text"] = "base64"
    signature_form: Literal["base64", "hex"] = "base64"
    tolerance_seconds: Annotated[int, Field(ge=30, le=3600)] = 300


class Skills(BaseModel):
    """Where accepted skills go. Read-only until ``ids`` names some.

    ``ids``: our skill id → the id in Cornerstone's capabilities library. Only the shape of what is added is
    documented; ``path`` (host prefix), ``method``, ``level_field``, ``removed_key`` and reading back by GET at the same
    path are to be confirmed on a pilot portal. Without ``level_field`` a skill is held or not held.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    ids: dict[str, str] = Field(default_factory=dict)
    path: Annotated[str, Field(pattern=r"^/.*\{employee\}")] = "/services/api/v1/employees/{employee}/skills"
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    type: str = "Proficiency"
    source: str = "Cornerstone Application"
    level_field: str = ""
    removed_key: str = "skillsRemoved"
    lag_minutes: Annotated[int, Field(ge=0, le=1440)] = 0

    @field_validator("ids")
    @classmethod
    def _distinct(cls, value: dict[str, str]) -> dict[str, str]:
        if len(set(value.values())) < len(value):
            raise ValueError("two skills have the same id in Cornerstone")
        return value


class CornerstoneOptions(BaseModel):
    """Options of a Cornerstone connection.

    ``users``, ``courses``, ``transcripts``: the surface to read from. ``select``: ask only for mapped columns.
    ``overlap_minutes``: the warehouse lags by up to 15 minutes, so increments reach back. ``default_max_score``: full
    marks where the training names none; ``null`` leaves such scores out. ``status_groups`` and ``statuses`` map your
    portal's numbers; a number that is not listed is read from dates and pass marks. ``active_statuses``: user status
    ids of people who are still there, empty for all. ``workers``: hand the same people over as an HRIS would, with
    their managers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    scope: str = "all"
    users: Literal["reporting", "employees"] = "reporting"
    courses: Literal["reporting", "dataexporter"] = "reporting"
    transcripts: Literal["reporting", "dataexporter"] = "reporting"
    select: bool = True
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 1000
    employees_page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 30
    default_max_score: Annotated[float, Field(gt=0)] | None = 100.0
    status_groups: dict[str, EnrolmentStatus] = Field(default_factory=lambda: {"11": EnrolmentStatus.COMPLETED})
    statuses: dict[str, EnrolmentStatus] = Field(default_factory=dict)
    active_statuses: list[str] = Field(default_factory=list)
    certification: Pattern = r"(?i)\b(certification|certificate exam|proctored)\b"
    workers: bool = False
    organisation: Organisation | None = None
    titles: LocalTitles = Field(default_factory=LocalTitles)
    calls_per_minute: Annotated[int, Field(ge=1)] = 400
    webhooks: Webhooks = Field(default_factory=Webhooks)
    skills: Skills = Field(default_factory=Skills)
