"""Tunes the encoder on pairs of text and concept: InfoNCE with in-batch and mined negatives.

Each step encodes a batch of texts, one name of a right concept for each (the label or, half of the time, a synonym)
and the names of some neighbours of those concepts. A text must be nearer to its own name than to all others of the
batch, and a name nearer to its own text than to all other texts (symmetric cross-entropy of cosine / temperature).
A name that also fits the text (a concept of the same text, a concept with the same name, the same concept in another
taxonomy) is taken out of the sum instead of being pushed away.

Word embeddings stay as they are: at this learning rate they would hardly move, and the step costs a third less.

    python -m training.encoder.train --data ../shared/data --out build/encoder --seed 0
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from training.encoder import mine, pairs, sources
from training.encoder.batches import Recipe, Sampler
from training.encoder.measure import Figures, Trial, concept_vectors, judge, load
from training.encoder.network import Network, base_folder
from training.encoder.pairs import Corpus, Example

_log = logging.getLogger("train")


def tune(data: Path, out: Path, recipe: Recipe, *, start: Path | None = None, mined: Path | None = None) -> Path:
    """Trains, judging on the way; gives the folder of the last checkpoint.

    Writes ``pairs.jsonl``, ``log.jsonl``, ``best/`` (by :data:`measure.CHOOSING`) and ``last/`` below ``out``.

    Args:
        start: checkpoint to begin with and to mine with; the base model by default.
        mined: folder for what is mined, to share between seeds; ``out`` by default.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    corpus = pairs.build(data, seed=recipe.seed)
    trial = load(data, most=300)
    network = Network(start or base_folder())
    near, spans = _mine(network, corpus, data, mined or out)
    corpus = Corpus(corpus.concepts, corpus.esco, [*corpus.examples, *spans])
    pairs.write(out / "pairs.jsonl", corpus.examples)
    sampler = Sampler(corpus, near, recipe)
    for p in network.model.embeddings.word_embeddings.parameters():
        p.requires_grad_(False)
    wanted = [p for p in network.model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(wanted, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    per_pass = len(sampler.passes())
    steps = int(per_pass * recipe.passes)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: _rate(s, steps, recipe.warm_up))
    log = _Log(out / "log.jsonl", recipe)
    _log.info("%d examples, %d steps", len(corpus.examples), steps)
    network.model.train()
    step, best = 0, -1.0
    while step < steps:
        for examples in sampler.passes():
            texts, names, mask = sampler.draw(examples)
            loss = _loss(network, texts, names, torch.from_numpy(mask), recipe.temperature)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(wanted, recipe.clip)
            optimiser.step()
            schedule.step()
            step += 1
            log.step(step, steps, loss.item())
            if step % recipe.save_every == 0:
                network.model.save_pretrained(out / "last")
            if step % recipe.judge_every == 0 or step == steps:
                best = _judge(network, trial, log, out, step, best)
            if step == steps:
                break
    return out / "last"


def _rate(step: int, steps: int, warm_up: float) -> float:
    rising = max(1, int(warm_up * steps))
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))


def _mine(network: Network, corpus: Corpus, data: Path, out: Path) -> tuple[npt.NDArray[np.int64], list[Example]]:
    """Neighbours and phrases by the encoder as it is before training, kept in ``out`` because they take minutes."""
    file, spans = out / "neighbours.npy", out / "spans.jsonl"
    if not (file.exists() and spans.exists()):
        started = time.monotonic()
        vectors = concept_vectors(network.encode, corpus.concepts, most=1)
        out.mkdir(parents=True, exist_ok=True)
        held_out = mine.held_out(sources.benchmark_texts(data))
        found = mine.phrases(network.encode, vectors[: corpus.esco], sources.skillspan(data), held_out)
        pairs.write(spans, found)
        np.save(file, mine.neighbours(vectors, corpus.concepts, corpus.esco))
        _log.info("mined %d phrase examples and neighbours in %.0f s", len(found), time.monotonic() - started)
    near: npt.NDArray[np.int64] = np.load(file)
    return near, pairs.read(spans)


def _loss(network: Network, texts: list[str], names: list[str], mask: torch.Tensor, temperature: float) -> torch.Tensor:
    a, b = network.vectors(texts), network.vectors(names)
    scores = (a @ b.T / temperature).masked_fill(mask, float("-inf"))
    right = torch.arange(len(texts))
    square = scores[:, : len(texts)].T
    both = torch.nn.functional.cross_entropy(scores, right) + torch.nn.functional.cross_entropy(square, right)
    return both / 2


def _judge(network: Network, trial: Trial, log: _Log, out: Path, step: int, best: float) -> float:
    """Judges with one synonym a concept (a full judgement takes minutes) and keeps the checkpoint if it leads."""
    network.model.save_pretrained(out / "last")
    found = judge(network.encode, trial, most=1)
    score: float = found["choosing"]["RP@5"]
    log.judged(step, found)
    if score > best:
        network.model.save_pretrained(out / "best")
    return max(score, best)


class _Log:
    """Progress to the log and, as JSON lines, to a file."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        self._file = path
        self._started = time.monotonic()
        self._losses: list[float] = []
        path.write_text(json.dumps({"recipe": asdict(recipe)}) + "\n", encoding="utf-8")

    def step(self, step: int, steps: int, loss: float) -> None:
        self._losses.append(loss)
        if step % 20 == 0:
            _log.info("step %d/%d loss %.3f, %.0f s", step, steps, np.mean(self._losses), self._seconds())
            self._write({"step": step, "loss": round(float(np.mean(self._losses)), 4)})
            self._losses.clear()

    def judged(self, step: int, found: dict[str, Figures]) -> None:
        _log.info("step %d RP@5 %s", step, {k: v["RP@5"] for k, v in found.items()})
        self._write({"step": step, "judged": found})

    def _write(self, row: dict[str, object]) -> None:
        with self._file.open("a", encoding="utf-8") as f:
            f.write(json.dumps({**row, "seconds": round(self._seconds())}) + "\n")

    def _seconds(self) -> float:
        return time.monotonic() - self._started


def main() -> None:
    parser = argparse.ArgumentParser(description="Tunes the encoder.")
    parser.add_argument("--data", type=Path, default=sources.ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=sources.ROOT / "build" / "encoder")
    parser.add_argument("--start", type=Path, help="checkpoint to begin with; the base model by default")
    parser.add_argument("--mined", type=Path, help="folder to share what is mined between seeds; --out by default")
    add_recipe(parser)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    tune(args.data, args.out, recipe_of(args), start=args.start, mined=args.mined)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Options for every value of :class:`Recipe`."""
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that :func:`add_recipe`'s options give."""
    return Recipe(**{name: getattr(args, name) for name in asdict(Recipe())})


if __name__ == "__main__":
    main()
