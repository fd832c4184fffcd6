"""Averages checkpoints that were tuned from the same base with different seeds, if wanted the base with them.

Runs from one starting point stay near each other, so the mean of their weights is a network too; it commonly does
better than each (Wortsman et al. 2022a, *Model soups*, ICML), at no cost when it runs. With the base in the mean an
encoder may keep more of what it knew beyond the training texts (Wortsman et al. 2022b, *Robust fine-tuning of
zero-shot models*, CVPR); see the model card for what that did here.

    python -m training.encoder.average RUN0/last RUN1/last --out FOLDER
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file

from training.encoder.network import base_folder

WEIGHTS = "model.safetensors"
BASE_SHARE = 0.0
"""0.3 did as well on the sets of ``measure.CHOOSING`` and worse on SkillSkape's dev split."""


def average(checkpoints: Sequence[Path], out: Path, *, base_share: float = BASE_SHARE) -> Path:
    """Writes (1 − ``base_share``) · mean of the checkpoints + ``base_share`` · base model into ``out``.

    Raises:
        ValueError: when there is no checkpoint, or one lacks a tensor of the first.
    """
    if not checkpoints:
        raise ValueError("there is no checkpoint to average")
    states = [load_file(c / WEIGHTS) for c in checkpoints]
    for c, state in zip(checkpoints, states, strict=True):
        if state.keys() != states[0].keys():
            raise ValueError(f"{c} holds other tensors than {checkpoints[0]}")
    base = load_file(base_folder() / WEIGHTS)
    mean = {
        name: (1 - base_share) * sum(s[name] for s in states) / len(states) + base_share * base[name]
        for name in states[0]
    }
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoints[0] / "config.json", out / "config.json")
    save_file(mean, out / WEIGHTS, metadata={"format": "pt"})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Averages checkpoints.")
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--base-share", type=float, default=BASE_SHARE)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    average(args.checkpoints, args.out, base_share=args.base_share)


if __name__ == "__main__":
    main()
