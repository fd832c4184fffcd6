"""Changes of a plan as people give them, turned into the domain's: courses, colleagues and goals are looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ascertain.domain.onboarding import Goal, MilestoneKind, OnboardingPlan, Owner
from ascertain.domain.onboarding_build import LEVEL_WORDS
from ascertain.domain.onboarding_edit import Change, Op
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.text import clean_plain
from ascertain.errors import InputError
from ascertain.pipeline.onboarding_input import colleague
from ascertain.pipeline.views import label

MOST_CHANGES = 50


class ChangeInput(BaseModel):
    """One change as it comes in. ``skill`` is an id or label of the role's requirements, ``course`` a content id,
    ``colleague`` an id or address."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    op: Literal["add", "remove", "move", "edit"]
    milestone: Annotated[str, Field(max_length=20)] = ""
    due_on: date | None = None
    title: Annotated[str, Field(max_length=300)] | None = None
    evidence: Annotated[str, Field(max_length=2000)] | None = None
    owner: Literal["new_hire", "manager", "buddy"] | None = None
    kind: Literal["task", "meet", "check_in", "course", "goal"] | None = None
    course: Annotated[str, Field(max_length=200)] = ""
    colleague: Annotated[str, Field(max_length=200)] = ""
    skill: Annotated[str, Field(max_length=300)] = ""


def checked_changes(data: Any) -> list[ChangeInput]:
    """A list of changes.

    Raises:
        InputError: naming the change, counted from 1, and the field.
    """
    if not isinstance(data, list) or not 0 < len(data) <= MOST_CHANGES:
        raise InputError("give a list of changes", field="changes", remedy=f"1 to {MOST_CHANGES} of them")
    rows = []
    for number, one in enumerate(data, start=1):
        try:
            rows.append(ChangeInput.model_validate(one))
        except ValidationError as e:
            first = e.errors(include_url=False, include_input=False)[0]
            field = ".".join(map(str, first["loc"])) or "(top)"
            raise InputError(
                first["msg"], where=f"change {number}", field=field, remedy="docs/onboarding.md lists the fields"
            ) from None
    return rows


def changes_of(
    uow: UnitOfWork, plan: OnboardingPlan, learner: Learner, taxonomy: Taxonomy, asked: Sequence[ChangeInput]
) -> list[Change]:
    """With what they name looked up.

    Raises:
        InputError: naming the change and the field.
    """
    return [_one(uow, plan, learner, taxonomy, c, f"{plan.id}, change {i}") for i, c in enumerate(asked, start=1)]


def _one(
    uow: UnitOfWork, plan: OnboardingPlan, learner: Learner, taxonomy: Taxonomy, c: ChangeInput, where: str
) -> Change:
    title = None if c.title is None else clean_plain(c.title)
    goal, hours = None, 0.0
    if c.op == "add" and c.skill:
        goal = _goal(uow, plan, taxonomy, c.skill, where)
        if c.kind == "goal" and not title:
            title = f"Show {label(taxonomy, goal.skill_id)} at level {int(goal.level)} ({LEVEL_WORDS[goal.level]})"
    if c.op == "add" and c.kind == "course" and c.course:
        found = uow.contents.get(c.course)
        if found is None or not found.active:
            raise InputError(
                f"there is no course {c.course!r}", where=where, field="course", remedy="an id out of `content list`"
            )
        title, hours = title or found.item.title, found.item.hours
    whom = ""
    if c.op == "add" and c.kind == "meet" and c.colleague:
        whom = colleague(uow, learner, c.colleague, "colleague")
        title = title or "Meet a colleague"
    return Change(
        Op(c.op),
        c.milestone,
        c.due_on,
        title,
        None if c.evidence is None else clean_plain(c.evidence),
        Owner(c.owner) if c.owner else None,
        MilestoneKind(c.kind) if c.kind else None,
        c.course if c.kind == "course" else "",
        whom,
        hours,
        goal,
    )


def _goal(uow: UnitOfWork, plan: OnboardingPlan, taxonomy: Taxonomy, text: str, where: str) -> Goal:
    """A requirement of the role: that is what can be measured."""
    role = uow.roles.get(plan.role_id)
    rows = role.requirements if role else ()
    words = {r.skill_id: label(taxonomy, r.skill_id) for r in rows}
    for r in rows:
        if text.casefold() in (r.skill_id.casefold(), words[r.skill_id].casefold()):
            return Goal(r.skill_id, r.level)
    raise InputError(
        f"{text!r} is no skill that the role asks for",
        where=where,
        field="skill",
        remedy=f"one of: {', '.join(sorted(words.values()))}",
    )
