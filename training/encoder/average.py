"""Averages checkpoints that were tuned from the same base with different seeds.

Runs from one starting point stay near each other, so the mean of their weights is a network too; it commonly does
better than each (Wortsman et al. 2022, *Model soups*, ICML), at no cost when it runs.

    python -m training.encoder.average RUN0/last RUN1/last --out FOLDER
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


def average(checkpoints: Sequence[Path], out: Path) -> Path:
    """Writes a checkpoint with the mean of all weights into ``out``; its configuration is the first one's.

    Raises:
        ValueError: when the checkpoints do not hold the same tensors.
    """
    if not checkpoints:
        raise ValueError("there is no checkpoint to average")
    states = [load_file(c / WEIGHTS) for c in checkpoints]
    for c, state in zip(checkpoints, states, strict=True):
        if state.keys() != states[0].keys():
            raise ValueError(f"{c} holds other tensors than {checkpoints[0]}")
    mean = {name: sum(s[name] for s in states) / len(states) for name in states[0]}
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoints[0] / "config.json", out / "config.json")
    save_file(mean, out / WEIGHTS, metadata={"format": "pt"})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Averages checkpoints.")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    average(args.checkpoints, args.out)


if __name__ == "__main__":
    main()
