"""The lexical index of a taxonomy: sparse term weights of every form, built once and kept as arrays.

BM25 as in Robertson & Zaragoza 2009, *The Probabilistic Relevance Framework: BM25 and Beyond*, §3, with the
never-negative idf ln(1 + (N − n + ½)/(n + ½)), k1 = 1.2, b = 0.75. A skill scores as its best form does.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ascertain.domain.skills import JobProfile, Skill
from ascertain.taxonomy.compounds import Splitter
from ascertain.taxonomy.forms import GAP, forms
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.loaded import Progress
from ascertain.taxonomy.text import tokens

FORMAT = 2
"""Raised whenever the arrays or what they mean change, so that an older file is built anew."""

K1, B = 1.2, 0.75
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class LexicalIndex:
    """Arrays over V terms, F forms and S skills (rows in the taxonomy's order).

    Attributes:
        terms: vocabulary; adjacent pairs are written "a b".
        idf: (V,) of each term over forms.
        bm25: (V, F) BM25 weights of single terms.
        share: (V, F) each single term's share of its form's idf mass (columns sum to 1).
        pairs: (V, F) each pair's share of its form's pairs (columns sum to 1).
        definitions: (V, S) BM25 weights of single terms in definitions.
        forms: (F,) terms of each form, joined by gaps.
        owner: (F,) skill row of each form; is_label: (F,).
        label_length: (S,) counted words of the label; popularity: (S,) weight in job profiles.
    """

    terms: dict[str, int]
    idf: Floats
    bm25: sparse.csr_matrix
    share: sparse.csr_matrix
    pairs: sparse.csr_matrix
    definitions: sparse.csr_matrix
    owner: Ints
    is_label: npt.NDArray[np.bool_]
    label_length: Floats
    popularity: Floats
    is_knowledge: Floats
    forms: tuple[str, ...]


def content_terms(terms: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Terms without stop words, unless nothing else is there."""
    return [t for t in terms if t not in lexicon.stop_stems] or list(terms)


def pairs(terms: Sequence[str]) -> list[str]:
    """Adjacent pairs, written with a gap."""
    return [a + GAP + b for a, b in pairwise(terms)]


def build(
    skills: Sequence[Skill], profiles: Sequence[JobProfile], lexicon: Lexicon, progress: Progress | None = None
) -> LexicalIndex:
    """Index the skills. Takes about 20 µs a form."""
    say = progress or (lambda stage, done, total: None)
    all_forms = forms(skills, lexicon)
    say("words", 1, 3)
    bags = [content_terms(f.terms, lexicon) for f in all_forms]
    pair_bags = [pairs(b) for b in bags]
    splitter = Splitter({t for bag in bags for t in bag}, lexicon.language)
    bags = [splitter.with_parts(bag) for bag in bags]
    definitions = [
        [t.stem for t in tokens(s.definition, language=lexicon.language) if t.stem not in lexicon.stop_stems]
        for s in skills
    ]
    vocabulary: dict[str, int] = {}
    for bag in (*bags, *pair_bags, *definitions):
        for term in bag:
            vocabulary.setdefault(term, len(vocabulary))
    size = len(vocabulary)
    say("weights", 2, 3)
    owner = np.array([f.skill for f in all_forms], dtype=np.int32)
    # In how many skills, not forms: a skill with twenty synonyms must not make its own words look common.
    in_skills: Counter[int] = Counter()
    by_skill: dict[int, set[int]] = {}
    for f, bag in zip(all_forms, bags, strict=True):
        by_skill.setdefault(f.skill, set()).update(vocabulary[t] for t in bag)
    for ids in by_skill.values():
        in_skills.update(ids)
    n = max(1, len(skills))
    df = np.zeros(size)
    df[list(in_skills.keys())] = list(in_skills.values())
    idf = np.log1p((n - df + 0.5) / (df + 0.5)).astype(np.float32)
    for term in lexicon.weak_stems:
        if term in vocabulary:
            idf[vocabulary[term]] *= lexicon.weak_weight
    definition_df = np.zeros(size)
    for bag in definitions:
        definition_df[list({vocabulary[t] for t in bag})] += 1
    definition_idf = np.log1p((n - definition_df + 0.5) / (definition_df + 0.5)).astype(np.float32)
    popularity = np.zeros(len(skills), dtype=np.float32)
    row_of = {s.id: i for i, s in enumerate(skills)}
    for p in profiles:
        for r in p.requirements:
            if r.skill_id in row_of:
                popularity[row_of[r.skill_id]] += 1.0 if r.essential else 0.5
    labels = np.zeros(len(skills), dtype=np.float32)
    for f, bag in zip(all_forms, bags, strict=True):
        if f.is_label and not labels[f.skill]:
            labels[f.skill] = len(bag)
    say("weights", 3, 3)
    return LexicalIndex(
        terms=vocabulary,
        idf=idf,
        bm25=_bm25(bags, vocabulary, idf),
        share=_shares(bags, vocabulary, idf),
        pairs=_shares(pair_bags, vocabulary, np.ones(size, dtype=np.float32)),
        definitions=_bm25(definitions, vocabulary, definition_idf),
        owner=owner,
        is_label=np.array([f.is_label for f in all_forms], dtype=np.bool_),
        label_length=labels,
        popularity=np.log1p(popularity),
        is_knowledge=np.array([s.kind == "knowledge" for s in skills], dtype=np.float32),
        forms=tuple(GAP.join(f.terms) for f in all_forms),
    )


def _counts(bags: Sequence[Sequence[str]], vocabulary: dict[str, int]) -> sparse.csc_matrix:
    rows: list[int] = []
    starts = [0]
    for bag in bags:
        rows.extend(vocabulary[t] for t in bag)
        starts.append(len(rows))
    counts = sparse.csc_matrix(
        (np.ones(len(rows), dtype=np.float32), np.array(rows, dtype=np.int32), np.array(starts, dtype=np.int32)),
        shape=(len(vocabulary), len(bags)),
    )
    counts.sum_duplicates()
    return counts


def _bm25(bags: Sequence[Sequence[str]], vocabulary: dict[str, int], idf: Floats) -> sparse.csr_matrix:
    tf = _counts(bags, vocabulary)
    length = np.array([len(b) for b in bags], dtype=np.float32)
    norm = K1 * (1 - B + B * length / max(float(length.mean()), 1e-9)) if len(bags) else length
    column = np.repeat(np.arange(len(bags)), np.diff(tf.indptr))
    tf.data = (idf[tf.indices] * tf.data * (K1 + 1) / (tf.data + norm[column])).astype(np.float32)
    return tf.tocsr()


def _shares(bags: Sequence[Sequence[str]], vocabulary: dict[str, int], weight: Floats) -> sparse.csr_matrix:
    tf = _counts(bags, vocabulary)
    tf.data = weight[tf.indices].astype(np.float32)
    column = np.repeat(np.arange(len(bags)), np.diff(tf.indptr))
    mass = np.bincount(column, weights=tf.data, minlength=len(bags))
    tf.data = (tf.data / np.maximum(mass[column], 1e-9)).astype(np.float32)
    return tf.tocsr()


_MATRICES = ("bm25", "share", "pairs", "definitions")
_ARRAYS = ("idf", "owner", "is_label", "label_length", "popularity", "is_knowledge")


def to_bytes(index: LexicalIndex) -> bytes:
    """The index as an ``.npz`` file without pickles."""
    arrays: dict[str, npt.NDArray[np.generic]] = {name: getattr(index, name) for name in _ARRAYS}
    for name in _MATRICES:
        m = getattr(index, name)
        arrays |= {f"{name}_{part}": getattr(m, part) for part in ("data", "indices", "indptr")}
        arrays[f"{name}_shape"] = np.array(m.shape, dtype=np.int64)
    words = {"format": FORMAT, "terms": list(index.terms), "forms": list(index.forms)}
    arrays["words"] = np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def from_bytes(raw: bytes) -> LexicalIndex:
    """Read what ``to_bytes`` wrote.

    Raises:
        ValueError: when it is of another format or damaged.
    """
    with np.load(io.BytesIO(raw), allow_pickle=False) as z:
        words = json.loads(z["words"].tobytes())
        if words["format"] != FORMAT:
            raise ValueError(f"index format {words['format']}, not {FORMAT}")
        matrices = {
            name: sparse.csr_matrix(
                (z[f"{name}_data"], z[f"{name}_indices"], z[f"{name}_indptr"]), shape=tuple(z[f"{name}_shape"])
            )
            for name in _MATRICES
        }
        arrays = {name: z[name] for name in _ARRAYS}
    terms = {t: i for i, t in enumerate(words["terms"])}
    return LexicalIndex(terms=terms, forms=tuple(words["forms"]), **matrices, **arrays)
