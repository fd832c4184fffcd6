"""Text to skills, by words and by meaning: the engine behind ``domain.ports.Mapper``.

A text is split into sentences; what is negated or boilerplate does not count. Each sentence's candidates come from
the encoder, from BM25 over labels, synonyms and definitions, and from exact phrases; a logistic regression gives each
a calibrated probability, a second one says whether there is any skill at all. Without an encoder (no weights, another
language than English) words alone decide, with a regression of their own. A text's probability for a skill is the
damped noisy-or of its sentences':

    P = 1 − (1 − p_max) · Π_{others} (1 − p_i)^damping

because the sentences of one text are far from independent.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ascertain.domain.skills import Candidate, Skill
from ascertain.taxonomy.features import IS_NAMED, Featuriser
from ascertain.taxonomy.gazetteer import Gazetteer
from ascertain.taxonomy.index import LexicalIndex
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.model import MappingModel
from ascertain.taxonomy.retrieval import Retriever
from ascertain.taxonomy.screens import Sentence, Tongue, visible_sentences
from ascertain.taxonomy.text import tokens
from ascertain.taxonomy.trades import Trades

_FAMILIAR = 0.75
_GLANCE = 500
"""Characters that are looked at to see whether a text is plainly in the taxonomy's language."""
Said = list[tuple[float, Sentence]]
"""Probabilities of a skill, with the sentences that they are of."""
_CHUNK = 256
"""Texts worked on at once, which bounds memory."""


class SkillMapper:
    """Implements ``domain.ports.Mapper``. Deterministic: equal probabilities are ordered by skill id."""

    def __init__(
        self,
        skills: Sequence[Skill],
        index: LexicalIndex,
        lexicon: Lexicon,
        model: MappingModel,
        *,
        language: str = "en",
        retriever: Retriever | None = None,
    ) -> None:
        """``model`` must be of the engine: by words and meaning with a ``retriever``, by words alone without."""
        self._skills = skills
        self._lexicon = lexicon
        self._model = model
        self.retriever = retriever
        self.language = language
        self._english = language == "en"
        self.featuriser = Featuriser(
            index, Gazetteer(index.forms, index.owner.tolist(), index.is_label.tolist()), lexicon, retriever
        )
        self._trades = Trades(skills, lexicon)
        popular = sorted(range(len(skills)), key=lambda i: (-float(index.popularity[i]), skills[i].id))
        self._by_popularity = tuple(popular)

    @property
    def version(self) -> str:
        """Engine, coefficients, lexicon and encoder, with their hashes."""
        encoder = f".{self.retriever.version}" if self.retriever else ""
        return f"{self._model.version}.{self._lexicon.version}{encoder}"

    def familiar(self, text: str) -> bool:
        """Whether the text is plainly in English, the taxonomy's own language: all ASCII, no function word of another
        one, three words in four known. Cheaper than asking what language it is in, and never true where in doubt."""
        if not self._english or not text.isascii():
            return False
        known, stops = self.featuriser.vocabulary, self._lexicon.stop_stems
        words = tokens(text[:_GLANCE])
        return (
            len(words) > 0
            and not any(w.surface.lower() in self._lexicon.foreign for w in words)
            and sum(w.stem in known or w.stem in stops for w in words) >= _FAMILIAR * len(words)
        )

    def map(self, texts: Sequence[str], *, top: int, tongue: Tongue | None = None) -> list[list[Candidate]]:
        """Skills that each text expresses, best first; an empty list when none fits.

        ``tongue`` is the texts' language where it is not the taxonomy's.
        """
        every = self._candidates(texts, top, tongue=tongue)
        return [[c for c in found if c.probability >= self._model.floor] for found in every]

    def rank(self, texts: Sequence[str], top: int, *, tongue: Tongue | None = None) -> list[list[Candidate]]:
        """The ``top`` best skills for each text, however unlikely; those that are no candidate come last,
        with probability 0, the ones most job profiles ask for first. A text of which nothing counts (all denied, all
        prerequisites) is ranked by what it says anyway, with probability 0."""
        result: list[list[Candidate]] = []
        every = self._candidates(texts, top, tongue=tongue)
        silent = [i for i, found in enumerate(every) if not found]
        again = self._candidates([texts[i] for i in silent], top, screened=False, tongue=tongue)
        for i, found in zip(silent, again, strict=True):
            every[i] = [replace(c, probability=0.0) for c in found]
        for found in every:
            chosen = found
            if len(chosen) < top:
                have = {c.skill_id for c in chosen}
                rest = (self._skills[i] for i in self._by_popularity if self._skills[i].id not in have)
                chosen += [Candidate(s.id, s.label, 0.0) for s, _ in zip(rest, range(top - len(chosen)), strict=False)]
            result.append(chosen)
        return result

    def _candidates(
        self, texts: Sequence[str], top: int, *, screened: bool = True, tongue: Tongue | None = None
    ) -> list[list[Candidate]]:
        result: list[list[Candidate]] = []
        for a in range(0, len(texts), _CHUNK):
            chunk = texts[a : a + _CHUNK]
            split = [self._sentences(t, screened, tongue) for t in chunk]
            # Catalogues repeat themselves: what is read alike is weighed once.
            distinct = list({(s.visible, s.foreign): s for found in split for s in found}.values())
            weighed: dict[tuple[str, bool], tuple[list[int], list[float]]] = {}
            for s, offer in zip(distinct, self.featuriser.offers(distinct), strict=True):
                kept = self._trades.possible(offer.rows, s.visible) | (offer.x[:, IS_NAMED] > 0)
                if kept.any():
                    p = self._model.probabilities(offer.x[kept])
                    weighed[s.visible, s.foreign] = offer.rows[kept].tolist(), p.tolist()
            for text, found in zip(chunk, split, strict=True):
                scores: dict[int, Said] = {}
                for sentence in found:
                    rows, chances = weighed.get((sentence.visible, sentence.foreign), ([], []))
                    for row, probability in zip(rows, chances, strict=True):
                        scores.setdefault(row, []).append((probability, sentence))
                result.append(self._aggregated(text, scores, top))
        return result

    def _sentences(self, text: str, screened: bool, tongue: Tongue | None) -> list[Sentence]:
        if tongue is None:
            return visible_sentences(text, self._lexicon, english=self._english, screened=screened)
        found = visible_sentences(text, tongue.lexicon, english=False, screened=screened)
        return [replace(s, foreign=not tongue.understood) for s in found]

    def _aggregated(self, text: str, scores: Mapping[int, Said], top: int) -> list[Candidate]:
        """The ``top`` best: some hundred candidates a sentence are not worth an object each."""
        found = []
        for row, said in scores.items():
            best, sentence = said[0] if len(said) == 1 else max(said, key=lambda ps: (ps[0], -ps[1].start))
            unlikely = 1 - best
            for probability, other in said:
                if other is not sentence:
                    unlikely *= (1 - probability) ** self._model.damping
            found.append((-round(1 - unlikely, 6), self._skills[row].id, row, sentence))
        return [
            Candidate(id_, self._skills[row].label, -less, text[s.start : s.end])
            for less, id_, row, s in heapq.nsmallest(top, found, key=lambda f: f[:2])
        ]
