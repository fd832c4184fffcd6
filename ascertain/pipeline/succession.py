"""Who is on the list of a key role: nominated by somebody who answers for it, with a yes of their own, seen by
themselves, and off it as soon as they say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ascertain.domain.canonical import digest
from ascertain.domain.matching import Confirmed, MatchCheck
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.readiness import Readiness
from ascertain.domain.succession import (
    Candidate,
    KeyRole,
    OnBench,
    SinglePoint,
    Strength,
    benched,
    single_points,
    strength,
)
from ascertain.domain.talent import must_plan
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.matches import must_be_found
from ascertain.pipeline.permit import may_each
from ascertain.pipeline.readiness import ReadinessGround, beside, profile_or_raise, stands

REASON_CHARS = 400


@dataclass(frozen=True, slots=True)
class OnList:
    """Somebody on the list of a key role."""

    person: Learner
    candidate: Candidate
    place: OnBench


@dataclass(frozen=True, slots=True)
class Bench:
    """The list of a key role as one reader sees it.

    Attributes:
        rows: people whom the reader may see, by the places that are open to them.
        objecting: people whom the reader may see who do not want to be on it.
        left_out: how many others stand on it whom the reader may not see.
        off: how many were nominated and are not on it: they do not want to be found, left, or hold the role.
        strength: of those in ``rows``.
        check: of this very list; ``None`` where it was not checked as it stands, or the reader sees a part alone.
    """

    role: KeyRole
    rows: tuple[OnList, ...]
    objecting: tuple[tuple[Learner, Candidate], ...]
    left_out: int
    off: int
    strength: Strength
    check: MatchCheck | None

    @property
    def outcome(self) -> str:
        """What the bias check came to, in words."""
        return self.check.outcome if self.check else "not checked as it stands"


def role_or_raise(uow: UnitOfWork, key_role_id: str) -> KeyRole:
    """The key role of that id.

    Raises:
        NotFoundError: there is none.
    """
    found = uow.successions.role(key_role_id)
    if found is None:
        raise NotFoundError(f"there is no key role {key_role_id!r}", remedy="`ascertain succession roles` shows them")
    return found


def nominate(
    uow: UnitOfWork,
    role: KeyRole,
    person: Learner,
    *,
    reason: str,
    actor: Principal,
    clock: Clock,
    ground: ReadinessGround,
) -> Candidate:
    """Put somebody on the list of a key role. Saying it again changes nothing. The caller commits.

    Raises:
        ForbiddenError: they have not said that they want to be found.
        ConflictError: succession is not planned here, the role is closed, they hold it, or they have objected.
        InputError: there is no reason, or a very long one.
    """
    must_plan(ground.talent)
    why = _reason(reason)
    must_be_found(actor, person)
    if role.closed:
        raise ConflictError(f"{role.title} is no key role any more: {role.closed}", remedy="choose another one")
    if person.id in role.incumbents:
        raise ConflictError(f"{person.id} holds this role", remedy="nominate somebody who could follow")
    before = _candidate(uow, role, person)
    if before is not None:
        if before.objected_at is not None:
            raise ConflictError(
                "this person does not want to be on the list", remedy="talk to them: they alone can take it back"
            )
        return before
    made = Candidate(role.id, person.id, actor.name, clock.now(), why)
    uow.successions.put(made)
    said = _said(role, actor, on=True, reason=why)
    uow.audit.append("succession.nominated", actor=actor.kind, learner_id=person.id, header={}, payload=said)
    return made


def take_off(uow: UnitOfWork, role: KeyRole, person: Learner, *, reason: str, actor: Principal) -> bool:
    """Take a nomination back, with the readiness that was kept under it; false where there was none. The caller
    commits.

    Raises:
        InputError: there is no reason, or a very long one.
    """
    why = _reason(reason)
    gone = uow.successions.drop(role.id, person.id)
    if gone:
        said = _said(role, actor, on=False, reason=why)
        uow.audit.append("succession.nominated", actor=actor.kind, learner_id=person.id, header={}, payload=said)
    return gone


def object_to(
    uow: UnitOfWork, role: KeyRole, person: Learner, *, agree: bool, words: str, actor: Principal, clock: Clock
) -> Candidate:
    """Say that one does not want to be on a list, in one's own words if one likes; or take that back (``agree``). It
    works at once. The caller commits.

    Raises:
        NotFoundError: they are not nominated for it.
        InputError: the words are very long.
    """
    before = _candidate(uow, role, person)
    if before is None:
        raise NotFoundError("you are not on the list of this role", remedy="`/readiness` shows the lists you are on")
    said = words.strip()
    if len(said) > REASON_CHARS:
        raise InputError(f"this has {len(said)} characters", field="words", remedy=f"{REASON_CHARS} at most")
    if agree == (before.objected_at is None):
        return before
    done = replace(before, objected_at=None if agree else clock.now(), objection="" if agree else said)
    uow.successions.put(done)
    payload = _said(role, actor, objects=not agree, words=said)
    uow.audit.append("succession.objected", actor=actor.kind, learner_id=person.id, header={}, payload=payload)
    return done


def bench(
    uow: UnitOfWork,
    who: Principal,
    role: KeyRole,
    ground: ReadinessGround,
    known: dict[str, dict[str, Confirmed]] | None = None,
) -> Bench:
    """The list of a key role as it stands now, as far as ``who`` may see the people on it."""
    people = {p.id: p for p in uow.people.all()}
    every = uow.successions.of_role(role.id)
    here = [c for c in every if stands(role, c, people.get(c.learner_id))]
    against = [c for c in every if c.objected_at is not None and c.learner_id in people]
    asked = [(c.learner_id, None) for c in (*here, *against)]
    allowed = {a[0] for a, yes in zip(asked, may_each(uow, who, Action.READINESS_READ, asked), strict=True) if yes}
    step, profile = ground.steps(uow), profile_or_raise(uow, role)
    kept: dict[str, dict[str, Confirmed]] = {} if known is None else known
    mine = [c for c in here if c.learner_id in allowed]
    ready = [beside(uow, people[c.learner_id], profile, ground, step, kept) for c in mine]
    by_person = {c.learner_id: c for c in mine}
    rows = tuple(OnList(people[i], by_person[i], p) for p in benched(ready) for i in [p.readiness.match.learner_id])
    check = uow.successions.check(role.id)
    same = check is not None and len(mine) == len(here) and check.digest == list_digest(ready)
    return Bench(
        role,
        rows,
        tuple((people[c.learner_id], c) for c in against if c.learner_id in allowed),
        len(here) - len(mine),
        len(every) - len(here) - len(against),
        strength(role.seats, ready),
        check if same else None,
    )


def benches(uow: UnitOfWork, who: Principal, ground: ReadinessGround) -> tuple[list[Bench], list[SinglePoint]]:
    """Every key role's list as ``who`` may see it, and people on whom several of them lean.

    Raises:
        ConflictError: succession is not planned here.
    """
    must_plan(ground.talent)
    known: dict[str, dict[str, Confirmed]] = {}
    roles = [r for r in uow.successions.roles() if uow.roles.get(r.job_profile_id) is not None]
    found = [bench(uow, who, role, ground, known) for role in roles]
    return found, single_points({b.role.id: [r.place.readiness for r in b.rows] for b in found})


def list_digest(rows: Sequence[Readiness]) -> str:
    """Of who is on a list with which coverage: what a bias check is of."""
    return digest(sorted((r.match.learner_id, r.match.covered) for r in rows), length=32)


def _candidate(uow: UnitOfWork, role: KeyRole, person: Learner) -> Candidate | None:
    return next((c for c in uow.successions.of_role(role.id) if c.learner_id == person.id), None)


def _reason(text: str) -> str:
    why = text.strip()
    if not why:
        raise InputError("a nomination needs a reason", field="reason", remedy="the person reads it")
    if len(why) > REASON_CHARS:
        raise InputError(f"this has {len(why)} characters", field="reason", remedy=f"{REASON_CHARS} at most")
    return why


def _said(role: KeyRole, actor: Principal, **more: object) -> dict[str, object]:
    return {"by": actor.name, "role": role.id, **more}
