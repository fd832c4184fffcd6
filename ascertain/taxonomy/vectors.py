"""Vectors of a taxonomy's skills, and the cache that makes a second import quick.

A cached text is encoded once for a given encoder. Files of the folder, none changed after it was written::

    vectors-<encoder>-<hash>.npy   rows of (key, vector), ordered by key

``key`` is 64 bits of BLAKE2b of the text, ``vector`` is float16: half the space, and a cosine is off by less than
0.001. Fresh vectors are rounded likewise, so that it makes no difference whether a vector came from the cache.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ascertain.domain.skills import Skill
from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.encoder import WIDTH, Vectors

Encode = Callable[[Sequence[str]], Vectors]


class TextEncoder(Protocol):
    """What makes vectors of texts; ``version`` names the encoder and its weights."""

    @property
    def version(self) -> str: ...
    def encode(self, texts: Sequence[str]) -> Vectors: ...


_ROW = np.dtype([("key", "<u8"), ("vector", "<f2", (WIDTH,))])
_log = logging.getLogger(__name__)


class CachedEncoder:
    """An encoder that remembers, in a folder of artefacts, every text it was given. For names and definitions of
    skills; texts about people do not belong here."""

    def __init__(self, encoder: TextEncoder, folder: Path, *shipped: Path) -> None:
        """New vectors are kept in ``folder``; files of the ``shipped`` folders are only read."""
        self._encoder = encoder
        self._folder = folder
        self._folders = (folder, *shipped)

    @property
    def version(self) -> str:
        """The encoder's."""
        return self._encoder.version

    def encode(self, texts: Sequence[str], starting: Callable[[], None] | None = None) -> Vectors:
        """As the encoder does, rounded to float16 precision. What is new is kept in one more file; where the
        folder cannot be written, nothing is kept. ``starting`` is called before anything new is encoded."""
        keys = np.array([_key(t) for t in texts], np.uint64)
        out = np.zeros((len(texts), WIDTH), np.float32)
        known = np.zeros(len(texts), bool)
        for rows in self._files():
            place = np.minimum(np.searchsorted(rows["key"], keys), max(len(rows) - 1, 0))
            hit = ~known & (rows["key"][place] == keys) if len(rows) else known & False
            out[hit] = rows["vector"][place[hit]]
            known |= hit
        new = np.flatnonzero(~known)
        if len(new):
            first, back = np.unique(keys[new], return_index=True)[1], np.unique(keys[new], return_inverse=True)[1]
            if starting:
                starting()
            fresh = self._encoder.encode([texts[new[i]] for i in first]).astype(np.float16)
            out[new] = fresh[back]
            self._keep(keys[new[first]], fresh)
        return out

    def _files(self) -> list[npt.NDArray[np.void]]:
        found = []
        for file in (f for d in self._folders for f in sorted(d.glob(f"vectors-{self.version}-*.npy"))):
            try:
                rows = np.load(file, mmap_mode="r", allow_pickle=False)
            except (OSError, EOFError, ValueError) as e:
                _log.warning("the vectors %s cannot be used and are made anew: %s", file.name, e)
                continue
            if rows.dtype != _ROW:
                _log.warning("the vectors %s are of another format and are made anew", file.name)
                continue
            found.append(rows)
        return found

    def _keep(self, keys: npt.NDArray[np.uint64], vectors: npt.NDArray[np.float16]) -> None:
        rows = np.empty(len(keys), _ROW)
        rows["key"], rows["vector"] = keys, vectors
        buffer = io.BytesIO()
        np.save(buffer, rows)
        name = f"vectors-{self.version}-{hashlib.sha256(keys.tobytes()).hexdigest()[:12]}.npy"
        try:
            write_once(self._folder / name, buffer.getvalue())
        except OSError as e:
            _log.info("vectors are not kept: %s", e.strerror)


def skill_vectors(encode: Encode, skills: Sequence[Skill]) -> Vectors:
    """(skills, :data:`WIDTH`), each of length one: ½ label + ½ mean of the synonyms, the target the encoder was tuned
    for. A skill without synonyms is its label. Compare with a text's vector by dot product."""
    names = [[n for n in dict.fromkeys(s.synonyms) if n.lower() != s.label.lower()] for s in skills]
    vectors = encode([s.label for s in skills] + [n for of in names for n in of])
    labels, synonyms = vectors[: len(skills)], vectors[len(skills) :]
    count = np.array([len(of) for of in names], np.int64)
    mean = np.zeros_like(labels)
    np.add.at(mean, np.repeat(np.arange(len(skills)), count), synonyms)
    mean /= np.maximum(count, 1)[:, None]
    mean[count == 0] = labels[count == 0]
    both = 0.5 * labels + 0.5 * mean
    unit: Vectors = (both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")
