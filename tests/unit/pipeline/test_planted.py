"""Several hundred ways to write somebody: none survives masking, and neutral prose does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ascertain.domain.people import Learner
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.cases import directory_of
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from ascertain.taxonomy.library import TaxonomyLibrary
from tests.crews.planted import ACCOUNTS, PEOPLE, Plant, bare, leaked, plants

AROUND = ("{}", "Worked with {} on the SQL report.", "Thanks ({}) for Kubernetes; see also ISO 9001, 2024-10-12.")
PLANTS = plants()


@pytest.fixture(scope="module")
def masker(tmp_path_factory: pytest.TempPathFactory) -> KeyedPseudonymiser:
    taxonomy = TaxonomyLibrary(tmp_path_factory.mktemp("taxonomies"), CONFIG_DIR).open("starter").taxonomy
    return KeyedPseudonymiser(b"k" * 32, directory_of(PEOPLE, ACCOUNTS.values(), taxonomy))


def test_the_search_finds_what_is_not_masked() -> None:
    """The search itself is tested: each plant is found in what it was planted in, once it can be read."""
    readable = [p for p in PLANTS if "entities" not in p.kind and p.kind not in ("markup", "full width", "bidi")]
    missed = [p for p in readable if not leaked(p, p.text) and p.kind not in ("tags", "homoglyphs")]
    assert missed == []


@pytest.mark.parametrize("around", AROUND, ids=["alone", "in prose", "in brackets"])
def test_no_planted_identity_survives(masker: KeyedPseudonymiser, around: str) -> None:
    assert len(PLANTS) >= 600
    survived = [(p.kind, p.text, out) for p in PLANTS if leaked(p, out := masker.mask(around.format(p.text)))]
    assert survived == []


def test_all_at_once(masker: KeyedPseudonymiser) -> None:
    out = masker.mask("\n".join(p.text for p in PLANTS))
    assert [p for p in PLANTS if leaked(p, out)] == []
    assert masker.mask(out) == out


def _neutral(folder: Path) -> list[str]:
    found: list[str] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for v in value.values():
                walk(v)
        elif isinstance(value, list):
            for v in value:
                walk(v)
        elif isinstance(value, str) and " " in value:
            found.append(value)

    for file in sorted(folder.glob("courses-*.json")):
        walk(json.loads(file.read_text(encoding="utf-8")))
    return found


def test_the_catalogue_keeps_its_words(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Masked against everybody of the demonstration company: nobody is named in the catalogue, so all is wrong."""
    rows = json.loads((CONFIG_DIR / "demo" / "people.json").read_text(encoding="utf-8"))
    roster = [*PEOPLE, *(Learner(r["id"], f"{r['given']} {r['family']}", "") for r in rows)]
    taxonomy = TaxonomyLibrary(tmp_path_factory.mktemp("taxonomies"), CONFIG_DIR).open("starter").taxonomy
    masker = KeyedPseudonymiser(b"k" * 32, directory_of(roster, (), taxonomy))
    texts = _neutral(CONFIG_DIR / "demo")
    words = sum(len(re.findall(r"\w+", t)) for t in texts)
    masked = sum(len(re.findall(r"\[(?:person|address|number)\]", masker.mask(t))) for t in texts)
    print(f"{len(roster)} people, {words} words, {masked} masked wrongly")
    assert words > 5000
    assert masked / words < 0.001


@pytest.mark.parametrize(
    "text",
    [
        "She will use Ruby for it.",
        "A grant of 20,000 in May.",
        "Mark the bill, then hunt the long law.",
        "Look at example.org and meet at 10.",
        "Version 3.11.2 of 2024-10-12, ISO 27001, RFC 6962, port 8080.",
        "The API answers 200 in 35 ms for 1,200,000 rows.",
    ],
)
def test_plain_words_and_figures_stay(masker: KeyedPseudonymiser, text: str) -> None:
    assert masker.mask(text) == text


def test_what_looks_like_a_plant_and_is_none() -> None:
    assert not leaked(Plant("full", "", (bare("Doeveren"),)), "[person] did well")
