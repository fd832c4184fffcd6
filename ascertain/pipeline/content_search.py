"""Learning content by the skills that it teaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.skills import ContentTag, Level
from ascertain.pipeline.views import label

Json = dict[str, Any]


def reaches(level: Level, tags: Iterable[ContentTag], skill: str, least: int) -> bool:
    """Whether content of ``level`` teaches ``skill`` (any, where it is empty) to ``least`` or above."""
    if not skill:
        return level >= least
    return any(t.skill_id == skill and t.level >= least for t in tags)


def search(
    uow: UnitOfWork, tagger: str, taxonomy: Taxonomy, *, skill: str = "", words: str = "", level: int = 0
) -> list[Json]:
    """Active content that teaches ``skill``, to ``level`` or above, and holds ``words``, the surest first: by the tag's
    probability, then by title. Tags are those in use: rejected ones are not among them."""
    asked = words.strip().casefold()
    tags = uow.contents.tags(tagger)
    found = []
    for c in uow.contents.all():
        item, taught = c.item, tags.get(c.item.content_id, ())
        mine = next((t for t in taught if t.skill_id == skill), None)
        if (
            not reaches(item.level, taught, skill, level)
            or asked not in f"{item.title}\n{c.description}\n{c.code}".casefold()
        ):
            continue
        rows = [
            {
                "skill": t.skill_id,
                "label": label(taxonomy, t.skill_id),
                "probability": t.probability,
                "level": int(t.level),
            }
            for t in taught
        ]
        found.append(
            {
                "id": item.content_id,
                "title": item.title,
                "summary": item.summary,
                "system": c.system,
                "level": int(mine.level) if mine else int(item.level),
                "hours": item.hours,
                "modality": item.modality,
                "language": item.language,
                "external": item.external,
                "mandatory": item.mandatory,
                "probability": mine.probability if mine else None,
                "tags": rows,
            }
        )
    return sorted(found, key=lambda r: (-(r["probability"] or 0.0), r["title"].casefold(), r["id"]))
