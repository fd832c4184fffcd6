"""Makes, rotates, lists and revokes keys of the API; every change is on the audit chain."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from ascertain.domain.access import DAYS, GRACE, MOST_DAYS, MOST_GRACE, ApiKey, Scope, make_key
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.text import clean_plain
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.grants import must_be_known_populations

_NAME_CHARS = 80


def create_key(
    units: UnitOfWorkFactory,
    clock: Clock,
    name: str,
    scopes: Collection[Scope],
    *,
    actor: str,
    days: int = DAYS,
    populations: Collection[str] = (),
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again.

    Args:
        days: how long it lives, 1 to 366.
        populations: whom it reaches: departments, job profiles (id or title); none, or ``all``, is everybody.

    Raises:
        InputError: no usable name, no scope, a life too short or too long, or a population that nobody belongs to.
        ConflictError: a live key has that name.
    """
    named = clean_plain(name)
    if not named or "\n" in named or len(named) > _NAME_CHARS:
        raise InputError(f"must be one line of 1 to {_NAME_CHARS} characters", field="name")
    if not scopes:
        raise InputError("give at least one", field="scope", remedy=f"choose among {', '.join(Scope)}")
    lives = _life(days)
    with units() as uow:
        must_be_known_populations(uow, populations)
        if any(k.name == named for k in _live(uow, clock)):
            raise ConflictError(
                f"a live key is called {named!r}", remedy="rotate it, revoke it first, or choose another name"
            )
        key, text = make_key(named, scopes, clock.now(), populations=populations, lives=lives)
        uow.api_keys.add(key)
        header = {"key": key.id, "scopes": sorted(key.scopes), "days": days, "limited": bool(key.populations)}
        payload = {"actor": actor, "populations": sorted(key.populations)}
        uow.audit.append("key.created", actor="operator", header=header, payload=payload)
        uow.commit()
    return key, text


def rotate_key(
    units: UnitOfWorkFactory, clock: Clock, named: str, *, actor: str, days: int = DAYS, grace: timedelta = GRACE
) -> tuple[ApiKey, str, ApiKey]:
    """A new key with the name, scopes and populations of a live one, its text, and the old one, which opens until the
    grace period ends (or until its own end, if that comes first).

    Raises:
        InputError: a life or a grace period too short or too long.
        NotFoundError: no live key has that id or name.
        ConflictError: it was rotated before.
    """
    lives = _life(days)
    if not timedelta(0) <= grace <= MOST_GRACE:
        hours = int(MOST_GRACE.total_seconds() // 3600)
        raise InputError(f"must be 0 to {hours} hours", field="grace", remedy="the old key is a risk while it opens")
    with units() as uow:
        now = clock.now()
        found = _found(uow, clock, named)
        old = next((k for k in found if k.replaced_by is None), found[0])
        if old.replaced_by is not None:
            raise ConflictError(f"{old.id} was rotated before: {old.replaced_by} is its new one")
        key, text = make_key(old.name, old.scopes, now, populations=old.populations, lives=lives)
        until = min(now + grace, old.expires_at or now + grace)
        uow.api_keys.add(key)
        uow.api_keys.replace(old.id, key.id, until)
        header = {"key": old.id, "by": key.id, "days": days, "until": until.isoformat()}
        uow.audit.append("key.rotated", actor="operator", header=header, payload={"actor": actor})
        kept = uow.api_keys.get(old.id)
        uow.commit()
    assert kept is not None
    return key, text, kept


def revoke_key(units: UnitOfWorkFactory, clock: Clock, named: str, *, actor: str) -> list[ApiKey]:
    """End a live key, given by id, or all of a name (an old one in its grace period too); they are refused from the
    next call on.

    Raises:
        NotFoundError: no live key has that id or name.
    """
    with units() as uow:
        found = _found(uow, clock, named)
        for key in found:
            uow.api_keys.revoke(key.id, clock.now())
            uow.audit.append("key.revoked", actor="operator", header={"key": key.id}, payload={"actor": actor})
        uow.commit()
    return found


def list_keys(units: UnitOfWorkFactory) -> list[ApiKey]:
    """All keys, those that have ended too, oldest first."""
    with units(write=False) as uow:
        return uow.api_keys.all()


def _live(uow: UnitOfWork, clock: Clock) -> list[ApiKey]:
    return [k for k in uow.api_keys.all() if k.live(clock.now())]


def _found(uow: UnitOfWork, clock: Clock, named: str) -> list[ApiKey]:
    live = _live(uow, clock)
    found = [k for k in live if k.id == named] or [k for k in live if k.name == named]
    if not found:
        raise NotFoundError(f"no live key is called {named!r}", remedy="`ascertain key list` shows them")
    return found


def _life(days: int) -> timedelta:
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"must be 1 to {MOST_DAYS}", field="days", remedy="rotate the key before it ends")
    return timedelta(days=days)
