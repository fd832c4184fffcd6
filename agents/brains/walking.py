"""The embedded brain in an endpoint's place, counting what the endpoint would be sent and say: an estimate that asks
nobody."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, PrivateAttr

from agents.brains.base import CHARS_PER_TOKEN, Brain, Message, Thought
from agents.brains.embedded import EmbeddedBrain
from agents.brains.endpoint import strict_schema
from agents.brains.models import EndpointConfig


class WalkingBrain(EmbeddedBrain):
    """Answers by rules; its tokens are those of the same conversation with ``config``'s model, by length.

    It needs the fewest calls there are: one for the tools, one for the answer. Repairs and thinking aloud come on top.
    """

    _config: EndpointConfig = PrivateAttr()

    def __init__(self, *, config: EndpointConfig, **data: Any) -> None:
        super().__init__(**data)
        self._config = config

    @property
    def version(self) -> str:
        """The model's."""
        return self._config.version

    def spare(self, answer: Callable[[], str | None]) -> None:
        """As :meth:`Brain.spare`: the model would not be asked either."""
        Brain.spare(self, answer)

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        """As :meth:`Brain.think`."""
        thought = super().think(messages, tools, schema)
        told = [m.get("content") or json.dumps(m.get("tool_calls")) for m in messages]
        sent = sum(map(len, told)) + sum(len(json.dumps(t)) for t in tools)
        if schema is not None and any(m.get("role") == "tool" for m in messages):
            sent += len(json.dumps(strict_schema(schema)))
        said = len(thought.text) + sum(len(json.dumps(c["function"])) for c in thought.tool_calls)
        tokens = (sent // CHARS_PER_TOKEN, max(1, said // CHARS_PER_TOKEN))
        return replace(thought, tokens=tokens, usd=self._config.price.of(tokens) if self._config.price else None)
