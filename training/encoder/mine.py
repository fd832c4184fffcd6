"""What the encoder adds before it is trained (further): neighbours of each concept, labels for marked phrases.

*Neighbours* are hard negatives: the concepts of the same taxonomy nearest to a concept. Concepts that share a name
with it are left out, for they are no wrong answer.

*Phrases*: SkillSpan marks which words of an advertisement are a skill or knowledge, without saying which one. Where
the encoder puts such a phrase very near to a single concept, phrase and sentence become examples of it
(self-training). The bar is high because a wrong label teaches more than a right one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.encoder import sources
from training.encoder.measure import Encode, Vectors
from training.encoder.pairs import Example
from training.encoder.sources import Concept, Posting, norm

NEIGHBOURS = 20
SURE, MARGIN = 0.75, 0.03
"""Least cosine between a phrase and its concept, and least distance to the second concept."""
_ROWS = 1024


def surfaces(concept: Concept) -> frozenset[str]:
    """All its names as :func:`norm` writes them."""
    return frozenset(norm(n) for n in (concept.label, *concept.synonyms))


def neighbours(vectors: Vectors, concepts: list[Concept], esco: int) -> npt.NDArray[np.int64]:
    """(concepts, :data:`NEIGHBOURS`): the nearest first, −1 where there are fewer. ``vectors`` are the concepts',
    ``esco`` is the size of the first taxonomy; concepts are compared within their own."""
    names = [surfaces(c) for c in concepts]
    out = np.full((len(concepts), NEIGHBOURS), -1, np.int64)
    for first, last in ((0, esco), (esco, len(concepts))):
        block = vectors[first:last]
        wanted = min(2 * NEIGHBOURS, len(block) - 1)
        for a in range(0, len(block), _ROWS):
            near = np.argpartition(-(block[a : a + _ROWS] @ block.T), wanted, axis=1)[:, : wanted + 1]
            for row, found in enumerate(near, first + a):
                order = found[np.argsort(-(block[found] @ vectors[row]), kind="stable")] + first
                other = [i for i in order if i != row and not names[i] & names[row]][:NEIGHBOURS]
                out[row, : len(other)] = other
    return out


def phrases(encode: Encode, vectors: Vectors, postings: list[Posting], held_out: set[str]) -> list[Example]:
    """Examples of source ``span``. ``vectors`` are ESCO's; texts in ``held_out`` (normalised) are not used."""
    usable = [p for p in postings if p.spans and norm(p.text) not in held_out]
    spans = list(dict.fromkeys(s for p in usable for s in p.spans if len(s) > 2))
    scores = encode(spans) @ vectors.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    top = np.take_along_axis(scores, best, axis=1)
    sure = {
        span: int(b[0]) for span, b, t in zip(spans, best, top, strict=True) if t[0] >= SURE and t[0] - t[1] >= MARGIN
    }
    out = [Example(span, (concept,), "span") for span, concept in sure.items() if norm(span) not in held_out]
    for p in usable:
        found = tuple(sorted({sure[s] for s in p.spans if s in sure}))
        if found:
            out.append(Example(p.text, found, "span"))
    return out


def held_out(data_texts: set[str]) -> set[str]:
    """Texts that no example may repeat: ``data_texts`` and the project's own labelled ones."""
    return data_texts | sources.own_texts()
