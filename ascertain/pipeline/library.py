"""How far the learning library is read, and what it speaks of without a skill for it."""

from __future__ import annotations

from typing import Any

from ascertain.domain.content_weighing import lacking
from ascertain.domain.ports import UnitOfWork

Json = dict[str, Any]


def coverage(uow: UnitOfWork, tagger: str, weigher: str) -> Json:
    """Counts over active content: ``contents``, ``mapped``, ``weighed`` (by the present crew), ``tagged`` (with a tag
    in use), ``held_back`` (tags), ``transcripts``; ``last``: when the crew looked last; ``terms``: words that no skill
    fits → texts."""
    counts = uow.weighings.coverage(tagger, weigher)
    tags, weighings = uow.contents.tags(tagger), uow.weighings.of(tagger)
    contents = uow.contents.all()
    texts = {c.text_hash for c in contents}
    return {
        "contents": counts.contents,
        "mapped": counts.mapped,
        "weighed": counts.weighed,
        "tagged": sum(bool(tags.get(c.item.content_id)) for c in contents),
        "held_back": sum(len(w.refused) for text, w in weighings.items() if text in texts),
        "transcripts": sum(bool(c.transcript) for c in contents),
        "last": counts.last,
        "terms": lacking(weighings, texts),
    }
