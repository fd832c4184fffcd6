"""Which offered skills content teaches: all that the mapper is sure enough of to offer. The first sentence that says a
level is quoted for it. Where nothing is offered, a short title is proposed as a term that the taxonomy lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.ports import CrewServices
from ascertain.taxonomy.levels import level_cue
from tools.wording import sentences

_MOST_WORDS = 4
_MAX_QUOTE = 300


def answer(shown: Mapping[str, dict[str, Any]], services: CrewServices) -> dict[str, Any]:
    """One pick for each candidate of each item, or none."""
    tags = []
    for item in shown.get("library_items", {}).get("items", ()):
        quote = "" if item["level_is_stated"] else _level_words(item)
        for candidate in item["candidates"]:
            tags.append(_tag(item, candidate["skill_id"], quote))
        if not item["candidates"]:
            title = item["title"].strip()
            tags.append(_tag(item, "none", "", title if len(title.split()) <= _MOST_WORDS else ""))
    return {"tags": tags}


def _tag(item: Mapping[str, Any], skill_id: str, quote: str, term: str = "") -> dict[str, Any]:
    return {"content_id": item["content_id"], "skill_id": skill_id, "level_quote": quote, "proposed_term": term}


def _level_words(item: Mapping[str, Any]) -> str:
    for text in (item["title"], *sentences(item["description"])):
        if len(text) <= _MAX_QUOTE and level_cue(text) is not None:
            return str(text)
    return ""
