"""Fits the lexical mapper's coefficients and writes ``config/mapper/lexical-1.json``.

Needs scikit-learn, which the product itself does not. Run from the project's root::

    pip install scikit-learn && python -m training.fit_lexical --data ../shared/data

Two models, because a candidate means something else among 500 skills than among 14,000:

* ``small``: fitted on ``training/data/starter_sentences.jsonl`` (courses, reviews, projects, tickets, each with its
  labels and the reason for them) against the starter taxonomy.
* ``large``: fitted on the validation splits of TECH and HOUSE (Decorte et al. 2022; ESCO 1.1.0), on the sentences of
  our own that express no skill, and lightly on SkillSkape's development split.

All figures in the file's ``measured`` part are out of fold (five folds over texts). ``damping`` is chosen on our
labelled documents, whose sentences no model was fitted on. Test splits are never read.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import logging
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ascertain.taxonomy.features import FEATURES
from ascertain.taxonomy.lexicon import read_lexicon
from ascertain.taxonomy.library import STARTER, TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.model import MODEL_FILE
from ascertain.taxonomy.screens import visible_sentences

ROOT = Path(__file__).resolve().parent.parent
FOLDS = 5
REGULARISATION = (0.03, 0.1, 0.3, 1.0)
DAMPING = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
SMALL_UP_TO = 3000
FLOOR = {"small": 0.2, "large": 0.15}
"""Under this a candidate is not offered. A choice, not a fit: it lets an agent see what policy would not accept."""
SKAPE_SENTENCES, SKAPE_WEIGHT = 300, 0.1
_log = logging.getLogger("fit")

Gold = Mapping[str, set[int]]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Candidates of a set of texts: features, skill rows, number of the text, label; ``gold`` per text."""

    x: Array
    skill: npt.NDArray[np.int64]
    text: npt.NDArray[np.int64]
    gold: list[set[int]]

    @property
    def y(self) -> npt.NDArray[np.bool_]:
        return np.array([s in self.gold[t] for s, t in zip(self.skill, self.text, strict=True)])


def candidates(bundle: TaxonomyBundle, labelled: Gold, config: Path) -> Rows:
    lexicon = read_lexicon(config)
    texts = list(labelled)
    split = [[s.visible for s in visible_sentences(t, lexicon)] for t in texts]
    offers = bundle.mapper.featuriser.offers([s for found in split for s in found])
    owner = [i for i, found in enumerate(split) for _ in found]
    return Rows(
        np.concatenate([o.x for o in offers]),
        np.concatenate([o.rows for o in offers]),
        np.concatenate([np.full(len(o.rows), i) for o, i in zip(offers, owner, strict=True)]),
        [labelled[t] for t in texts],
    )


def joined(*parts: Rows) -> Rows:
    starts = np.cumsum([0, *(len(p.gold) for p in parts)])
    return Rows(
        np.concatenate([p.x for p in parts]),
        np.concatenate([p.skill for p in parts]),
        np.concatenate([p.text + start for p, start in zip(parts, starts, strict=False)]),
        [g for p in parts for g in p.gold],
    )


def fit(x: Array, y: npt.NDArray[np.bool_], weight: Array, c: float) -> Pipeline:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=5000))
    return model.fit(x, y, logisticregression__sample_weight=weight)


def out_of_fold(rows: Rows, aside: Rows | None, c: float) -> Array:
    """Probabilities of each row from a model that did not see its text. ``aside`` is always trained on."""
    order = np.random.RandomState(0).permutation(len(rows.gold))
    p = np.zeros(len(rows.skill))
    for k in range(FOLDS):
        held = np.isin(rows.text, order[k::FOLDS])
        p[held] = fit(*_training(rows, aside, ~held), c).predict_proba(rows.x[held])[:, 1]
    return p


def _training(
    rows: Rows, aside: Rows | None, mask: npt.NDArray[np.bool_]
) -> tuple[Array, npt.NDArray[np.bool_], Array]:
    x, y, w = rows.x[mask], rows.y[mask], np.ones(int(mask.sum()))
    if aside is not None:
        x, y = np.concatenate([x, aside.x]), np.concatenate([y, aside.y])
        w = np.concatenate([w, np.full(len(aside.skill), SKAPE_WEIGHT)])
    return x, y, w


