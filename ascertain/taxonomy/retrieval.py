"""Skills by meaning: how near each skill of a taxonomy is to a text, whatever the words.

A skill's vector is ½ label + ½ mean of its synonyms. The vectors are kept by content in the folder of artefacts: an
import pays for new and changed skills alone. The starter taxonomy's ship with the configuration.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from ascertain.domain.skills import Skill
from ascertain.taxonomy.encoder import WIDTH, Encoder, Vectors
from ascertain.taxonomy.loaded import Progress
from ascertain.taxonomy.vectors import CachedEncoder, skill_vectors

ENCODED = "en"
"""The language that the shipped encoder reads; a taxonomy in another one is searched by words alone."""
REMEMBERED = 4096
"""Texts whose vector stays in memory (6 MB): the same sentences are asked about again and again."""
CHUNK = 1000
"""Skills encoded between two reports of progress; what is done by then is kept."""


class Retriever(Protocol):
    """Scores skills for texts by meaning."""

    @property
    def version(self) -> str:
        """Changes whenever a score may."""

    def scores(self, texts: Sequence[str]) -> Vectors:
        """(texts, skills), skills in the taxonomy's order; the larger the nearer, 1 = the same, 0 = nothing to say."""

    def reads(self, language: str) -> bool:
        """Whether texts in that language (ISO 639-1) are understood."""


OwnRetrieval = Callable[[Sequence[Skill], Path], Retriever]
"""Gives the retriever over a taxonomy's skills; the folder is for what it keeps."""


class SkillEncoder:
    """An encoder of skills, each written as ``serialised`` does, so that a cache of texts can keep them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def version(self) -> str:
        """The encoder's, with ``skills``."""
        return f"{self._encoder.version}-skills"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(texts, width). A name that several skills share is encoded once."""
        rows = [json.loads(t) for t in texts]
        names = list(dict.fromkeys(n for row in rows for n in row))
        place = {n: i for i, n in enumerate(names)}
        vectors = self._encoder.encode(names)

        def encode(wanted: Sequence[str]) -> Vectors:
            found: Vectors = vectors[[place[n] for n in wanted]]
            return found

        skills = [Skill(str(i), label, "skill", synonyms=tuple(others)) for i, (label, *others) in enumerate(rows)]
        return skill_vectors(encode, skills) if skills else np.zeros((0, WIDTH), np.float32)


def serialised(skill: Skill) -> str:
    """What a skill's vector depends on: label and synonyms."""
    return json.dumps([skill.label, *skill.synonyms], ensure_ascii=False)


def target_vectors(
    encoder: Encoder, skills: Sequence[Skill], folder: Path, *shipped: Path, progress: Progress | None = None
) -> Vectors:
    """(skills, width) of length one. What is in ``folder`` or a ``shipped`` one is read, the rest is encoded (about
    1 ms a name) and kept in ``folder``; an interrupted run goes on where it was. ``progress`` hears of the latter."""
    cached = CachedEncoder(SkillEncoder(encoder), folder, *shipped)
    parts = [np.zeros((0, WIDTH), np.float32)]
    done = 0
    reported = False

    def starting() -> None:
        nonlocal reported
        if progress:
            progress("vectors", done, len(skills))
            reported = True

    for done in range(0, len(skills), CHUNK):
        parts.append(cached.encode([serialised(s) for s in skills[done : done + CHUNK]], starting))
    if progress and reported:
        progress("vectors", len(skills), len(skills))
    return np.concatenate(parts)


def definition_vectors(encoder: Encoder, skills: Sequence[Skill], folder: Path, *shipped: Path) -> Vectors:
    """(skills, width), zeros where a skill has no definition; kept in ``folder`` like the others (some 5 ms each)."""
    return CachedEncoder(encoder, folder, *shipped).encode([s.definition for s in skills])


def mixed(names: Vectors, definitions: Vectors, share: float) -> Vectors:
    """(skills, width) of length one: 1 − ``share`` of the names' vector, ``share`` of the definition's."""
    both = (1 - share) * names + share * definitions
    unit: Vectors = (both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit


class EncoderRetriever:
    """The shipped encoder over a taxonomy held in memory. Weights and vectors are read when first asked."""

    def __init__(
        self,
        encoder: Encoder,
        skills: Sequence[Skill],
        folder: Path,
        *shipped: Path,
        definition_share: float = 0.0,
        progress: Progress | None = None,
    ) -> None:
        """``definition_share`` of a skill's vector is its definition's (see ``taxonomy adapt``)."""
        self.encoder = self._encoder = encoder
        self._definition_share = definition_share
        self._progress = progress
        self._skills = skills
        self._folders = (folder, *shipped)
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @property
    def version(self) -> str:
        """The encoder's."""
        return self._encoder.version

    def scores(self, texts: Sequence[str]) -> Vectors:
        """Cosines. The same for a text whatever else is asked: the order of a BLAS product's sums would depend on how
        many there are (and its threads would spin for a taxonomy of 500 skills)."""
        out = np.zeros((len(texts), len(self._skills)), np.float32)
        for i, vector in enumerate(self._vectors(texts)):
            np.einsum("sd,d->s", self._targets, vector, out=out[i])
        return out

    def reads(self, language: str) -> bool:
        """English alone."""
        return language == ENCODED

    @cached_property
    def _targets(self) -> Vectors:
        vectors = target_vectors(self._encoder, self._skills, *self._folders, progress=self._progress)
        if self._definition_share:
            definitions = definition_vectors(self._encoder, self._skills, *self._folders)
            vectors = mixed(vectors, definitions, self._definition_share)
        return np.ascontiguousarray(vectors)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        with self._lock:
            found = {t: self._known[t] for t in texts if t in self._known}
        new = [t for t in dict.fromkeys(texts) if t not in found]
        found.update(zip(new, self._encoder.encode(new), strict=True))
        with self._lock:
            for t in found:
                self._known[t] = found[t]
                self._known.move_to_end(t)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return np.array([found[t] for t in texts], np.float32).reshape(len(texts), WIDTH)
