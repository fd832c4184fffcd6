"""Who calls, and for which action: every route of the API depends on one :class:`Asks`, which the tests find there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.runtime import App
from ascertain.service.api import answers
from ascertain.service.api.paging import Cut, Key, Paging, Sorted
from ascertain.service.auth import principal
from ascertain.service.context import Service
from ascertain.service.reads import Begun

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Caller:
    """One request of somebody who is known.

    Attributes:
        who: asked in every unit of work (``pipeline.permit``), with ``action`` or another one.
    """

    request: Request
    service: Service
    who: Principal
    declared: Action | None

    @property
    def app(self) -> App:
        return self.service.app

    @property
    def action(self) -> Action:
        """What the route declares that it asks."""
        assert self.declared is not None, "this route is open to everybody who is known"
        return self.declared

    def reading(self) -> UnitOfWork:
        """A unit of work that promises not to write."""
        return self.app.units(write=False)

    def writing(self) -> UnitOfWork:
        """A unit of work to commit."""
        return self.app.units()

    def note(self, what: str, learner_ids: Collection[str]) -> None:
        """Record that the caller looks at these people, durably, before they are shown.

        Raises:
            ForbiddenError: one of them is restricted for this caller.
        """
        self.service.reads.note(self.who.name, what, learner_ids)

    def noting(self, what: str, learner_ids: Collection[str]) -> Begun:
        """``note`` that goes on while something is read; nothing may be shown before its ``wait`` has returned."""
        return self.service.reads.begin(self.who.name, what, learner_ids)

    def one(self, model: type[BaseModel], data: Any, *, status: int = 200) -> Response:
        """``{"data": …}`` of that model with its ETag, or 304 where the caller has it."""
        return answers.one(self.request, model, data, status=status)

    def cut(self, rows: Sorted[Row], paging: Paging) -> Cut[Row]:
        """The page that is asked for."""
        return paging.cut(rows, of=self._of, key=self._key)

    def after(self, paging: Paging, filters: Sequence[object]) -> Key | None:
        """For lists that the store cuts: after which key the page begins; ``None`` for the first one."""
        return paging.after(self._of, filters, self._key)

    def going_on(self, paging: Paging, last: Key, filters: Sequence[object]) -> str:
        """The cursor that goes on after ``last``."""
        return paging.made(last, self._of, filters, self._key)

    @property
    def _of(self) -> str:
        return f"{self.request.url.path} {self.who.name}"

    @property
    def _key(self) -> bytes:
        return self.app.pseudonyms.derived("cursor")

    def page(self, model: type[BaseModel], cut: Cut[Any], *, left_out: int = 0) -> Response:
        """The page as the answer: ``{"data": […], "next": …, "left_out": …}`` of that model, with its ETag."""
        return answers.page(self.request, model, cut.rows, cut.next, left_out=left_out)


class Asks:
    """A dependency: the caller, within their allowance. ``None`` is open to everybody who is known, and only for what
    tells nothing about people.

    It says what a route is about; the route itself asks permission in the unit of work in which it reads or writes,
    since that depends on whom it is about.
    """

    def __init__(self, action: Action | None) -> None:
        self.action = action

    def __call__(self, request: Request) -> Caller:
        """
        Raises:
            Problem: 401 for somebody unknown, 429 beyond the allowance.
        """
        who = principal(request)
        return Caller(request, cast(Service, request.app.state.service), who, self.action)
