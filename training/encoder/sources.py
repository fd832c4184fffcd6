"""What the encoder learns from and is judged on, read from the data folder and the project's own files.

Every reader checks what it needs and raises :class:`MissingData` naming the file and where it comes from.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "config" / "taxonomy" / "starter"
OWN = ROOT / "training" / "data" / "starter_sentences.jsonl"
TITLES = ROOT / "training" / "data" / "starter_titles.jsonl"

FILES = {
    "esco-1.1.0/skills_en.csv": "ESCO 1.1.0, English, CSV (CC BY 4.0): https://esco.ec.europa.eu/en/use-esco/download",
    "esco/occupationSkillRelations.csv": "ESCO 1.1.x, occupation-skill relations (CC BY 4.0): the same page",
    "skillskape/train.csv": "SkillSkape (MIT): https://github.com/magantoine/JobSkape",
    "skillskape/dev.csv": "SkillSkape (MIT): https://github.com/magantoine/JobSkape",
    "skillspan/train.json": "SkillSpan (MIT): https://github.com/kris927b/SkillSpan",
    "benchmark/tech_validation_annotations.csv": "TECH validation split, Decorte et al. 2022",
    "benchmark/house_validation_annotations.csv": "HOUSE validation split, Decorte et al. 2022",
}
"""Everything read below the data folder, and where it is to be had."""


class MissingData(Exception):
    """A file of the data folder or of the project is not there."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A skill of a taxonomy. ``synonyms`` exclude the label and repetitions (case-insensitive)."""

    id: str
    label: str
    synonyms: tuple[str, ...]
    definition: str
    knowledge: bool
    same_as: str = ""
    """The concept of another taxonomy that means the same, so that neither is a wrong answer for the other."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Sentences with, for each, the indices of the right concepts in the candidate list (never empty)."""

    texts: list[str]
    gold: list[list[int]]


def need(folder: Path) -> None:
    """Raises :class:`MissingData` listing every absent file and its source."""
    gone = [f"  {folder / name}\n      {source}" for name, source in FILES.items() if not (folder / name).is_file()]
    if gone:
        raise MissingData("the encoder cannot be trained without these files:\n" + "\n".join(gone))


def norm(text: str) -> str:
    """Letters and digits only, lower case: what counts as the same sentence."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)


def _distinct(label: str, names: list[str]) -> tuple[str, ...]:
    seen, out = {label.lower()}, []
    for name in (n.strip() for n in names):
        if name and name.lower() not in seen:
            seen.add(name.lower())
            out.append(name)
    return tuple(out)


def esco(folder: Path) -> list[Concept]:
    """The 13,891 skills of ESCO 1.1.0, in the order of the file."""
    out = []
    for r in _rows(folder / "esco-1.1.0" / "skills_en.csv"):
        label = r["preferredLabel"].strip()
        names = (r["altLabels"] or "").split("\n") + (r["hiddenLabels"] or "").split("\n")
        definition = re.sub(r"\s+", " ", r["description"] or "").strip()
        out.append(Concept(r["conceptUri"], label, _distinct(label, names), definition, r["skillType"] == "knowledge"))
    return out


def starter() -> list[Concept]:
    """The starter taxonomy of the configuration, by file and position."""
    files = sorted(STARTER.glob("*.json"))
    if not files:
        raise MissingData(f"no starter taxonomy in {STARTER}")
    out = []
    for f in files:
        for s in json.loads(f.read_text(encoding="utf-8"))["skills"]:
            names = _distinct(s["label"], s.get("synonyms", []))
            # A starter skill is a noun phrase whatever its kind, so carrier sentences treat it as one.
            out.append(Concept(s["id"], s["label"], names, s.get("definition", ""), True, s.get("esco", "")))
    return out


def occupations(folder: Path, index: dict[str, int]) -> list[list[int]]:
    """Skills (indices) of each occupation with at least two, ordered by the occupation's URI."""
    found: dict[str, list[int]] = defaultdict(list)
    for r in _rows(folder / "esco" / "occupationSkillRelations.csv"):
        if r["skillUri"] in index:
            found[r["occupationUri"]].append(index[r["skillUri"]])
    return [v for _, v in sorted(found.items()) if len(v) > 1]


