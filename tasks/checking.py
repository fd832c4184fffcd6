"""From an agent's answer to checked findings: reading it, refusing free text that cannot be trusted, retrying."""

# No `from __future__ import annotations` here: CrewAI reads the guardrail's return annotation as an object.

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeVar, get_args

from crewai import Agent, Task
from crewai.lite_agent_output import LiteAgentOutput
from crewai.tasks.task_output import TaskOutput
from pydantic import BaseModel, ValidationError

from ascertain.domain.orders import gives_orders
from ascertain.domain.text import clean_text
from ascertain.prompts import Prompts
from tools.base_desk import Desk
from tools.figures import unfounded
from tools.wording import squash

Answer = TypeVar("Answer", bound=BaseModel)
Own = TypeVar("Own", bound=Desk[Any])

Guard = Callable[[TaskOutput | LiteAgentOutput], tuple[bool, Any]]

RETRIES = 1
"""How often an agent may try again when its answer does not have the agreed form."""

_LINK = re.compile(r"\b(?:https?|ftp|file|javascript|data):|\bwww\.|\]\(|<[a-zA-Z/!]", re.IGNORECASE)

_CERTAINTY = re.compile(r"\b(?:confidence|probability|certainty)\b[^.!?\n]{0,20}\d", re.IGNORECASE)
"""No agent is shown a confidence, so that none can speak of one; the figure itself may stand in the data by chance."""


class AnswerError(ValueError):
    """The answer does not have the agreed form; the message may be shown to the agent."""


def read_answer(raw: str, schema: type[Answer]) -> tuple[Answer, dict[str, Any]]:
    """The answer in ``raw``, which may be fenced or stand among words, and the object it was read from.

    Raises:
        AnswerError: naming the fields at fault, without repeating what was in them.
    """
    start, end = raw.find("{"), raw.rfind("}")
    if start < 0 or end < start:
        raise AnswerError("the answer holds no JSON object")
    try:
        data = json.loads(raw[start : end + 1])
    except (json.JSONDecodeError, RecursionError) as e:
        place = f" at character {e.pos}" if isinstance(e, json.JSONDecodeError) else ""
        raise AnswerError(f"the answer is not valid JSON{place}") from None
    try:
        return schema.model_validate(data), data
    except ValidationError as e:
        faults = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors(include_input=False)[:5])
        raise AnswerError(f"the answer does not fit its schema: {faults}") from None


def unasked(data: Any, schema: type[BaseModel], where: str = "") -> Iterator[str]:
    """Paths of fields in ``data`` that ``schema`` does not have: a confidence that nobody asked for, say."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        field = schema.model_fields.get(key)
        if field is None:
            yield f"{where}{key}"
            continue
        inner = next((a for a in get_args(field.annotation) if isinstance(a, type) and issubclass(a, BaseModel)), None)
        if inner is not None and isinstance(value, list):
            for item in value:
                yield from unasked(item, inner, f"{where}{key}.")


def checked(stage: str, desk: Own, schema: type[Answer], accept: Callable[[Own, Answer], dict[str, Any]]) -> Guard:
    """A CrewAI guardrail: reads the answer, lets ``accept`` put on the desk what stands up, and hands back what that
    returns as the task's output. An answer without the agreed form is sent back with the reason."""

    def guard(output: TaskOutput | LiteAgentOutput) -> tuple[bool, Any]:
        try:
            answer, data = read_answer(output.raw, schema)
        except AnswerError as e:
            desk.drop(stage, "answer", str(e))
            # CrewAI repeats the refused answer in the next prompt; words from outside must not get there that way.
            output.raw = "(withheld)"
            return False, str(e)
        for path in dict.fromkeys(unasked(data, schema)):
            desk.drop(stage, path, "a field that was not asked for")
        kept = json.dumps(accept(desk, answer), ensure_ascii=False, sort_keys=True)
        desk.outputs[stage] = kept
        return True, kept

    return guard


def task(name: str, agent: Agent, prompts: Prompts, schema: type[BaseModel], guard: Guard) -> Task:
    """A task whose answer is asked for by schema and checked by code, and which sees no other task's output."""
    prompt = prompts.tasks[name]
    return Task(
        name=name,
        description=prompt.description,
        expected_output=prompt.expected_output,
        agent=agent,
        context=[],
        response_model=schema,
        guardrail=guard,
        guardrail_max_retries=RETRIES,
        allow_crewai_trigger_context=False,
    )


def plain_words(
    desk: Desk[Any], stage: str, what: str, text: str, *, limit: int, allowed: Iterable[Decimal] | None = None
) -> str:
    """Free text of an agent as it may be stored, or an empty text where it is refused (counted as a drop).

    Refused are links and markup (nobody should be led anywhere by a text that may have been steered), text that gives
    orders, stated confidences, and figures that are not among ``allowed`` (default: what the stage's tools showed).
    Longer text than ``limit`` characters is cut at a word.
    """
    words = squash(clean_text(text))
    if not words:
        return ""
    if _LINK.search(text) or _LINK.search(words):
        desk.drop(stage, what, "holds a link or markup")
        return ""
    if gives_orders(words):
        desk.drop(stage, what, "reads like an instruction to a machine")
        return ""
    if _CERTAINTY.search(unicodedata.normalize("NFKC", words)):
        desk.drop(stage, what, "states a confidence, which no agent is shown")
        return ""
    if strange := unfounded(words, desk.shown(stage) if allowed is None else allowed):
        desk.drop(stage, f"{what}: {words}", f"names figures that were not computed: {', '.join(strange[:5])}")
        return ""
    if len(words) > limit:
        cut = words[:limit].rsplit(" ", 1)[0]
        return f"{cut} …"
    return words
