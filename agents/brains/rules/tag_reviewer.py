"""Whether the words of an item bear a tag. It is held back where its title does not name the skill, and all that it
rests on says what learners must bring, or what the item leaves out, or is a long list: whoever lists ten things teaches
few of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ascertain.domain.ports import CrewServices

_NOT_TAUGHT = re.compile(
    r"\bprerequisites?\b|\b(?:is|are) (?:required|expected|assumed|a must)\b|"
    r"\bassumes? (?:that|some|basic|prior|you)\b|"
    r"\byou should (?:already )?(?:know|have|be)\b|\balready (?:know|familiar|comfortable|have)\b|"
    r"\b(?:does|do|will) not (?:cover|teach|deal with|go into)\b|\bnot (?:covered|part of|the subject)\b|"
    r"\bvoraus(?:gesetzt|setzung(?:en)?)\b",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[,;]\s")
_END = re.compile(r"[.!?](?:\s|$)|\n")
_LONG_LIST = 8
"""Separators in one sentence. Of 60 tags of real courses judged by hand, 21 of 34 out of such lists were wrong, and 6
of the 26 others."""
_WORD = re.compile(r"[^\W_]{2,}[+#]*")
_PREFIX = 5
"""Letters that two words must share to count as the same: "negotiat-ing", "negotiat-ion"."""


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """A verdict for each tag."""
    items = shown.get("tagged_items", {}).get("items", ())
    return {"verdicts": [_judge(item, tag) for item in items for tag in item["tags"]]}


def _judge(item: Mapping[str, Any], tag: Mapping[str, Any]) -> dict[str, Any]:
    named = bool(_stems([tag["label"], *tag["synonyms"]]) & _stems([item["title"]]))
    why = "" if named else _against(tag["quote"], _sentence(item["description"], tag["quote"]))
    return {
        "content_id": item["content_id"],
        "skill_id": tag["skill_id"],
        "verdict": "unsupported" if why else "supported",
        "note": why,
    }


def _sentence(text: str, quote: str) -> str:
    """The sentence that a quote stands in: of a long one the mapper quotes a part."""
    at = text.find(quote) if quote else -1
    if at < 0:
        return quote
    begin = max((m.end() for m in _END.finditer(text, 0, at)), default=0)
    end = _END.search(text, at + len(quote) - 1)
    return text[begin : end.start() if end else len(text)]


def _against(quote: str, sentence: str) -> str:
    if _NOT_TAUGHT.search(quote):
        return "The words say what learners must bring, or what is left out."
    if len(_SEPARATOR.findall(sentence)) >= _LONG_LIST:
        return "It is one of many things in a list, and the title does not name it."
    return ""


def _stems(texts: Iterable[str]) -> set[str]:
    return {w.casefold()[:_PREFIX] for t in texts for w in _WORD.findall(t)}
