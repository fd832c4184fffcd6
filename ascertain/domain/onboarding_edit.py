"""Changes to a plan: add, remove, move, edit a milestone, tick it off; and what two versions differ by, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from ascertain.domain.onboarding import (
    LAST_DAY,
    MOST_MILESTONES,
    Goal,
    Milestone,
    MilestoneKind,
    MilestoneState,
    OnboardingPlan,
    Owner,
    PlanState,
    in_order,
)
from ascertain.errors import ConflictError, InputError, NotFoundError

MOST_TITLE = 200
MOST_WORDS = 1_000
ADDABLE = (MilestoneKind.TASK, MilestoneKind.MEET, MilestoneKind.CHECK_IN, MilestoneKind.COURSE, MilestoneKind.GOAL)


class Op(StrEnum):
    """What is done to a milestone."""

    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``None`` leaves a field as it is.

    Attributes:
        milestone: id of the one that is removed, moved or edited.
        due_on: of one that is added or moved.
        kind, content_id, colleague, hours, goal: of one that is added.
    """

    op: Op
    milestone: str = ""
    due_on: date | None = None
    title: str | None = None
    evidence: str | None = None
    owner: Owner | None = None
    kind: MilestoneKind | None = None
    content_id: str = ""
    colleague: str = ""
    hours: float = 0.0
    goal: Goal | None = None


def changed(plan: OnboardingPlan, changes: Sequence[Change], *, by: str) -> OnboardingPlan:
    """The plan with the changes, as its next version; as it was where nothing is different.

    Raises:
        InputError: naming the change (its place, counted from 1) and the field.
        NotFoundError: there is no such milestone.
        ConflictError: the plan is not there to be changed, or the milestone is done.
    """
    if plan.state not in (PlanState.DRAFT, PlanState.APPROVED):
        raise ConflictError(f"{plan.id} is {plan.state.value}", remedy="only a draft or an approved plan is changed")
    rows = list(plan.milestones)
    for number, change in enumerate(changes, start=1):
        where = f"{plan.id}, change {number}"
        if change.op is Op.ADD:
            rows.append(_added(plan, rows, change, by, where))
            continue
        place = next((i for i, m in enumerate(rows) if m.id == change.milestone), None)
        if place is None:
            raise NotFoundError(
                f"{where}: there is no milestone {change.milestone!r}", remedy="`ascertain onboard show` lists them"
            )
        if rows[place].state is MilestoneState.DONE:
            raise ConflictError(f"{where}: {change.milestone} is done", remedy="take the tick off first")
        if change.op is Op.REMOVE:
            del rows[place]
        else:
            rows[place] = _edited(plan, rows[place], change, where)
    if len(rows) > MOST_MILESTONES:
        raise InputError(f"{len(rows)} milestones", where=plan.id, remedy=f"{MOST_MILESTONES} at most")
    after = in_order(rows)
    return plan if after == plan.milestones else replace(plan, milestones=after, version=plan.version + 1)


def _added(plan: OnboardingPlan, rows: Sequence[Milestone], c: Change, by: str, where: str) -> Milestone:
    if c.kind is None:
        raise InputError("say what kind it is", where=where, field="kind", remedy=", ".join(k.value for k in ADDABLE))
    if c.due_on is None:
        raise InputError("say by when", where=where, field="due_on", remedy="a day, as 2026-11-30")
    if c.kind is MilestoneKind.MEET and not c.colleague:
        raise InputError("say whom to meet", where=where, field="colleague", remedy="id or e-mail address")
    if c.kind is MilestoneKind.COURSE and not c.content_id:
        raise InputError("say which course", where=where, field="content_id", remedy="an id out of `content list`")
    if c.kind is MilestoneKind.GOAL and c.goal is None:
        raise InputError("say which skill and level", where=where, field="goal", remedy="a requirement of the role")
    # No version had it: comments about a milestone that was removed must not be read as about this one.
    ident = f"a{plan.version + 1}-{len(rows) + 1}"
    return Milestone(
        ident,
        c.kind,
        _title(c.title or "", where),
        _day(plan, c.due_on, where),
        c.owner or Owner.NEW_HIRE,
        _words(c.evidence or "", where, "evidence"),
        c.goal,
        c.content_id,
        c.colleague,
        c.hours,
        by=by,
    )


