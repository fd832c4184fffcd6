"""How a skill is named in a sentence, as numbers: the input of the model for skills named word for word.

Such a skill has a model of its own. Among the others the share of the words in common decides; once a label or synonym
stands there in full, what matters is whether it is the name or an everyday word: its length, its spelling, how
much of the sentence it is, and how many skills are written alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ascertain.taxonomy.forms import title_case
from ascertain.taxonomy.gazetteer import Hit
from ascertain.taxonomy.text import Token

NAMED = (
    "named",  # 1 where an outermost phrase is the skill's; the model for the others never sees it
    "named_label",  # 1 when it is the label
    "named_alone",  # 1/√(skills written alike)
    "named_phrase",  # 1 when it is of several words
    "named_sign",  # 1 when spelt as acronyms and products are: AWS, k8s, C++, GitHub
    "named_proper",  # 1 when capitalised within a sentence that is not a title, or written in a case that matters
    "named_fill",  # share of the sentence's words
    "named_short",  # 1/√(1 + the sentence's other words)
    "named_first",  # 1 when the sentence begins with it
    "named_rare",  # idf of its words over the largest, at most 1
    "named_people",  # 1 when it says who people are: "the procurement team", "for product managers"
    "named_title",  # 1 in a title
    "named_foreign",  # 1 in a sentence of another language, where the name is that language's own or a product's
    "named_others",  # ln(1 + other skills named)
)
_AGENT = re.compile(r"(?:er|or|ist|yst)s?$")
"""*Product managers* has the stems of product management; *leading a team* really is about teams."""
_FOREIGN_LENGTH = 5
"""Shorter words than this are too often a word of the other language."""


def named(
    rows: npt.NDArray[np.int64],
    hits: Sequence[Hit],
    words: Sequence[Token],
    bound: Mapping[int, str],
    rarity: Mapping[str, float],
    people: frozenset[str],
    *,
    foreign: bool,
    capitals: bool = True,
) -> npt.NDArray[np.float64]:
    """(K, ``NAMED``): for each candidate the largest of each number over its outermost phrases; zeros where none is.

    Args:
        rarity: idf over the largest, of each stem.
        people: words, in small letters, that make a name one of people: *team*, *department*, *managers*.
        foreign: whether the sentence is in another language; short everyday words do not count there.
        capitals: whether a capital within a sentence marks a name: not in German, where it marks any noun.
    """
    x = np.zeros((len(rows), len(NAMED)))
    place = {int(r): i for i, r in enumerate(rows)}
    title = title_case(words)
    shouting = len(words) > 3 and not any(c.islower() for w in words for c in w.surface)
    outer = [h for h in hits if not h.nested]
    skills = {h.skill for h in outer}
    for h in outer:
        span = words[h.start : h.end]
        sign = not shouting and any(_is_sign(w.surface) for w in span)
        if foreign and len(span) == 1 and not sign and len(span[0].surface) < _FOREIGN_LENGTH:
            continue
        cased = h.end - h.start == 1 and h.start in bound
        inside = capitals and not title and not shouting and h.start > 0 and span[0].surface[0].isupper()
        others = len(words) - len(span)
        values = (
            1.0,
            float(h.is_label),
            1 / np.sqrt(h.sharing),
            float(len(span) > 1),
            float(sign),
            float(cased or inside),
            len(span) / len(words),
            1 / np.sqrt(1 + others),
            float(h.start == 0),
            min(1.0, sum(rarity.get(w.stem, 1.0) for w in span)),
            float(_is_people(words, h, people)),
            float(title),
            float(foreign),
            np.log1p(len(skills) - 1),
        )
        i = place[h.skill]
        x[i] = np.maximum(x[i], values)
    return x


def _is_people(words: Sequence[Token], hit: Hit, people: frozenset[str]) -> bool:
    around = words[hit.end - 1 : hit.end + 1]
    near = len(around) > 1 and around[1].start - around[0].end <= 1
    last = around[0].surface.lower()
    return (last in people and bool(_AGENT.search(last))) or (near and around[1].surface.lower() in people)


def _is_sign(word: str) -> bool:
    capitals = sum(c.isupper() for c in word)
    inner = any(c.isupper() for c in word[1:])
    return (
        (capitals > 1 and inner)
        or (inner and word[0].islower())
        or (any(c.isdigit() for c in word) and any(c.isalpha() for c in word))
        or any(c in "+#.&" for c in word)
    )
