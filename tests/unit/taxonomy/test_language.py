from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ascertain.paths import APP_ROOT
from ascertain.taxonomy.language import KNOWN, detect, detect_among, detector_version
from ascertain.taxonomy.text import SNOWBALL


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Führte Verhandlungen mit den Lieferanten.", "de"),
        ("Arbeitsrecht für Führungskräfte", "de"),
        ("Elle a géré le budget du service.", "fr"),
        ("gestion de projet agile", "fr"),
        ("Gestionó el presupuesto del departamento.", "es"),
        ("Heeft een team van acht mensen geleid.", "nl"),
        ("Prowadził zespół ośmiu osób.", "pl"),
        ("You will have led a team with this method.", "en"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "  ", "SQL", "Power BI", "Terraform module for S3", "1234 5678 90", "🙂 🙂 🙂 🙂"]
)
def test_nothing_is_said_of_what_is_too_short_or_no_language(text: str) -> None:
    assert detect(text) in (None, "en")


def test_among_a_taxonomys_own_languages_a_word_is_enough() -> None:
    assert detect("Kommunikation") is None
    assert detect_among("Kommunikation", ("en", "de")) == "de"
    assert detect_among("Stakeholder management", ("en", "de")) == "en"
    assert detect_among("SQL", ("en", "de")) is None
    assert detect_among("Kommunikation", ("en",)) is None
    assert detect_among("Führte Verhandlungen mit den Lieferanten.", ("en", "fr")) == "de"


def test_no_english_sentence_of_ours_is_taken_for_another_language() -> None:
    texts = [
        json.loads(line)["text"]
        for name in ("starter_sentences.jsonl", "starter_titles.jsonl")
        for line in (APP_ROOT / "training/data" / name).read_text(encoding="utf-8").splitlines()
    ]
    taken = {t: detect(t) for t in texts if t.isascii() and detect(t) not in (None, "en")}
    german = {t for t, code in taken.items() if code == "de"}
    assert len(texts) > 400
    assert not taken.keys() - german, taken
    assert len(german) < 0.02 * len(texts), german


def test_detection_takes_less_than_a_millisecond() -> None:
    texts = [f"Die Wartung der Anlage Nummer {i} lag in ihrer Verantwortung, auch nachts." for i in range(200)]
    detect(texts[0])
    begun = time.perf_counter()
    for text in texts:
        detect(text)
    assert (time.perf_counter() - begun) / len(texts) < 0.001 * 3, "three times the aim, for a busy machine"


def test_the_model_is_read_only_when_needed() -> None:
    code = (
        "import sys\nfrom ascertain.taxonomy.language import detect\n"
        "assert detect('They have built the dashboards.') == 'en'\nassert 'py3langid' not in sys.modules\n"
        "assert detect('Hat die Dashboards gebaut.') == 'de'\nassert 'py3langid' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_the_version_names_the_detector() -> None:
    assert detector_version().startswith("langid-")


def test_every_stemmer_is_there_and_of_a_known_language() -> None:
    import Stemmer

    assert set(SNOWBALL.values()) <= set(Stemmer.algorithms())
    assert set(SNOWBALL) <= set(KNOWN)
