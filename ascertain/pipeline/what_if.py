"""What would change if …: read from what is stored, computed by ``ascertain.domain.what_if``, and kept nowhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.rules import BeliefRules
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.domain.what_if import Between, Member, Supposed, add_course, change_requirement, hire
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.cases import FINISHED
from ascertain.pipeline.replay import observation_from
from ascertain.pipeline.views import label
from ascertain.pipeline.views_gaps import countable

Json = dict[str, Any]
_NOT_USED = frozenset({AssertionState.CONTESTED, AssertionState.REJECTED, AssertionState.SUPERSEDED})
NOTE = "computed and kept nowhere: a supposition, not a forecast"


def course(
    uow: UnitOfWork, people: Sequence[Learner], content: str, tagger: str, rules: BeliefRules, taxonomy: Taxonomy
) -> Json:
    """These people finish a course.

    Raises:
        NotFoundError: there is no such course, by id, code or title.
        InputError: it teaches no skill that is known.
    """
    wanted = content.strip().casefold()
    found = next(
        (
            c
            for c in uow.contents.all()
            if wanted in (c.item.content_id.casefold(), c.code.casefold(), c.item.title.casefold())
        ),
        None,
    )
    if found is None or not wanted:
        raise NotFoundError(
            f"there is no course {content!r}", remedy="its id, code or title (`ascertain content list`)"
        )
    ident = found.item.content_id
    tags = uow.contents.tags(tagger).get(ident, ())
    if not tags:
        raise InputError(
            "teaches no skill that is known", where=ident, field="content", remedy="`ascertain content tags` tells more"
        )
    team = _members(uow, people, completed=ident)
    made = add_course(team, ident, tags, rules)
    named = [{"skill": t.skill_id, "label": label(taxonomy, t.skill_id), "level": int(t.level)} for t in tags]
    said = (
        f"the {made.touched} of {len(team)} who have not finished it and whose role asks for what it teaches finish it"
    )
    return _shown(made, len(team), taxonomy) | {
        "kind": "course",
        "what": found.item.title,
        "said": said,
        "teaches": named,
    }


def requirement(
    uow: UnitOfWork,
    people: Sequence[Learner],
    role: str,
    skill: str,
    level: int | None,
    importance: float,
    rules: BeliefRules,
    taxonomy: Taxonomy,
) -> Json:
    """A role asks for a skill at another level, or no more (``level`` 0 or ``None``).

    Raises:
        NotFoundError: there is no such role.
        InputError: there is no such skill or level, or the importance is not in (0, 1].
    """
    profile = _role(uow, role)
    known = _skill(taxonomy, skill)
    if not 0 < importance <= 1:
        raise InputError("must be above 0 and at most 1", field="importance", remedy="0.5 for middling")
    asked = Requirement(known, _level(level), importance) if level else None
    team = _members(uow, [p for p in people if p.job_profile_id == profile.id])
    made = change_requirement(team, profile.id, asked, known, rules)
    said = f"at level {int(asked.level)}" if asked else "no more"
    what = f"{profile.title}: {label(taxonomy, known)} {said}"
    return _shown(made, len(team), taxonomy) | {
        "kind": "requirement",
        "what": what,
        "said": f"asked of {len(team)} people",
    }


def joining(
    uow: UnitOfWork, people: Sequence[Learner], skill: str, level: int | None, rules: BeliefRules, taxonomy: Taxonomy
) -> Json:
    """Somebody with a skill at a level joins these people, who need it at the highest level that their roles ask for,
    else at the one given.

    Raises:
        InputError: there is no such skill or level.
    """
    known, has = _skill(taxonomy, skill), _level(level)
    team = _members(uow, people)
    needed = max((r.level for m in team for r in m.role.requirements if r.skill_id == known), default=has)
    ids = {p.id for p in people}
    holders = sum(who in ids and at >= needed for who, _, at in uow.assertions.accepted([known]))
    made = hire([m.known for m in team], known, Level(needed), has, holders, rules)
    short = "" if has >= needed else f"; level {int(has)} is less than the {int(needed)} that roles here ask for"
    return {
        "kind": "hire",
        "what": f"somebody with {label(taxonomy, known)} at level {int(has)} joins",
        "said": f"the chance that somebody of {len(team)} performs at level {int(needed)}{short}",
        "people": len(team),
        "touched": len(team),
        "holders": [holders, holders + (has >= needed)],
        "before": _between(made.before),
        "after": _between(made.after),
        "changes": [],
        "note": NOTE,
    }


def _shown(made: Supposed, people: int, taxonomy: Taxonomy) -> Json:
    b = made.before
    return {
        "people": people,
        "touched": made.touched,
        "before": {"low": b.low, "point": b.point, "high": b.high},
        "after": _between(made.after),
        "changes": [
            {
                "skill": c.skill_id,
                "label": label(taxonomy, c.skill_id),
                "people": c.people,
                "before": c.before,
                "after": _between(c.after),
            }
            for c in made.changes
        ],
        "note": NOTE,
    }


def _between(b: Between) -> Json:
    return {"low": b.low, "point": b.point, "high": b.high}


def _members(uow: UnitOfWork, people: Sequence[Learner], completed: str = "") -> list[Member]:
    """Those with a role who do not mind being counted; what they contest, or a human rejected, is left out."""
    roles = {r.id: r for r in uow.roles.all()}
    found = []
    for p in countable(people):
        role = roles.get(p.job_profile_id or "")
        if role is None:
            continue
        role = replace(role, requirements=tuple(r for r in role.requirements if uow.rollouts.allows(p.id, r.skill_id)))
        rows = [a for a in uow.assertions.of(p.id) if a.state not in _NOT_USED]
        done = completed and any(
            e.content_id == completed and e.kind in FINISHED and e.passed is not False for e in uow.evidence.of(p.id)
        )
        known = {a.skill_id: _observations(a) for a in rows}
        found.append(Member(p.id, role, known, frozenset([completed] if done else [])))
    return found


def _observations(row: StoredAssertion) -> tuple[Any, ...]:
    return tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])


def _role(uow: UnitOfWork, text: str) -> JobProfile:
    wanted = text.strip().casefold()
    found = next((r for r in uow.roles.all() if wanted in (r.id.casefold(), r.title.casefold())), None)
    if found is None:
        raise NotFoundError(f"there is no role {text!r}", remedy="`ascertain roles list` names them")
    return found


def _skill(taxonomy: Taxonomy, text: str) -> str:
    wanted = text.strip()
    if taxonomy.skill(wanted) is not None:
        return wanted
    found = next((s.id for s in taxonomy.skills() if s.label.casefold() == wanted.casefold()), None)
    if found is None:
        raise InputError(f"there is no skill {text!r}", field="skill", remedy="its id or its label")
    return found


def _level(level: int | None) -> Level:
    if level is None or not 1 <= level <= 5:
        raise InputError(f"{level!r} is no level", field="level", remedy="1 (awareness) to 5 (expert)")
    return Level(level)


def suppose(
    uow: UnitOfWork,
    kind: str,
    people: Sequence[Learner],
    tagger: str,
    rules: BeliefRules,
    taxonomy: Taxonomy,
    *,
    content: str = "",
    role: str = "",
    skill: str = "",
    level: int | None = None,
    importance: float = 0.5,
) -> Json:
    """One of the three by its name: ``course``, ``hire`` or ``requirement``.

    Raises:
        InputError: there is no such kind; else as the one that was asked for.
        NotFoundError: as the one that was asked for.
    """
    if kind == "course":
        return course(uow, people, content, tagger, rules, taxonomy)
    if kind == "hire":
        return joining(uow, people, skill, level, rules, taxonomy)
    if kind == "requirement":
        return requirement(uow, people, role, skill, level, importance, rules, taxonomy)
    raise InputError(f"{kind!r} cannot be supposed", field="kind", remedy="course, hire or requirement")
