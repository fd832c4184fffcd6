"""Whom a page of several people is about: a cohort by name, cut down to those whom the reader may see."""

from __future__ import annotations

from dataclasses import dataclass

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.errors import ForbiddenError
from ascertain.pipeline.access import readable
from ascertain.pipeline.permit import permitted_of

EVERYBODY = "all"


@dataclass(frozen=True, slots=True)
class Scope:
    """``people`` are those whom the reader may see; ``left_out`` counts the others; ``choices`` are the names of
    cohorts that have somebody for them: (value, words)."""

    name: str
    words: str
    people: tuple[Learner, ...]
    left_out: int
    choices: tuple[tuple[str, str], ...]


def scope_of(uow: UnitOfWork, who: Principal, action: Action, cohort: str) -> Scope:
    """The people of a cohort as far as ``who`` may do ``action`` about them. Of everybody, those that they may not see
    are not counted as left out: how many people there are is not theirs to know.

    Raises:
        ForbiddenError: the cohort has nobody whom they may see, or there is none of that name.
    """
    everybody, _ = permitted_of(uow, who, action, uow.people.all())
    everybody = readable(uow, who.name, everybody)
    titles = {r.id: r.title for r in uow.roles.all()}
    departments = sorted({p.department for p in everybody if p.department})
    roles = sorted({p.job_profile_id for p in everybody if p.job_profile_id and p.job_profile_id in titles})
    choices = [(EVERYBODY, "everybody you may see"), *((d, d) for d in departments)]
    choices += [(r, f"role: {titles[r]}") for r in roles]
    if cohort == EVERYBODY:
        return Scope(EVERYBODY, "Everybody you may see", tuple(everybody), 0, tuple(choices))
    asked = uow.people.cohort(cohort)
    ids = {p.id for p in asked}
    people = tuple(p for p in everybody if p.id in ids)
    if not people:
        raise ForbiddenError(
            "there is no such cohort of people whom you may see",
            actor=who.name,
            kind=who.kind,
            action=action.value,
            learner_id=None,
            remedy="choose one of the list",
        )
    return Scope(cohort, titles.get(cohort, cohort), people, len(asked) - len(people), tuple(choices))
