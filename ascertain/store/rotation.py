"""Wraps every data key anew: under a new version of the master key, or under another manager's.

A rotation remembers how far it is, in the transaction of what it did. Whoever is stopped goes on there; who runs beside
another does the next batch, since each holds the lock of the audit chain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select, update

from ascertain.domain.key_manager import KeyManagers
from ascertain.store.kept import SqlKeptSecrets
from ascertain.store.keys import required, unwrapped, usable_manager, wrapping_context
from ascertain.store.schema import PersonKeyRow, table
from ascertain.store.statements import Tx, lock_chain
from ascertain.store.unit import SqlUnitOfWork

_KEYS = table(PersonKeyRow)
_PLACE = ("(master key)", "rotation")
BATCH = 50
"""Data keys wrapped while others wait for the chain."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did. ``former`` is the id of the master key before, ``resumed`` whether one was under way."""

    former: str
    present: str
    keys: int
    kept_secrets: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class KeyCount:
    """How many data keys one master key wraps."""

    master_id: str
    keys: int
    present: bool


def count_keys(uow: SqlUnitOfWork, managers: KeyManagers | None) -> list[KeyCount]:
    """Data keys by the master key that wraps them; without managers none is the present one."""
    query = select(_KEYS.c.master_id, func.count()).group_by(_KEYS.c.master_id).order_by(_KEYS.c.master_id)
    rows = uow.connection.execute(query).all()
    present = managers.present.id if rows and managers else ""
    return [KeyCount(r[0], r[1], r[0] == present) for r in rows]


def under_way(uow: SqlUnitOfWork) -> bool:
    """Whether a rotation was begun and not ended."""
    return bool(uow.sync.cursor(*_PLACE))


def rotate(
    opened: Callable[[], SqlUnitOfWork],
    managers: KeyManagers | None,
    *,
    actor: str,
    new_version: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Rotation:
    """Begin a rotation, or go on with one, and see it to its end.

    Args:
        new_version: make one first; else what is wrapped otherwise than now is brought up to date.
        progress: told how many of how many data keys are done.

    Raises:
        KeyServiceUnavailable, KeyGone, ConfigError: a key cannot be unwrapped or wrapped; what was done stands, and
            the next call goes on with the rest.
    """
    known = required(managers)
    with opened() as uow:
        lock_chain(uow.tx)
        before = uow.sync.cursor(*_PLACE)
        if not before:
            usable_manager(uow.tx, known, make=True)
            former = uow.connection.execute(select(_KEYS.c.master_id).limit(1)).scalar() or known.present.id
            if new_version and former == known.present.id:  # else it is a move: that version is new to all of them
                known.present.rotate()
            uow.sync.set_cursor(*_PLACE, {"former": former, "after": "", "keys": 0, "begun": True})
            header = {"former": former, "present": known.present.id}
            uow.audit.append("master_key.rotation_begun", actor="operator", header=header, payload={"actor": actor})
            uow.commit()
    while not _batch(opened, known, progress):
        pass
    return _end(opened, known, actor=actor, resumed=bool(before))


def _batch(
    opened: Callable[[], SqlUnitOfWork], known: KeyManagers, progress: Callable[[int, int], None] | None
) -> bool:
    """The next data keys in order of their subjects; whether there were none left."""
    with opened() as uow:
        lock_chain(uow.tx)
        at = dict(uow.sync.cursor(*_PLACE) or {})
        if not at:
            return True  # another process ended it
        query = select(_KEYS).order_by(_KEYS.c.subject).limit(BATCH)
        if at["keys"]:
            query = query.where(_KEYS.c.subject > at["after"])
        rows = uow.connection.execute(query).all()
        for row in rows:
            _wrap_anew(uow.tx, known, row.subject, row.key_id, row.wrapped, row.master_id)
        if not rows:
            return True
        at |= {"after": rows[-1].subject, "keys": at["keys"] + len(rows)}
        uow.sync.set_cursor(*_PLACE, at)
        total = uow.connection.execute(select(func.count()).select_from(_KEYS)).scalar_one()
        uow.commit()
    if progress is not None:
        progress(min(at["keys"], total), total)
    return False


def _end(opened: Callable[[], SqlUnitOfWork], known: KeyManagers, *, actor: str, resumed: bool) -> Rotation:
    with opened() as uow:
        lock_chain(uow.tx)
        at = dict(uow.sync.cursor(*_PLACE) or {})
        present = known.present.id
        if not at:
            return Rotation(present, present, 0, 0, resumed)
        # A process that runs with older settings may have made some meanwhile.
        late = uow.connection.execute(select(_KEYS).where(_KEYS.c.master_id != present)).all()
        for row in late:
            _wrap_anew(uow.tx, known, row.subject, row.key_id, row.wrapped, row.master_id)
        renewed = SqlKeptSecrets(uow.tx, known).renew()
        done = Rotation(at["former"], present, at["keys"] + len(late), renewed, resumed)
        uow.sync.set_cursor(*_PLACE, {})
        header = {"former": done.former, "present": present, "keys": done.keys, "kept_secrets": renewed}
        uow.audit.append("master_key.rotated", actor="operator", header=header, payload={"actor": actor})
        uow.commit()
    # After the commit: should it fail, what it would have replaced can still be unwrapped. All that wrap hold the lock
    # of the chain and look at the key ring after they have got it, so none uses an earlier key by now.
    known.present.retire()
    return done


def _wrap_anew(tx: Tx, known: KeyManagers, subject: str, key_id: bytes, wrapped: bytes, master_id: str) -> None:
    secret = unwrapped(known.of(master_id), subject, key_id, wrapped)
    now = {"wrapped": known.present.wrap(secret, wrapping_context(subject, key_id)), "master_id": known.present.id}
    # By the key's id too: one that was destroyed meanwhile does not come back.
    here = (_KEYS.c.subject == subject, _KEYS.c.key_id == key_id)
    tx.connection.execute(update(_KEYS).where(*here).values(**now))
