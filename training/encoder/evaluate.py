"""Measures exported encoders as the product runs them, beside one another.

    python -m training.encoder.evaluate zero-shot=FOLDER tuned=FOLDER --data ../shared/data --out metrics.json

Each FOLDER holds ``encoder.onnx`` and ``tokenizer.json``. Needs no torch. TECH and HOUSE validation and SkillSkape's
dev split rank ESCO 1.1.0's 13,891 skills; our own sentences and documents rank the starter taxonomy. A document here
is one text, cut off at 64 tokens: the product cuts documents into sentences first.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import time
from pathlib import Path

from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.vectors import CachedEncoder
from training.encoder import sources
from training.encoder.measure import Figures, Trial, judge, load

SHOWN = ("RP@1", "RP@5", "RP@10", "MRR", "R@100")
_log = logging.getLogger("evaluate")


def evaluate(folder: Path, trial: Trial, cache: Path, *, most: int | None = None) -> dict[str, Figures]:
    """Figures by set of queries, see :func:`measure.judge`, and ``speed``. Vectors are kept in ``cache``."""
    encoder = Encoder(folder)
    started = time.monotonic()
    encoder.encode(["warm"])
    loaded = time.monotonic() - started
    texts = trial.queries["own"][1].texts
    started = time.monotonic()
    encoder.encode(texts)
    speed = len(texts) / (time.monotonic() - started)
    found = judge(CachedEncoder(encoder, cache).encode, trial, most=most, intervals=True)
    found["speed"] = {
        "version": encoder.version,
        "first text, seconds": round(loaded, 2),
        "own sentences a second": round(speed),
        "peak memory of this process, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    return found


def table(results: dict[str, dict[str, Figures]]) -> str:
    """Markdown: a row for each set of queries and encoder."""
    lines = ["| queries | n | encoder | " + " | ".join(SHOWN) + " | RP@5, 95 % |", "|---" * (len(SHOWN) + 4) + "|"]
    for name in next(iter(results.values())):
        for encoder, found in results.items():
            row = found[name]
            if "queries" in row:
                low, high = row["RP@5 interval"]
                cells = " | ".join(f"{row[m]:.1f}" for m in SHOWN)
                lines.append(f"| {name} | {row['queries']} | {encoder} | {cells} | {low}–{high} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures exported encoders.")
    parser.add_argument("encoders", nargs="+", help="NAME=FOLDER")
    parser.add_argument("--data", type=Path, default=sources.ROOT / ".." / "shared" / "data")
    parser.add_argument("--cache", type=Path, default=sources.ROOT / "build" / "encoder" / "vectors")
    parser.add_argument("--most", type=int, help="synonyms of a concept to use; all by default")
    parser.add_argument("--out", type=Path, help="write all figures here, as JSON")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    trial = load(args.data)
    results = {}
    for name, _, folder in (e.partition("=") for e in args.encoders):
        results[name] = evaluate(Path(folder), trial, args.cache, most=args.most)
        _log.info("%s: %s", name, results[name]["speed"])
    sys.stdout.write(table(results) + "\n")
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
