"""Tools of the catalogue crew: items of the library with the skills they may be taken to teach."""

from __future__ import annotations

from typing import Any

from ascertain.domain.content_weighing import LibraryItem
from ascertain.domain.skills import ContentTag
from tools.base import DeskTool
from tools.library_desk import LibraryDesk

TAGGER, REVIEWER = "content_tagger", "tag_reviewer"

MAX_DESCRIPTION = 1500
MAX_DEFINITION = 300
MAX_PASSAGES = 8


class LibraryItems(DeskTool):
    """Items with their candidates, without the probabilities."""

    name: str = "library_items"
    description: str = (
        "Learning content with title, description, passages of its transcript, and candidate skills, each with "
        "skill_id, label, definition and the quote that it rests on. Only these ids may be picked. Takes no arguments."
    )
    stage: str = TAGGER

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``items``: content_id, title, description, passages, level_is_stated, candidates."""
        return {"items": [self._item(i) for i in self._desk.items.values()]}

    def _item(self, item: LibraryItem) -> dict[str, Any]:
        return {
            **_text(item),
            "level_is_stated": item.stated,
            "candidates": [_candidate(self._desk, t) for t in item.candidates],
        }


class TaggedItems(DeskTool):
    """What the tagger picked, as far as it stood up to the checks."""

    name: str = "tagged_items"
    description: str = (
        "Learning content with the skills that it is said to teach: skill_id, label, definition, synonyms and the "
        "quote. Takes no arguments."
    )
    stage: str = REVIEWER

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``items``: content_id, title, description, passages, tags."""
        desk = self._desk
        rows = []
        for ident, picked in desk.picked.items():
            if picked:
                item = desk.items[ident]
                tags = [_candidate(desk, t) for t in item.candidates if t.skill_id in picked]
                rows.append({**_text(item), "tags": tags})
        return {"items": rows}


def _text(item: LibraryItem) -> dict[str, Any]:
    return {
        "content_id": item.content_id,
        "title": item.title,
        "description": item.description[:MAX_DESCRIPTION],
        "passages": _passages(item),
    }


def _passages(item: LibraryItem) -> list[str]:
    """Those that candidates rest on, then from the beginning: an hour of speech does not fit."""
    quoted = [p.text for t in item.candidates if t.quote for p in item.passages if t.quote in p.text]
    return list(dict.fromkeys([*quoted, *(p.text for p in item.passages)]))[:MAX_PASSAGES]


def _candidate(desk: LibraryDesk, tag: ContentTag) -> dict[str, Any]:
    skill = desk.skill(tag.skill_id)
    return {
        "skill_id": tag.skill_id,
        "label": skill.label if skill else tag.skill_id,
        "synonyms": list(skill.synonyms) if skill else [],
        "definition": skill.definition[:MAX_DEFINITION] if skill else "",
        "quote": tag.quote,
    }
