"""Maps catalogue content to skills, once: the accepted tags are reused for every learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.orders import gives_orders, without_orders
from ascertain.domain.ports import Content, Mapper, Taxonomy, UnitOfWorkFactory
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import Candidate, ContentTag, Level
from ascertain.errors import PseudonymError

BATCH = 64
READING = 3
"""Raised whenever titles and descriptions are read or combined differently, so that content is tagged anew."""
_KIND = "Course description:\n"
"""Told before a description, so that the mapper reads "SQL is expected" as what a course builds on rather than as a
job's demand. A line of its own, so no quote ever contains it."""


@dataclass(frozen=True, slots=True)
class TagReport:
    """How much was tagged; ``untaught`` is content for which no skill passed the floor."""

    contents: int
    tags: int
    untaught: int


def tagger_version(taxonomy: Taxonomy, mapper: Mapper, rules: MappingRules) -> str:
    """Under which tags are kept: other taxonomy, mapper or floors, other tags."""
    return f"{taxonomy.version}|{mapper.version}|{rules.tag_floor}/{rules.tags_per_content}/{rules.mention}/{READING}"


def tag_contents(
    units: UnitOfWorkFactory,
    mapper: Mapper,
    rules: MappingRules,
    tagger: str,
    progress: Callable[[int, int], None] | None = None,
    mask: Callable[[str], str] = str,
) -> TagReport:
    """Tag whatever has not been tagged at its present text. Safe to repeat and to interrupt."""
    with units(write=False) as uow:
        todo = uow.contents.untagged(tagger)
    made = empty = 0
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        found = taught(mapper, [_masked(c, mask) for c in batch], rules)
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
                ]
                uow.contents.set_tags(content, tagger, tags)
                made += len(tags)
                empty += not tags
            _record(uow.audit.append, batch, tagger)
            uow.commit()
        if progress:
            progress(min(start + BATCH, len(todo)), len(todo))
    return TagReport(len(todo), made, empty)


def _masked(content: Content, mask: Callable[[str], str]) -> Content:
    """As the mapper may read it; nothing of what cannot be masked."""
    try:
        title, description = mask(content.item.title), mask(content.description)
    except PseudonymError:
        title = description = ""
    return replace(content, item=replace(content.item, title=title), description=description)


def taught(mapper: Mapper, contents: Sequence[Content], rules: MappingRules) -> list[list[Candidate]]:
    """Skills that each piece of content teaches, best first: those its title names, and, at a discount, those that
    only its description names. Chances combine as independent ones (noisy-or): both naming it is surer than either.
    Sentences that give orders to a machine are not read."""
    wide = 3 * rules.tags_per_content
    titles = mapper.map([without_orders(c.item.title) for c in contents], top=wide)
    bodies = mapper.map([_KIND + without_orders(c.description) for c in contents], top=wide)
    out = []
    for in_title, in_body in zip(titles, bodies, strict=True):
        best: dict[str, Candidate] = {}
        for candidate in in_title:
            best[candidate.skill_id] = candidate
        for candidate in in_body:
            said = candidate.probability * rules.mention
            named = best.get(candidate.skill_id)
            chance = 1 - (1 - named.probability) * (1 - said) if named else said
            best[candidate.skill_id] = replace(candidate, probability=chance)
        ranked = sorted(best.values(), key=lambda c: (-c.probability, c.skill_id))
        out.append([c for c in ranked if c.probability >= rules.tag_floor][: rules.tags_per_content])
    return out


def _record(append: Callable[..., object], batch: list[Content], tagger: str) -> None:
    append(
        "content.tagged",
        actor="mapper",
        header={
            "tagger": tagger,
            "contents": [c.item.content_id for c in batch],
            "giving_orders": [c.item.content_id for c in batch if gives_orders(c.description)],
        },
    )
