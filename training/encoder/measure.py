"""How well a text encoder ranks the concepts of a taxonomy: figures as WorkRB defines them, without torch.

A query is a distinct sentence with at least one right concept, candidates are all concepts of the taxonomy, and
RP@k = |top-k ∩ right| / min(k, |right|). The encoder alone is judged: cosine between the text's vector and the
concept's, which is ½ label + ½ mean of synonyms (each normalised first).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.encoder import sources
from training.encoder.sources import Concept, Queries

Vectors = npt.NDArray[np.float32]
Figures = dict[str, Any]
"""Measures by name, times 100; ``queries`` is a count, ``RP@5 interval`` a pair."""
Encode = Callable[[Sequence[str]], Vectors]
CHOOSING = ("tech", "house", "own")
"""The sets whose mean RP@5 chooses between checkpoints; SkillSkape's dev split is shown beside them."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an encoder is judged on: queries by name, each with the taxonomy (``esco`` or ``starter``) it ranks."""

    esco: list[Concept]
    starter: list[Concept]
    queries: dict[str, tuple[str, Queries]]


def load(data: Path, *, most: int | None = None) -> Trial:
    """The validation splits of TECH and HOUSE, SkillSkape's dev split, our own labelled sentences and documents.

    ``most``: only the first so many queries of SkillSkape's, by far the largest set; all by default.
    """
    esco, starter = sources.esco(data), sources.starter()
    return Trial(
        esco,
        starter,
        {
            "tech": ("esco", sources.benchmark(data, "tech", esco)),
            "house": ("esco", sources.benchmark(data, "house", esco)),
            "skillskape-dev": ("esco", _first(sources.skillskape(data, "dev", esco), most)),
            "own": ("starter", sources.own(starter)),
            "own-documents": ("starter", sources.own(starter, "document")),
        },
    )


def _first(queries: Queries, most: int | None) -> Queries:
    return Queries(queries.texts[:most], queries.gold[:most])


def unit(vectors: Vectors) -> Vectors:
    """Rows of length one; a row of zeros stays."""
    out: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return out


def concept_vectors(encode: Encode, concepts: Sequence[Concept], most: int | None = None) -> Vectors:
    """(concepts, width): ½ label + ½ mean synonym, normalised. ``most`` synonyms of each, all by default."""
    rng = random.Random(0)
    names = [list(c.synonyms) if most is None else rng.sample(c.synonyms, min(most, len(c.synonyms))) for c in concepts]
    labels = encode([c.label for c in concepts])
    owner = np.repeat(np.arange(len(concepts)), [len(n) for n in names])
    synonyms = encode([name for n in names for name in n])
    mean = np.zeros_like(labels)
    np.add.at(mean, owner, synonyms)
    mean /= np.maximum(np.bincount(owner, minlength=len(concepts)), 1)[:, None]
    mean[[not n for n in names]] = labels[[not n for n in names]]
    return unit(0.5 * labels + 0.5 * mean)


def ranks(scores: Vectors, gold: Sequence[Sequence[int]]) -> list[npt.NDArray[np.int64]]:
    """For each query the ranks (from 1, ascending) of its right concepts; ties go to the earlier concept."""
    out = []
    for row, right in zip(scores, gold, strict=True):
        place = np.empty(len(row), np.int64)
        place[np.argsort(-row, kind="stable")] = np.arange(1, len(row) + 1)
        out.append(np.sort(place[list(right)]))
    return out


def figures(found: Sequence[npt.NDArray[np.int64]]) -> dict[str, float]:
    """RP@1, RP@5, RP@10, MRR and R@100, times 100, with the number of queries."""
    out: dict[str, float] = {"queries": len(found)}
    for k in (1, 5, 10):
        out[f"RP@{k}"] = _percent([float((r <= k).sum()) / min(k, len(r)) for r in found])
    out["MRR"] = _percent([1 / float(r[0]) for r in found])
    out["R@100"] = _percent([float((r <= 100).mean()) for r in found])
    return out


def _percent(values: list[float]) -> float:
    return round(100 * float(np.mean(values)), 2)


def interval(found: Sequence[npt.NDArray[np.int64]], *, draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of RP@5 (percentile, over queries, fixed seed), times 100."""
    values = np.array([float((r <= 5).sum()) / min(5, len(r)) for r in found])
    picks = np.random.default_rng(0).integers(0, len(values), (draws, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), (2.5, 97.5))
    return round(100 * float(low), 1), round(100 * float(high), 1)


def judge(encode: Encode, trial: Trial, *, most: int | None = None, intervals: bool = False) -> dict[str, Figures]:
    """Figures of each set of queries, by name; ``choosing`` is the mean RP@5 of :data:`CHOOSING`."""
    targets = {
        "esco": concept_vectors(encode, trial.esco, most),
        "starter": concept_vectors(encode, trial.starter, most),
    }
    out: dict[str, Figures] = {}
    for name, (taxonomy, queries) in trial.queries.items():
        found = ranks(encode(queries.texts) @ targets[taxonomy].T, queries.gold)
        out[name] = dict(figures(found))
        if intervals:
            out[name]["RP@5 interval"] = interval(found)
    out["choosing"] = {"RP@5": round(float(np.mean([out[n]["RP@5"] for n in CHOOSING])), 2)}
    return out
