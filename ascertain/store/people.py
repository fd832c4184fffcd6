"""Learners and the references by which other systems know them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, exists, or_, select, update

from ascertain.domain.consent import Answers, Consents
from ascertain.domain.people import PAGE, Learner
from ascertain.domain.rectification import corrected_person
from ascertain.errors import ConflictError, InputError
from ascertain.store.consents import organisation_answers
from ascertain.store.rectifications import SqlRectifications
from ascertain.store.rollout import SqlRollouts
from ascertain.store.schema import LearnerRow, LinkRow, RoleRow, table
from ascertain.store.schema_consent import StandingConsentRow
from ascertain.store.schema_disputes import RestrictionRow
from ascertain.store.statements import CHUNK, Tx, bump, chunks, revision, upsert, upsert_changed

_LEARNERS, _LINKS, _ROLES = table(LearnerRow), table(LinkRow), table(RoleRow)
_CONSENTS = table(StandingConsentRow)
_REVISION = "people"
_RESTRICTIONS = table(RestrictionRow)
_RESTRICTED = (
    exists()
    .where(_RESTRICTIONS.c.learner_id == _LEARNERS.c.id, _RESTRICTIONS.c.lifted_at.is_(None))
    .label("restricted")
)
_LISTED = (_LEARNERS.c.active.is_(True), ~_RESTRICTED.element)

_ALL = select(_LEARNERS, _CONSENTS.c.answers, _RESTRICTED).outerjoin(
    _CONSENTS, _CONSENTS.c.learner_id == _LEARNERS.c.id
)
_ONE = _ALL.where(_LEARNERS.c.id == bindparam("wanted"))
"""Built once: nothing is asked more often."""


class SqlPeople:
    """``ascertain.domain.ports.People``. Lists are ordered by id."""

    def __init__(self, tx: Tx, rollouts: SqlRollouts) -> None:
        self._tx = tx
        self._rollouts = rollouts
        self._answers: Answers | None = None

    def get(self, learner_id: str) -> Learner | None:
        row = self._tx.connection.execute(_ONE, {"wanted": learner_id}).first()
        return self._reached([_from_row(row, self._organisation())])[0] if row else None

    def find(self, text: str) -> Learner | None:
        """By id or e-mail address; an active person comes before one who left.

        Raises:
            ConflictError: when several have that address and none, or more than one, is active.
        """
        key = text.strip()
        if not key:
            return None
        by_id = self.get(key)
        if by_id is not None:
            return by_id
        found = self._select(_LEARNERS.c.email_key == key.casefold())
        active = [p for p in found if p.active]
        chosen = active or found
        if len(chosen) > 1:
            raise ConflictError(
                f"{key!r} is the address of more than one learner: {', '.join(p.id for p in chosen)}",
                remedy="name the learner by id, or correct the address in the source system",
            )
        return chosen[0] if chosen else None

    def all(self, *, active_only: bool = True) -> list[Learner]:
        return _inside(self._select(*_LISTED)) if active_only else self._select()

    def cohort(self, name: str) -> list[Learner]:
        key = name.strip().casefold()
        if not key:
            return []
        return _inside(self._select(*_LISTED, *_named(key)))

    def page(self, cohort: str, *, after: str = "", limit: int = PAGE) -> tuple[list[Learner], str]:
        """Part of ``cohort``, and after whom to go on; empty when it was the last part."""
        key = cohort.strip().casefold()
        if not key:
            return [], ""
        some = self._select(*_LISTED, *_named(key), _LEARNERS.c.id > after, limit=limit)
        return _inside(some), some[-1].id if len(some) == limit else ""

    def among(self, learner_ids: Collection[str], cohort: str) -> set[str]:
        """Who of them is in ``cohort``."""
        key = cohort.strip().casefold()
        if not key:
            return set()
        found: list[Learner] = []
        for some in chunks(sorted(set(learner_ids))):
            found += self._select(*_LISTED, *_named(key), _LEARNERS.c.id.in_(some))
        return {p.id for p in _inside(found)}

    def stream(self, *, limit: int = PAGE) -> Iterator[Learner]:
        """Everybody, also those who left, a page at a time: few are in memory."""
        after = ""
        while some := self._select(_LEARNERS.c.id > after, limit=limit):
            yield from some
            after = some[-1].id

    def named_since(self, number: int) -> list[Learner]:
        """Whose name, address or account came with a later revision than that."""
        return self._select(_LEARNERS.c.named_in > number)

    def revision(self) -> int:
        """Raised by every commit that adds or changes a learner: whoever sees a number sees all up to it."""
        return revision(self._tx, _REVISION)

    def names(self) -> Iterator[tuple[str, str]]:
        """Everybody's id and name, by and by."""
        query = select(_LEARNERS.c.id, _LEARNERS.c.name)
        rows = self._tx.connection.execute(query, execution_options={"yield_per": CHUNK})
        return ((r[0], r[1]) for r in rows)

    def reports_of(self, manager_id: str) -> list[Learner]:
        """Active direct reports who are not restricted."""
        return _inside(self._select(_LEARNERS.c.manager_id == manager_id, *_LISTED))

    def upsert(self, learners: Iterable[Learner]) -> int:
        """Number of new or changed learners. What somebody has had corrected stays corrected. What they allow is not
        written: consent has statements of its own, and whoever read a person a while ago must not overwrite a no.

        Raises:
            InputError: naming the learner and the field.
        """
        given = list(learners)
        corrections = SqlRectifications(self._tx).in_force({p.id for p in given})
        right = [corrected_person(p, corrections) for p in given]
        named = self._named_anew(right)
        changes = upsert_changed(self._tx, _LEARNERS, (_to_row(p) for p in right))
        if changes:
            bump(self._tx, _REVISION)
        self._note_names(named)
        return changes.new + changes.changed

    def consents_of(self, learner_ids: Collection[str]) -> Mapping[str, Consents]:
        organisation = organisation_answers(self._tx)
        said: dict[str, Answers] = {}
        for some in chunks(sorted(learner_ids)):
            query = select(_CONSENTS).where(_CONSENTS.c.learner_id.in_(some))
            said.update({r.learner_id: Answers.read(r.answers) for r in self._tx.connection.execute(query)})
        reaches = self._rollouts.reaches(learner_ids)
        return {i: Consents(said.get(i, Answers()), organisation, reaches[i]) for i in learner_ids}

    def link(self, source_ref: str, learner_id: str) -> None:
        """Remember whom ``system:entity:id`` means.

        Raises:
            InputError: when the reference does not begin with its system.
        """
        self.link_all({source_ref: learner_id})

    def link_all(self, links: Mapping[str, str]) -> None:
        """As ``link``, for several."""
        rows = []
        for source_ref, learner_id in sorted(links.items()):
            system, colon, rest = source_ref.partition(":")
            if not (system and colon and rest):
                raise InputError("must read system:entity:id", where=source_ref, field="source_ref")
            rows.append({"source_ref": source_ref, "system": system, "learner_id": learner_id})
        for some in chunks(rows):
            query = select(_LINKS.c.source_ref, _LINKS.c.learner_id)
            refs = [r["source_ref"] for r in some]
            known = {r[0]: r[1] for r in self._tx.connection.execute(query.where(_LINKS.c.source_ref.in_(refs)))}
            fresh = [r for r in some if known.get(r["source_ref"]) != r["learner_id"]]
            upsert(self._tx, _LINKS, fresh)
            if fresh:
                bump(self._tx, _REVISION)  # whoever masks texts must know the new account
                self._note_names({r["learner_id"] for r in fresh})

    def links(self, system: str) -> dict[str, str]:
        query = select(_LINKS.c.source_ref, _LINKS.c.learner_id).where(_LINKS.c.system == system)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def accounts(self, learner_ids: Collection[str] | None = None) -> list[str]:
        """The ids by which other systems know people, or those given, without system and kind of record."""
        query = select(_LINKS.c.source_ref)
        if learner_ids is None:
            refs = list(self._tx.connection.execute(query).scalars())
        else:
            parts = [query.where(_LINKS.c.learner_id.in_(some)) for some in chunks(sorted(set(learner_ids)))]
            refs = [ref for part in parts for ref in self._tx.connection.execute(part).scalars()]
        return sorted({ref.split(":", 2)[2] for ref in refs if ref.count(":") > 1})

    def stamp(self) -> str:
        """Changes with every commit that adds or changes a learner."""
        return str(self.revision())

    def _named_anew(self, people: list[Learner]) -> set[str]:
        """Who of them is new, or not yet known under that name and address."""
        known: dict[str, tuple[str, str]] = {}
        for some in chunks(sorted({p.id for p in people})):
            query = select(_LEARNERS.c.id, _LEARNERS.c.name, _LEARNERS.c.email).where(_LEARNERS.c.id.in_(some))
            known.update({r.id: (r.name, r.email) for r in self._tx.connection.execute(query)})
        return {p.id for p in people if known.get(p.id) != (p.name, p.email)}

    def _note_names(self, learner_ids: Collection[str]) -> None:
        """A sweep looks for names that are new since the last one. After the bump, which others wait for: numbers are
        in the order of commits."""
        number = self.revision() if learner_ids else 0
        for some in chunks(sorted(learner_ids)):
            stamped = update(_LEARNERS).where(_LEARNERS.c.id.in_(some)).values(named_in=number)
            self._tx.connection.execute(stamped)

    def _select(self, *where: ColumnElement[bool], limit: int | None = None) -> list[Learner]:
        rows = self._tx.connection.execute(_ALL.where(*where).order_by(_LEARNERS.c.id).limit(limit)).all()
        organisation = self._organisation() if rows else Answers()
        return self._reached([_from_row(r, organisation) for r in rows])

    def _reached(self, people: list[Learner]) -> list[Learner]:
        """With how far the rollout reaches each. Whom it does not reach is treated as restricted: nothing is made of
        what is held."""
        if not self._rollouts.on:
            return people
        read = self._rollouts.reader()
        found = [replace(p, consents=replace(p.consents, reach=read(p))) for p in people]
        return [replace(p, restricted=p.restricted or p.outside) for p in found]

    def _organisation(self) -> Answers:
        """What the organisation allows; asked once where the transaction is a snapshot."""
        if self._answers is None or self._tx.write:
            self._answers = organisation_answers(self._tx)
        return self._answers


