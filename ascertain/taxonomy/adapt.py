"""Tunes the light parts of the mapper to one taxonomy: how much a definition counts, and the re-ranker's coefficients.

The encoder stays as it is. What is learned from: texts made of the taxonomy's own names, each searched where its name
was taken out (``adapt_texts``), and texts that the customer labelled. Nothing is replaced unless texts that the fit did
not see come out better: log loss lower beyond chance (95 % bootstrap interval over texts), RP@1 and RP@5 no lower.
Where there are labelled texts, they alone are judged by.

Tried and left out: a linear map of the text's vector (ridge regression towards the skills' vectors). It gained nothing
on held-out names and lost up to two points on real sentences. Sentences of definitions as texts: the right skill would
be the only one without a definition, and definitions would learn to count against a skill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ascertain.domain.skills import Skill
from ascertain.errors import ConfigError, InputError
from ascertain.taxonomy.adapt_fit import (
    CAREFUL,
    FIGURES,
    FOLDS,
    FREE,
    Array,
    Case,
    Cases,
    fitted,
    interval,
    judge,
    out_of_fold,
)
from ascertain.taxonomy.adapt_texts import Asked, fold_of, made_texts, without_asked
from ascertain.taxonomy.adapted import made_for, write_adapted
from ascertain.taxonomy.encoder import Encoder, Vectors
from ascertain.taxonomy.features import Featuriser, Offers
from ascertain.taxonomy.gazetteer import Gazetteer
from ascertain.taxonomy.index import build
from ascertain.taxonomy.lexicon import Lexicon, read_lexicon
from ascertain.taxonomy.library import TaxonomyBundle
from ascertain.taxonomy.loaded import Progress
from ascertain.taxonomy.model import HYBRID, LEXICAL, MappingModel, read_model
from ascertain.taxonomy.retrieval import (
    EncoderRetriever,
    SkillEncoder,
    definition_vectors,
    mixed,
    serialised,
    target_vectors,
)
from ascertain.taxonomy.screens import visible_sentences

FEWEST = 40
"""Texts with a skill that are needed to judge by."""
SHARES = (0.0, 0.3)
"""Of the definition in a skill's vector."""
DEFINED_UP_TO = 3000
"""Skills of a taxonomy whose definitions are worth encoding; among more, names are rarely jargon, and it takes long."""
MADE_WEIGHT = 0.2
"""Of a made text beside labelled ones."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over the judged texts, with 95 % interval: shipped, adapted, and adapted minus shipped."""

    name: str
    texts: int
    shipped: tuple[float, float, float]
    adapted: tuple[float, float, float]
    change: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class AdaptReport:
    """What came of it. ``adapted`` is the file's hash, None where the shipped coefficients were kept, and ``why``."""

    taxonomy: str
    adapted: str | None
    why: str
    judged_on: str
    made_texts: int
    labelled_texts: int
    definition_share: float
    strength: float
    figures: tuple[Figure, ...]