def best_per_text(rows: Rows, p: Array, texts: Sequence[int], damping: float = 0.0) -> list[list[tuple[float, int]]]:
    """For each text its (probability, skill), best first, aggregated over its sentences as the mapper does."""
    result = []
    for t in texts:
        said: dict[int, list[float]] = {}
        for i in np.flatnonzero(rows.text == t):
            said.setdefault(int(rows.skill[i]), []).append(float(p[i]))
        scored = []
        for skill, values in said.items():
            values.sort(reverse=True)
            rest = np.prod([(1 - v) ** damping for v in values[1:]])
            scored.append((1 - (1 - values[0]) * float(rest), skill))
        result.append(sorted(scored, key=lambda s: (-s[0], s[1])))
    return result


def measure(rows: Rows, p: Array, texts: Sequence[int], floor: float, damping: float = 0.0) -> dict[str, float | int]:
    """RP@5 (share of the labels, at most five, among the first five), expected calibration error in ten bins of the
    first and of the first ten candidates, precision and recall of what reaches ½, texts without label that get any."""
    ranked = best_per_text(rows, p, texts, damping)
    gold = [rows.gold[t] for t in texts]
    rp = [len({s for _, s in r[:5]} & g) / min(5, len(g)) for r, g in zip(ranked, gold, strict=True) if g]
    first = [(r[0][0], r[0][1] in g) for r, g in zip(ranked, gold, strict=True) if r]
    ten = [(q, s in g) for r, g in zip(ranked, gold, strict=True) for q, s in r[:10]]
    half = [(s in g) for r, g in zip(ranked, gold, strict=True) for q, s in r if q >= 0.5]
    none = [r for r, g in zip(ranked, gold, strict=True) if not g]
    labels = sum(map(len, gold))
    return {
        "texts_with_label": len(rp),
        "texts_without_label": len(none),
        "rp_at_5": _percent(float(np.mean(rp)) if rp else 0.0),
        "ece_top_1": _percent(_ece(first)),
        "ece_top_10": _percent(_ece(ten)),
        "brier_top_10": _percent(float(np.mean([(q - y) ** 2 for q, y in ten]))),
        "precision_at_half": _percent(sum(half) / max(1, len(half))),
        "recall_at_half": _percent(sum(half) / max(1, labels)),
        "without_label_over_half": _percent(sum(bool(r) and r[0][0] >= 0.5 for r in none) / max(1, len(none))),
        "without_label_over_floor": _percent(sum(bool(r) and r[0][0] >= floor for r in none) / max(1, len(none))),
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _ece(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    p, y = np.array([q for q, _ in pairs]), np.array([t for _, t in pairs], dtype=float)
    b = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[b == k].sum() - y[b == k].sum()) for k in range(bins)) / len(p))


def coefficients(model: Pipeline) -> tuple[dict[str, float], float]:
    """Weights on unscaled features."""
    scaler, regression = model[0], model[-1]
    w = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - (w * scaler.mean_).sum())
    return {f: round(float(v), 5) for f, v in zip(FEATURES, w, strict=True)}, round(intercept, 5)


def chosen_c(rows: Rows, aside: Rows | None) -> float:
    """The regularisation with the lowest out-of-fold log loss."""

    def loss(c: float) -> float:
        p = np.clip(out_of_fold(rows, aside, c), 1e-9, 1 - 1e-9)
        return float(-np.mean(np.where(rows.y, np.log(p), np.log(1 - p))))

    return min(REGULARISATION, key=loss)


def own_texts(bundle: TaxonomyBundle, unit: str) -> dict[str, set[int]]:
    row = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}
    found = {}
    for line in (ROOT / "training/data/starter_sentences.jsonl").read_text(encoding="utf-8").splitlines():
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


def fit_small(bundle: TaxonomyBundle, config: Path) -> dict[str, Any]:
    rows, documents = (candidates(bundle, own_texts(bundle, u), config) for u in ("sentence", "document"))
    c = chosen_c(rows, None)
    p = out_of_fold(rows, None, c)
    model = fit(rows.x, rows.y, np.ones(len(rows.skill)), c)
    on_documents = model.predict_proba(documents.x)[:, 1]
    texts = range(len(documents.gold))
    damping = min(DAMPING, key=lambda d: measure(documents, on_documents, texts, FLOOR["small"], d)["brier_top_10"])
    weights, intercept = coefficients(model)
    return {
        "fitted_on": "training/data/starter_sentences.jsonl, sentences, against the starter taxonomy",
        "c": c,
        "intercept": intercept,
        "weights": weights,
        "floor": FLOOR["small"],
        "damping": damping,
        "measured": {
            "own sentences": measure(rows, p, range(len(rows.gold)), FLOOR["small"]),
            "own documents (not fitted on, but the cue lists were revised after reading them)": measure(
                documents, on_documents, texts, FLOOR["small"], damping
            ),
        },
    }


