"""Candidates of labelled texts, as tables to fit on and to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.library import TaxonomyBundle
from ascertain.taxonomy.screens import visible_sentences

Gold = Mapping[str, set[int]]
"""Text → rows of its skills."""
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Candidates of a set of texts: features, skill rows, number of the text and of the sentence, label;
    ``gold`` per text."""

    x: Array
    skill: npt.NDArray[np.int64]
    text: npt.NDArray[np.int64]
    sentence: npt.NDArray[np.int64]
    gold: list[set[int]]

    @cached_property
    def y(self) -> npt.NDArray[np.bool_]:
        return np.array([s in self.gold[t] for s, t in zip(self.skill, self.text, strict=True)])

    @cached_property
    def by_sentence(self) -> list[npt.NDArray[np.intp]]:
        """Places of each sentence's candidates, which stand together."""
        first = np.unique(self.sentence, return_index=True)[1]
        return np.split(np.arange(len(self.sentence)), first[1:])


def candidates(bundle: TaxonomyBundle, labelled: Gold, lexicon: Lexicon) -> Rows:
    texts = list(labelled)
    split = [visible_sentences(t, lexicon) for t in texts]
    offers = bundle.mapper.featuriser.offers([s for found in split for s in found])
    owner = [i for i, found in enumerate(split) for _ in found]
    return Rows(
        np.concatenate([o.x for o in offers]),
        np.concatenate([o.rows for o in offers]),
        np.concatenate([np.full(len(o.rows), i) for o, i in zip(offers, owner, strict=True)]),
        np.concatenate([np.full(len(o.rows), i) for i, o in enumerate(offers)]),
        [labelled[t] for t in texts],
    )


def joined(*parts: Rows) -> Rows:
    texts = np.cumsum([0, *(len(p.gold) for p in parts)])
    sentences = np.cumsum([0, *(int(p.sentence.max(initial=-1)) + 1 for p in parts)])
    return Rows(
        np.concatenate([p.x for p in parts]),
        np.concatenate([p.skill for p in parts]),
        np.concatenate([p.text + start for p, start in zip(parts, texts, strict=False)]),
        np.concatenate([p.sentence + start for p, start in zip(parts, sentences, strict=False)]),
        [g for p in parts for g in p.gold],
    )
