"""What all tools share: a desk they read from, and a stage under which what they show is remembered."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from crewai.tools import BaseTool
from pydantic import BaseModel, ConfigDict, PrivateAttr

from ascertain.domain.canonical import plain
from tools.base_desk import Desk
from tools.envelope import envelope


class Arguments(BaseModel):
    """What a tool may be called with. CrewAI renders the schema of each tool four times a run; it never changes."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As Pydantic's, made once; every caller gets a copy of its own, because CrewAI edits it."""
        return deepcopy(_schema(cls, args, tuple(sorted(kwargs.items()))))

    @classmethod
    def fresh_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Pydantic's own."""
        return super().model_json_schema(*args, **kwargs)


@cache
def _schema(model: type[Arguments], args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return model.fresh_schema(*args, **dict(kwargs))


class NoArguments(Arguments):
    """The tool takes none: it knows the case."""


class DeskTool(BaseTool):
    """A read-only view of the desk. Subclasses set ``name``, ``description`` and ``stage`` and give :meth:`read`."""

    args_schema: type[BaseModel] = NoArguments
    stage: str
    _desk: Any = PrivateAttr()  # a CaseDesk, unless a crew has a desk of its own

    def __init__(self, desk: Desk[Any], **data: Any) -> None:
        super().__init__(**data)
        self._desk = desk

    def _run(self, **arguments: Any) -> str:
        try:
            data = plain(self.read(**arguments))
        except Exception as e:
            # CrewAI would tell the agent and go on, and a case without its gaps or plans would look finished.
            self._desk.failure = e
            raise
        self._desk.show(self.stage, data)
        return envelope(self.name, data)

    def read(self, **arguments: Any) -> dict[str, Any]:
        """The tool's data, as JSON's own types, dataclasses, enums or dates."""
        raise NotImplementedError
