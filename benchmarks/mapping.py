"""How well and how fast sentences are mapped to ESCO, beside the published results.

``python -m benchmarks.mapping --esco DIR --data PATH … [--json]``

``--esco`` is a release (the sets are labelled with 1.1.0), ``--data`` a file or a folder of files
``<name>_annotations.csv`` with the columns ``sentence`` and ``label`` (Decorte et al. 2022). A query is a distinct
sentence with at least one label of the release; RP@k = |first k ∩ labels| / min(k, |labels|). Intervals are 95 %
bootstrap intervals over queries. Sets that the shipped model was fitted on are said to be so; they get a line from the
cross-validation done then, which is the one to quote.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.library import TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.model import HYBRID, MODEL_FILES

FITTED_ON = {"tech_validation": "TECH validation", "house_validation": "HOUSE validation"}
PUBLISHED = (  # RP@5 on the test splits
    ("all-MiniLM-L6-v2 as it is", {"tech": 45.6, "house": 33.8, "techwolf": 36.7}),
    ("all-mpnet-base-v2 as it is", {"tech": 39.6, "house": 26.2, "techwolf": 33.5}),
    ("Decorte et al. 2023", {"tech": 54.6, "house": 45.7, "techwolf": 54.6}),
    ("CurriculumMatch 2025", {"tech": 59.4, "house": 49.1}),
    ("ConTeXT-match 2025", {"tech": 64.0}),
    ("IReRa 2024 (Llama-2-13B and GPT-4)", {"tech": 63.1, "house": 55.6, "techwolf": 58.7}),
)
DEEP = 1000
"""Ranks looked at; a label beyond counts as not found."""
DRAWS = 1000
FIGURES = ("RP@1", "RP@5", "RP@10", "MRR")

Gold = dict[str, set[int]]
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One system on one set, in per cent; ``intervals`` of each of ``FIGURES`` and of ECE."""

    data: str
    system: str
    queries: int
    figures: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    no_label: int
    no_label_over_half: float | None


@dataclass(frozen=True)
class Ranked:
    """Of each text: skill rows, best first, and their probabilities (empty where a system gives none)."""

    rows: list[list[int]]
    p: list[list[float]]


def read_set(file: Path, row: dict[str, int]) -> Gold:
    """Sentence → rows of its labels; labels that the release has not are left out."""
    found: Gold = {}
    with file.open(encoding="utf-8-sig", newline="") as f:
        reader = csv.DictReader(f)
        if missing := {"sentence", "label"} - set(reader.fieldnames or ()):
            raise SystemExit(f"{file}: column {sorted(missing)[0]!r} is not there")
        for r in reader:
            labels = found.setdefault(r["sentence"], set())
            if r["label"].strip() in row:
                labels.add(row[r["label"].strip()])
    return found


def ranked(bundle: TaxonomyBundle, texts: Sequence[str]) -> Ranked:
    """By the engine."""
    place = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}
    found = bundle.mapper.rank(texts, DEEP)
    return Ranked([[place[c.skill_id] for c in cs] for cs in found], [[c.probability for c in cs] for cs in found])


def by_meaning(bundle: TaxonomyBundle, texts: Sequence[str]) -> Ranked:
    """By the encoder alone."""
    retriever = bundle.mapper.retriever
    if retriever is None:
        raise SystemExit("there is no encoder")
    order = np.argsort(-retriever.scores(texts), axis=1, kind="stable")[:, :DEEP]
    return Ranked(order.tolist(), [])


def line(data: str, system: str, gold: Gold, found: Ranked) -> Line:
    """A system's figures on a set."""
    labelled = [i for i, g in enumerate(gold.values()) if g]
    labels = list(gold.values())
    each: dict[str, list[float]] = {f: [] for f in FIGURES}
    for i in labelled:
        for k in (1, 5, 10):
            each[f"RP@{k}"].append(len(set(found.rows[i][:k]) & labels[i]) / min(k, len(labels[i])))
        first = next((n for n, r in enumerate(found.rows[i], start=1) if r in labels[i]), None)
        each["MRR"].append(1 / first if first else 0.0)
    draws = np.random.default_rng(0).integers(0, len(labelled), (DRAWS, len(labelled)))
    figures = {f: _percent(float(np.mean(v))) for f, v in each.items()}
    intervals = {f: _interval(np.array(v)[draws].mean(axis=1)) for f, v in each.items()}
    over = None
    if found.p:
        # Calibration over all texts: one without label has no right answer.
        p = np.array([ps[0] if ps else 0.0 for ps in found.p])
        y = np.array([bool(rs) and rs[0] in g for rs, g in zip(found.rows, labels, strict=True)], dtype=float)
        every = np.random.default_rng(0).integers(0, len(p), (DRAWS, len(p)))
        figures["ECE"] = _percent(ece(p, y))
        intervals["ECE"] = _interval(np.array([ece(p[d], y[d]) for d in every]))
        none = [float(q) for q, g in zip(p, labels, strict=True) if not g]
        over = _percent(sum(q >= 0.5 for q in none) / len(none)) if none else None
    return Line(data, system, len(labelled), figures, intervals, len(labels) - len(labelled), over)