def adapt(
    bundle: TaxonomyBundle,
    config_dir: Path,
    folder: Path,
    labelled: Sequence[Asked] = (),
    progress: Progress | None = None,
) -> AdaptReport:
    """Fit, judge, and keep the result beside the taxonomy in ``folder`` if it is better.

    Args:
        bundle: opened with the shipped coefficients (``TaxonomyLibrary(…, adapted=False)``).
        labelled: see ``read_labelled``.

    Raises:
        InputError: when there are too few texts to judge by.
        ConfigError: when skills are found by a model of the deployment's own.
    """
    say = progress or (lambda stage, done, total: None)
    bench = _Bench(bundle, config_dir, folder)
    made = made_texts(bench.skills, bench.lexicon, english=bundle.mapper.language == "en")
    judged = [t for t in labelled or made if t.gold]
    if len(judged) < FEWEST:
        what = "labelled texts" if labelled else "synonyms of their own, which texts could be made of,"
        raise InputError(
            f"there are {len(judged)} {what} and {FEWEST} are needed to judge by",
            where=bundle.taxonomy.version,
            remedy="give --labelled FILE.jsonl with more texts" if labelled else "add synonyms, or give --labelled",
        )
    texts = [*made, *labelled]
    shares = SHARES if bench.encoder and len(bench.skills) <= DEFINED_UP_TO else SHARES[:1]
    prior = bench.model
    trials: list[tuple[float, tuple[Case, ...]]] = []
    for i, share in enumerate(shares):
        cases = bench.cases(texts, share, lambda done, total, i=i: say("texts", i * total + done, len(shares) * total))
        trials.append((share, _weighed(cases, len(made), bool(labelled))))
    before = trials[0][1]
    trials.sort(key=lambda trial: _loss(trial[1], prior))
    tried = []
    for best, after in trials:  # the likelier share first; the other one where that is refused
        everything = Cases(after)
        strengths = FREE if labelled else CAREFUL
        models, c = out_of_fold(everything, prior, strengths, lambda done, total: say("fits", done, total))
        figures = _figures(before, after, prior, models)
        tried.append((_verdict(figures), best, c, figures, everything))
        if not tried[-1][0]:
            break
    why, best, c, figures, everything = next((t for t in tried if not t[0]), tried[0])
    report = AdaptReport(
        taxonomy=bundle.taxonomy.version,
        adapted=None,
        why=why or "log loss is lower beyond chance; RP@1 and RP@5 are no lower",
        judged_on="labelled texts, out of fold" if labelled else "made texts, out of fold (names held out)",
        made_texts=len(made),
        labelled_texts=len(labelled),
        definition_share=best,
        strength=c,
        figures=figures,
    )
    if why:
        return report
    model = fitted(everything, np.ones(len(everything.y), dtype=bool), prior, c)
    told = {f.name: {"shipped": f.shipped, "adapted": f.adapted, "texts": f.texts} for f in figures}
    told_all = {"judged_on": report.judged_on, "made_texts": len(made), "labelled_texts": len(labelled), **told}
    hashed = write_adapted(folder, bundle.taxonomy.version, bench.basis, model, best, told_all)
    return replace(report, adapted=hashed)


class _Bench:
    """The taxonomy with what is needed to search it, whole or with names taken out."""

    def __init__(self, bundle: TaxonomyBundle, config_dir: Path, folder: Path) -> None:
        retriever = bundle.mapper.retriever
        if retriever is not None and not isinstance(retriever, EncoderRetriever):
            raise ConfigError(
                "a model or vector database of your own finds the skills here, and this cannot adapt to it",
                remedy="unset ASCERTAIN_EMBEDDINGS and ASCERTAIN_VECTOR_STORE",
            )
        self.skills = bundle.taxonomy.skills()
        self.encoder = _Remembering(retriever.encoder) if retriever else None
        self.lexicon: Lexicon = read_lexicon(config_dir, bundle.mapper.language)
        self.model: MappingModel = read_model(config_dir, len(self.skills), HYBRID if retriever else LEXICAL)
        self.basis = made_for(self.model, self.lexicon.version, retriever.encoder.version if retriever else None)
        self._english = bundle.mapper.language == "en"
        self._profiles = bundle.taxonomy.job_profiles()
        self._folders = (folder, config_dir / "mapper")
        self._whole: Vectors | None = None
        self._definitions: Vectors | None = None

    def cases(self, texts: Sequence[Asked], share: float, say: Any) -> tuple[Case, ...]:
        """Each text with its candidates, in order."""
        found: dict[int, Case] = {}
        parts = list(dict.fromkeys(t.part for t in texts))
        for done, part in enumerate(parts):
            say(done, len(parts))
            rows = [i for i, t in enumerate(texts) if t.part == part]
            featuriser = self._featuriser(texts, part, share)
            split = [visible_sentences(texts[i].text, self.lexicon, english=self._english) for i in rows]
            offers = iter(featuriser.offers([s for of in split for s in of]))
            for i, of in zip(rows, split, strict=True):
                mine: tuple[Offers, ...] = tuple(next(offers) for _ in of)
                found[i] = Case(mine, texts[i].gold, fold_of(texts[i], FOLDS))
        say(len(parts), len(parts))
        return tuple(found[i] for i in range(len(texts)))

    def _featuriser(self, texts: Sequence[Asked], part: int | None, share: float) -> Featuriser:
        skills = list(self.skills) if part is None else without_asked(self.skills, texts, part)
        index = build(skills, self._profiles, self.lexicon)
        gazetteer = Gazetteer(index.forms, index.owner.tolist(), index.is_label.tolist())
        retriever = _Retriever(self.encoder, self._targets(skills, share)) if self.encoder else None
        return Featuriser(index, gazetteer, self.lexicon, retriever)

    def _targets(self, skills: Sequence[Skill], share: float) -> Vectors:
        assert self.encoder is not None
        if self._whole is None:
            self._whole = target_vectors(self.encoder, self.skills, *self._folders)
        vectors = self._whole.copy()
        changed = [i for i, (s, t) in enumerate(zip(skills, self.skills, strict=True)) if s is not t]
        if changed:
            vectors[changed] = SkillEncoder(self.encoder).encode([serialised(skills[i]) for i in changed])
        if not share:
            return vectors
        if self._definitions is None:
            self._definitions = definition_vectors(self.encoder, self.skills, *self._folders)
        return mixed(vectors, self._definitions, share)


