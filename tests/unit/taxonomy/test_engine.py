"""The engine as it is opened: with the encoder where it can be, by words alone where not, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary, library
from ascertain.taxonomy.encoder import Encoder, Vectors
from ascertain.taxonomy.polyglot import PolyglotMapper


class Silent(Encoder):
    """The shipped encoder; ``seen`` holds what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return super().encode(texts)


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> PolyglotMapper:
    return TaxonomyLibrary(tmp_path_factory.mktemp("taxonomies"), CONFIG_DIR).open("starter").mapper


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("Made the pages usable for blind visitors.", "web-accessibility"),
        ("Talked an angry caller down until he thanked us.", "complaint-handling"),
    ],
)
def test_meaning_finds_what_words_do_not(starter: PolyglotMapper, text: str, skill: str, tmp_path: Path) -> None:
    words = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True).open("starter").mapper

    def place(mapper: PolyglotMapper) -> int:
        return [c.skill_id for c in mapper.rank([text], 400)[0]].index(skill)

    assert place(starter) < 5
    assert place(starter) < place(words)


def test_the_version_names_the_encoder(starter: PolyglotMapper) -> None:
    assert starter.version.startswith("hybrid-")
    assert f".{Encoder().version}." in starter.version


def test_the_starter_taxonomy_opens_and_maps_without_encoding_a_skill(tmp_path: Path) -> None:
    encoder = Silent()
    mapper = TaxonomyLibrary(tmp_path, CONFIG_DIR, encoder=encoder).open("starter").mapper
    mapper.map(["Wrote SQL."], top=3)
    assert encoder.seen == ["Wrote SQL."], "the shipped vectors are stale: python -m training.fit_reranker"


def test_without_weights_words_decide_and_the_version_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent() -> Encoder:
        return Encoder(tmp_path / "nothing")

    monkeypatch.setattr(library, "Encoder", absent)
    mapper = TaxonomyLibrary(tmp_path, CONFIG_DIR).open("starter").mapper
    assert mapper.version.startswith("lexical-")
    assert "words alone" in caplog.text
    assert mapper.map(["Wrote SQL."], top=3)[0][0].skill_id == "sql"


def test_another_language_is_searched_by_words(tmp_path: Path) -> None:
    source = tmp_path / "pflege.csv"
    source.write_text("id,label,kind\nwund,Wunden versorgen,skill\nbett,Betten machen,skill\n", encoding="utf-8")
    taxonomies = TaxonomyLibrary(tmp_path / "taxonomies", CONFIG_DIR)
    taxonomies.import_taxonomy("custom", source, name="pflege", language="de")
    mapper = taxonomies.open("pflege").mapper
    assert mapper.version.startswith("lexical-")
    assert [c.skill_id for c in mapper.map(["Sie kann Wunden versorgen."], top=3)[0]] == ["wund"]
    assert not list((tmp_path / "taxonomies").glob("vectors-*"))


def test_a_sentence_about_nothing_gives_nothing(starter: PolyglotMapper) -> None:
    assert starter.map(["It was a nice day and everybody was happy.", "", "…", "   "], top=5) == [[], [], [], []]


def test_what_is_denied_is_not_found_by_meaning(starter: PolyglotMapper) -> None:
    (found,) = starter.map(["No experience with SQL or relational databases."], top=5)
    assert found == []


def test_neighbours_change_nothing(starter: PolyglotMapper) -> None:
    texts = ["Built dashboards in Power BI.", "Talked an angry caller down.", "Kept the ledger.", "Wrote unit tests."]
    texts += [f"Text {i} about budgets" for i in range(30)]
    together = starter.rank(texts, 20)
    assert together == [starter.rank([t], 20)[0] for t in texts]


def test_an_own_folder_of_weights_must_be_whole(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        Encoder(tmp_path)


def test_a_ranking_goes_by_what_is_said_even_where_nothing_counts(starter: PolyglotMapper) -> None:
    text = "You must have: experience with SQL and relational databases."
    assert starter.map([text], top=5) == [[]]
    (found,) = starter.rank([text], 5)
    assert {c.skill_id for c in found} >= {"sql", "relational-databases"}
    assert {c.probability for c in found} == {0.0}
