"""Asks permission: who somebody is, and whether they may.

``demand`` and its kin are called inside the unit of work that then does the thing. A refusal leaves that unit as
``ForbiddenError``; the unit rolls back and puts the refusal on the audit chain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NoReturn, Protocol, TypeVar

from ascertain.domain.access import ApiKey
from ascertain.domain.people import Learner
from ascertain.domain.permission import (
    EVERYBODY,
    NEVER_ABOUT_ONESELF,
    Action,
    Decision,
    Grant,
    Principal,
    Role,
    Subject,
    decide,
    may_at_all,
)
from ascertain.domain.permission_table import TABLE, Relation
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.runs import ReviewItem, StoredAssertion
from ascertain.domain.scopes import ACTIONS_OF_SCOPE
from ascertain.errors import ConflictError, ForbiddenError, NotFoundError


class AboutASkill(Protocol):
    """Something about one skill of one learner: an assertion, a review item, a dispute."""

    @property
    def learner_id(self) -> str: ...
    @property
    def skill_id(self) -> str: ...


Found = TypeVar("Found", bound=AboutASkill)
Row = TypeVar("Row")
About = tuple[str, str | None]

OPERATOR = "operator:"
_BY_INTEREST = frozenset(a for row in TABLE.values() for a in row.get(Relation.INTERESTED, ()))


def operator(name: str, *, today: date = date.max) -> Principal:
    """Whoever runs the product on the machine that holds the database and its keys."""
    return Principal(f"{OPERATOR}{name}", grants=(Grant(Role.OPERATOR),), today=today)


def principal_of_key(key: ApiKey, *, today: date) -> Principal:
    """Who calls with a key: an integration, as far as the scopes and the populations of the key go."""
    actions = frozenset(a for scope in key.scopes for a in ACTIONS_OF_SCOPE.get(scope, ()))
    grant = Grant(Role.INTEGRATION, populations=key.populations or frozenset({EVERYBODY}), actions=actions)
    return Principal(f"key:{key.id}", grants=(grant,), today=today)


def principal_of(
    uow: UnitOfWork,
    name: str,
    *,
    today: date,
    sees_tree: bool = False,
    names: Collection[str] = (),
    extra: Iterable[Grant] = (),
    learner: Learner | None = None,
    look_up: bool = True,
) -> Principal:
    """Who ``name`` is, with what was granted to it and what follows from the people table.

    Args:
        names: other names of the same one, whose grants hold too.
        extra: grants that come from elsewhere (groups of the identity provider).
        learner: who it is among the learners, where that is known; else ``name`` is looked up by id and address, and
            an address that several people have is nobody's.
        look_up: off, ``learner`` is all that is known: a name that a stranger chose must not find anybody.
    """
    person = learner or (_find(uow, name) if look_up else None)
    known = {name, *names} | ({person.id, person.email} if person else set())
    grants = [_led(g.grant, uow) for g in uow.grants.of(known)] + list(extra)
    if person is not None:
        grants.append(Grant(Role.LEARNER))
        if person.active and uow.people.reports_of(person.id):
            grants.append(Grant(Role.MANAGER))
    return Principal(
        name,
        person.id if person else None,
        tuple(grants),
        trained_on=uow.grants.trained_on(known),
        today=today,
        sees_tree=sees_tree,
    )


def _led(grant: Grant, uow: UnitOfWork) -> Grant:
    """Whoever answers for a skill that was merged or split answers for what it became as well."""
    if not grant.skills:
        return grant
    moves = uow.stewardship.moves()
    return replace(grant, skills=grant.skills.union(t for s in grant.skills for t in moves.get(s, ())))


def demand(
    uow: UnitOfWork,
    principal: Principal,
    action: Action,
    learner: Learner | None = None,
    skill_id: str | None = None,
) -> Decision:
    """Go on only if ``principal`` may do ``action`` (about ``learner``, about that one skill).

    Raises:
        ForbiddenError: they may not.
    """
    subject = _subject_in(uow, principal, action, learner).of_skill(skill_id) if learner else None
    decision = decide(principal, action, subject, today=principal.today, tree=principal.sees_tree)
    if not decision.allowed:
        _refuse(principal, action, learner)
    return decision


def demand_somewhere(uow: UnitOfWork, principal: Principal, action: Action) -> None:
    """Go on only if ``principal`` may do ``action`` about anybody else at all, before it is known about whom.
    Whoever then touches a person asks ``demand`` about that person.

    Raises:
        ForbiddenError: nothing of theirs allows it.
    """
    if not may_at_all(principal, action):
        _refuse(principal, action, None)


def demand_about_anybody(principal: Principal, action: Action) -> None:
    """Before saying that there is nothing of some name: whoever may not know gets the same answer as for what is there.

    Raises:
        ForbiddenError: they may not do that about just anybody.
    """
    if not _about_anybody(principal, action):
        _refuse(principal, action, None)


def may(
    uow: UnitOfWork,
    principal: Principal,
    action: Action,
    learner: Learner | None = None,
    skill_id: str | None = None,
) -> bool:
    """Whether ``demand`` would go on. Nothing is recorded."""
    subject = _subject_in(uow, principal, action, learner).of_skill(skill_id) if learner else None
    return decide(principal, action, subject, today=principal.today, tree=principal.sees_tree).allowed


def permitted_learner(uow: UnitOfWork, principal: Principal, action: Action, text: str) -> Learner:
    """The learner of that id or address, if ``principal`` may do ``action`` about them.

    Raises:
        ForbiddenError: they may not, or there is nobody of that name: whoever may not know gets the same answer.
        NotFoundError: there is nobody of that name, told to those who may do it about anybody.
    """
    learner = _find(uow, text)
    if learner is not None:
        demand(uow, principal, action, learner)
        return learner
    demand_about_anybody(principal, action)
    raise NotFoundError(f"there is no learner {text!r}", remedy="give an id or e-mail address; `ascertain sync` first")


def permitted_assertion(uow: UnitOfWork, principal: Principal, action: Action, text: str) -> StoredAssertion:
    """The assertion of that id (or beginning of one), if ``principal`` may do ``action`` about it.

    Raises:
        ForbiddenError, NotFoundError: as for ``permitted_learner``.
    """
    found = permitted_thing(uow, principal, action, lambda: uow.assertions.get(text))
    if found is None:
        raise NotFoundError(f"there is no assertion {text!r}", remedy="`ascertain profile LEARNER` lists them")
    return found


def permitted_item(uow: UnitOfWork, principal: Principal, action: Action, text: str) -> ReviewItem:
    """The review item of that id, if ``principal`` may do ``action`` about its person and skill.

    Raises:
        ForbiddenError, NotFoundError: as for ``permitted_learner``.
    """
    found = permitted_thing(uow, principal, action, lambda: uow.reviews.get(text))
    if found is None:
        raise NotFoundError(f"there is no review item {text!r}", remedy="`ascertain review list` shows what waits")
    return found


def permitted_thing(
    uow: UnitOfWork, principal: Principal, action: Action, find: Callable[[], Found | None]
) -> Found | None:
    """What ``find`` finds, if ``principal`` may do ``action`` about its learner and skill; ``None``, or the error of
    ``find``, only for those who may do it about anybody.

    Raises:
        ForbiddenError: they may not, or there is nothing: whoever may not know gets the same answer.
    """
    try:
        found = find()
    except (ConflictError, NotFoundError):
        demand_about_anybody(principal, action)
        raise
    learner = uow.people.get(found.learner_id) if found else None
    if found is not None and learner is not None:
        demand(uow, principal, action, learner, found.skill_id)
        return found
    demand_about_anybody(principal, action)
    return None


def those_permitted(
    uow: UnitOfWork,
    principal: Principal,
    action: Action,
    learners: Iterable[Learner],
    skill_id: str | None = None,
) -> list[Learner]:
    """Those of ``learners`` about whom ``principal`` may do ``action``, in their order. Nothing is recorded."""
    asked = list(learners)
    allowed = may_each(uow, principal, action, [(p.id, skill_id) for p in asked])
    return [p for p, yes in zip(asked, allowed, strict=True) if yes]


def may_each(uow: UnitOfWork, principal: Principal, action: Action, about: Sequence[About]) -> list[bool]:
    """For each (learner id, skill id) whether ``principal`` may do ``action`` about it. Nothing is recorded."""
    if action not in NEVER_ABOUT_ONESELF and _about_anybody(principal, action):
        return [True] * len(about)
    everybody: Mapping[str, Learner] = {p.id: p for p in uow.people.all(active_only=False)}
    titles = {r.id: r.title for r in uow.roles.all()}
    heard = _heard(uow, principal, action)
    subjects: dict[str, Subject] = {}
    found = []
    for learner_id, skill_id in about:
        person = everybody.get(learner_id)
        if person is not None and learner_id not in subjects:
            subjects[learner_id] = _subject(principal, person, everybody.get, titles.get, heard)
        subject = subjects[learner_id].of_skill(skill_id) if person is not None else None
        given = decide(principal, action, subject, today=principal.today, tree=principal.sees_tree)
        found.append(given.allowed)
    return found


def permitted_rows(
    uow: UnitOfWork, principal: Principal, action: Action, rows: Sequence[Row], about: Callable[[Row], About]
) -> tuple[list[Row], int]:
    """The rows that ``principal`` may see, and how many were left out; ``about`` gives learner and skill of a row.

    Raises:
        ForbiddenError: there are rows, and none is left.
    """
    allowed = may_each(uow, principal, action, [about(r) for r in rows])
    found = [r for r, yes in zip(rows, allowed, strict=True) if yes]
    if rows and not found:
        _refuse(principal, action, None)
    return found, len(rows) - len(found)


def permitted_of(
    uow: UnitOfWork, principal: Principal, action: Action, learners: Sequence[Learner]
) -> tuple[list[Learner], int]:
    """``those_permitted``, and how many were left out.

    Raises:
        ForbiddenError: nobody is left of them.
    """
    found = those_permitted(uow, principal, action, learners)
    if learners and not found:
        _refuse(principal, action, None)
    return found, len(learners) - len(found)


def all_permitted(uow: UnitOfWork, principal: Principal, action: Action, learners: Sequence[Learner]) -> None:
    """Go on only if ``principal`` may do ``action`` about each of ``learners``.

    Raises:
        ForbiddenError: they may not, about one of them.
    """
    if len(those_permitted(uow, principal, action, learners)) < len(learners):
        _refuse(principal, action, None)


def trained(principal: Principal, *, required: bool = True) -> bool:
    """Whether they may review as far as training goes: a day of training not later than today is on record.

    The local operator needs none: whoever holds the database could record one. ``required`` is the policy's
    ``review.training_required``.
    """
    if not required or principal.has(Role.OPERATOR):
        return True
    return principal.trained_on is not None and principal.trained_on <= principal.today


def _find(uow: UnitOfWork, text: str) -> Learner | None:
    try:
        return uow.people.find(text)
    except ConflictError:  # the address of several: nobody's identity, and no answer that would tell of them
        return None


def _title_in(uow: UnitOfWork) -> Callable[[str], str | None]:
    def title(profile_id: str) -> str | None:
        profile = uow.roles.get(profile_id)
        return profile.title if profile else None

    return title


def _subject_in(uow: UnitOfWork, principal: Principal, action: Action, learner: Learner) -> Subject:
    return _subject(principal, learner, uow.people.get, _title_in(uow), _heard(uow, principal, action))


def _heard(uow: UnitOfWork, principal: Principal, action: Action) -> frozenset[str]:
    """Who told this principal that they are interested in an opening of theirs, where the action can depend on it."""
    if principal.learner_id is None or action not in _BY_INTEREST:
        return frozenset()
    return uow.wishes.heard_by(principal.learner_id)


def _subject(
    principal: Principal,
    learner: Learner,
    get: Callable[[str], Learner | None],
    title: Callable[[str], str | None],
    heard: Collection[str],
) -> Subject:
    """As far as this principal's permissions can depend on it: who is nobody's manager needs no managers, and only
    whoever sees the tree needs all of them."""
    chain: list[str] = []
    above = learner.manager_id if principal.learner_id is not None else None
    while above is not None and above not in chain and above != learner.id:
        chain.append(above)
        manager = get(above) if principal.sees_tree else None
        above = manager.manager_id if manager else None
    job = learner.job_profile_id
    named = any(g.populations - {EVERYBODY} for g in principal.grants)
    populations = {learner.department, job or "", (title(job) if job and named else None) or ""}
    by = frozenset({principal.learner_id} if principal.learner_id and learner.id in heard else ())
    return Subject(learner.id, tuple(chain), frozenset(populations - {""}), heard_by=by)


def _about_anybody(principal: Principal, action: Action) -> bool:
    """Whether they may do it about somebody of whom nothing is known."""
    return decide(principal, action, Subject(""), today=principal.today, tree=principal.sees_tree).allowed


def _refuse(principal: Principal, action: Action, learner: Learner | None) -> NoReturn:
    raise ForbiddenError(
        f"{principal.name} may not do this ({action}), or there is nobody whom it is about",
        actor=principal.name,
        kind=principal.kind,
        action=action.value,
        learner_id=learner.id if learner else None,
        remedy="`ascertain access who NAME` shows what somebody may do; an administrator grants roles",
    )
