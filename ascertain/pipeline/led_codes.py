"""Evidence that names skills by ids of other taxonomies, led to the one in use by approved crosswalks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ascertain.domain.crosswalks import SAME, Relation
from ascertain.domain.evidence import Evidence, SkillCode
from ascertain.domain.ports import Taxonomy
from ascertain.domain.skills import ContentTag
from ascertain.pipeline.normalise import ASSUMED_LEVEL

CERTAIN = {Relation.EXACT: 0.95, Relation.CLOSE: 0.8}
"""Probability that evidence about the one skill shows the other: people said that it is the same, or nearly so. Not 1:
a row may be wrong, and what a badge is aligned with is its issuer's word."""


def led_tags(e: Evidence, taxonomy: Taxonomy) -> tuple[ContentTag, ...]:
    """The skills that a piece of evidence names by codes which lead somewhere; a wider or narrower skill is another."""
    found: dict[str, ContentTag] = {}
    for c in e.codes:
        link = taxonomy.led(c.code, c.framework)
        if link is None or link.relation not in SAME:
            continue
        made = ContentTag(e.id, link.target, CERTAIN[link.relation], e.level or ASSUMED_LEVEL)
        if link.target not in found or found[link.target].probability < made.probability:
            found[link.target] = made
    return tuple(found[s] for s in sorted(found))


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """A code that evidence of ``people`` names, ``None`` for too few to tell. ``target``: the skill that it leads to,
    empty where nothing leads it; ``relation``: what that is to it, also where it is another skill."""

    code: SkillCode
    people: int | None
    target: str = ""
    relation: str = ""


def codes_seen(found: Iterable[tuple[str, SkillCode]], taxonomy: Taxonomy, least: int) -> list[CodeSeen]:
    """Codes with where they lead, those that lead nowhere first, then by how many people's evidence names them.
    ``found``: (learner id, code) of each piece; fewer than ``least`` people are not counted out."""
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    named: dict[tuple[str, str], SkillCode] = {}
    for learner, code in found:
        key = (code.framework, code.code)
        people[key].add(learner)
        if key not in named or not named[key].label:
            named[key] = code
    rows = []
    for key, code in named.items():
        link = taxonomy.led(code.code, code.framework)
        same = link is not None and link.relation in SAME
        target, relation = (link.target if link and same else "", link.relation.value if link else "")
        rows.append(CodeSeen(code, n if (n := len(people[key])) >= least else None, target, relation))
    return sorted(rows, key=lambda r: (bool(r.target), -(r.people or 0), r.code.framework, r.code.code))