def fit_large(
    bundle: TaxonomyBundle, starter: TaxonomyBundle, data: Path, config: Path, damping: float
) -> dict[str, Any]:
    row: dict[str, int] = {}
    for i, s in enumerate(bundle.taxonomy.skills()):
        row.setdefault(s.label, i)
    none = {t: g for t, g in own_texts(starter, "sentence").items() if not g}
    sets = {
        "TECH validation": benchmark(data / "benchmark/tech_validation_annotations.csv", row),
        "HOUSE validation": benchmark(data / "benchmark/house_validation_annotations.csv", row),
        "own sentences without a skill": none,
    }
    parts = {name: candidates(bundle, labelled, config) for name, labelled in sets.items()}
    rows = joined(*parts.values())
    aside = candidates(bundle, skape(data / "skillskape/dev.csv", row), config)
    c = chosen_c(rows, aside)
    p = out_of_fold(rows, aside, c)
    model = fit(*_training(rows, aside, np.ones(len(rows.skill), dtype=bool)), c)
    weights, intercept = coefficients(model)
    measured, start = {}, 0
    for name, part in parts.items():
        measured[name] = measure(rows, p, range(start, start + len(part.gold)), FLOOR["large"])
        start += len(part.gold)
    without = fit(rows.x, rows.y, np.ones(len(rows.skill)), c).predict_proba(aside.x)[:, 1]
    measured["SkillSkape dev (300, by a model not fitted on it)"] = measure(
        aside, without, range(len(aside.gold)), FLOOR["large"]
    )
    return {
        "fitted_on": "TECH and HOUSE validation, own sentences without a skill; ESCO 1.1.0; "
        f"SkillSkape dev ({SKAPE_SENTENCES} sentences, weight {SKAPE_WEIGHT})",
        "c": c,
        "intercept": intercept,
        "weights": weights,
        "floor": FLOOR["large"],
        "damping": damping,
        "measured": measured,
    }


def main() -> int:
    """Fit both models and write them with their measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--config", type=Path, default=ROOT / "config")
    parser.add_argument("--version", default="lexical-1")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out = args.config / "mapper" / MODEL_FILE
    if not (args.data / "esco-1.1.0").is_dir():
        _log.error("there is no %s: the large model cannot be fitted", args.data / "esco-1.1.0")
        return 2
    if not _fits(out):  # the features have changed: the mapper opens only with weights of the present ones
        blank = {"weights": dict.fromkeys(FEATURES, 0.0), "intercept": 0.0, "floor": 0.2, "damping": 0.0}
        _write(out, {"version": "none", "small_up_to": SMALL_UP_TO, "models": {"small": blank, "large": blank}})
    with tempfile.TemporaryDirectory() as folder:
        library = TaxonomyLibrary(Path(folder), args.config)
        starter = library.open(STARTER)
        small = fit_small(starter, args.config)
        library.import_taxonomy("esco", args.data / "esco-1.1.0")
        large = fit_large(library.open("esco"), starter, args.data, args.config, small["damping"])
    _write(
        out,
        {
            "version": args.version,
            "fitted_by": "training/fit_lexical.py; logistic regression, five folds over texts; figures in per cent",
            "small_up_to": SMALL_UP_TO,
            "models": {"small": small, "large": large},
        },
    )
    for name, model in (("small", small), ("large", large)):
        for which, figures in model["measured"].items():
            _log.info("%s | %s | %s", name, which, figures)
    return 0


def _fits(file: Path) -> bool:
    return file.exists() and all(
        set(m["weights"]) == set(FEATURES) for m in json.loads(file.read_text())["models"].values()
    )


def _write(file: Path, doc: dict[str, Any]) -> None:
    file.write_text(json.dumps(doc, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
