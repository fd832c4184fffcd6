"""Fits the lexical mapper's coefficients and writes ``config/mapper/lexical-2.json``.

Needs scikit-learn, which the product itself does not. Run from the project's root::

    pip install scikit-learn && python -m training.fit_lexical --data ../shared/data

Two models, because a candidate means something else among 500 skills than among 14,000:

* ``small``: fitted on ``training/data/starter_sentences.jsonl`` (courses, reviews, projects, tickets, each with its
  labels and the reason for them) and ``starter_titles.jsonl`` (titles, ticket summaries, short remarks; none of them
  a title of the demonstration) against the starter taxonomy.
* ``large``: fitted on the validation splits of TECH and HOUSE (Decorte et al. 2022; ESCO 1.1.0), on the sentences of
  our own that express no skill, and lightly on SkillSkape's development split.

Each is two regressions: of the candidates that the sentence names word for word, and of the others. How a name is
written does not depend on a taxonomy's size, so the large model's first one also learns from the small one's data.

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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ascertain.taxonomy.features import FEATURES, IS_NAMED
from ascertain.taxonomy.lexicon import read_lexicon
from ascertain.taxonomy.library import STARTER, TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.model import GROUPS, MODEL_FILE
from ascertain.taxonomy.screens import visible_sentences

ROOT = Path(__file__).resolve().parent.parent
FOLDS = 5
REGULARISATION = (0.03, 0.1, 0.3, 1.0)
DAMPING = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
SMALL_UP_TO = 3000
FLOOR = {"small": 0.2, "large": 0.15}
"""Under this a candidate is not offered. A choice, not a fit: it lets an agent see what policy would not accept."""
SKAPE_SENTENCES, SKAPE_WEIGHT, SMALL_WEIGHT = 300, 0.1, 0.3
_log = logging.getLogger("fit")

Strengths = tuple[float, ...]
"""Inverse regularisation of each regression, in the order of ``GROUPS``."""
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
    split = [visible_sentences(t, lexicon) for t in texts]
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


@dataclass(frozen=True)
class Model:
    """The two regressions; ``weights`` (2, features) and ``intercepts`` (2,) in the order of ``GROUPS``, unscaled."""

    weights: Array
    intercepts: Array

    def probabilities(self, x: Array) -> Array:
        z = x @ self.weights.T + self.intercepts
        return 1 / (1 + np.exp(-np.where(x[:, IS_NAMED] > 0, z[:, 1], z[:, 0])))


@dataclass(frozen=True)
class Sample:
    """Rows to fit on: features, labels, weights."""

    x: Array
    y: npt.NDArray[np.bool_]
    weight: Array


def fit(sample: Sample, c: Strengths) -> Model:
    weights, intercepts = np.zeros((len(GROUPS), len(FEATURES))), np.zeros(len(GROUPS))
    for g, features in enumerate(GROUPS.values()):
        columns = [FEATURES.index(f) for f in features]
        mine = (sample.x[:, IS_NAMED] > 0) == bool(g)
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=c[g], max_iter=5000))
        pipeline.fit(sample.x[mine][:, columns], sample.y[mine], logisticregression__sample_weight=sample.weight[mine])
        scaler, regression = pipeline[0], pipeline[-1]
        w = regression.coef_[0] / scaler.scale_
        weights[g, columns] = w
        intercepts[g] = regression.intercept_[0] - (w * scaler.mean_).sum()
    return Model(weights, intercepts)


def out_of_fold(rows: Rows, aside: Sample | None, c: Strengths) -> Array:
    """Probabilities of each row from a model that did not see its text. ``aside`` is always trained on."""
    order = np.random.RandomState(0).permutation(len(rows.gold))
    p = np.zeros(len(rows.skill))
    for k in range(FOLDS):
        held = np.isin(rows.text, order[k::FOLDS])
        p[held] = fit(training(rows, aside, ~held), c).probabilities(rows.x[held])
    return p


def training(rows: Rows, aside: Sample | None, mask: npt.NDArray[np.bool_]) -> Sample:
    x, y, w = rows.x[mask], rows.y[mask], np.ones(int(mask.sum()))
    if aside is not None:
        x, y, w = np.concatenate([x, aside.x]), np.concatenate([y, aside.y]), np.concatenate([w, aside.weight])
    return Sample(x, y, w)


def everything(rows: Rows, weight: float = 1.0) -> Sample:
    return Sample(rows.x, rows.y, np.full(len(rows.skill), weight))


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


def coefficients(model: Model) -> dict[str, Any]:
    return {
        name: {
            "intercept": round(float(model.intercepts[g]), 5),
            "weights": {f: round(float(model.weights[g, FEATURES.index(f)]), 5) for f in features},
        }
        for g, (name, features) in enumerate(GROUPS.items())
    }


def chosen_c(rows: Rows, aside: Sample | None) -> Strengths:
    """The regularisation of each regression with the lowest out-of-fold log loss."""
    is_named = rows.x[:, IS_NAMED] > 0
    losses = []
    for c in REGULARISATION:
        p = np.clip(out_of_fold(rows, aside, (c,) * len(GROUPS)), 1e-9, 1 - 1e-9)
        losses.append(-np.where(rows.y, np.log(p), np.log(1 - p)))
    return tuple(
        REGULARISATION[int(np.argmin([each[is_named == bool(g)].mean() for each in losses]))]
        for g in range(len(GROUPS))
    )


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


def fit_small(bundle: TaxonomyBundle, config: Path) -> tuple[dict[str, Any], Rows]:
    sentences, titles, documents = (
        candidates(bundle, own_texts(bundle, u), config) for u in ("sentence", "title", "document")
    )
    rows = joined(sentences, titles)
    c = chosen_c(rows, None)
    p = out_of_fold(rows, None, c)
    model = fit(everything(rows), c)
    on_documents = model.probabilities(documents.x)
    texts = range(len(documents.gold))
    damping = min(DAMPING, key=lambda d: measure(documents, on_documents, texts, FLOOR["small"], d)["brier_top_10"])
    n = len(sentences.gold)
    doc = {
        "fitted_on": "training/data/starter_sentences.jsonl and starter_titles.jsonl, against the starter taxonomy",
        "c": c,
        **coefficients(model),
        "floor": FLOOR["small"],
        "damping": damping,
        "measured": {
            "own sentences": measure(rows, p, range(n), FLOOR["small"]),
            "own titles": measure(rows, p, range(n, len(rows.gold)), FLOOR["small"]),
            "own documents (not fitted on, but the cue lists were revised after reading them)": measure(
                documents, on_documents, texts, FLOOR["small"], damping
            ),
        },
    }
    return doc, rows


def only_named(rows: Rows) -> Sample:
    mask = rows.x[:, IS_NAMED] > 0
    return Sample(rows.x[mask], rows.y[mask], np.full(int(mask.sum()), SMALL_WEIGHT))


def stacked(*parts: Sample) -> Sample:
    return Sample(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("x", "y", "weight")))


def fit_large(
    bundle: TaxonomyBundle, starter: TaxonomyBundle, small: Rows, data: Path, config: Path, damping: float
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
    scape = candidates(bundle, skape(data / "skillskape/dev.csv", row), config)
    aside = stacked(everything(scape, SKAPE_WEIGHT), only_named(small))
    c = chosen_c(rows, aside)
    p = out_of_fold(rows, aside, c)
    model = fit(training(rows, aside, np.ones(len(rows.skill), dtype=bool)), c)
    measured, start = {}, 0
    for name, part in parts.items():
        measured[name] = measure(rows, p, range(start, start + len(part.gold)), FLOOR["large"])
        start += len(part.gold)
    without = fit(stacked(everything(rows), only_named(small)), c).probabilities(scape.x)
    measured["SkillSkape dev (300, by a model not fitted on it)"] = measure(
        scape, without, range(len(scape.gold)), FLOOR["large"]
    )
    return {
        "fitted_on": "TECH and HOUSE validation, own sentences without a skill; ESCO 1.1.0; "
        f"SkillSkape dev ({SKAPE_SENTENCES} sentences, weight {SKAPE_WEIGHT}); the named candidates of the small model",
        "c": c,
        **coefficients(model),
        "floor": FLOOR["large"],
        "damping": damping,
        "measured": measured,
    }


def main() -> int:
    """Fit both models and write them with their measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--config", type=Path, default=ROOT / "config")
    parser.add_argument("--version", default="lexical-2")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out = args.config / "mapper" / MODEL_FILE
    if not (args.data / "esco-1.1.0").is_dir():
        _log.error("there is no %s: the large model cannot be fitted", args.data / "esco-1.1.0")
        return 2
    if not _fits(out):  # the features have changed: the mapper opens only with weights of the present ones
        zeros = {g: {"weights": dict.fromkeys(features, 0.0), "intercept": 0.0} for g, features in GROUPS.items()}
        blank = {**zeros, "floor": 0.2, "damping": 0.0}
        _write(out, {"version": "none", "small_up_to": SMALL_UP_TO, "models": {"small": blank, "large": blank}})
    with tempfile.TemporaryDirectory() as folder:
        library = TaxonomyLibrary(Path(folder), args.config)
        starter = library.open(STARTER)
        small, rows = fit_small(starter, args.config)
        library.import_taxonomy("esco", args.data / "esco-1.1.0")
        large = fit_large(library.open("esco"), starter, rows, args.data, args.config, small["damping"])
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
        set(m.get(g, {}).get("weights", ())) == set(features)
        for m in json.loads(file.read_text())["models"].values()
        for g, features in GROUPS.items()
    )


def _write(file: Path, doc: dict[str, Any]) -> None:
    file.write_text(json.dumps(doc, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
