"""Makes, lists and revokes keys of the API; every change is on the audit chain."""

from __future__ import annotations

from collections.abc import Collection

from ascertain.domain.access import ApiKey, Scope, make_key
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.domain.text import clean_plain
from ascertain.errors import ConflictError, InputError, NotFoundError

_NAME_CHARS = 80


def create_key(
    units: UnitOfWorkFactory, clock: Clock, name: str, scopes: Collection[Scope], *, actor: str
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can read again.

    Raises:
        InputError: no usable name, or no scope.
        ConflictError: a live key has that name.
    """
    named = clean_plain(name)
    if not named or "\n" in named or len(named) > _NAME_CHARS:
        raise InputError(f"must be one line of 1 to {_NAME_CHARS} characters", field="name")
    if not scopes:
        raise InputError("give at least one", field="scope", remedy=f"choose among {', '.join(Scope)}")
    with units() as uow:
        if any(k.name == named and k.revoked_at is None for k in uow.api_keys.all()):
            raise ConflictError(f"a live key is called {named!r}", remedy="revoke it first, or choose another name")
        key, text = make_key(named, scopes, clock.now())
        uow.api_keys.add(key)
        uow.audit.append("key.created", actor=actor, header={"key": key.id, "scopes": sorted(key.scopes)})
        uow.commit()
    return key, text


def revoke_key(units: UnitOfWorkFactory, clock: Clock, named: str, *, actor: str) -> ApiKey:
    """End a live key, given by id or name; it is refused from the next call on.

    Raises:
        NotFoundError: no live key has that id or name.
    """
    with units() as uow:
        live = [k for k in uow.api_keys.all() if k.revoked_at is None]
        key = next((k for k in live if k.id == named), None) or next((k for k in live if k.name == named), None)
        if key is None:
            raise NotFoundError(f"no live key is called {named!r}", remedy="`ascertain key list` shows them")
        uow.api_keys.revoke(key.id, clock.now())
        uow.audit.append("key.revoked", actor=actor, header={"key": key.id})
        uow.commit()
    return key


def list_keys(units: UnitOfWorkFactory) -> list[ApiKey]:
    """All keys, revoked ones too, oldest first."""
    with units(write=False) as uow:
        return uow.api_keys.all()
