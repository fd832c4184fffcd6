"""Grants of roles and reviewer trainings."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from ascertain.domain.permission import GRANTABLE, Grant, Role, RoleGrant
from ascertain.store.erasure import GONE
from ascertain.store.schema import table
from ascertain.store.schema_permission import RoleGrantRow, TrainingRow
from ascertain.store.statements import Tx

_GRANTS, _TRAININGS = table(RoleGrantRow), table(TrainingRow)


class SqlRoleGrants:
    """``ascertain.domain.permission.RoleGrants``."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def of(self, names: Collection[str]) -> list[RoleGrant]:
        query = select(_GRANTS).where(_GRANTS.c.name_key.in_(_keys(names)), _GRANTS.c.revoked_at.is_(None))
        return self._read(query)

    def all(self) -> list[RoleGrant]:
        return self._read(select(_GRANTS))

    def add(self, row: RoleGrant) -> None:
        values = {
            "id": row.id,
            "name": row.name,
            "name_key": row.name.strip().casefold(),
            "learner_id": row.learner_id,
            "role": row.grant.role.value,
            "populations": sorted(row.grant.populations),
            "skills": sorted(row.grant.skills),
            "until": row.grant.until,
            "granted_by": row.granted_by,
            "granted_at": row.granted_at,
            "revoked_at": row.revoked_at,
        }
        self._tx.connection.execute(insert(_GRANTS).values(values))

    def revoke(self, grant_id: str, at: datetime) -> bool:
        live = (_GRANTS.c.id == grant_id, _GRANTS.c.revoked_at.is_(None))
        return self._tx.connection.execute(update(_GRANTS).where(*live).values(revoked_at=at)).rowcount > 0

    def trained_on(self, names: Collection[str]) -> date | None:
        query = select(_TRAININGS.c.trained_on).where(_TRAININGS.c.name_key.in_(_keys(names)))
        return max(self._tx.connection.execute(query).scalars(), default=None)

    def train(self, name: str, on: date, learner_id: str | None = None) -> None:
        key = name.strip().casefold()
        found = self._tx.connection.execute(select(_TRAININGS).where(_TRAININGS.c.name_key == key)).first()
        if found is None:
            values = {"id": secrets.token_hex(6), "name": name.strip(), "name_key": key, "learner_id": learner_id}
            self._tx.connection.execute(insert(_TRAININGS).values(values | {"trained_on": on}))
        elif found.trained_on < on:
            newer = update(_TRAININGS).where(_TRAININGS.c.id == found.id).values(trained_on=on)
            self._tx.connection.execute(newer)

    def trainings(self) -> dict[str, date]:
        query = select(_TRAININGS).order_by(_TRAININGS.c.name_key)
        return {r.name: r.trained_on for r in self._tx.connection.execute(query)}

    def _read(self, query: Any) -> list[RoleGrant]:
        rows = self._tx.connection.execute(query.order_by(_GRANTS.c.granted_at, _GRANTS.c.id))
        return [_from_row(r) for r in rows if r.role in _KNOWN]


_KNOWN = frozenset(r.value for r in GRANTABLE)
"""A role that a later version gave, or that cannot be granted, gives nothing here."""


def _keys(names: Collection[str]) -> list[str]:
    # What an erasure left of a name is nobody's name.
    return sorted({k for n in names if (k := n.strip().casefold()) and k != GONE})


def _from_row(r: Row[Any]) -> RoleGrant:
    grant = Grant(Role(r.role), frozenset(r.populations), frozenset(r.skills), r.until)
    return RoleGrant(r.id, r.name, grant, r.granted_by, r.granted_at, r.learner_id, r.revoked_at)