class _Remembering(Encoder):
    """The encoder, each text once: names and texts are asked for again with every share. Keeps them in memory alone."""

    def __init__(self, encoder: Encoder) -> None:
        self._of = encoder
        self._known: dict[str, Vectors] = {}

    @property
    def version(self) -> str:
        return self._of.version

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = [t for t in dict.fromkeys(texts) if t not in self._known]
        self._known.update(zip(new, self._of.encode(new), strict=True))
        return np.stack([self._known[t] for t in texts]) if texts else self._of.encode([])


class _Retriever:
    """Implements ``Retriever`` over vectors at hand."""

    def __init__(self, encoder: Encoder, targets: Vectors) -> None:
        self._encoder, self._targets = encoder, targets
        self.version = encoder.version

    def scores(self, texts: Sequence[str]) -> Vectors:
        out: Vectors = self._encoder.encode(texts) @ self._targets.T
        return out

    def reads(self, language: str) -> bool:
        return language == "en"


def _weighed(cases: Sequence[Case], made: int, labelled: bool) -> tuple[Case, ...]:
    if not labelled:
        return tuple(cases)
    first = (replace(c, weight=MADE_WEIGHT, judged=False) for c in cases[:made])
    return (*first, *cases[made:])


def _loss(cases: Sequence[Case], model: MappingModel) -> float:
    return float(np.sum([judge(c, model)[0] for c in cases if c.judged]))


def _figures(
    before: Sequence[Case], after: Sequence[Case], prior: MappingModel, models: Sequence[MappingModel]
) -> tuple[Figure, ...]:
    at = [i for i, case in enumerate(before) if case.judged]
    was = np.array([judge(before[i], prior) for i in at])
    now = np.array([judge(after[i], models[after[i].fold]) for i in at])
    return tuple(_figure(name, was[:, k], now[:, k]) for k, name in enumerate(FIGURES))


def _figure(name: str, was: Array, now: Array) -> Figure:
    return Figure(name, int((~np.isnan(was)).sum()), interval(was), interval(now), interval(now - was))


def _verdict(figures: Sequence[Figure]) -> str:
    """Why the shipped coefficients stay; empty where they should not."""
    by = {f.name: f for f in figures}
    if by["log_loss"].change[2] >= 0:
        return "log loss on texts that the fit did not see is not lower beyond chance"
    for name, said in (("rp_at_1", "RP@1"), ("rp_at_5", "RP@5")):
        if by[name].change[0] < 0:
            return f"{said} on texts that the fit did not see is lower"
    return ""
