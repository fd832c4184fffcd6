"""A deployment's own embeddings or vector database: langchain's interfaces, with its own stand-ins for both."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_core.vectorstores import InMemoryVectorStore

from ascertain.domain.skills import Skill
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.settings import load_settings
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.langchain import (
    EmbeddingsRetriever,
    VectorStoreRetriever,
    document,
    embeddings_of,
    own_retrieval,
    store_of,
)

SKILLS = tuple(Skill(f"s{i}", f"Skill {i}", "skill", synonyms=(f"doing {i}",)) for i in range(7))
EXACT = document(SKILLS[3])
"""The fake embeds equal texts alike and others anyhow: a skill's own document is its only sure neighbour."""


class Counting(Embeddings):
    def __init__(self) -> None:
        self.fake = DeterministicFakeEmbedding(size=32)
        self.documents: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.documents += texts
        return self.fake.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.fake.embed_query(text)


def test_embeddings_find_their_own_document_and_are_asked_once(tmp_path: Path) -> None:
    counting = Counting()
    scores = EmbeddingsRetriever(counting, "fake:32", SKILLS, tmp_path).scores([EXACT, "something else"])
    assert scores.shape == (2, 7)
    assert scores[0].argmax() == 3
    assert scores[0, 3] == pytest.approx(1, abs=1e-5)
    assert counting.documents == [document(s) for s in SKILLS]
    again = EmbeddingsRetriever(counting, "fake:32", SKILLS, tmp_path)
    assert np.array_equal(again.scores([EXACT, "something else"]), scores)
    assert len(counting.documents) == 7
    EmbeddingsRetriever(counting, "fake:32", SKILLS[:2], tmp_path).scores([EXACT])
    assert len(counting.documents) == 9  # other skills, other vectors


def test_broken_vectors_are_reported_and_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    counting = Counting()
    before = EmbeddingsRetriever(counting, "fake", SKILLS, tmp_path).scores([EXACT])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not numbers")
    assert np.array_equal(EmbeddingsRetriever(counting, "fake", SKILLS, tmp_path).scores([EXACT]), before)
    assert file.name in caplog.text
    assert len(counting.documents) == 14


def test_a_vector_store_finds_what_was_put_there() -> None:
    retriever = VectorStoreRetriever(InMemoryVectorStore(DeterministicFakeEmbedding(size=32)), "memory", SKILLS)
    retriever.fill()
    retriever.fill()  # replaces, and adds nothing
    scores = retriever.scores([EXACT])
    assert scores.shape == (1, 7)
    assert scores[0].argmax() == 3
    assert scores[0, 3] == pytest.approx(1, abs=1e-5)
    assert len(set(scores[0].tolist())) == 7


class Distances(InMemoryVectorStore):
    """Answers as many databases do: with cosine distances."""

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: object = None, **kwargs: object
    ) -> list[tuple[Document, float]]:
        return [(d, 1 - s) for d, s in super().similarity_search_with_score(query, k)]


def test_distances_become_similarities() -> None:
    plain, far = (kind(DeterministicFakeEmbedding(size=32)) for kind in (InMemoryVectorStore, Distances))
    for store in (plain, far):
        VectorStoreRetriever(store, "memory", SKILLS).fill()
    wanted = VectorStoreRetriever(plain, "memory", SKILLS).scores([EXACT])
    assert VectorStoreRetriever(far, "memory", SKILLS).scores([EXACT]) == pytest.approx(wanted, abs=1e-6)


def test_an_empty_store_says_what_to_do() -> None:
    retriever = VectorStoreRetriever(InMemoryVectorStore(DeterministicFakeEmbedding(size=32)), "memory", SKILLS)
    with pytest.raises(ConfigError, match="taxonomy fill"):
        retriever.scores(["a"])


def make() -> InMemoryVectorStore:
    return InMemoryVectorStore(DeterministicFakeEmbedding(size=32))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> str:
    own = ModuleType("deployment")
    own.make = make  # type: ignore[attr-defined]
    own.number = lambda: 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "deployment", own)
    return "deployment"


def test_settings_choose(module: str, tmp_path: Path) -> None:
    assert own_retrieval(load_settings(home=tmp_path)) is None
    own = own_retrieval(load_settings(home=tmp_path, vector_store=f"{module}:make"))
    assert own is not None
    mapper = TaxonomyLibrary(tmp_path, CONFIG_DIR, own=own).open("starter").mapper
    assert ".vectorstore-deployment-make." in mapper.version
    assert isinstance(mapper.retriever, VectorStoreRetriever)
    mapper.retriever.fill()
    assert mapper.map(["Wrote SQL queries against PostgreSQL."], top=5)[0]


@pytest.mark.parametrize("factory", ["nowhere:make", "deployment:nothing", "deployment:number"])
def test_a_wrong_store_is_named(factory: str, module: str) -> None:
    with pytest.raises(ConfigError, match="ASCERTAIN_VECTOR_STORE"):
        store_of(factory)


def test_a_wrong_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ASCERTAIN_EMBEDDINGS"):
        embeddings_of("nobody:nothing")
    for wrong in ("model", ":model", "provider:"):
        with pytest.raises(ConfigError, match="ASCERTAIN_EMBEDDINGS"):
            load_settings(home=tmp_path, embeddings=wrong)
