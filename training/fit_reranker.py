"""Fits the mapper's coefficients and writes ``config/mapper/hybrid-1.json`` (or ``lexical-2.json``).

Needs scikit-learn, which the product itself does not. Run from the project's root::

    pip install -e . --group training
    python -m training.fit_reranker --data ../shared/data
    python -m training.fit_reranker --engine lexical     # the engine without an encoder

Two models, because a candidate means something else among 500 skills than among 14,000:

* ``small``: fitted on ``training/data/starter_sentences.jsonl`` (courses, reviews, projects, tickets, each with its
  labels and the reason for them) and ``starter_titles.jsonl`` (titles, ticket summaries, short remarks; none of them
  a title of the demonstration) against the starter taxonomy.
* ``large``: fitted on the validation splits of TECH and HOUSE (Decorte et al. 2022; ESCO 1.1.0), on the ``fit`` half
  of our own sentences labelled with ESCO (``benchmarks/data/esco_sentences.jsonl``; left out, and said so, where the
  file is not there), on the sentences of our own that express no skill, and lightly on the small model's data and on
  200 sentences of SkillSkape's development split. The ``test`` half of our own and half of SkillSkape's development
  split only judge it.

Each is two regressions: of the candidates that the sentence names word for word, and of the others; and a third one,
of the sentences, for whether any skill is shown at all (only with the encoder).

All figures in the file's ``measured`` part are out of fold (five folds over texts). ``damping`` is chosen on our
labelled documents, whose sentences no model was fitted on. Test splits are never read.

The starter taxonomy's vectors are written beside the coefficients, so that opening it needs no encoding.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ascertain.taxonomy.encoder import Encoder
from ascertain.taxonomy.lexicon import read_lexicon
from ascertain.taxonomy.library import STARTER, TaxonomyBundle, TaxonomyLibrary
from ascertain.taxonomy.model import HYBRID, LEXICAL, MODEL_FILES, feature_groups
from ascertain.taxonomy.retrieval import target_vectors
from training.figures import measure
from training.fitting import (
    SMALL_WEIGHT,
    Sample,
    chosen_c,
    coefficients,
    everything,
    fit,
    only_named,
    out_of_fold,
    stacked,
    training,
)
from training.none_fits import fit_presence, with_presence
from training.rows import Array, Rows, candidates, joined
from training.texts import ESCO_SENTENCES, ROOT, SKAPE_FITTED, benchmark, esco_sentences, own_texts, skape

DAMPING = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
SMALL_UP_TO = 3000
FLOOR = {"small": 0.2, "large": 0.15}
"""Under this a candidate is not offered. A choice, not a fit: it lets an agent see what policy would not accept."""
OWN_WEIGHT = 0.1
"""Of the small model's candidates in the large model."""
SKAPE_WEIGHT = 0.1
"""Of SkillSkape's: written by a language model, with one label where several fit."""
TOGETHER = "all that was fitted on, together"
_log = logging.getLogger("fit")


def figures(rows: Rows, p: Array, sizes: Sequence[tuple[str, int]], floor: float) -> dict[str, Any]:
    """Of each of the sets that ``rows`` was joined of, and of all together."""
    found, start = {TOGETHER: measure(rows, p, range(len(rows.gold)), floor)}, 0
    for name, size in sizes:
        found[name] = measure(rows, p, range(start, start + size), floor)
        start += size
    return found


def fitted(
    engine: str, kind: str, parts: dict[str, Rows], aside: Sample | None
) -> tuple[dict[str, Any], Callable[[Rows], Array]]:
    """A model as data with its out-of-fold figures, and what gives probabilities of texts that it did not see."""
    groups = feature_groups(engine, kind)
    rows = joined(*parts.values())
    sizes = [(name, len(part.gold)) for name, part in parts.items()]
    c = chosen_c(rows, aside, groups)
    p = out_of_fold(rows, aside, c, groups)
    model = fit(training(rows, aside, np.ones(len(rows.skill), dtype=bool)), c, groups)
    doc: dict[str, Any] = {"c": c, **coefficients(model, groups)}
    measured = figures(rows, p, sizes, FLOOR[kind])
    if engine == HYBRID:
        presence, bound = fit_presence(rows, p)
        doc["presence"] = presence
        before, measured = measured, figures(rows, bound, sizes, FLOOR[kind])
        doc["measured_without_presence"] = before

    def judged(unseen: Rows) -> Array:
        p = model.probabilities(unseen.x)
        return with_presence(unseen, p, doc["presence"]) if engine == HYBRID else p

    return {**doc, "floor": FLOOR[kind], "measured": measured}, judged


def fit_small(engine: str, bundle: TaxonomyBundle, config: Path) -> tuple[dict[str, Any], Rows]:
    lexicon = read_lexicon(config)
    sentences, titles, documents = (
        candidates(bundle, own_texts(bundle, u), lexicon) for u in ("sentence", "title", "document")
    )
    doc, probabilities = fitted(engine, "small", {"own sentences": sentences, "own titles": titles}, None)
    p = probabilities(documents)
    texts = range(len(documents.gold))
    damping = min(DAMPING, key=lambda d: measure(documents, p, texts, FLOOR["small"], d)["brier_top_10"])
    doc["damping"] = damping
    doc["measured"]["own documents (not fitted on, but the cue lists were revised after reading them)"] = measure(
        documents, p, texts, FLOOR["small"], damping
    )
    on = "training/data/starter_sentences.jsonl and starter_titles.jsonl, against the starter taxonomy"
    return {"fitted_on": on, "lexicon": lexicon.version, **doc}, joined(sentences, titles)


