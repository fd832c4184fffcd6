"""Grants and revokes roles, and records reviewer trainings. Every change is on the audit chain."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from ascertain.domain.people import Learner
from ascertain.domain.permission import (
    ABOUT_A_PERSON,
    EVERYBODY,
    GRANTABLE,
    NEVER_ABOUT_ONESELF,
    TABLE,
    Action,
    Grant,
    Principal,
    Relation,
    Role,
    RoleGrant,
    decide,
)
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.permit import demand, may_each

_NAME = re.compile(r"[\w.+@:/|'-]+", re.UNICODE)
_NAME_CHARS = 200
_NEEDS_POPULATION = frozenset({Role.HRBP, Role.L_AND_D})


def grant_role(uow: UnitOfWork, who: Principal, name: str, grant: Grant, *, clock: Clock) -> RoleGrant:
    """Give ``name`` a role. The caller commits. The same grant twice is one.

    Raises:
        InputError: no usable name, a role that follows from what is so, a population or skill that is missing or too
            much, an end that has passed.
        ForbiddenError: ``who`` may not, or grants to themselves.
    """
    demand(uow, who, Action.ROLES_GRANT)
    name = usable_name(name)
    person = _somebody_else(uow, who, name)
    _check(uow, grant, clock.today())
    for known in uow.grants.of([name]):
        if known.grant == grant:
            return known
    made = RoleGrant(
        f"g{secrets.token_hex(5)}", name, grant, who.name, clock.now(), learner_id=person.id if person else None
    )
    uow.grants.add(made)
    header = {"grant": made.id, "role": grant.role.value, "until": grant.until.isoformat() if grant.until else None}
    places = {"populations": sorted(grant.populations), "skills": sorted(grant.skills)}
    uow.audit.append(
        "access.granted",
        actor=who.kind,
        header=header,
        learner_id=made.learner_id,
        payload={"actor": who.name, "name": name, **places},
    )
    return made


def revoke_role(uow: UnitOfWork, who: Principal, grant_id: str, *, clock: Clock) -> RoleGrant:
    """Take a grant back; it gives nothing from the next question on. The caller commits.

    Raises:
        NotFoundError: no grant has that id.
        ConflictError: it was revoked before.
        ForbiddenError: ``who`` may not.
    """
    demand(uow, who, Action.ROLES_GRANT)
    found = next((g for g in uow.grants.all() if g.id == grant_id), None)
    if found is None:
        raise NotFoundError(f"there is no grant {grant_id!r}", remedy="`ascertain access list` shows them")
    if not uow.grants.revoke(found.id, clock.now()):
        raise ConflictError(f"{grant_id} was revoked before")
    uow.audit.append(
        "access.revoked",
        actor=who.kind,
        header={"grant": found.id, "role": found.grant.role.value},
        learner_id=found.learner_id,
        payload={"actor": who.name, "name": found.name},
    )
    return found


def record_training(uow: UnitOfWork, who: Principal, name: str, on: date, *, clock: Clock) -> None:
    """Record that ``name`` was trained as a reviewer. The caller commits.

    Raises:
        InputError: no usable name, or a day to come.
        ForbiddenError: ``who`` may not, or records their own training.
    """
    demand(uow, who, Action.ROLES_GRANT)
    name = usable_name(name)
    if on > clock.today():
        raise InputError(f"{on} has not come yet", field="--on", remedy="record a training once it took place")
    person = _somebody_else(uow, who, name)
    # Under the address, where there is one: the same person is not trained under one name and untrained under another.
    uow.grants.train(person.email or name if person else name, on, person.id if person else None)
    uow.audit.append(
        "access.trained",
        actor=who.kind,
        header={"on": on.isoformat()},
        learner_id=person.id if person else None,
        payload={"actor": who.name, "name": name},
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """What somebody may do: about the organisation, and about how many people (the ids of the first few)."""

    action: Action
    people: int | None
    some: tuple[str, ...] = ()


def reach_of(uow: UnitOfWork, principal: Principal, *, shown: int = 10) -> list[Reach]:
    """Every action that ``principal`` may do today; of those about people, about how many of the active ones.

    What holds for one skill only is counted for the skills of their grants.
    """
    people = uow.people.all()
    skills: Sequence[str | None] = [None, *sorted({s for g in principal.grants for s in g.skills})]
    found = []
    for action in Action:
        if action in ABOUT_A_PERSON:
            about = [(p.id, s) for p in people for s in skills]
            allowed = may_each(uow, principal, action, about)
            ids = list(dict.fromkeys(pair[0] for pair, yes in zip(about, allowed, strict=True) if yes))
            if ids:
                found.append(Reach(action, len(ids), tuple(ids[:shown])))
        elif _may_at_all(principal, action):
            found.append(Reach(action, None))
    return found


def usable_name(name: str) -> str:
    """An address, ``oidc:SUBJECT`` or a login name, trimmed.

    Raises:
        InputError: it is none of these.
    """
    trimmed = name.strip()
    if not _NAME.fullmatch(trimmed) or len(trimmed) > _NAME_CHARS:
        raise InputError(
            f"{name!r} is no name that somebody goes by",
            field="NAME",
            remedy="an e-mail address, oidc:SUBJECT, or a login name",
        )
    if trimmed.casefold().startswith(("operator:", "key:")):
        raise InputError(f"{name!r} is a name of the product's own", field="NAME", remedy="name the person")
    return trimmed


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """An action, and for each role (in the order of ``Role``) what the person has to be to whoever asks; ``yes`` where
    the action is about nobody in particular, nothing where it is refused.

    Attributes:
        never_own: nobody does it about themselves, whatever their roles.
    """

    action: Action
    about_a_person: bool
    never_own: bool
    cells: tuple[tuple[str, ...], ...]


def permission_matrix() -> list[MatrixRow]:
    """The table that decides, written out."""
    return [
        MatrixRow(
            action,
            action in ABOUT_A_PERSON,
            action in NEVER_ABOUT_ONESELF,
            tuple(
                tuple(
                    "yes" if relation is Relation.NONE else relation.value.replace("_", " ")
                    for relation in Relation
                    if action in TABLE[role].get(relation, ())
                )
                for role in Role
            ),
        )
        for action in Action
    ]


def permission_table() -> str:
    """The table of permissions as Markdown: a row an action, a column a role."""
    lines = ["| action | " + " | ".join(Role) + " |", "|---" * (len(Role) + 1) + "|"]
    for row in permission_matrix():
        star = " (never about oneself)" if row.never_own else ""
        lines.append(f"| `{row.action}`{star} | " + " | ".join(", ".join(c) or "·" for c in row.cells) + " |")
    return "\n".join(lines) + "\n"


def _may_at_all(principal: Principal, action: Action) -> bool:
    return decide(principal, action, None, today=principal.today).allowed


def _somebody_else(uow: UnitOfWork, who: Principal, name: str) -> Learner | None:
    """The learner of that name, who must not be ``who``: nobody gives themselves rights."""
    try:
        person = uow.people.find(name)
    except ConflictError as e:
        raise InputError(e.message, field="NAME", remedy=e.remedy) from None
    same = who.name.casefold() == name.casefold() or (person is not None and person.id == who.learner_id)
    if same:
        raise ForbiddenError(
            "nobody grants anything to themselves",
            actor=who.name,
            kind=who.kind,
            action=Action.ROLES_GRANT.value,
            learner_id=person.id if person else None,
            remedy="ask another administrator",
        )
    return person


def _check(uow: UnitOfWork, grant: Grant, today: date) -> None:
    role = grant.role
    if role not in GRANTABLE:
        raise InputError(
            f"{role} is not granted: it follows from the people table, the machine or a key",
            field="ROLE",
            remedy=f"choose among {', '.join(sorted(GRANTABLE))}",
        )
    if role in _NEEDS_POPULATION and not grant.populations:
        raise InputError(f"{role} holds for a population", field="--population", remedy="a department, or all")
    if role not in _NEEDS_POPULATION and grant.populations:
        raise InputError(f"{role} holds for no population", field="--population", remedy="leave it out")
    if (role is Role.SKILL_OWNER) is not bool(grant.skills):
        raise InputError("a skill owner, and nobody else, answers for skills", field="--skill", remedy="--skill ID")
    if grant.until is not None and grant.until < today:
        raise InputError(f"{grant.until} has passed", field="--until", remedy="give a day to come")
    must_be_known_populations(uow, grant.populations)


def must_be_known_populations(uow: UnitOfWork, populations: Collection[str]) -> None:
    """
    Raises:
        InputError: nobody belongs to one of them.
    """
    for population in populations:
        if population.casefold() != EVERYBODY and not uow.people.cohort(population):
            raise InputError(
                f"nobody belongs to {population!r}",
                field="--population",
                remedy="a department, a job profile (id or title), or all; `ascertain sync` first",
            )
