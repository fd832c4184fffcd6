"""One piece of learning content as people look at it: what it teaches, by which words, and its transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ascertain.domain.content_tags import IN_USE, TagRules
from ascertain.domain.ports import Content, Mapper, Taxonomy, UnitOfWork
from ascertain.domain.rules import MappingRules
from ascertain.domain.transcripts import Passage, Transcript, some
from ascertain.errors import NotFoundError
from ascertain.pipeline.tag_rows import TagRow, rows
from ascertain.pipeline.weighing import readable

Json = dict[str, Any]
PLACES = 3
"""Passages shown of a skill: the surest ones, in the order in which they are said."""


def content_item(
    uow: UnitOfWork, tagger: str, taxonomy: Taxonomy, rules: TagRules, content_id: str
) -> tuple[Content, list[TagRow], Transcript | None]:
    """The item, its tags in whatever state, the surest in use first, and its transcript.

    Raises:
        NotFoundError: no such content.
    """
    found = uow.contents.get(content_id)
    if found is None:
        raise NotFoundError(f"there is no content {content_id!r}", remedy="`/content` lists it")
    tags = rows(uow, tagger, taxonomy, rules, content=content_id)
    tags.sort(key=lambda r: (r.state not in IN_USE, -r.probability, r.label.casefold()))
    return found, tags, uow.transcripts.of([content_id]).get(content_id)


def spoken_places(
    mapper: Mapper, said: Transcript, skills: Sequence[str], rules: MappingRules, mask: Callable[[str], str]
) -> dict[str, list[Json]]:
    """Where a transcript speaks of each skill: the surest ``PLACES`` passages as the mapper reads them now, with
    ``where``, ``text`` and ``probability``; only those that passed the floor of a tag."""
    read = [
        Passage(t, p.second, p.page) for p in some(said.passages, rules.spoken_most) if (t := readable(p.text, mask))
    ]
    found: dict[str, list[tuple[float, int]]] = {}
    for i, candidates in enumerate(mapper.map([p.text for p in read], top=3 * rules.tags_per_content)):
        for c in candidates:
            if c.skill_id in skills and c.probability >= rules.tag_floor:
                found.setdefault(c.skill_id, []).append((-c.probability, i))
    return {
        skill: [
            {"where": read[i].where, "text": read[i].text, "probability": -p}
            for p, i in sorted(sorted(places)[:PLACES], key=lambda at: at[1])
        ]
        for skill, places in found.items()
    }
