"""What may be set for an Absorb connection. What no public source confirms is an option here, with its default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.connection import Pattern

Unit = Literal["seconds", "minutes", "hours"]


class Webhooks(BaseModel):
    """How calls are proven: nothing public says, so only what the customer decides is believed.

    ``proof`` ``address``: the secret ``webhook_secret`` stands in the address, as ``?token=…``. ``hmac``: the header
    ``header`` carries the HMAC-SHA256 of the body, for a tenant that was seen to send one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    proof: Literal["address", "hmac"] = "address"
    header: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,80}$")
    encoding: Literal["hex", "base64"] = "hex"


class AbsorbOptions(BaseModel):
    """Options of an Absorb connection.

    ``api_version``: the header ``x-api-version``. ``token_scheme``: ``Bearer TOKEN`` in ``Authorization``, or the
    bare token as older clients send it. ``token_minutes``: how long a token lives. ``enrolments_by``: enrolments are
    asked for course by course or person by person; ``fewest`` takes whichever are fewer. ``batch_calls``: calls after
    which a checkpoint is handed on. ``workers``: hand people over as an HRIS would. ``lessons``: results of the
    lessons of an enrolment (one call each). ``engagement``: time spent on courses not finished (all enrolments are
    asked for once more). ``duration_unit`` and ``time_unit``: no public source names the units of ``learnerTime`` and
    ``timeSpent``. ``languages``: language by ``languageId``. ``certification``: a regular expression; an enrolment
    whose course title it matches is a certification. ``skills_field``: ``string1`` to ``string30``; without it nothing
    is written. ``skills_field_length``: characters it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    api_version: Annotated[str, Field(pattern=r"^[0-9.]{1,5}$")] = "2"
    token_scheme: Literal["bearer", "bare"] = "bearer"
    token_minutes: Annotated[int, Field(ge=1, le=240)] = 240
    page_size: Annotated[int, Field(ge=1, le=1000)] = 1000
    batch_calls: Annotated[int, Field(ge=1, le=1000)] = 20
    overlap_minutes: Annotated[int, Field(ge=0, le=10_080)] = 5
    enrolments_by: Literal["fewest", "course", "user"] = "fewest"
    workers: bool = False
    lessons: bool = False
    engagement: bool = False
    max_score: Annotated[float, Field(gt=0)] = 100.0
    duration_unit: Unit = "minutes"
    time_unit: Unit = "minutes"
    languages: dict[str, Annotated[str, Field(pattern=r"^[a-z]{2}$")]] = Field(default_factory=dict)
    certification: Pattern = r"(?i)\b(certification|certificate exam|proctored)\b"
    skills_field: Annotated[str, Field(pattern=r"^string([1-9]|[12][0-9]|30)$")] | None = None
    skills_field_length: Annotated[int, Field(ge=100)] = 255
    skills_lag_seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    webhooks: Webhooks = Field(default_factory=Webhooks)
