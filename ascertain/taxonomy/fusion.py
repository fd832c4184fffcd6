"""Candidates from several rankings, and what meaning says of them, as numbers.

Fusion is by reciprocal rank (Cormack, Clarke & Büttcher 2009, *Reciprocal Rank Fusion outperforms Condorcet and
individual Rank Learning Methods*): Σ 1/(60 + rank) over the rankings that have the skill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ascertain.taxonomy.index import Floats

DENSE = (
    "dense",  # cosine of sentence and skill
    "rank_dense",  # 1/√(1 + rank) by it
    "dense_behind",  # cosine minus the best of all skills
    "dense_best",  # the best cosine of all skills: low when the sentence is about nothing the taxonomy has
    "dense_lead",  # cosine minus the tenth best: how much it stands out
    "fused",  # reciprocal rank over all rankings, 1 for the first in each
)
CANDIDATES = 100
"""Skills taken from the fused ranking; those named word for word come on top."""
_K = 60
_LEAD = 10


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the dense retriever says of one sentence: (skills,) scores; (skills,) rank, ``CANDIDATES`` beyond the
    first so many; the rows of those."""

    scores: Floats
    ranks: Floats
    top: list[int]


def ranking(scores: Floats, size: int) -> tuple[Floats, list[int]]:
    """Rank of every skill by score, equal ones alike (those beyond ``size`` or without a score share ``size``), and
    the rows of the best ``size``, best first."""
    some = np.flatnonzero(scores)
    ranks = np.full(len(scores), float(size), dtype=np.float32)
    if len(some) > size:
        floor = np.partition(scores[some], -size)[-size]
        some = some[scores[some] >= floor]
    # Equal scores share a rank, so that nothing depends on the order of rows.
    order = some[np.lexsort((some, -scores[some]))][:size]
    ordered = scores[order]
    ranks[order] = np.searchsorted(-ordered, -ordered, side="left")
    return ranks, order.tolist()


def fused(rankings: Sequence[tuple[Floats, list[int]]], skills: int) -> Floats:
    """(skills,): reciprocal-rank fusion, 1 for a skill that is first in every ranking."""
    out = np.zeros(skills, dtype=np.float32)
    for ranks, top in rankings:
        out[top] += _K / (_K + ranks[top])
    return out * np.float32(1 / max(1, len(rankings)))


def meaning(scores: Floats) -> Meaning:
    """Ranks of a sentence's dense scores."""
    ranks, top = ranking(scores, CANDIDATES)
    return Meaning(scores, ranks, top)


def first(fusion: Floats) -> list[int]:
    """The rows of the ``CANDIDATES`` best."""
    return ranking(fusion, CANDIDATES)[1]


def dense_values(found: Meaning, fusion: Floats, rows: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
    """(K,) each of ``DENSE``."""
    scores = found.scores[rows].astype(np.float64)
    top = float(found.scores[found.top[0]]) if found.top else 0.0
    tenth = float(found.scores[found.top[min(_LEAD, len(found.top)) - 1]]) if found.top else 0.0
    return {
        "dense": scores,
        "rank_dense": 1 / np.sqrt(1 + found.ranks[rows].astype(np.float64)),
        "dense_behind": scores - top,
        "dense_best": np.full(len(rows), top),
        "dense_lead": scores - tenth,
        "fused": fusion[rows].astype(np.float64),
    }
