"""Texts in other languages than the taxonomy's own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change, Overlay
from ascertain.domain.skills import Skill
from ascertain.errors import InputError, IntegrityError
from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.encoder import Vectors
from ascertain.taxonomy.polyglot import NAMES, OWN_MODEL, WORDS, PolyglotMapper

S = "http://data.europa.eu/esco/skill/"
NAMES_OF = {
    "en": {
        "budget": ("manage budgets", "budget control"),
        "suppliers": ("maintain relationship with suppliers", ""),
        "complaints": ("handle customer complaints", ""),
        "terraform": ("Terraform", ""),
        "law": ("employment law", ""),
        "english": ("only in English", ""),
    },
    "de": {
        "budget": ("Budgets verwalten", "Budgetverantwortung"),
        "suppliers": ("Beziehungen zu Lieferanten pflegen", "Lieferantenpflege"),
        "complaints": ("Kundenbeschwerden bearbeiten", "Beschwerden behandeln"),
        "terraform": ("Terraform", ""),
        "law": ("Arbeitsrecht", ""),
    },
    "fr": {
        "budget": ("gérer des budgets", "gestion budgétaire"),
        "law": ("droit du travail", ""),
        "complaints": ("traiter les réclamations de clients", ""),
    },
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ESCO dataset - v1.2.0")
    for code, names in NAMES_OF.items():
        with (folder / f"skills_{code}.csv").open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(["conceptUri", "preferredLabel", "altLabels"])
            out.writerows([S + key, label, other] for key, (label, other) in names.items())
    return folder


def test_changes_lie_over_a_release_in_every_language(library: TaxonomyLibrary) -> None:
    """A merge leaves the names of both, a new skill is found, and the release is as it was."""
    changes = (
        Change(ChangeKind.MERGE, S + "complaints", target=S + "suppliers"),
        Change(ChangeKind.NEW, skills=(Skill("dbt", "dbt", synonyms=("dbt models",), definition="Transforming."),)),
        Change(ChangeKind.RENAME, S + "law", names=("labour law",)),
    )
    release = library.open("esco").taxonomy
    overlay = Overlay(release.version, changes)
    bundle = library.open("esco", overlay)
    assert bundle.taxonomy.version == overlay.version
    assert len(bundle.taxonomy.skills()) == len(release.skills())

    def best(text: str) -> str:
        return bundle.mapper.map([text], top=3)[0][0].skill_id

    assert best("Built dbt models.") == "dbt"
    assert best("Used to handle customer complaints.") == S + "suppliers"
    assert best("Taught labour law.") == S + "law"
    assert best("Sie hat im Team Kundenbeschwerden behandelt und Beschwerden behandeln gelernt.") == S + "suppliers"
    assert library.open("esco").taxonomy.version == release.version
    assert library.open(f"esco@{release.version}", overlay).taxonomy.version == overlay.version
    with pytest.raises(InputError, match="no skill"):
        library.open("esco", Overlay(release.version, (Change(ChangeKind.SYNONYM, "gone", names=("x",)),)))


@pytest.fixture(scope="module")
def library(release: Path, tmp_path_factory: pytest.TempPathFactory) -> TaxonomyLibrary:
    library = TaxonomyLibrary(tmp_path_factory.mktemp("taxonomies"), CONFIG_DIR)
    library.import_taxonomy("esco", release, more=["de", "fr"])
    library.import_taxonomy("esco", release, name="english")
    library.import_taxonomy("esco", release, name="german", language="de")
    return library


@pytest.fixture(scope="module")
def mapper(library: TaxonomyLibrary) -> PolyglotMapper:
    return library.open("esco").mapper


def first(mapper: PolyglotMapper, text: str) -> str:
    return mapper.rank([text], 1)[0][0].skill_id.removeprefix(S)


@pytest.mark.parametrize(
    ("text", "skill"),
    [
        ("Sie hat das Budget der Abteilung verwaltet.", "budget"),
        ("Er pflegte die Beziehungen zu unseren Lieferanten.", "suppliers"),
        ("Beschwerden von Kunden hat sie freundlich bearbeitet.", "complaints"),
        ("Kenntnisse im Arbeitsrecht hat er erworben.", "law"),
        ("Elle a géré seule les budgets du service.", "budget"),
        ("Il connaît bien le droit du travail français.", "law"),
        ("She managed the budgets of the whole department.", "budget"),
    ],
)
def test_a_text_finds_the_same_skill_in_any_language_of_the_taxonomy(
    mapper: PolyglotMapper, text: str, skill: str
) -> None:
    found = mapper.rank([text], 3)[0]
    assert found[0].skill_id == S + skill
    assert found[0].label == NAMES_OF["en"][skill][0], "labels stay those of the first language"
    assert found[0].quote in text


def test_how_a_text_was_read_is_said(mapper: PolyglotMapper) -> None:
    german, english, short, polish = mapper.readings(
        ["Sie hat das Budget verwaltet.", "She managed the budget.", "SQL", "Zarządzała budżetem całego działu."]
    )
    assert english is None
    assert short is None
    assert german is not None
    assert (german.language, german.by) == ("de", WORDS)
    assert polish is not None
    assert (polish.language, polish.by) == ("pl", NAMES)
    assert "word for word" in polish.note


def test_order_is_kept_when_languages_mix(mapper: PolyglotMapper) -> None:
    texts = ["Il a géré les budgets.", "She managed the budgets.", "Sie hat Budgets verwaltet."] * 3
    together = mapper.map(texts, top=3)
    assert together == [mapper.map([t], top=3)[0] for t in texts]
    assert all(found and found[0].skill_id == S + "budget" for found in together)


def test_what_a_foreign_text_names_is_found_and_nothing_else(library: TaxonomyLibrary) -> None:
    mapper = library.open("english").mapper
    text = "Sie hat das Budget der Abteilung verwaltet und Terraform eingeführt."
    assert [c.label for c in mapper.map([text], top=5)[0]] == ["Terraform"]
    reading = mapper.readings([text])[0]
    assert reading is not None
    assert (reading.language, reading.by) == ("de", NAMES)


def test_what_a_foreign_text_denies_is_not_found(library: TaxonomyLibrary) -> None:
    mapper = library.open("english").mapper
    assert mapper.map(["Er hat keine Erfahrung mit Terraform, aber viel Geduld."], top=5) == [[]]
    assert mapper.map(["Elle n'a aucune expérience avec Terraform dans ce domaine."], top=5) == [[]]


def test_the_english_encoder_never_sees_a_foreign_text(release: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    class Watching(Counting):
        def scores(self, texts: Sequence[str]) -> Vectors:
            asked.extend(texts)
            return super().scores(texts)

    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, own=lambda skills, folder: Watching(skills, ()))
    library.import_taxonomy("esco", release)
    mapper = library.open("esco").mapper
    mapper.rank(["Sie pflegt Lieferanten.", "Kenntnisse im Arbeitsrecht erworben."], 3)
    assert asked == []
    mapper.rank(["She managed the budgets of the team."], 3)
    assert asked == ["She managed the budgets of the team."]


class Counting:
    """Says that the third skill is meant, whatever the text."""

    version = "counting"

    def __init__(self, skills: Sequence[Skill], languages: Sequence[str]) -> None:
        self._skills, self._languages = skills, languages

    def reads(self, language: str) -> bool:
        return language in self._languages

    def scores(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), len(self._skills)), np.float32)
        out[:, [s.id for s in self._skills].index(S + "law")] = 0.9
        return out


def test_a_model_that_reads_the_language_is_asked(release: Path, tmp_path: Path) -> None:
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, own=lambda skills, folder: Counting(skills, ("pl", "de")))
    library.import_taxonomy("esco", release, more=["de"])
    mapper = library.open("esco").mapper
    polish = "Zarządzała budżetem całego działu i zespołem."
    reading = mapper.readings([polish])[0]
    assert reading is not None
    assert reading.by == OWN_MODEL
    assert first(mapper, polish) == "law"
    assert first(mapper, "Frau Berger war drei Jahre lang in Hamburg.") == "law", "beside the German words"
    french = mapper.readings(["Elle a géré le budget du service."])[0]
    assert french is not None
    assert french.by == NAMES


def test_a_taxonomy_in_german_reads_german(library: TaxonomyLibrary) -> None:
    mapper = library.open("german").mapper
    assert mapper.language == "de"
    assert mapper.retriever is None
    found = mapper.map(["Die Lieferantenpflege lag in ihrer Hand."], top=3)[0]
    assert found[0].label == "Beziehungen zu Lieferanten pflegen"
    english = mapper.readings(["They have managed the budgets of their team."])[0]
    assert english is not None
    assert (english.language, english.by) == ("en", NAMES)


def test_the_version_tells_the_languages(library: TaxonomyLibrary) -> None:
    several, one = library.open("esco").mapper.version, library.open("english").mapper.version
    assert several.startswith(one)
    assert several != one
    assert "de-1+" in several
    assert "langid-" in one


def test_further_languages_change_the_content_hash_not_the_first_language(library: TaxonomyLibrary) -> None:
    esco, english = library.open("esco").taxonomy, library.open("english").taxonomy
    assert esco.skills() == english.skills()
    assert esco.version.rpartition("+")[2] != english.version.rpartition("+")[2]
    assert [(r.name, r.further) for r in library.imports()] == [("english", ()), ("esco", ("de", "fr")), ("german", ())]


def test_a_changed_names_file_is_refused(release: Path, tmp_path: Path) -> None:
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True)
    library.import_taxonomy("esco", release, more=["de"])
    (file,) = tmp_path.glob("*.names-de.json")
    file.write_bytes(file.read_bytes().replace(b"Arbeitsrecht", b"Arbeitslohn"))
    mapper = library.open("esco").mapper
    assert mapper.map(["She managed the budgets of the team."], top=1), "English needs it not"
    with pytest.raises(IntegrityError, match="names-de"):
        mapper.map(["Sie hat das Budget der Abteilung verwaltet."], top=1)


def test_a_lost_index_is_built_anew(release: Path, tmp_path: Path) -> None:
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True)
    library.import_taxonomy("esco", release, more=["de"])
    text = "Sie hat das Budget der Abteilung verwaltet."
    before = library.open("esco").mapper.map([text], top=3)
    indexes = list(tmp_path.glob("*.npz"))
    assert len(indexes) == 2
    for file in indexes:
        file.unlink()
    assert library.open("esco").mapper.map([text], top=3) == before
    assert sorted(tmp_path.glob("*.npz")) == sorted(indexes)


@pytest.mark.parametrize(
    ("format", "language", "more", "told"),
    [
        ("esco", "en", ["deu"], "no language"),
        ("esco", "en", ["en"], "twice"),
        ("esco", "en", ["it"], r"skills_it\.csv"),
        ("onet", "en", ["de"], "one language"),
    ],
)
def test_languages_that_cannot_be_imported(
    release: Path, tmp_path: Path, format: str, language: str, more: list[str], told: str
) -> None:
    library = TaxonomyLibrary(tmp_path, CONFIG_DIR, words_only=True)
    with pytest.raises(InputError, match=told) as wrong:
        library.import_taxonomy(format, release, language=language, more=more)
    assert wrong.value.remedy
