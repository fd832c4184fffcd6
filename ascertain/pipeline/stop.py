"""The switch that stops everything that works by itself: assessments, sweeps, write-back, messages, the schedule."""

from __future__ import annotations

from ascertain.domain.outbox import Switch
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.write_back_switch import named

EVERYTHING = "everything"
"""Name of the switch; off while everything is stopped."""


class Stopped(ConflictError):
    """Somebody stopped everything that works by itself."""


def stopped(uow: UnitOfWork) -> Switch | None:
    """Who stopped everything and why; ``None`` while work goes on."""
    switch = uow.switches.get(EVERYTHING)
    return switch if switch is not None and not switch.on else None


def is_stopped(units: UnitOfWorkFactory) -> bool:
    """A look at the switch, in a transaction of its own."""
    with units(write=False) as uow:
        return stopped(uow) is not None


def must_go_on(uow: UnitOfWork) -> None:
    """
    Raises:
        Stopped: while everything is stopped.
    """
    switch = stopped(uow)
    if switch is not None:
        raise Stopped(f"everything is stopped by {switch.actor}: {switch.reason}", remedy="`ascertain resume` first")


def turn_everything(units: UnitOfWorkFactory, clock: Clock, actor: str, reason: str, *, on: bool) -> Switch:
    """Stop everything that works by itself, or let it go on.

    Raises:
        InputError: nobody is named, or a stop has no reason.
    """
    if not on and not reason.strip():
        raise InputError("a stop needs a reason", field="reason", remedy="say why in a few words")
    switch = Switch(EVERYTHING, on, named(actor), reason.strip(), clock.now())
    with units() as uow:
        uow.switches.put(switch)
        payload = {"actor": switch.actor, "reason": switch.reason}
        uow.audit.append("everything.switched", actor="operator", header={"on": on}, payload=payload)
        uow.commit()
    return switch
