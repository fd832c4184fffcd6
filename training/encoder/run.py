"""Everything at once: pairs, mining and training with each seed, average, int8 export, figures.

    python -m training.encoder.run --data ../shared/data --out build/encoder

``--install`` also puts the result into ``ascertain/taxonomy/weights``; its model card is then to be brought up to date
(a test compares the version it names).
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from ascertain.taxonomy.encoder import MODEL, TOKENIZER, WEIGHTS
from training.encoder import sources
from training.encoder.average import average
from training.encoder.evaluate import evaluate, table
from training.encoder.export import export
from training.encoder.measure import load
from training.encoder.network import base_folder
from training.encoder.train import add_recipe, recipe_of, tune

_log = logging.getLogger("run")


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains, averages, exports and measures the encoder.")
    parser.add_argument("--data", type=Path, default=sources.ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=sources.ROOT / "build" / "encoder")
    parser.add_argument("--rounds", type=int, default=1, help="each begins with the average of the round before")
    parser.add_argument("--seeds", type=int, default=2, help="runs in a round")
    parser.add_argument("--install", action="store_true")
    add_recipe(parser)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    tuned: Path | None = None
    for turn in range(args.rounds):
        folder, runs = args.out / f"round-{turn}", []
        for seed in range(turn * args.seeds, (turn + 1) * args.seeds):
            recipe = replace(recipe_of(args), seed=seed)
            runs.append(tune(args.data, folder / f"seed-{seed}", recipe, start=tuned, mined=folder))
        tuned = average(runs, folder / "average")
    if tuned is None:
        parser.error("--rounds must be at least 1")
    trial = load(args.data)
    results = {}
    for name, checkpoint in (("zero-shot", base_folder()), ("tuned", tuned)):
        int8, float32 = export(checkpoint, args.out / "onnx" / name)
        for kind, folder in ((f"{name} int8", int8), (f"{name} float32", float32)):
            results[kind] = evaluate(folder, trial, args.out / "vectors")
            _log.info("%s: %s", kind, results[kind])
    (args.out / "metrics.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(results) + "\n")
    if args.install:
        for file in (MODEL, TOKENIZER):
            shutil.copyfile(args.out / "onnx" / "tuned" / "int8" / file, WEIGHTS / file)


if __name__ == "__main__":
    main()
