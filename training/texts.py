"""The labelled texts that the mapper's regressions are fitted on and judged with. Test splits are never read."""

from __future__ import annotations

import ast
import csv
import json
import random
from collections.abc import Mapping
from pathlib import Path

from ascertain.errors import InputError
from ascertain.taxonomy.library import TaxonomyBundle

ROOT = Path(__file__).resolve().parent.parent
SKAPE_FITTED = 200
ESCO_SENTENCES = ROOT / "benchmarks/data/esco_sentences.jsonl"


def own_texts(bundle: TaxonomyBundle, unit: str) -> dict[str, set[int]]:
    row = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}
    found = {}
    for name in ("starter_sentences.jsonl", "starter_titles.jsonl"):
        for line in (ROOT / "training/data" / name).read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if item["unit"] == unit:
                found[item["text"]] = {row[s] for s in item["skills"]}
    return found


def benchmark(file: Path, row: Mapping[str, int]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    with file.open(encoding="utf-8-sig", newline="") as f:
        for r in csv.DictReader(f):
            labels = found.setdefault(r["sentence"], set())
            if r["label"].strip() in row:
                labels.add(row[r["label"].strip()])
    return found


def skape(file: Path, row: Mapping[str, int]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """SkillSkape's sentences: ``SKAPE_FITTED`` to learn from, and the half of the others that only judges."""
    with file.open(encoding="utf-8", newline="") as f:
        found = {r["sentence"]: {row[k] for k in ast.literal_eval(r["skills"]) if k in row} for r in csv.DictReader(f)}
    keys = sorted(found)
    random.Random(0).shuffle(keys)
    half = len(keys) // 2
    return {k: found[k] for k in keys[:SKAPE_FITTED]}, {k: found[k] for k in keys[max(half, SKAPE_FITTED) :]}


def esco_sentences(file: Path, row: Mapping[str, int]) -> dict[str, dict[str, set[int]]]:
    """Our own sentences labelled with ESCO, by split (``fit``, ``test``): text → rows of its skills. Labels that the
    release has not are left out.

    Args:
        row: row of each skill, by URI.

    Raises:
        InputError: when a line names no split that is known, or a text of ``test`` stands in ``fit`` too.
    """
    found: dict[str, dict[str, set[int]]] = {"fit": {}, "test": {}}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        item = json.loads(line)
        if item["split"] not in found:
            raise InputError(
                f"{file.name}:{number}: there is no split {item['split']!r}",
                field="split",
                remedy="use fit or test",
            )
        found[item["split"]][item["text"]] = {row[s] for s in item["skills"] if s in row}
    if both := sorted(found["fit"].keys() & found["test"].keys()):
        raise InputError(
            f"{file.name}: {both[0]!r} stands in both splits",
            field="text",
            remedy="keep it in one: what was fitted on cannot judge",
        )
    return found
