from __future__ import annotations

import pytest

from ascertain.taxonomy.compounds import Splitter
from ascertain.taxonomy.text import stem

KNOWN = {stem(w, "de") for w in ("Kunden", "Beschwerden", "Recht", "Bestand", "Strategie", "Analyse", "Risiko")}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Kundenbeschwerden", ("Kunden", "Beschwerden")),
        ("Arbeitsrecht", ("Arbeit", "Recht")),
        ("Lagerbestände", ("Lager", "Bestand")),
        ("Risikoanalysen", ("Risiko", "Analyse")),
        ("Verantwortung", ()),
        ("Recht", ()),
        ("kunde", ()),
    ],
)
def test_compounds_have_two_parts(word: str, parts: tuple[str, ...]) -> None:
    found = Splitter(KNOWN, "de").parts(stem(word, "de"))
    assert found == tuple(stem(p, "de") for p in parts)


def test_parts_follow_their_compound() -> None:
    stems = [stem(w, "de") for w in ("schreiben", "Kundenbeschwerden")]
    assert Splitter(KNOWN, "de").with_parts(stems) == [*stems, stem("Kunden", "de"), stem("Beschwerden", "de")]


def test_other_languages_are_left_alone() -> None:
    assert Splitter({"data", "base"}, "en").with_parts(["database"]) == ["database"]
