"""A language model behind an API: any server that speaks the OpenAI protocol, or another provider through LangChain.

What this does that CrewAI's own client does not: it asks for the answer's schema also when the agent has tools, checks
the answer against it and asks once more, retries in one place, and knows the model's window.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from crewai.events.types.llm_events import LLMCallType
from crewai.llms.base_llm import llm_call_context
from jsonschema import Draft202012Validator
from langchain_core.messages import AIMessage
from langchain_core.utils.function_calling import convert_to_openai_function
from pydantic import BaseModel, PrivateAttr

from agents.brains.base import CHARS_PER_TOKEN, Brain, Message, Thought
from agents.brains.budget import Meter
from agents.brains.clients import ask
from agents.brains.memory import Memory
from agents.brains.models import EndpointConfig
from ascertain.domain.answers import KeptAnswer
from ascertain.domain.canonical import digest


class EndpointBrain(Brain):
    """Thinks by asking an endpoint."""

    llm_type: str = "endpoint"
    _config: EndpointConfig = PrivateAttr()
    _meters: Sequence[Meter] = PrivateAttr()
    _memory: Memory = PrivateAttr()

    def __init__(
        self,
        *,
        role: str,
        config: EndpointConfig,
        meters: Sequence[Meter] = (),
        memory: Memory | None = None,
        **data: Any,
    ) -> None:
        super().__init__(
            role=role,
            model=config.model,
            provider=config.provider,
            temperature=config.temperature,
            seed=config.seed,
            context_window=config.context_window,
            **data,
        )
        self._config = config
        self._meters = meters
        self._memory = memory or Memory()

    @property
    def version(self) -> str:
        """Model name with a hash of its parameters."""
        return self._config.version

    def call(self, messages: Any, tools: Any = None, *args: Any, **kwargs: Any) -> Any:
        """As :meth:`Brain.call`, announced on CrewAI's event bus for whoever observes model calls there."""
        who = {k: kwargs.get(k) for k in ("from_task", "from_agent")}
        with llm_call_context():
            self._emit_call_started_event(messages=messages, tools=tools, **who)
            try:
                answer = super().call(messages, tools, *args, **kwargs)
            except Exception as e:
                self._emit_call_failed_event(error=type(e).__name__, **who)
                raise
            kind = LLMCallType.TOOL_CALL if isinstance(answer, list) else LLMCallType.LLM_CALL
            self._emit_call_completed_event(response=answer, call_type=kind, messages=messages, **who)
            return answer

    call._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]

    def think(
        self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]], schema: type[BaseModel] | None
    ) -> Thought:
        """Ask, unless the very same was asked before; where the answer does not fit the schema, say what is wrong with
        it and ask again."""
        told = any(m.get("role") == "tool" for m in messages)
        final = schema is not None and (told or not tools)
        history: list[dict[str, Any]] = [_plain(m) for m in messages]
        options: dict[str, Any] = {}
        if tools:
            options["tools"] = list(tools)
            if not told:
                # An answer before any look at the data could only be made up.
                options["tool_choice"] = "required" if self._config.kind == "openai" else "any"
        if final and schema is not None:
            self._ask_for(schema, history, options)
        question = digest([self.version, history, options])
        if known := self._memory.recall(question):
            return Thought(tuple(map(dict, known.tool_calls)), known.text, tokens=(0, 0), asked=False)
        tokens = (0, 0)
        for repair in range(self._config.repairs + 1):
            answer = ask(self._config, history, options, self._meters)
            used = self._used(history, answer)
            tokens = (tokens[0] + used[0], tokens[1] + used[1])
            if calls := _tool_calls(answer):
                self._memory.note(KeptAnswer(question, self.role, self.version, "", calls))
                return Thought(tool_calls=calls, tokens=tokens, usd=self._cost(tokens))
            text = answer.text
            faults = _faults(text, schema) if final and schema is not None else ""
            if text.strip() and not faults:
                self._memory.note(KeptAnswer(question, self.role, self.version, text.strip()))
            if not faults or repair == self._config.repairs:
                break
            history += [{"role": "assistant", "content": text}, {"role": "user", "content": _REPAIR + faults}]
        # CrewAI takes an empty answer for a crash; the task's check has better words for it.
        return Thought(text=text.strip() or "(no answer)", tokens=tokens, usd=self._cost(tokens))

    def _cost(self, tokens: tuple[int, int]) -> float | None:
        return self._config.price.of(tokens) if self._config.price else None

    def _used(self, history: list[dict[str, Any]], answer: AIMessage) -> tuple[int, int]:
        """(prompt, completion) tokens as the provider counted them, else estimated; told to the meters."""
        if usage := answer.usage_metadata:
            used = (usage["input_tokens"], usage["output_tokens"])
        else:
            said = len(answer.text) + sum(len(json.dumps(c["args"])) for c in answer.tool_calls)
            used = (self.get_input_tokens_count(history), max(1, said // CHARS_PER_TOKEN))
        cost = self._cost(used) or 0.0
        for meter in self._meters:
            meter.charge(sum(used), cost)
        return used

    def _ask_for(self, schema: type[BaseModel], history: list[dict[str, Any]], options: dict[str, Any]) -> None:
        mode = self._config.structured_output
        if mode == "json_schema":
            function = {"name": schema.__name__, "strict": True, "schema": strict_schema(schema)}
            options["response_format"] = {"type": "json_schema", "json_schema": function}
            return
        if mode == "json_object":
            options["response_format"] = {"type": "json_object"}
        text = _FORM + json.dumps(strict_schema(schema), separators=(",", ":"))
        if history and history[0]["role"] == "system":
            history[0] = {**history[0], "content": f"{history[0]['content']}\n\n{text}"}
        else:
            history.insert(0, {"role": "system", "content": text})


_FORM = "Give your final answer as one JSON object and nothing else. It must fit this JSON Schema: "
_REPAIR = "That answer does not have the agreed form. Give the whole JSON object again, corrected: "


@cache
def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema as strict structured output wants it: every field required, no others, no defaults."""
    parameters = convert_to_openai_function(schema, strict=True)["parameters"]
    return dict(_without_defaults(parameters))


def _without_defaults(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _without_defaults(v) for k, v in node.items() if k != "default" or isinstance(v, dict)}
    return [_without_defaults(v) for v in node] if isinstance(node, list) else node


def _faults(text: str, schema: type[BaseModel]) -> str:
    """What is wrong with an answer, by place and rule; what stands in it is not repeated."""
    try:
        data = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except (json.JSONDecodeError, RecursionError):
        return "it is not valid JSON."
    errors = sorted(Draft202012Validator(strict_schema(schema)).iter_errors(data), key=lambda e: e.json_path)
    return "; ".join(f"{e.json_path} breaks the rule {e.validator}" for e in errors[:5])


def _plain(message: Message) -> dict[str, Any]:
    kept = {k: v for k, v in message.items() if k in {"role", "content", "tool_calls", "tool_call_id", "name"}}
    kept["content"] = message.get("content") or ""
    if calls := message.get("tool_calls"):
        kept["tool_calls"] = [{**c, "function": {**c["function"], "arguments": _json_or_empty(c)}} for c in calls]
    return kept


def _json_or_empty(call: Mapping[str, Any]) -> str:
    """Arguments as the model gave them; where they are no JSON no client can send them back."""
    arguments = str(call["function"]["arguments"])
    try:
        json.loads(arguments)
    except json.JSONDecodeError:
        return "{}"
    return arguments


def _tool_calls(answer: AIMessage) -> tuple[dict[str, Any], ...]:
    good = [(c["id"], c["name"], json.dumps(c["args"])) for c in answer.tool_calls]
    # Arguments that are no JSON go on as they are: CrewAI tells the model what is wrong with them.
    bad = [(c["id"], c["name"], c["args"] or "") for c in answer.invalid_tool_calls if c["name"]]
    return tuple(
        {"id": i or f"call_{n}", "type": "function", "function": {"name": name, "arguments": args}}
        for n, (i, name, args) in enumerate([*good, *bad], 1)
    )
