"""The labelled texts that the mapper's regressions are fitted on and judged with. Test splits are never read."""

from __future__ import annotations

import ast
import csv
import json
import random
from collections.abc import Mapping
from pathlib import Path

from ascertain.taxonomy.library import TaxonomyBundle

ROOT = Path(__file__).resolve().parent.parent
SKAPE_SENTENCES = 300


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


def skape(file: Path, row: Mapping[str, int]) -> dict[str, set[int]]:
    with file.open(encoding="utf-8", newline="") as f:
        found = {r["sentence"]: {row[k] for k in ast.literal_eval(r["skills"]) if k in row} for r in csv.DictReader(f)}
    keys = sorted(found)
    random.Random(0).shuffle(keys)
    return {k: found[k] for k in keys[:SKAPE_SENTENCES]}
