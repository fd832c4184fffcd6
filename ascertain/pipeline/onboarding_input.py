"""What the hiring manager gives, checked: from a file (YAML or JSON), a form or the API. Each fault names its field,
and in a file its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ascertain.domain.onboarding import FirstProject, Given, System
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import JobProfile
from ascertain.domain.text import clean_plain
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.onboarding_case import team_of
from ascertain.pipeline.views import label

MOST_BYTES = 256 * 1024
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Phase = Literal[30, 60, 90]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SystemInput(_Strict):
    """A system to know, by the end of that phase; ``contact`` gives access."""

    name: Name
    by: Phase = 30
    contact: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class ProjectInput(_Strict):
    """The first piece of work of one's own."""

    title: Name
    outcome: Words
    by: Phase = 60


class OnboardingInput(_Strict):
    """The whole of it; every field may be left out."""

    priorities: Annotated[list[Name], Field(max_length=10)] = []
    systems: Annotated[list[SystemInput], Field(max_length=20)] = []
    first_project: ProjectInput | None = None
    buddy: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    hours_per_week: Annotated[float, Field(ge=0.5, le=40)] | None = None
    starts_on: date | None = None


def read_input(file: Path) -> OnboardingInput:
    """Read a file.

    Raises:
        InputError: naming the line and the field.
    """
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=file.name, remedy="give a file that is there") from None
    if len(raw) > MOST_BYTES:
        raise InputError(f"{len(raw)} bytes", where=file.name, remedy=f"{MOST_BYTES} at most")
    try:
        text = raw.decode("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=file.name, remedy="save it as UTF-8") from None
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        where = f"{file.name}:{mark.line + 1}" if mark else file.name
        raise InputError("is neither YAML nor JSON", where=where, remedy="correct that line") from None
    if data is None:
        return OnboardingInput()
    return checked(data, lambda loc: f"{file.name}:{_line(node, loc)}")


def checked(data: Any, where: Any = None) -> OnboardingInput:
    """Check what was parsed already; ``where`` turns the place of a fault into words.

    Raises:
        InputError: naming the field.
    """
    try:
        return OnboardingInput.model_validate(data)
    except ValidationError as e:
        first = e.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "(top)"
        place = where(first["loc"]) if where else None
        message = first["msg"].removeprefix("Value error, ")
        raise InputError(message, where=place, field=field, remedy="docs/onboarding.md lists the fields") from None


def given_of(
    uow: UnitOfWork, learner: Learner, role: JobProfile | None, taxonomy: Taxonomy, asked: OnboardingInput
) -> Given:
    """The input with skills and people found.

    Raises:
        InputError: naming the priority that the role does not ask for, or the buddy whom nobody in the team is.
    """
    words = {r.skill_id: label(taxonomy, r.skill_id) for r in role.requirements} if role else {}
    known = {s.casefold(): s for s in words} | {w.casefold(): s for s, w in words.items()}
    skills: list[str] = []
    for i, text in enumerate(asked.priorities):
        skill = known.get(text.casefold())
        if skill is None:
            raise InputError(
                f"{text!r} is no skill that the role asks for",
                field=f"priorities.{i}",
                remedy=f"one of: {', '.join(sorted(words.values()))}",
            )
        if skill not in skills:
            skills.append(skill)
    p = asked.first_project
    return Given(
        tuple(skills),
        tuple(System(clean_plain(s.name), s.by, clean_plain(s.contact)) for s in asked.systems),
        FirstProject(clean_plain(p.title), clean_plain(p.outcome), p.by) if p else None,
        colleague(uow, learner, asked.buddy, "buddy") if asked.buddy else "",
        asked.hours_per_week,
    )


def colleague(uow: UnitOfWork, learner: Learner, text: str, field: str) -> str:
    """The id of a colleague in the team or department, or the manager.

    Raises:
        InputError: nobody there goes by that id or address; told alike of somebody elsewhere and of nobody.
    """
    try:
        found = uow.people.find(text)
    except ConflictError:  # the address of several
        found = None
    near = {p.id for p in team_of(uow, learner)} | {learner.manager_id}
    if found is not None and found.active and not found.restricted and found.id != learner.id:
        same = bool(learner.department) and found.department.casefold() == learner.department.casefold()
        if same or found.id in near:
            return found.id
    raise InputError(
        f"nobody in the team or department goes by {text!r}",
        field=field,
        remedy="an id or e-mail address of somebody there",
    )


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int:
    """Line of the innermost thing on the way to ``loc`` that is in the document, counted from 1."""
    line = node.start_mark.line if node else 0
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if getattr(k, "value", None) == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return line + 1
