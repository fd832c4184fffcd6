"""What all brains share: CrewAI's interface, a record of each call, and a bound on how many there may be."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crewai.llms.base_llm import BaseLLM
from pydantic import BaseModel, PrivateAttr

from ascertain.domain.canonical import digest
from ascertain.errors import BrainError

Message = dict[str, Any]
ToolCall = dict[str, Any]

MAX_SAME_TURNS = 2
"""How often an agent may ask for the same tools with the same arguments: once for each try at an answer."""

CHARS_PER_TOKEN = 4
"""Rule of thumb for text in English, where no provider counts."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as it happened: SHA-256 of all that was sent, tools asked for, (prompt, completion) tokens, US dollars
    (``None``: no price is known), and the version that answered; ``asked`` is False where it had answered before."""

    prompt_hash: str
    tools: tuple[str, ...]
    tokens: tuple[int, int]
    usd: float | None = 0.0
    model: str = ""
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Thought:
    """What a brain came to: tool calls, or an answer text. Tokens as the provider counted them, if it did; ``usd``,
    ``model`` and ``asked`` as in :class:`CallRecord`; ``model`` is empty where it is the brain's own."""

    tool_calls: tuple[ToolCall, ...] = ()
    text: str = ""
    tokens: tuple[int, int] | None = None
    usd: float | None = 0.0
    model: str = ""
    asked: bool = True


class Brain(BaseLLM):
    """One agent's brain for one run. Subclasses give :meth:`think` and ``version``."""

    role: str
    max_calls: int = 24
    context_window: int = 1_000_000
    _records: list[CallRecord] = PrivateAttr(default_factory=list)
    _asked: Counter[str] = PrivateAttr(default_factory=Counter)
    _spared: Callable[[], str | None] | None = PrivateAttr(default=None)

    @property
    @abstractmethod
    def version(self) -> str:
        """What the result depends on: model and revision."""

    @abstractmethod
    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        """The next turn. ``schema`` is what the final answer must fit."""

    def spare(self, answer: Callable[[], str | None]) -> None:
        """Where code has the answer when the agent's turn comes, it is given without thinking: nothing is sent, and
        there is no record of a call."""
        self._spared = answer

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """The calls so far."""
        return tuple(self._records)

    def supports_function_calling(self) -> bool:
        """Agents use native tool calls."""
        return True

    def supports_stop_words(self) -> bool:
        """No stop words: answers are structured."""
        return False

    def get_context_window_size(self) -> int:
        """Tokens that fit."""
        return self.context_window

    def get_input_tokens_count(
        self, messages: Any, tools: Any = None, response_model: type[BaseModel] | None = None
    ) -> int:
        """Estimate by characters."""
        rows = [{"content": messages}] if isinstance(messages, str) else messages
        return sum(len(str(m.get("content") or "")) for m in rows) // CHARS_PER_TOKEN

    def call(
        self,
        messages: Any,
        tools: Any = None,
        callbacks: Any = None,
        available_functions: Any = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """One turn, recorded here and not in an event listener: listeners may lose events, a record must not.

        Raises:
            BrainError: when the agent has used up its calls or goes round in circles, or the brain fails.
        """
        if self._spared is not None and not self._records and (answer := self._spared()) is not None:
            return answer
        if len(self._records) >= self.max_calls:
            raise BrainError(f"the brain of the {self.role} was called more than {self.max_calls} times")
        rows = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
        sent = [{k: v for k, v in m.items() if k != "cache_breakpoint"} for m in rows]
        schema = response_model or getattr(from_task, "response_model", None)
        thought = self.think(sent, tools or (), schema)
        text = thought.text or "".join(c["function"]["arguments"] for c in thought.tool_calls)
        tokens = thought.tokens or (self.get_input_tokens_count(sent), max(1, len(text) // CHARS_PER_TOKEN))
        names = tuple(str(c["function"]["name"]) for c in thought.tool_calls)
        asked = digest([sent, [t["function"]["name"] for t in tools or ()]])
        model = thought.model or self.version
        self._records.append(CallRecord(asked, names, tokens, thought.usd, model, thought.asked))
        self._track_token_usage_internal(
            {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        )
        self._no_circles(thought)
        return list(thought.tool_calls) if thought.tool_calls else thought.text

    def _no_circles(self, thought: Thought) -> None:
        """Tools only read, so that the same question has the same answer: asking it again and again is a loop."""
        if not thought.tool_calls:
            return
        turn = digest(sorted([c["function"]["name"], c["function"]["arguments"]] for c in thought.tool_calls))
        self._asked[turn] += 1
        if self._asked[turn] > MAX_SAME_TURNS:
            raise BrainError(f"the {self.role} goes round in circles: the same tools, {self._asked[turn]} times")

    # CrewAI would wrap `call` in a retry of its own; retrying is the endpoint brain's business, once.
    call._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """As :meth:`call`; crews run sequentially."""
        return self.call(*args, **kwargs)

    acall._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]