def ece(p: Array, y: Array, bins: int = 10) -> float:
    """Expected calibration error of the first candidates, in bins of equal width."""
    b = np.minimum((p * bins).astype(int), bins - 1)
    return float(sum(abs(p[b == k].sum() - y[b == k].sum()) for k in range(bins)) / len(p))


def cross_validated(name: str) -> Line:
    """The figures that were measured when the shipped model was fitted: five folds over texts."""
    models = json.loads((CONFIG_DIR / "mapper" / MODEL_FILES[HYBRID]).read_text(encoding="utf-8"))["models"]
    m = models["large"]["measured"][FITTED_ON[name]]
    figures = {"RP@1": m["rp_at_1"], "RP@5": m["rp_at_5"], "RP@10": m["rp_at_10"], "MRR": m["mrr"]}
    return Line(
        name,
        "words and meaning, cross-validated",
        m["texts_with_label"],
        {**figures, "ECE": m["ece_top_1"]},
        {"RP@5": tuple(m["rp_at_5_95"]), "ECE": tuple(m["ece_top_1_95"])},
        m["texts_without_label"],
        m["without_label_over_half"],
    )


def speed(bundle: TaxonomyBundle, texts: Sequence[str]) -> dict[str, float]:
    """Sentences a second, of the engine in one batch and of the bare encoder; milliseconds for one text; memory."""
    bundle.mapper.rank(texts[:8], 10)
    new = [f"{t} " + "." * (1 + i % 3) for i, t in enumerate(texts)]  # nothing is remembered
    begun = time.perf_counter()
    bundle.mapper.map(new, top=10)
    engine = len(new) / (time.perf_counter() - begun)
    encoder = Encoder()
    encoder.encode(texts[:8])
    begun = time.perf_counter()
    encoder.encode(texts)
    bare = len(texts) / (time.perf_counter() - begun)
    single = []
    for text in texts[:50]:
        begun = time.perf_counter()
        bundle.mapper.map([text + " …"], top=10)
        single.append(time.perf_counter() - begun)
    return {
        "sentences a second": round(engine, 1),
        "bare encoder, sentences a second": round(bare, 1),
        "ratio to the bare encoder": round(engine / bare, 2),
        "one text, ms (median)": round(1000 * float(np.median(single)), 1),
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)


def _interval(draws: Array) -> tuple[float, float]:
    low, high = np.percentile(draws, [2.5, 97.5])
    return _percent(float(low)), _percent(float(high))


def table(lines: Sequence[Line]) -> str:
    """Markdown."""
    out = ["| set | queries | system | RP@1 | RP@5 | RP@10 | MRR | ECE | no label, yet over ½ (%) |", "|---" * 9 + "|"]
    for x in lines:
        cells = [
            f"{x.figures.get(f, '–')}" + (" [{}, {}]".format(*x.intervals[f]) if f in x.intervals else "")
            for f in (*FIGURES, "ECE")
        ]
        over = "–" if x.no_label_over_half is None else f"{x.no_label_over_half} ({x.no_label} texts)"
        out.append(f"| {x.data} | {x.queries} | {x.system} | {' | '.join(cells)} | {over} |")
    out += ["", "Published, RP@5 on the test splits:", "", "| system | TECH | HOUSE | TECHWOLF |", "|---|---|---|---|"]
    out += [f"| {n} | {' | '.join(str(v.get(k, '–')) for k in ('tech', 'house', 'techwolf'))} |" for n, v in PUBLISHED]
    return "\n".join(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--esco", type=Path, required=True, help="folder or zip of the release")
    parser.add_argument("--data", type=Path, required=True, nargs="+", help="files, or folders of *_annotations.csv")
    parser.add_argument(
        "--work", type=Path, default=Path("build/benchmark"), help="where the index and vectors are kept"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    files = [f for d in args.data for f in (sorted(d.glob("*_annotations.csv")) if d.is_dir() else [d])]
    if not files:
        parser.error("no *_annotations.csv there")
    bundles = {}
    for name, words_only in (("words and meaning", False), ("words alone", True)):
        library = TaxonomyLibrary(args.work, CONFIG_DIR, words_only=words_only)
        if not words_only:
            library.import_taxonomy("esco", args.esco, progress=lambda s, d, t: print(s, d, t, file=sys.stderr))
        bundles[name] = library.open("esco")
    both = bundles["words and meaning"]
    row: dict[str, int] = {}
    for i, s in enumerate(both.taxonomy.skills()):
        row.setdefault(s.label, i)
    sets = {f.stem.removesuffix("_annotations"): read_set(f, row) for f in files}
    lines: list[Line] = []
    for name, gold in sets.items():
        texts = list(gold)
        lines.append(line(name, "encoder alone", gold, by_meaning(both, texts)))
        for system, bundle in bundles.items():
            fitted = " (fitted on this set)" if name in FITTED_ON else ""
            lines.append(line(name, system + fitted, gold, ranked(bundle, texts)))
        if name in FITTED_ON:
            lines.append(cross_validated(name))
    pace = speed(both, [t for gold in sets.values() for t in gold])
    if args.json:
        print(json.dumps({"mapper": both.mapper.version, "sets": [asdict(x) for x in lines], "speed": pace}, indent=2))
    else:
        print(f"{both.mapper.version} on {both.taxonomy.version}\n\n{table(lines)}\n")
        print("\n".join(f"{k}: {v}" for k, v in pace.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
