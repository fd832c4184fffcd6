"""Task of the content tagger: which offered skills each item teaches, and what its words say of the level."""

from __future__ import annotations

from typing import Any

from crewai import Agent, Task
from pydantic import BaseModel, Field

from ascertain.domain.content_weighing import KeptTag, LibraryItem
from ascertain.domain.orders import gives_orders
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_text
from ascertain.prompts import Prompts
from ascertain.taxonomy.denying import read_denied
from ascertain.taxonomy.levels import level_cue
from tasks.checking import checked, task
from tools.library import TAGGER
from tools.library_desk import LibraryDesk
from tools.wording import squash

NAME = "tag_content"
NONE = "none"
MAX_TERM = 80
MAX_TERMS = 3
MAX_QUOTE = 300


class TagAnswer(BaseModel):
    """One offered skill for one item, or none."""

    content_id: str
    skill_id: str = Field(description="An offered skill id, or none.")
    level_quote: str = Field(
        default="", description="Exact words of the item that say its level, where its level is not stated."
    )
    proposed_term: str = Field(default="", description="Words of the item, where the taxonomy lacks the skill.")


class Answer(BaseModel):
    """What the content tagger answers."""

    tags: list[TagAnswer]


def build(agent: Agent, desk: LibraryDesk, prompts: Prompts) -> Task:
    """The task with its check bound to the desk."""
    return task(NAME, agent, prompts, Answer, checked(TAGGER, desk, Answer, accept))


def accept(desk: LibraryDesk, answer: Answer) -> dict[str, Any]:
    """Keep picks among what was offered for that item. A level is read by code out of words that stand in the item,
    and only where no source states one; a term must stand in the item, too."""
    picked: dict[str, dict[str, KeptTag]] = {}
    terms: dict[str, dict[str, str]] = {}
    for t in answer.tags:
        item = desk.items.get(t.content_id)
        if item is None:
            desk.drop(TAGGER, f"{t.content_id}: {t.skill_id}", "no such content in this run")
            continue
        mine = picked.setdefault(item.content_id, {})
        if t.proposed_term and (term := _term(desk, item, t.proposed_term)):
            terms.setdefault(item.content_id, {}).setdefault(term.casefold(), term)
        if t.skill_id.strip().casefold() == NONE:
            continue
        if all(c.skill_id != t.skill_id for c in item.candidates):
            desk.drop(TAGGER, f"{t.content_id}: {t.skill_id}", "the skill was not offered for this content")
            continue
        quote = squash(clean_text(t.level_quote))
        level = _level(desk, item, quote) if quote else None
        mine.setdefault(t.skill_id, KeptTag(t.skill_id, level, quote if level else ""))
    desk.picked = {i: picked[i] for i in desk.items if i in picked}
    desk.terms = {i: tuple(found.values())[:MAX_TERMS] for i, found in terms.items()}
    return {
        "tags": [{"content_id": i, "skill_id": s} for i, found in desk.picked.items() for s in found],
        "terms": sorted({t for found in desk.terms.values() for t in found}),
    }


def _level(desk: LibraryDesk, item: LibraryItem, quote: str) -> Level | None:
    what = f"{item.content_id}: {quote}"
    if item.stated:
        return None  # the source's own word counts
    if len(quote) > MAX_QUOTE or not item.holds(quote):
        desk.drop(TAGGER, what, "the words on the level do not stand in that content")
        return None
    if gives_orders(quote):
        desk.drop(TAGGER, what, "the words on the level read like an instruction to a machine")
        return None
    level = level_cue(quote)
    if level is None:
        desk.drop(TAGGER, what, "the words say no level")
    return level


def _term(desk: LibraryDesk, item: LibraryItem, proposed: str) -> str:
    term = squash(clean_text(proposed)).strip(" .,;:")
    if not any(c.isalpha() for c in term) or len(term) > MAX_TERM:
        desk.drop(TAGGER, f"term: {proposed}", f"not a term of at most {MAX_TERM} characters")
    elif not item.holds(term):
        desk.drop(TAGGER, f"term: {proposed}", "not in the words of the content")
    elif gives_orders(term):
        desk.drop(TAGGER, f"term: {proposed}", "reads like an instruction to a machine")
    elif group := read_denied().refuses(term):
        desk.drop(TAGGER, f"term: {proposed}", f"can never be a skill ({group.id})")
    else:
        return term
    return ""