def _named(key: str) -> tuple[ColumnElement[bool], ...]:
    """Who is in the cohort of that (folded) name."""
    if key == "all":
        return ()
    titled = select(_ROLES.c.id).where(_ROLES.c.title_key == key)
    return (
        or_(
            _LEARNERS.c.department_key == key,
            _LEARNERS.c.job_profile_key == key,
            _LEARNERS.c.job_profile_id.in_(titled),
        ),
    )


def _inside(people: list[Learner]) -> list[Learner]:
    return [p for p in people if not p.outside]


def _to_row(p: Learner) -> dict[str, Any]:
    if not (math.isfinite(p.hours_per_week) and p.hours_per_week >= 0):
        raise InputError("must be a number of hours", where=f"learner {p.id!r}", field="hours_per_week")
    return {
        "id": p.id,
        "name": p.name,
        "email": p.email,
        "email_key": p.email.strip().casefold(),
        "department": p.department,
        "department_key": p.department.strip().casefold(),
        "job_title": p.job_title,
        "job_profile_id": p.job_profile_id,
        "job_profile_key": (p.job_profile_id or "").casefold(),
        "manager_id": p.manager_id,
        "hired_on": p.hired_on,
        "hours_per_week": float(p.hours_per_week),
        "language": p.language,
        "timezone": p.timezone,
        "location": p.location,
        "active": p.active,
    }


def _from_row(r: Row[Any], organisation: Answers) -> Learner:
    return Learner(
        id=r.id,
        name=r.name,
        email=r.email,
        department=r.department,
        job_title=r.job_title,
        job_profile_id=r.job_profile_id,
        manager_id=r.manager_id,
        hired_on=r.hired_on,
        hours_per_week=r.hours_per_week,
        language=r.language,
        timezone=r.timezone,
        location=r.location,
        active=r.active,
        restricted=r.restricted,
        consents=Consents(Answers.read(r.answers or {}), organisation),
    )
