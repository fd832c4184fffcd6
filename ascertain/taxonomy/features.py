"""What speaks for a skill in a sentence, as numbers: the input of the calibrated model."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ascertain.taxonomy.compounds import Splitter
from ascertain.taxonomy.forms import BOUND, GAP, bound_terms
from ascertain.taxonomy.fusion import DENSE, Meaning, dense_values, first, fused, meaning, ranking
from ascertain.taxonomy.gazetteer import Gazetteer, Hit
from ascertain.taxonomy.index import Floats, LexicalIndex, pairs
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.named import NAMED, named
from ascertain.taxonomy.retrieval import Retriever
from ascertain.taxonomy.screens import Sentence
from ascertain.taxonomy.text import Token, stem, tokens

OTHER = (
    "bm25_form",  # best form's BM25 score over the best of all skills
    "bm25_label",  # the same for the label alone
    "bm25_definition",  # the same for the definition
    "raw_form",  # ln(1 + best form's BM25 score over the largest idf), so that a taxonomy's size does not matter
    "rank_form",  # 1/√(1 + rank) by best form
    "rank_label",  # … by label
    "rank_definition",  # … by definition
    "cover_form",  # idf share of the best form that the sentence contains
    "cover_label",  # … of the label
    "cover_form_2",  # its square: half a form is worth less than half
    "cover_pairs",  # share of the best form's adjacent word pairs that the sentence contains
    "explained",  # best form's BM25 score over the sentence's idf mass, at most 1
    "phrase_label",  # the label stands there word for word, within no longer phrase: 1/√(skills written alike)
    "phrase_synonym",  # … a synonym does
    "phrase_words",  # ln(1 + words of the longest such phrase)
    "phrase_nested",  # 1 when every such phrase is part of a longer one of another skill
    "label_words",  # ln(1 + words of the label)
    "knowledge",  # 1 for knowledge, 0 for skill or competence
    "sentence_words",  # ln(1 + counted words of the sentence)
    "best_phrase",  # whether any skill is named word for word
    "best_raw",  # the best raw_form of all skills
    "behind_best",  # raw_form minus that
)
FEATURES = (*OTHER, *DENSE, *NAMED)
IS_NAMED = FEATURES.index("named")
POOL = 60
"""Candidates taken from each ranking."""
BATCH = 64
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Offers:
    """Candidates of one sentence: ``rows`` (K,) of the taxonomy and ``x`` (K, features), in order of row."""

    rows: npt.NDArray[np.int64]
    x: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Scores:
    """(skills,) arrays of one sentence."""

    form: Floats
    label: Floats
    definition: Floats
    cover: Floats
    cover_label: Floats
    cover_pairs: Floats
    meaning: Meaning | None


@dataclass(frozen=True, slots=True)
class _Words:
    """A sentence's words, its case-bound terms by position, how many words count, whether it is foreign."""

    tokens: list[Token]
    bound: dict[int, str]
    counted: int
    foreign: bool


