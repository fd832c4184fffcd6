"""Maps catalogue content to skills, once: the accepted tags are reused for every learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ascertain.domain.ports import Content, Mapper, Taxonomy, UnitOfWorkFactory
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import ContentTag, Level

BATCH = 64


@dataclass(frozen=True, slots=True)
class TagReport:
    """How much was tagged; ``untaught`` is content for which no skill passed the floor."""

    contents: int
    tags: int
    untaught: int


def tagger_version(taxonomy: Taxonomy, mapper: Mapper, rules: MappingRules) -> str:
    """Under which tags are kept: other taxonomy, mapper or floors, other tags."""
    return f"{taxonomy.version}|{mapper.version}|{rules.tag_floor}/{rules.tags_per_content}"


def tag_contents(
    units: UnitOfWorkFactory,
    mapper: Mapper,
    rules: MappingRules,
    tagger: str,
    progress: Callable[[int, int], None] | None = None,
) -> TagReport:
    """Tag whatever has not been tagged at its present text. Safe to repeat and to interrupt."""
    with units(write=False) as uow:
        todo = uow.contents.untagged(tagger)
    made = empty = 0
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        found = mapper.map([f"{c.item.title}.\n{c.description}" for c in batch], top=rules.tags_per_content)
        with units() as uow:
            for content, candidates in zip(batch, found, strict=True):
                tags = [
                    ContentTag(
                        content.item.content_id,
                        c.skill_id,
                        c.probability,
                        content.item.level or Level.FOUNDATION,
                        c.quote,
                    )
                    for c in candidates
                    if c.probability >= rules.tag_floor
                ]
                uow.contents.set_tags(content, tagger, tags)
                made += len(tags)
                empty += not tags
            _record(uow.audit.append, batch, tagger)
            uow.commit()
        if progress:
            progress(min(start + BATCH, len(todo)), len(todo))
    return TagReport(len(todo), made, empty)


def _record(append: Callable[..., object], batch: list[Content], tagger: str) -> None:
    append(
        "content.tagged",
        actor="mapper",
        header={"tagger": tagger, "contents": [c.item.content_id for c in batch]},
    )