def fit_large(
    engine: str, bundle: TaxonomyBundle, starter: TaxonomyBundle, small: Rows, data: Path, config: Path, damping: float
) -> dict[str, Any]:
    row: dict[str, int] = {}
    for i, s in enumerate(bundle.taxonomy.skills()):
        row.setdefault(s.label, i)
    uri = {s.id: i for i, s in enumerate(bundle.taxonomy.skills())}
    lexicon = read_lexicon(config)
    sets = {
        "TECH validation": benchmark(data / "benchmark/tech_validation_annotations.csv", row),
        "HOUSE validation": benchmark(data / "benchmark/house_validation_annotations.csv", row),
        "own sentences without a skill": {t: g for t, g in own_texts(starter, "sentence").items() if not g},
    }
    scape, judging = skape(data / "skillskape/dev.csv", row)
    unseen = {f"SkillSkape dev ({len(judging)}, not fitted on)": judging}
    own_esco = ESCO_SENTENCES.is_file()
    if own_esco:
        splits = esco_sentences(ESCO_SENTENCES, uri)
        # Some stand in both; a text in two folds would be judged by a model that saw it.
        bare = sets["own sentences without a skill"]
        sets["own sentences without a skill"] = {t: g for t, g in bare.items() if t not in splits["fit"]}
        sets["own ESCO sentences, fit half"] = splits["fit"]
        unseen["own ESCO sentences, test half (not fitted on)"] = splits["test"]
    else:
        _log.warning("there is no %s: the large model is fitted without it", ESCO_SENTENCES.relative_to(ROOT))
    parts = {name: candidates(bundle, labelled, lexicon) for name, labelled in sets.items()}
    own = everything(small, OWN_WEIGHT) if engine == HYBRID else only_named(small)
    aside = stacked(own, everything(candidates(bundle, scape, lexicon), SKAPE_WEIGHT))
    doc, probabilities = fitted(engine, "large", parts, aside)
    for name, labelled in unseen.items():
        rows = candidates(bundle, labelled, lexicon)
        doc["measured"][name] = measure(rows, probabilities(rows), range(len(rows.gold)), FLOOR["large"])
    which, weight = ("all", OWN_WEIGHT) if engine == HYBRID else ("the named", SMALL_WEIGHT)
    on = (
        f"{', '.join(sets)}; {SKAPE_FITTED} sentences of SkillSkape dev (weight {SKAPE_WEIGHT}); ESCO 1.1.0; "
        f"the small model's candidates ({which}, weight {weight})"
    )
    return {"fitted_on": on, "lexicon": lexicon.version, **doc, "damping": damping}


def main() -> int:
    """Fit both models and write them with their measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--config", type=Path, default=ROOT / "config")
    parser.add_argument("--engine", choices=(HYBRID, LEXICAL), default=HYBRID)
    parser.add_argument("--only", choices=("small", "large"), help="keep the other model as it stands in the file")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "fit", help="where vectors are kept")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out = args.config / "mapper" / MODEL_FILES[args.engine]
    if not (args.data / "esco-1.1.0").is_dir():
        _log.error("there is no %s: the large model cannot be fitted", args.data / "esco-1.1.0")
        return 2
    kept = json.loads(out.read_text(encoding="utf-8"))["models"] if args.only and _fits(out, args.engine) else {}
    if not _fits(out, args.engine):  # the mapper opens only with weights of the present features
        _write(
            out, {"version": "none", "small_up_to": SMALL_UP_TO, "models": {k: _blank(args.engine, k) for k in FLOOR}}
        )
    library = TaxonomyLibrary(args.work, args.config, words_only=args.engine == LEXICAL)
    starter = library.open(STARTER)
    if args.engine == HYBRID:
        for old in (args.config / "mapper").glob("vectors-*.npy"):
            if not old.name.startswith(f"vectors-{Encoder().version}-"):
                old.unlink()  # of an encoder that no longer ships; `training.ship_vectors` makes ESCO's anew
        target_vectors(Encoder(), starter.taxonomy.skills(), args.config / "mapper")
    small, rows = fit_small(args.engine, starter, args.config)
    library.import_taxonomy("esco", args.data / "esco-1.1.0", progress=lambda s, d, t: _log.info("%s %d/%d", s, d, t))
    large = fit_large(args.engine, library.open("esco"), starter, rows, args.data, args.config, small["damping"])
    models = {"small": small, "large": large}
    models = {kind: m if args.only in (kind, None) else kept.get(kind, m) for kind, m in models.items()}
    _write(
        out,
        {
            "version": out.stem,
            "encoder": Encoder().version if args.engine == HYBRID else None,
            "fitted_by": "training/fit_reranker.py; logistic regression, five folds over texts; figures in per cent",
            "small_up_to": SMALL_UP_TO,
            "models": models,
        },
    )
    for name, model in models.items():
        for which, values in model["measured"].items():
            _log.info("%s | %s | %s", name, which, values)
    return 0


def _blank(engine: str, kind: str) -> dict[str, Any]:
    groups = feature_groups(engine, kind).items()
    zeros = {g: {"weights": dict.fromkeys(f, 0.0), "intercept": 0.0} for g, f in groups}
    return {**zeros, "floor": 0.2, "damping": 0.0}


def _fits(file: Path, engine: str) -> bool:
    return file.exists() and all(
        set(m.get(g, {}).get("weights", ())) == set(features)
        for kind, m in json.loads(file.read_text())["models"].items()
        for g, features in feature_groups(engine, kind).items()
    )


def _write(file: Path, doc: dict[str, Any]) -> None:
    file.write_text(json.dumps(doc, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
