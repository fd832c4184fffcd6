"""The switch that stops all write-back."""

from __future__ import annotations

from ascertain.domain.outbox import PAUSE, Switch
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.errors import ConflictError, InputError


def named(actor: str) -> str:
    """
    Raises:
        InputError: when nobody is named.
    """
    if not actor.strip():
        raise InputError("nobody is named", field="actor", remedy="say who does this: --as NAME")
    return actor.strip()


def must_not_be_paused(uow: UnitOfWork) -> None:
    """
    Raises:
        ConflictError: while somebody has paused write-back.
    """
    switch = uow.switches.get(PAUSE)
    if switch is not None and not switch.on:
        raise ConflictError(
            f"write-back is paused by {switch.actor}: {switch.reason}", remedy="`ascertain writeback resume` first"
        )


def turn(units: UnitOfWorkFactory, clock: Clock, actor: str, reason: str, *, on: bool) -> Switch:
    """Pause all write-back, or allow it again.

    Raises:
        InputError: nobody is named, or a pause has no reason.
    """
    if not on and not reason.strip():
        raise InputError("a pause needs a reason", field="reason", remedy="say why in a few words")
    switch = Switch(PAUSE, on, named(actor), reason.strip(), clock.now())
    with units() as uow:
        uow.switches.put(switch)
        payload = {"actor": switch.actor, "reason": switch.reason}
        uow.audit.append("writeback.switched", actor="operator", header={"on": on}, payload=payload)
        uow.commit()
    return switch
