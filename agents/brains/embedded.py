"""The embedded brain: rules and the taxonomy's mapper instead of a language model. Needs no key and no network.

It drives the same agents through the same tools and answers in the same schemas: in its first turn it asks for every
tool it was given, in its second it applies the role's rules to what the tools said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, PrivateAttr

from agents.brains.base import Brain, Message, Thought
from agents.brains.rules import RULES
from agents.brains.versions import embedded_version
from ascertain.domain.ports import CrewServices
from ascertain.errors import BrainError

NO_TOKENS = (0, 0)
"""Rules read no tokens, and nobody is paid."""


class EmbeddedBrain(Brain):
    """Deterministic: equal cases, equal answers."""

    llm_type: str = "embedded"
    _services: CrewServices = PrivateAttr()

    def __init__(self, *, role: str, services: CrewServices, **data: Any) -> None:
        if role not in RULES:
            raise BrainError(f"the embedded brain has no rules for the role {role!r}")
        super().__init__(role=role, model="embedded", provider="embedded", **data)
        self._services = services

    @property
    def version(self) -> str:
        """``embedded-1+`` and a hash of the rules."""
        return embedded_version()

    def spare(self, answer: Callable[[], str | None]) -> None:
        """Rules cost nothing, and their tools leave their trace."""

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        """All tools in the first turn, the rules in the second."""
        results = [m for m in messages if m.get("role") == "tool"]
        if not results:
            return Thought(tuple(_call(i, t["function"]["name"]) for i, t in enumerate(tools, 1)), tokens=NO_TOKENS)
        shown = {str(m["name"]): _data(str(m["name"]), m.get("content")) for m in results}
        answer = RULES[self.role](shown, self._services)
        return Thought(text=json.dumps(answer, ensure_ascii=False), tokens=NO_TOKENS)


def _call(number: int, name: str) -> dict[str, Any]:
    return {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": "{}"}}


def _data(name: str, content: Any) -> dict[str, Any]:
    try:
        data = json.loads(str(content))
    except json.JSONDecodeError:
        # CrewAI hands a tool's failure on as text.
        raise BrainError(f"the tool {name} failed: {str(content)[:200]}") from None
    if not isinstance(data, dict):
        raise BrainError(f"the tool {name} answered with something other than an object")
    return data
