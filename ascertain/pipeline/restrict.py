"""Restrict the processing of a person (Art. 18 GDPR), and lift it.

What is held stays, and what sources tell is stored with it, since Art. 18(2) leaves storage alone and nothing is lost
when the restriction ends. Nothing else happens: no run, nothing written or told outside, no place in any list of
people; the person and whoever handles the request alone read.
"""

from __future__ import annotations

import secrets
from dataclasses import replace

from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.restriction import Restriction
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.write_back_switch import named


def restrict(uow: UnitOfWork, learner: Learner, *, reason: str, actor: str, clock: Clock) -> Restriction:
    """Restrict; ``actor`` is who handles the request. Saying it again changes nothing. The caller commits.

    Raises:
        InputError: there is no reason, or nobody is named.
    """
    by = named(actor)
    if not reason.strip():
        raise InputError("a restriction needs a reason", where=learner.id, field="reason", remedy="say what was asked")
    if (now := uow.restrictions.on(learner.id)) is not None:
        return now
    made = Restriction(f"s{secrets.token_hex(6)}", learner.id, reason.strip(), by, clock.now())
    uow.restrictions.put(made)
    payload = {"handler": by, "reason": made.reason}
    uow.audit.append(
        "person.restricted", actor="operator", learner_id=learner.id, header={"restriction": made.id}, payload=payload
    )
    return made


def unrestrict(uow: UnitOfWork, learner: Learner, *, reason: str, actor: str, clock: Clock) -> Restriction:
    """Lift the restriction; the person is to be told before (Art. 18(3)). The caller commits.

    Raises:
        InputError: there is no reason, or nobody is named.
        ConflictError: there is no restriction.
    """
    by = named(actor)
    if not reason.strip():
        raise InputError("lifting needs a reason", where=learner.id, field="reason", remedy="say why it has ended")
    now = uow.restrictions.on(learner.id)
    if now is None:
        raise ConflictError(f"{learner.id} is not restricted", remedy="nothing is to be done")
    lifted = replace(now, lifted_at=clock.now(), lifted_by=by, lift_reason=reason.strip())
    uow.restrictions.put(lifted)
    payload = {"by": by, "reason": lifted.lift_reason}
    uow.audit.append(
        "person.unrestricted", actor="operator", learner_id=learner.id, header={"restriction": now.id}, payload=payload
    )
    return lifted