class Featuriser:
    """Computes candidates and features for sentences, in batches; those of ``DENSE`` are 0 without a retriever."""

    def __init__(
        self, index: LexicalIndex, gazetteer: Gazetteer, lexicon: Lexicon, retriever: Retriever | None = None
    ) -> None:
        self._index = index
        self._retriever = retriever
        self._gazetteer = gazetteer
        self._lexicon = lexicon
        self._splitter = Splitter(index.terms, lexicon.language)
        self._skills = len(index.label_length)
        self._label_columns = np.flatnonzero(index.is_label)
        self._bound = {t for t in index.terms if t.startswith(BOUND)}
        self._everyday = self._everyday_names()
        self._label_weights = index.bm25[:, self._label_columns].tocsr()
        self._label_share = index.share[:, self._label_columns].tocsr()
        self._label_owner = index.owner[self._label_columns]
        self._top_idf = max(float(index.idf.max(initial=0)), _TINY)
        self._rarity = {t: float(index.idf[i]) / self._top_idf for t, i in index.terms.items() if GAP not in t}
        self._single_idf = index.idf.copy()
        self._single_idf[[i for t, i in index.terms.items() if GAP in t]] = 0

    @property
    def vocabulary(self) -> Container[str]:
        """Stems that the taxonomy's names and definitions have, among other terms."""
        return self._index.terms

    def offers(self, sentences: Sequence[Sentence]) -> list[Offers]:
        """Candidates for each sentence; none where no word of it is known to the taxonomy."""
        found: list[Offers] = []
        for a in range(0, len(sentences), BATCH):
            found.extend(self._batch(sentences[a : a + BATCH]))
        return found

    def _batch(self, sentences: Sequence[Sentence]) -> list[Offers]:
        index, vocabulary = self._index, self._index.terms
        words = [tokens(s.visible, language=self._lexicon.language) for s in sentences]
        bounds = [bound_terms(w, self._lexicon, self._bound) for w in words]
        bags: list[list[int]] = []
        counted: list[int] = []
        for w, b in zip(words, bounds, strict=True):
            kept = [t.stem for t in w if t.stem not in self._lexicon.stop_stems]
            counted.append(len(kept))
            # A pair may skip nothing but stop words.
            terms = (*self._splitter.with_parts(kept), *b.values(), *pairs(kept))
            ids = {vocabulary[t] for t in terms if t in vocabulary}
            bags.append(sorted(ids))
        q = _matrix(bags, len(vocabulary))
        form = self._pooled(q @ index.bm25, index.owner)
        label = self._pooled(q @ self._label_weights, self._label_owner)
        definition = (q @ index.definitions).toarray()
        cover = self._pooled(q @ index.share, index.owner)
        cover_label = self._pooled(q @ self._label_share, self._label_owner)
        cover_pairs = self._pooled(q @ index.pairs, index.owner)
        mass = np.asarray(q @ self._single_idf)
        near = self._near(sentences)
        return [
            self._one(
                _Scores(form[i], label[i], definition[i], cover[i], cover_label[i], cover_pairs[i], near[i]),
                _Words(words[i], bounds[i], counted[i], sentences[i].foreign),
                float(mass[i]),
            )
            for i in range(len(sentences))
        ]

    def _everyday_names(self) -> dict[str, set[int]]:
        """Everyday word, in small letters → skills that are called so where it is written as a name."""
        found: dict[str, set[int]] = {}
        for form, owner in zip(self._index.forms, self._index.owner.tolist(), strict=True):
            low = form[len(BOUND) :].lower()
            if (
                form.startswith(BOUND)
                and low in self._lexicon.everyday
                and stem(low, self._lexicon.language) not in self._lexicon.stop_stems
            ):
                found.setdefault(low, set()).add(owner)
        return found

    def _near(self, sentences: Sequence[Sentence]) -> list[Meaning | None]:
        """What the retriever says of each; nothing of one in another language, which the encoder cannot read."""
        if self._retriever is None:
            return [None] * len(sentences)
        texts = [" ".join(s.visible.split()) for s in sentences]
        asked = [i for i, s in enumerate(sentences) if not s.foreign and texts[i]]
        scores = self._retriever.scores([texts[i] for i in asked])
        found: list[Meaning | None] = [None] * len(sentences)
        for i, row in zip(asked, scores, strict=True):
            found[i] = meaning(row)
        return found

    def _pooled(self, scores: sparse.csr_matrix, owner: npt.NDArray[np.int32]) -> Floats:
        """(sentences, skills): each skill's best form."""
        out = np.zeros((scores.shape[0], self._skills), dtype=np.float32)
        row = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))
        np.maximum.at(out, (row, owner[scores.indices]), scores.data)
        return out

    def _one(self, s: _Scores, w: _Words, mass: float) -> Offers:
        hits = self._gazetteer.hits([t.stem for t in w.tokens], w.bound)
        rank_form, top_form = ranking(s.form, POOL)
        rank_label, top_label = ranking(s.label, POOL)
        rank_definition, top_definition = ranking(s.definition, POOL)
        pool = {h.skill for h in hits}
        fusion = np.zeros(self._skills, dtype=np.float32)
        if s.meaning:
            lists = [(s.meaning.ranks, s.meaning.top), (rank_form, top_form), (rank_label, top_label)]
            fusion = fused(lists, self._skills)
            # The encoder knows no case: "excel in your career" is near Excel.
            said = (t.surface.lower() for i, t in enumerate(w.tokens) if i not in w.bound)
            mistaken = set().union(*(self._everyday.get(t, ()) for t in said))
            pool |= set(first(fusion)) - mistaken
        elif not w.foreign:
            pool |= {*top_form, *top_label, *top_definition[: POOL // 3]}
        rows = np.array(sorted(pool), dtype=np.int64)
        if not len(rows):
            return Offers(rows, np.zeros((0, len(FEATURES))))
        phrase, found = _phrases(rows, hits)
        spelt = named(
            rows,
            hits,
            w.tokens,
            w.bound,
            self._rarity,
            self._lexicon.people,
            foreign=w.foreign,
            capitals=self._lexicon.language != "de",
        )
        raw = np.log1p(s.form[rows] / self._top_idf)
        best = float(np.log1p(s.form.max(initial=0) / self._top_idf))
        every = np.ones(len(rows))
        cover = s.cover[rows]
        values = {
            "bm25_form": s.form[rows] / max(float(s.form.max()), _TINY),
            "bm25_label": s.label[rows] / max(float(s.label.max()), _TINY),
            "bm25_definition": s.definition[rows] / max(float(s.definition.max()), _TINY),
            "raw_form": raw,
            "rank_form": 1 / np.sqrt(1 + rank_form[rows]),
            "rank_label": 1 / np.sqrt(1 + rank_label[rows]),
            "rank_definition": 1 / np.sqrt(1 + rank_definition[rows]),
            "cover_form": cover,
            "cover_label": s.cover_label[rows],
            "cover_form_2": cover**2,
            "cover_pairs": s.cover_pairs[rows],
            "explained": np.minimum(1.0, s.form[rows] / max(mass, _TINY)),
            "phrase_label": phrase[:, 0],
            "phrase_synonym": phrase[:, 1],
            "phrase_words": phrase[:, 2],
            "phrase_nested": phrase[:, 3],
            "label_words": np.log1p(self._index.label_length[rows]),
            "knowledge": self._index.is_knowledge[rows],
            "sentence_words": every * np.log1p(w.counted),
            "best_phrase": every * float(found.any()),
            "best_raw": every * best,
            "behind_best": raw - best,
        }
        dense = dense_values(s.meaning, fusion, rows) if s.meaning else dict.fromkeys(DENSE, 0.0 * every)
        x = np.column_stack([*(values[f] for f in OTHER), *(dense[f] for f in DENSE), spelt]).astype(np.float64)
        if w.foreign:
            rows, x = rows[x[:, IS_NAMED] > 0], x[x[:, IS_NAMED] > 0]
        return Offers(rows, x)


def _phrases(rows: npt.NDArray[np.int64], hits: Sequence[Hit]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """(K, 4): strength as a label, as a synonym, ln(1 + words), whether always nested; and (K,) whether named."""
    phrase = np.zeros((len(rows), 4))
    named = np.zeros(len(rows), dtype=np.bool_)
    place = {int(r): i for i, r in enumerate(rows)}
    for h in hits:
        i, column = place[h.skill], 0 if h.is_label else 1
        if not h.nested:
            phrase[i, column] = max(phrase[i, column], 1 / np.sqrt(h.sharing))
            phrase[i, 2] = max(phrase[i, 2], np.log1p(h.end - h.start))
        phrase[i, 3] = float(h.nested) if not named[i] else min(phrase[i, 3], float(h.nested))
        named[i] = True
    return phrase, named


def _matrix(bags: Sequence[Sequence[int]], columns: int) -> sparse.csr_matrix:
    """(bags, columns) with a one for every id."""
    starts = np.cumsum([0, *map(len, bags)])
    flat = np.array([i for bag in bags for i in bag], dtype=np.int32)
    return sparse.csr_matrix((np.ones(len(flat), dtype=np.float32), flat, starts), shape=(len(bags), columns))
