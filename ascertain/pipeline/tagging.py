"""Maps catalogue content to skills, once: the accepted tags are reused for every learner."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.orders import gives_orders, without_orders
from ascertain.domain.ports import Content, Mapper, Taxonomy, UnitOfWorkFactory
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import Candidate, ContentTag
from ascertain.domain.transcripts import some
from ascertain.errors import PseudonymError

BATCH = 64
READING = 4
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
    floors = f"{rules.tag_floor}/{rules.tags_per_content}/{rules.mention}"
    heard = f"{rules.spoken}/{rules.spoken_share}/{rules.spoken_least}/{rules.spoken_most}"
    return f"{taxonomy.version}|{mapper.version}|{floors}/{heard}/{READING}"


def tag_contents(
    units: UnitOfWorkFactory,
    mapper: Mapper,
    rules: MappingRules,
    tagger: str,
    progress: Callable[[int, int], None] | None = None,
    mask: Callable[[str], str] = str,
    only: Collection[str] | None = None,
) -> TagReport:
    """Tag whatever has not been tagged at its present text, or of that only ``only``. Safe to repeat and to interrupt,
    and for several processes at once: what two of them tag is the same."""
    with units(write=False) as uow:
        todo = uow.contents.untagged(tagger)
    if only is not None:
        todo = [c for c in todo if c.item.content_id in only]
    made = empty = 0
    for start in range(0, len(todo), BATCH):
        batch = todo[start : start + BATCH]
        found = taught(mapper, [_masked(c, mask) for c in batch], rules, _said(units, batch, rules, mask))
        with units() as uow:
            for content, candidates in zip(batch, found, strict=True):
                tags = [
                    ContentTag(
                        content.item.content_id,
                        c.skill_id,
                        c.probability,
                        content.item.level,
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


def _said(
    units: UnitOfWorkFactory, batch: Sequence[Content], rules: MappingRules, mask: Callable[[str], str]
) -> dict[str, list[str]]:
    """Passages of transcripts as the mapper may read them, by content id."""
    with units(write=False) as uow:
        found = uow.transcripts.of([c.item.content_id for c in batch if c.transcript])
    return {
        ident: [p for p in (_clean(p.text, mask) for p in some(t.passages, rules.spoken_most)) if p]
        for ident, t in found.items()
    }


def _clean(text: str, mask: Callable[[str], str]) -> str:
    try:
        return mask(text)
    except PseudonymError:
        return ""


def heard(mapper: Mapper, passages: Sequence[str], rules: MappingRules) -> list[Candidate]:
    """Skills that a transcript keeps coming back to: each with the mean probability of its best passages, of which
    there are ``spoken_share`` of all and at least ``spoken_least``, and with the best one's quote."""
    read = [without_orders(p) for p in passages]
    if not read:
        return []
    need = min(len(read), max(rules.spoken_least, math.ceil(rules.spoken_share * len(read))))
    said: dict[str, list[Candidate]] = {}
    for passage, found in zip(read, mapper.map(read, top=3 * rules.tags_per_content), strict=True):
        for c in found:
            said.setdefault(c.skill_id, []).append(c if c.quote else replace(c, quote=passage))
    out = []
    for candidates in said.values():
        best = sorted(candidates, key=lambda c: -c.probability)[:need]
        out.append(replace(best[0], probability=sum(c.probability for c in best) / need))
    return sorted(out, key=lambda c: (-c.probability, c.skill_id))


def taught(
    mapper: Mapper,
    contents: Sequence[Content],
    rules: MappingRules,
    said: Mapping[str, Sequence[str]] | None = None,
) -> list[list[Candidate]]:
    """Skills that each piece of content teaches, best first: those its title names, and, at a discount, those that
    only its description names, or that its transcript (``said``: passages by content id) keeps coming back to. Chances
    combine as independent ones (noisy-or): both naming it is surer than either. Sentences that give orders to a
    machine are not read."""
    wide = 3 * rules.tags_per_content
    titles = mapper.map([without_orders(c.item.title) for c in contents], top=wide)
    bodies = mapper.map([_KIND + without_orders(c.description) for c in contents], top=wide)
    out = []
    spoken = [heard(mapper, (said or {}).get(c.item.content_id, ()), rules) for c in contents]
    for in_title, in_body, in_speech in zip(titles, bodies, spoken, strict=True):
        best = {c.skill_id: c for c in in_title}
        for share, found in ((rules.mention, in_body), (rules.spoken, in_speech)):
            for candidate in found:
                chance = candidate.probability * share
                if named := best.get(candidate.skill_id):
                    chance = 1 - (1 - named.probability) * (1 - chance)
                    # The words of the description say more than the title; those of the speech stand in only where
                    # nothing shorter names the skill.
                    candidate = named if found is in_speech else candidate
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
