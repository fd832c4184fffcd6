"""A write that is sent again under the same key is answered again, and not done again."""

from __future__ import annotations

from ascertain.domain.api_requests import ABANDONED, Answer, ApiRequest
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.errors import ConflictError, InputError

OTHER_BODY = "this idempotency key was used for another request"


def begin(units: UnitOfWorkFactory, clock: Clock, caller: str, key: str, digest: str) -> Answer | None:
    """Take up a request; its answer, if it was given before. ``None``: do it, then ``finish`` or ``give_up``.

    Args:
        caller: keyed hash of whoever calls.
        digest: of all that makes the request what it is.

    Raises:
        InputError: the key was used for another request.
        ConflictError: that very request is being worked on.
    """
    asked = ApiRequest(caller, key, digest, clock.now())
    with units() as uow:
        if uow.api_requests.begin(asked):
            uow.commit()
            return None
        known = uow.api_requests.get(caller, key)
        if known is not None and known.digest != digest:
            raise InputError(OTHER_BODY, field="Idempotency-Key", remedy="take a new key for each new request")
        if known is not None and known.answer is not None:
            return known.answer
        if uow.api_requests.begin_again(asked, asked.began_at - ABANDONED):
            uow.commit()
            return None
    raise ConflictError("this very request is being worked on", remedy="ask again in a few seconds")


def finish(units: UnitOfWorkFactory, caller: str, key: str, answer: Answer) -> None:
    """Keep the answer."""
    with units() as uow:
        uow.api_requests.finish(caller, key, answer)
        uow.commit()


def give_up(units: UnitOfWorkFactory, caller: str, key: str) -> None:
    """It was refused or failed, so nothing was done: the same key may be tried again."""
    with units() as uow:
        uow.api_requests.forget(caller, key)
        uow.commit()
