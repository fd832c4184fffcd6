"""Who may do what, and about whom. One function decides; what the table does not name is refused."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from ascertain.domain.permission_table import (
    ABOUT_A_PERSON,
    GRANTABLE,
    NEVER_ABOUT_ONESELF,
    TABLE,
    Action,
    Relation,
    Role,
)

__all__ = [
    "ABOUT_A_PERSON",
    "EVERYBODY",
    "GRANTABLE",
    "NEVER_ABOUT_ONESELF",
    "TABLE",
    "Action",
    "Decision",
    "Grant",
    "Principal",
    "Relation",
    "Role",
    "RoleGrant",
    "RoleGrants",
    "Subject",
    "decide",
    "may_at_all",
    "relations",
]

EVERYBODY = "all"
"""The population of everybody."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it holds.

    Attributes:
        populations: departments, job profiles (id or title) or ``all``, in any case.
        skills: ids of the skills that a skill owner answers for.
        until: the last day on which it holds.
        actions: what an integration's scopes leave of its role; ``None`` leaves an integration nothing and everybody
            else all of it.
    """

    role: Role
    populations: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    until: date | None = None
    actions: frozenset[Action] | None = None

    def holds(self, today: date) -> bool:
        """Whether it has not ended."""
        return self.until is None or today <= self.until

    def leaves(self, action: Action) -> bool:
        """Whether scopes leave this action."""
        return self.role is not Role.INTEGRATION if self.actions is None else action in self.actions


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: a person, the local operator, or an API key.

    Attributes:
        name: as it is recorded: an address, ``operator:NAME``, ``key:ID``.
        learner_id: who they are among the learners, if they are one.
        trained_on: the day of their reviewer training, if one is on record.
        today: the day on which they ask; left out, only grants without an end hold.
        sees_tree: whether managers see whom their reports lead (policy).
    """

    name: str
    learner_id: str | None = None
    grants: tuple[Grant, ...] = ()
    trained_on: date | None = None
    today: date = date.max
    sees_tree: bool = False

    @property
    def kind(self) -> str:
        """``operator``, ``api`` or ``person``: what the header of an audit record says of them."""
        if any(g.role is Role.OPERATOR for g in self.grants):
            return "operator"
        return "api" if any(g.role is Role.INTEGRATION for g in self.grants) else "person"

    def has(self, role: Role) -> bool:
        """Whether they have that role today."""
        return any(g.role is role and g.holds(self.today) for g in self.grants)


@dataclass(frozen=True, slots=True)
class Subject:
    """The person that an action is about, as far as permission asks.

    Attributes:
        managers: ids, the direct manager first.
        populations: what the person belongs to: department, job profile (id and title).
        skill_id: the one skill it is about; ``None`` when it is about the whole person.
        heard_by: ids of those who look for somebody for an opening that the person has said to be interested in.
    """

    learner_id: str
    managers: tuple[str, ...] = ()
    populations: frozenset[str] = frozenset()
    skill_id: str | None = None
    heard_by: frozenset[str] = frozenset()

    def of_skill(self, skill_id: str | None) -> Subject:
        """The same person, about that skill."""
        return replace(self, skill_id=skill_id)


@dataclass(frozen=True, slots=True)
class Decision:
    """``by`` is the role that allows it; ``why`` says so, or what is missing, without naming anybody."""

    allowed: bool
    by: Role | None
    why: str


def relations(principal: Principal, grant: Grant, subject: Subject | None) -> frozenset[Relation]:
    """What ``subject`` is to ``principal`` under one grant: a population of one grant says nothing about another's."""
    if subject is None:
        return frozenset({Relation.NONE})
    found = {Relation.ANYBODY}
    me = principal.learner_id
    if me is not None and me == subject.learner_id:
        found.add(Relation.SELF)
    elif me is not None and me in subject.managers:
        found.add(Relation.DIRECT_REPORT if subject.managers[0] == me else Relation.INDIRECT_REPORT)
    if me is not None and me in subject.heard_by:
        found.add(Relation.INTERESTED)
    mine = _keys(grant.populations)
    if EVERYBODY in mine or mine & _keys(subject.populations):
        found.add(Relation.POPULATION)
    if subject.skill_id is not None and subject.skill_id in grant.skills:
        found.add(Relation.OWNED_SKILL)
    return frozenset(found)


def decide(
    principal: Principal,
    action: Action,
    subject: Subject | None,
    *,
    today: date = date.max,
    tree: bool = False,
) -> Decision:
    """Whether ``principal`` may do ``action`` about ``subject`` (``None``: about nobody in particular).

    Args:
        tree: managers see whom their reports lead, too.
    """
    if (action in ABOUT_A_PERSON) is (subject is None):
        return Decision(False, None, f"{action} is {'' if subject is None else 'not '}about a person")
    own = subject is not None and principal.learner_id == subject.learner_id
    if own and action in NEVER_ABOUT_ONESELF:
        return Decision(False, None, "nobody decides about themselves")
    for grant in principal.grants:
        if not grant.holds(today) or not grant.leaves(action):
            continue
        row = TABLE[grant.role]
        for relation in sorted(relations(principal, grant, subject)):
            if relation is Relation.INDIRECT_REPORT and not tree:
                continue
            if action in row.get(relation, ()):
                return Decision(True, grant.role, f"{grant.role}, {relation}")
    return Decision(False, None, f"no role of theirs allows {action} here")


def may_at_all(principal: Principal, action: Action) -> bool:
    """Whether ``principal`` could do ``action`` about somebody else, or about the organisation: what a menu offers.

    It allows nothing: whom it holds for is decided by ``decide``.
    """
    wanted = frozenset(Relation) - {Relation.SELF} if action in ABOUT_A_PERSON else {Relation.NONE}
    held = (g for g in principal.grants if g.holds(principal.today) and g.leaves(action))
    return any(action in actions for g in held for r, actions in TABLE[g.role].items() if r in wanted)


def _keys(names: Collection[str]) -> frozenset[str]:
    return frozenset(n.strip().casefold() for n in names if n.strip())


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A grant on record: to whom (an address, ``oidc:SUBJECT`` or a login name), by whom, since when."""

    id: str
    name: str
    grant: Grant
    granted_by: str
    granted_at: datetime
    learner_id: str | None = None
    revoked_at: datetime | None = None


class RoleGrants(Protocol):
    """``ascertain.store.grants``. Names are compared without regard to case."""

    def of(self, names: Collection[str]) -> list[RoleGrant]:
        """What these names have, without what was revoked, oldest first."""

    def all(self) -> list[RoleGrant]:
        """Everything on record, revoked ones too, oldest first."""

    def add(self, row: RoleGrant) -> None: ...
    def revoke(self, grant_id: str, at: datetime) -> bool:
        """False if it was revoked before or never was."""

    def trained_on(self, names: Collection[str]) -> date | None:
        """The newest reviewer training of these names."""

    def train(self, name: str, on: date, learner_id: str | None = None) -> None:
        """Record a reviewer training; the newest day stays."""

    def trainings(self) -> dict[str, date]:
        """Day of the newest training by name, as it was given."""
