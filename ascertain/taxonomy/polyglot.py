"""Texts in several languages: each goes to the engine that can read it, and what was done is said.

* The taxonomy's own language, or nothing to tell it by: the engine as fitted.
* A language that the taxonomy has names in too: by words, in that language's stems and stop words.
* Any other: what is named word for word counts (product names, loan words), nothing else. The encoder never sees such
  a text: it reads English, and would rank the rest with the same confidence and no sense. An embedding model that
  reads the language (``ASCERTAIN_EMBEDDINGS_LANGUAGES``) is asked, though.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.canonical import digest
from ascertain.domain.skills import Candidate
from ascertain.taxonomy.features import Featuriser
from ascertain.taxonomy.language import detect_among, detector_version
from ascertain.taxonomy.lexicon import Lexicon
from ascertain.taxonomy.mapper import SkillMapper
from ascertain.taxonomy.retrieval import Retriever
from ascertain.taxonomy.screens import Tongue

WORDS, NAMES, OWN_MODEL = "words", "names", "own model"


@dataclass(frozen=True, slots=True)
class Reading:
    """That a text was not read as the taxonomy's own language: its ``language`` (ISO 639-1), by what it was searched
    (``WORDS``, ``NAMES`` or ``OWN_MODEL``), and a ``note`` that says so to people."""

    language: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class OtherLanguage:
    """A further language of the taxonomy: its engine, made when first needed, and the version of its words."""

    engine: Callable[[], SkillMapper]
    version: str


class PolyglotMapper:
    """Implements ``domain.ports.Mapper`` over a taxonomy's engine and those of its further languages."""

    def __init__(
        self,
        own: SkillMapper,
        lexicon_of: Callable[[str], Lexicon],
        others: Mapping[str, OtherLanguage],
        labels: Mapping[str, str],
        denied: frozenset[str] = frozenset(),
    ) -> None:
        """``lexicon_of`` gives a language's word lists, ``labels`` the label of each skill id in the own language;
        skills that are ``denied`` are never given."""
        self._denied = denied
        self._own = own
        self._lexicon_of = lexicon_of
        self._others = dict(sorted(others.items()))
        self._labels = labels
        self._languages = (own.language, *self._others)

    @property
    def version(self) -> str:
        """The own engine's, the detector's, and the further languages' with their word lists."""
        parts = [self._own.version, detector_version(), *(o.version for o in self._others.values())]
        return ".".join([*parts, f"without{digest(sorted(self._denied), length=8)}"] if self._denied else parts)

    @property
    def language(self) -> str:
        """The taxonomy's own."""
        return self._own.language

    @property
    def further(self) -> tuple[str, ...]:
        """The languages that it has names in beside its own."""
        return tuple(self._others)

    @property
    def retriever(self) -> Retriever | None:
        """What finds skills by meaning, if anything."""
        return self._own.retriever

    @property
    def featuriser(self) -> Featuriser:
        """The own engine's."""
        return self._own.featuriser

    def readings(self, texts: Sequence[str]) -> list[Reading | None]:
        """How each text was read, None where there is nothing to report."""
        return [self._reading(t) for t in texts]

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        """Skills that each text expresses, best first; an empty list when none fits."""
        return self._answered(texts, lambda engine, some, tongue: engine.map(some, top=top, tongue=tongue))

    def rank(self, texts: Sequence[str], top: int) -> list[list[Candidate]]:
        """The ``top`` best skills for each text, however unlikely. See ``SkillMapper.rank``."""
        return self._answered(texts, lambda engine, some, tongue: engine.rank(some, top, tongue=tongue))

    def _answered(
        self,
        texts: Sequence[str],
        ask: Callable[[SkillMapper, Sequence[str], Tongue | None], list[list[Candidate]]],
    ) -> list[list[Candidate]]:
        read = self.readings(texts)
        found: list[list[Candidate]] = [[] for _ in texts]
        for key in dict.fromkeys((r.language, r.by) if r else None for r in read):
            rows = [i for i, r in enumerate(read) if ((r.language, r.by) if r else None) == key]
            engine, tongue = self._own, None
            if key and key[1] == WORDS:
                engine = self._others[key[0]].engine()
            elif key:
                tongue = Tongue(self._lexicon_of(key[0]), understood=key[1] == OWN_MODEL)
            answers = ask(engine, [texts[i] for i in rows], tongue)
            for i, answer in zip(rows, answers, strict=True):
                allowed = [c for c in answer if c.skill_id not in self._denied] if self._denied else answer
                found[i] = self._relabelled(allowed) if engine is not self._own else allowed
        return found

    def _reading(self, text: str) -> Reading | None:
        language = None if self._own.familiar(text) else detect_among(text, self._languages)
        if language is None or language == self.language:
            return None
        if language in self._others:
            return Reading(
                language,
                WORDS,
                f"read as {language}: searched among the taxonomy's names in {language}; probabilities were fitted on "
                f"English texts",
            )
        retriever = self._own.retriever
        if retriever is not None and retriever.reads(language):
            return Reading(
                language,
                OWN_MODEL,
                f"read as {language}, the taxonomy is in {self.language}: ranked by the configured embedding model; "
                f"probabilities were fitted on English texts",
            )
        return Reading(
            language,
            NAMES,
            f"read as {language}, the taxonomy is in {self.language}: only what is named word for word was found, "
            f"the rest of the text was not understood",
        )

    def _relabelled(self, found: list[Candidate]) -> list[Candidate]:
        return [replace(c, label=self._labels.get(c.skill_id, c.label)) for c in found]