def _edited(plan: OnboardingPlan, m: Milestone, c: Change, where: str) -> Milestone:
    if c.op is Op.MOVE and c.due_on is None:
        raise InputError("say to which day", where=where, field="due_on", remedy="a day, as 2026-11-30")
    return replace(
        m,
        due_on=_day(plan, c.due_on, where) if c.due_on else m.due_on,
        title=_title(c.title, where) if c.title is not None else m.title,
        evidence=_words(c.evidence, where, "evidence") if c.evidence is not None else m.evidence,
        owner=c.owner or m.owner,
    )


def _day(plan: OnboardingPlan, day: date, where: str) -> date:
    last = plan.starts_on + timedelta(days=LAST_DAY)
    if not plan.starts_on <= day <= last:
        raise InputError(
            f"{day} is outside of the plan", where=where, field="due_on", remedy=f"{plan.starts_on} to {last}"
        )
    return day


def _title(text: str, where: str) -> str:
    words = " ".join(text.split())
    if not words or len(words) > MOST_TITLE:
        what = f"{len(words)} characters" if words else "it needs a title"
        raise InputError(what, where=where, field="title", remedy=f"1 to {MOST_TITLE} characters")
    return words


def _words(text: str, where: str, field: str) -> str:
    words = text.strip()
    if len(words) > MOST_WORDS:
        raise InputError(f"{len(words)} characters", where=where, field=field, remedy=f"{MOST_WORDS} at most")
    return words


def ticked(
    plan: OnboardingPlan, ident: str, state: MilestoneState, *, note: str, by: str, today: date
) -> OnboardingPlan:
    """A milestone done, skipped or open again; the same again changes nothing.

    Raises:
        NotFoundError: there is no such milestone.
        InputError: it is skipped without a note that says why.
        ConflictError: the plan is not approved.
    """
    if plan.state is not PlanState.APPROVED:
        raise ConflictError(f"{plan.id} is {plan.state.value}", remedy="it counts once the manager has approved it")
    found = plan.milestone(ident)
    if found is None:
        raise NotFoundError(
            f"there is no milestone {ident!r} in {plan.id}", remedy="`ascertain onboard show` lists them"
        )
    said = _words(note, plan.id, "note")
    if state is MilestoneState.SKIPPED and not said:
        raise InputError(
            "say why it is skipped", where=f"{plan.id}, {ident}", field="note", remedy="your manager reads it"
        )
    if (found.state, found.note) == (state, said):
        return plan
    done = state is not MilestoneState.OPEN
    new = replace(found, state=state, note=said, done_on=today if done else None, done_by=by if done else "")
    return replace(plan, milestones=tuple(new if m.id == ident else m for m in plan.milestones))


def differences(before: Sequence[Milestone], after: Sequence[Milestone]) -> tuple[str, ...]:
    """What two versions differ by, one sentence a milestone."""
    old, new = {m.id: m for m in before}, {m.id: m for m in after}
    words = [f"added: {m.title}, by {m.due_on}" for i, m in new.items() if i not in old]
    words += [f"removed: {m.title}" for i, m in old.items() if i not in new]
    for i, m in new.items():
        was = old.get(i)
        if was is None:
            continue
        if m.due_on != was.due_on:
            words.append(f"moved: {m.title}, from {was.due_on} to {m.due_on}")
        if m.title != was.title:
            words.append(f"renamed: {was.title}, now {m.title}")
        if m.evidence != was.evidence:
            words.append(f"evidence of {m.title}: {m.evidence or 'none'}")
        if m.owner is not was.owner:
            words.append(f"{m.title}: now with the {m.owner.value.replace('_', ' ')}")
    return tuple(words)
