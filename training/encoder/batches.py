"""Batches for contrastive training: which texts and names meet in a step, and which of them must not be compared."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.encoder import mine
from training.encoder.pairs import Corpus, Example
from training.encoder.sources import norm


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that shapes a run besides the data."""

    seed: int = 0
    passes: float = 0.7
    rate: float = 1e-4
    warm_up: float = 0.06
    """Share of the steps."""
    batch: int = 128
    hard: int = 32
    """Names of neighbours in each batch."""
    temperature: float = 0.05
    synonym_share: float = 0.5
    weight_decay: float = 0.01
    clip: float = 1.0
    judge_every: int = 250
    """Steps. The last step is always judged."""
    save_every: int = 50
    """Steps."""
    threads: int = 2


class Sampler:
    """Draws batches: texts of like length together, no concept twice."""

    def __init__(self, corpus: Corpus, near: npt.NDArray[np.int64], recipe: Recipe) -> None:
        self._rng = random.Random(recipe.seed)
        self._examples = corpus.examples
        self._concepts = corpus.concepts
        self._near = near
        self._recipe = recipe
        self._names = [mine.surfaces(c) for c in corpus.concepts]
        meaning: dict[str, set[int]] = {}
        for i, c in enumerate(corpus.concepts):
            meaning.setdefault(c.same_as or c.id, set()).add(i)
        self._same = [meaning[c.same_as or c.id] for c in corpus.concepts]

    def passes(self) -> list[list[Example]]:
        """One pass in random order: every example once, save leftovers that fill less than half a batch."""
        size, window = self._recipe.batch, 40 * self._recipe.batch
        order = self._rng.sample(self._examples, len(self._examples))
        out = []
        for a in range(0, len(order), window):
            part = sorted(order[a : a + window], key=lambda e: len(e.text))
            out += [part[b : b + size] for b in range(0, len(part), size) if len(part) - b >= size // 2]
        self._rng.shuffle(out)
        return out

    def draw(self, examples: list[Example]) -> tuple[list[str], list[str], npt.NDArray[np.bool_]]:
        """Texts (n), names (n + up to ``hard``), and which names (n × all) are no wrong answer and not the own one."""
        texts, right, gold, seen = [], [], [], set()
        for e in examples:
            free = [c for c in e.concepts if c not in seen]
            if free:
                concept = self._rng.choice(free)
                seen.add(concept)
                texts.append(e.text)
                right.append(concept)
                gold.append(self._also(e.concepts))
        hard: list[int] = []
        for concept in self._rng.choices(right, k=self._recipe.hard):
            found = int(self._rng.choice(self._near[concept]))
            if found >= 0 and found not in seen:
                seen.add(found)
                hard.append(found)
        names = [self._name(c, t) for c, t in zip(right, texts, strict=True)] + [self._name(c) for c in hard]
        columns = [*right, *hard]
        written = [norm(n) for n in names]
        mask = np.zeros((len(texts), len(names)), np.bool_)
        for row, (concept, also) in enumerate(zip(right, gold, strict=True)):
            for column, (other, name) in enumerate(zip(columns, written, strict=True)):
                if column != row and (other in also or name in self._names[concept]):
                    mask[row, column] = True
        return texts, names, mask

    def _also(self, concepts: tuple[int, ...]) -> set[int]:
        return set().union(*(self._same[c] for c in concepts))

    def _name(self, concept: int, text: str | None = None) -> str:
        """A name of the concept, never the text itself."""
        c = self._concepts[concept]
        synonyms = [s for s in c.synonyms if s != text]
        if synonyms and self._rng.random() < self._recipe.synonym_share:
            return self._rng.choice(synonyms)
        return c.label