def skillskape(folder: Path, split: str, concepts: list[Concept]) -> Queries:
    """SkillSkape's sentences that carry at least one ESCO label; ``UNK`` sentences are left out."""
    by_label = {c.label.lower(): i for i, c in reversed(list(enumerate(concepts)))}
    texts, gold = [], []
    for r in _rows(folder / "skillskape" / f"{split}.csv"):
        labels = {str(s).lower() for s in ast.literal_eval(r["skills"])}
        right = sorted({by_label[s] for s in labels if s in by_label})
        if right:
            texts.append(r["sentence"])
            gold.append(right)
    return Queries(texts, gold)


def benchmark(folder: Path, name: str, concepts: list[Concept]) -> Queries:
    """The validation split of ``tech`` or ``house``: distinct sentences with at least one ESCO 1.1.0 label."""
    by_label = {c.label: i for i, c in reversed(list(enumerate(concepts)))}
    found: dict[str, set[int]] = defaultdict(set)
    for r in _rows(folder / "benchmark" / f"{name}_validation_annotations.csv"):
        right = by_label.get(r["label"].strip())
        if right is not None:
            found[r["sentence"]].add(right)
    return Queries(list(found), [sorted(v) for v in found.values()])


def benchmark_texts(folder: Path) -> set[str]:
    """All sentences of the validation splits, with or without a label, as :func:`norm` writes them."""
    return {
        norm(r["sentence"])
        for name in ("tech", "house")
        for r in _rows(folder / "benchmark" / f"{name}_validation_annotations.csv")
    }


def own(concepts: list[Concept], unit: str = "sentence") -> Queries:
    """The project's own labelled texts that show a skill, against the starter taxonomy."""
    index = {c.id: i for i, c in enumerate(concepts)}
    rows = [r for r in _own_rows() if r["unit"] == unit and r["skills"]]
    unknown = {s for r in rows for s in r["skills"] if s not in index}
    if unknown:
        raise MissingData(f"{OWN.name} names skills that the starter taxonomy lacks: {', '.join(sorted(unknown))}")
    return Queries([r["text"] for r in rows], [sorted(index[s] for s in r["skills"]) for r in rows])


def own_texts() -> set[str]:
    """All the project's own labelled texts, as :func:`norm` writes them."""
    return {norm(r["text"]) for r in _own_rows()}


def _own_rows() -> list[dict[str, Any]]:
    if not OWN.is_file():
        raise MissingData(f"no labelled sentences at {OWN}")
    files = [OWN, *([TITLES] if TITLES.is_file() else [])]
    return [json.loads(line) for f in files for line in f.read_text(encoding="utf-8").splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Posting:
    """A job-advertisement sentence with the phrases that SkillSpan marks as skill or knowledge."""

    text: str
    spans: tuple[str, ...]


def skillspan(folder: Path) -> list[Posting]:
    """SkillSpan's training sentences, distinct, in order."""
    out: dict[str, Posting] = {}
    with (folder / "skillspan" / "train.json").open(encoding="utf-8") as f:
        for line in f:
            r = json.loads(line)
            text = " ".join(r["tokens"])
            spans = [*_spans(r["tokens"], r["tags_skill"]), *_spans(r["tokens"], r["tags_knowledge"])]
            out.setdefault(text, Posting(text, tuple(dict.fromkeys(spans))))
    return list(out.values())


def _spans(tokens: list[str], tags: list[str]) -> list[str]:
    out: list[list[str]] = []
    for token, tag in zip(tokens, tags, strict=True):
        if tag.startswith("B"):
            out.append([token])
        elif tag.startswith("I") and out:
            out[-1].append(token)
    return [" ".join(s).strip(" .,;:)(") for s in out]
