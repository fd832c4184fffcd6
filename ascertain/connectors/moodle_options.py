"""What may be set for a Moodle connection. What the sources at hand do not confirm is an option, with its default."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ascertain.connectors.connection import Pattern

Function = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]+$")]


class SkillsOptions(BaseModel):
    """Where accepted skills go. Read-only until ``ids`` names some.

    ``ids``: our skill id → the competency's id. ``grades``: our level → the place of the item on the competency's
    scale, from 1; a level without one is not written. ``course``: rate within this course. ``read_function`` is where
    the present rating is looked up, ``empty`` the grade that takes a rating away; no public source confirms the two,
    and without ``empty`` no rating is ever taken away.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    ids: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    grades: dict[Annotated[int, Field(ge=1, le=5)], Annotated[int, Field(ge=1)]] = Field(
        default_factory=lambda: {n: n for n in range(1, 6)}
    )
    course: Annotated[int, Field(ge=1)] | None = None
    note: str = "Accepted in Ascertain"
    read_function: Function = "tool_lp_data_for_user_competency_summary"
    empty: Annotated[int, Field(ge=0)] | None = None

    @field_validator("ids")
    @classmethod
    def _distinct(cls, value: dict[str, int]) -> dict[str, int]:
        if len(set(value.values())) < len(value):
            raise ValueError("two skills have the same competency")
        return value


class MoodleOptions(BaseModel):
    """Options of a Moodle connection.

    ``service``: whose token is asked for with ``username`` and ``password``; not needed with a ``token``.
    ``user_criteria``: which users are read, as ``core_user_get_users`` takes it. ``courses_function`` lists courses,
    of which ``only_courses`` are read where some are named;
    ``members_function`` the members of one, ``grades_function`` their grades (empty: no scores and no tests).
    ``members_a_page``: how many members' completions are asked for before a checkpoint is stored. ``test_modules``:
    whose grades are results of tests. ``engagement``: activities that were finished without a grade are read, one call
    a member; ``contents_function`` gives their names. ``workers``: hand people over as an HRIS would.
    ``certification``: a regular expression; a course whose name it matches is a certification.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    service: str = ""
    only_courses: list[Annotated[int, Field(ge=1)]] = Field(default_factory=list)
    user_criteria: dict[str, str] = Field(default_factory=lambda: {"email": "%"})
    courses_function: Function = "core_course_get_courses"
    members_function: Function = "core_enrol_get_enrolled_users"
    grades_function: Function | Annotated[str, Field(pattern="^$")] = "gradereport_user_get_grade_items"
    contents_function: Function | Annotated[str, Field(pattern="^$")] = "core_course_get_contents"
    members_a_page: Annotated[int, Field(ge=1, le=1000)] = 25
    courses_a_page: Annotated[int, Field(ge=1, le=1000)] = 25
    test_modules: list[str] = Field(default_factory=lambda: ["quiz", "assign", "lesson", "scorm", "h5pactivity", "lti"])
    engagement: bool = False
    workers: bool = False
    duration_unit: Annotated[str, Field(pattern="^(minutes|hours)$")] = "minutes"
    certification: Pattern = r"(?i)\b(certification|certificate exam|proctored)\b"
    skills: SkillsOptions = Field(default_factory=SkillsOptions)
