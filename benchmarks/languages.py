"""How well German, French and Spanish texts find English skills: python -m benchmarks.languages

90 sentences and the names of 150 ESCO skills in three languages, both written by hand for this purpose (``data/``). The
names are not ESCO's own: its releases in other languages are not part of this repository. Two imports are compared: one
with the English names alone, where only what is named word for word can be found, and one with the further names. With
``--esco PATH`` the English skills are all of a release, of which 150 have further names; only those can be found in the
other languages, so that the figures flatter whatever the number of English ones.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.polyglot import PolyglotMapper
from ascertain.taxonomy.retrieval import OwnRetrieval

DATA = Path(__file__).resolve().parent / "data"
LANGUAGES = ("de", "fr", "es")
SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of one language, in per cent. ``detected``: read as what it is; ``first``: a right skill comes first;
    ``recall``: right skills among the first five, of all right ones, mean over texts; ``given`` and ``right``: right
    skills of those that ``map`` gives, as recall and precision over all texts."""

    names: str
    language: str
    texts: int
    detected: float
    first: float
    recall: float
    given: float
    right: float


def write_release(folder: Path) -> None:
    """The hand-written names as an ESCO release of four languages."""
    with (DATA / "languages_names.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    for code in ("en", *LANGUAGES):
        with (folder / f"skills_{code}.csv").open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(["conceptUri", "skillType", "preferredLabel", "altLabels"])
            for r in rows:
                label, *others = r[code].split(SEPARATOR)
                out.writerow([r["uri"], r["kind"], label, "\n".join(others)])


def sentences() -> list[tuple[str, str, set[str]]]:
    """(language, text, URIs of the right skills)."""
    with (DATA / "languages_names.csv").open(encoding="utf-8", newline="") as f:
        uri = {r["en"]: r["uri"] for r in csv.DictReader(f)}
    with (DATA / "languages_sentences.csv").open(encoding="utf-8", newline="") as f:
        return [
            (r["language"], r["text"], {uri[label] for label in r["labels"].split(SEPARATOR)})
            for r in csv.DictReader(f)
        ]


def judged(mapper: PolyglotMapper, names: str) -> list[Line]:
    """One line a language."""
    lines = []
    for code in LANGUAGES:
        some = [(text, right) for language, text, right in sentences() if language == code]
        texts = [text for text, _ in some]
        ranked = [[c.skill_id for c in found if c.probability > 0] for found in mapper.rank(texts, 5)]
        given = [{c.skill_id for c in found} for found in mapper.map(texts, top=10)]
        hits = sum(len(g & right) for g, (_, right) in zip(given, some, strict=True))
        lines.append(
            Line(
                names,
                code,
                len(texts),
                _share([r is not None and r.language == code for r in mapper.readings(texts)]),
                _share([bool(r) and r[0] in right for r, (_, right) in zip(ranked, some, strict=True)]),
                _share([len(right & set(r)) / len(right) for r, (_, right) in zip(ranked, some, strict=True)]),
                _percent(hits, sum(len(right) for _, right in some)),
                _percent(hits, sum(map(len, given))),
            )
        )
    return lines


def measure(esco: Path | None = None, own: OwnRetrieval | None = None) -> list[Line]:
    """The English names alone, then all of them. ``own`` finds skills by meaning in place of the shipped encoder."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        release = folder / "release"
        release.mkdir()
        write_release(release)
        if esco:
            (release / "skills_en.csv").write_bytes((esco / "skills_en.csv").read_bytes())
        for told, more in (("English", ()), ("all", LANGUAGES)):
            library = TaxonomyLibrary(folder / told, CONFIG_DIR, own=own)
            library.import_taxonomy("esco", release, more=more)
            lines += judged(library.open("esco").mapper, told)
    return lines


def _share(values: Sequence[float]) -> float:
    return round(100 * sum(values) / len(values), 1)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--esco", type=Path, help="folder of an English ESCO release, for all of its skills")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    lines = measure(args.esco)
    if args.json:
        print(json.dumps([asdict(x) for x in lines], indent=2))
        return
    print("names    language  texts  detected  right first  recall of 5  given  of the given right")
    for x in lines:
        print(
            f"{x.names:8} {x.language:8} {x.texts:6} {x.detected:9} {x.first:12} {x.recall:12} {x.given:6} {x.right:19}"
        )


if __name__ == "__main__":
    main()
