"""Whether the words of an item bear a tag. It is held back where its title does not name the skill, and all that it
rests on says what learners must bring, or what the item leaves out, or is a long list: whoever lists ten things teaches
few of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.ports import CrewServices
from tools.library import MAX_DESCRIPTION

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
"""Separators in one sentence. How often tags out of such lists are right: docs/content-tags.md."""
_WORD = re.compile(r"[^\W_]{2,}[+#]*|[^\W\d_][+#]+")
_PREFIX = 5
"""Letters that two words must share to count as the same: "negotiat-ing", "negotiat-ion"."""
_LONGER = 4
"""Letters that one of them may be longer: "Finanzcontrolling" is not "financial"."""
_SMALL = frozenset({"and", "of", "the", "for", "with", "in", "to", "an", "und", "von", "mit"})


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """A verdict for each tag."""
    items = shown.get("tagged_items", {}).get("items", ())
    return {"verdicts": [_judge(item, tag) for item in items for tag in item["tags"]]}


def _judge(item: Mapping[str, Any], tag: Mapping[str, Any]) -> dict[str, Any]:
    title = _words(item["title"])
    named = any(_names(_words(name), title) for name in (tag["label"], *tag["synonyms"]))
    why = "" if named else _against(tag["quote"], _sentence(item, tag["quote"]))
    return {
        "content_id": item["content_id"],
        "skill_id": tag["skill_id"],
        "verdict": "unsupported" if why else "supported",
        "note": why,
    }


def _sentence(item: Mapping[str, Any], quote: str) -> str:
    """The sentence that a quote stands in: of a long one the mapper quotes a part. One that is shown nowhere stands in
    what was cut off a long description: it goes on with the last sentence that is shown."""
    text = str(item["description"])
    at = text.find(quote) if quote else -1
    if at < 0:
        elsewhere = quote in item["title"] or any(quote in p for p in item.get("passages", ()))
        if not quote or elsewhere or len(text) < MAX_DESCRIPTION:
            return quote
        return text[max((m.end() for m in _END.finditer(text)), default=0) :]
    begin = max((m.end() for m in _END.finditer(text, 0, at)), default=0)
    end = _END.search(text, at + len(quote) - 1)
    return text[begin : end.start() if end else len(text)]


def _against(quote: str, sentence: str) -> str:
    if _NOT_TAUGHT.search(quote):
        return "The words say what learners must bring, or what is left out."
    if len(_SEPARATOR.findall(sentence)) >= _LONG_LIST:
        return "It is one of many things in a list, and the title does not name it."
    return ""


def _names(name: Sequence[str], title: Sequence[str]) -> bool:
    """Whether each word of a name stands in the title: "Supply Chain Analytics" names no "Business analysis"."""
    return bool(name) and all(any(_same(a, b) for b in title) for a in name)


def _same(a: str, b: str) -> bool:
    return a[:_PREFIX] == b[:_PREFIX] and abs(len(a) - len(b)) <= _LONGER


def _words(text: str) -> list[str]:
    return [w for w in (f.casefold() for f in _WORD.findall(text)) if w not in _SMALL]
