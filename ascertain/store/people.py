"""Learners and the references by which other systems know them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select

from ascertain.domain.people import Learner
from ascertain.errors import ConflictError, InputError
from ascertain.store.schema import LearnerRow, LinkRow, RoleRow, table
from ascertain.store.statements import Tx, bump, revision, upsert, upsert_changed

_LEARNERS, _LINKS, _ROLES = table(LearnerRow), table(LinkRow), table(RoleRow)
_REVISION = "people"


class SqlPeople:
    """``ascertain.domain.ports.People``. Lists are ordered by id."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, learner_id: str) -> Learner | None:
        found = self._select(_LEARNERS.c.id == learner_id)
        return found[0] if found else None

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
        return self._select(*([_LEARNERS.c.active.is_(True)] if active_only else []))

    def cohort(self, name: str) -> list[Learner]:
        key = name.strip().casefold()
        if not key:
            return []
        if key == "all":
            return self.all()
        titled = select(_ROLES.c.id).where(_ROLES.c.title_key == key)
        return self._select(
            _LEARNERS.c.active.is_(True),
            or_(
                _LEARNERS.c.department_key == key,
                _LEARNERS.c.job_profile_key == key,
                _LEARNERS.c.job_profile_id.in_(titled),
            ),
        )

    def reports_of(self, manager_id: str) -> list[Learner]:
        """Active direct reports."""
        return self._select(_LEARNERS.c.manager_id == manager_id, _LEARNERS.c.active.is_(True))

    def upsert(self, learners: Iterable[Learner]) -> int:
        """Number of new or changed learners.

        Raises:
            InputError: naming the learner and the field.
        """
        changes = upsert_changed(self._tx, _LEARNERS, map(_to_row, learners))
        if changes:
            bump(self._tx, _REVISION)
        return changes.new + changes.changed

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
        upsert(self._tx, _LINKS, rows)

    def links(self, system: str) -> dict[str, str]:
        query = select(_LINKS.c.source_ref, _LINKS.c.learner_id).where(_LINKS.c.system == system)
        return {r[0]: r[1] for r in self._tx.connection.execute(query)}

    def stamp(self) -> str:
        """Changes with every commit that adds or changes a learner."""
        return str(revision(self._tx, _REVISION))

    def _select(self, *where: ColumnElement[bool]) -> list[Learner]:
        query = select(_LEARNERS).order_by(_LEARNERS.c.id)
        for condition in where:
            query = query.where(condition)
        return [_from_row(r) for r in self._tx.connection.execute(query)]


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
        "reviews_consent": p.reviews_consent,
        "messages_consent": p.messages_consent,
    }


def _from_row(r: Row[Any]) -> Learner:
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
        reviews_consent=r.reviews_consent,
        messages_consent=r.messages_consent,
    )
