"""The whole library read for skills: python -m benchmarks.tagging --courses FOLDER [--sample N] [--json]

FOLDER holds ``catalogue.csv`` (title and description at least). It goes into an empty store, is mapped to the
starter taxonomy and weighed by the catalogue crew with rules. Each time is CPU of this process, and the mapping is set
against one bare pass of the encoder over the same sentences in the same run. ``--sample`` prints tags drawn at random,
to be judged by hand; ``--seed`` draws others. ``--judged`` counts those that were.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ascertain.domain.content_tags import wilson
from ascertain.errors import ConfigError
from ascertain.pipeline.files import import_catalogue
from ascertain.pipeline.tag_rows import TagRow
from ascertain.runtime import App
from ascertain.taxonomy.encoder import Encoder
from benchmarks.ground import empty_app
from tools.wording import sentences

JUDGED = Path(__file__).parent / "data" / "tag_judgements.jsonl"


def tagging(courses: Path, *, sample: int = 0, seed: int = 1) -> dict[str, Any]:
    """The figures, and ``sample`` tags in use.

    Raises:
        ConfigError: there is no catalogue in the folder.
    """
    file = courses / "catalogue.csv"
    if not file.is_file():
        raise ConfigError(f"{file} is not there", remedy="give the folder that holds catalogue.csv")
    with empty_app() as app:
        report = import_catalogue(file, app.units)
        app.bundle.mapper.map(["Whatever text warms the mapper"], top=1)
        app.catalogue_crew.preload()
        mapping, tagged = _cpu(app.tag)
        weighing, weighed = _cpu(app.weigh)
        again, nothing = _cpu(lambda: (app.tag(), app.weigh()))
        texts = _sentences(app)
        encoder = Encoder()
        encoder.encode(texts[:8])
        bare, _ = _cpu(lambda: encoder.encode(texts))
        with app.units(write=False) as uow:
            tags = uow.contents.tags(app.tagger)
            every = app.tag_desk(uow).rows()
        counts = [len(t) for t in tags.values()]
        found = {
            "courses": report.new,
            "sentences": len(texts),
            "mapping, courses a second": report.new / mapping,
            "weighing, courses a second": report.new / weighing,
            "mapping and weighing, courses a second": report.new / (mapping + weighing),
            "bare encoder, courses a second": report.new / bare,
            "mapping over bare encoder": mapping / bare,
            "mapping and weighing over bare encoder": (mapping + weighing) / bare,
            "all of it again, s": again,
            "tags a course": sum(counts) / len(counts),
            "share without any tag": sum(n == 0 for n in counts) / len(counts),
            "tags held back by the crew": weighed.refused,
            "terms without a skill": weighed.terms,
        }
        if tagged.contents != report.new or any(r.contents for r in nothing):
            raise RuntimeError(f"{tagged.contents} of {report.new} courses were mapped, and some of them twice")
        skill = app.bundle.taxonomy.skill
        rows = [
            {
                "content": r.content.item.content_id,
                "title": r.content.item.title,
                "description": r.content.description,
                "skill": r.label,
                "definition": s.definition if (s := skill(r.skill_id)) else "",
                "state": r.state.value,
                "probability": r.probability,
                "level": int(r.level),
            }
            for r in _drawn(every, sample, seed)
        ]
    return {"figures": {k: round(v, 3) for k, v in found.items()}, "sample": rows}


def _drawn(every: Sequence[TagRow], n: int, seed: int) -> list[TagRow]:
    """``n`` tags at random, as many of each state as its share of the square roots of the counts: of the rare state
    enough to say something."""
    chance = random.Random(seed)
    by_state: dict[str, list[TagRow]] = {}
    for r in sorted(every, key=lambda r: (r.content.item.content_id, r.skill_id)):
        by_state.setdefault(r.state.value, []).append(r)
    weight = sum(math.sqrt(len(some)) for some in by_state.values())
    drawn: list[TagRow] = []
    for _, some in sorted(by_state.items()):
        drawn += chance.sample(some, min(len(some), round(n * math.sqrt(len(some)) / weight)))
    return drawn


def judged(file: Path = JUDGED) -> list[dict[str, Any]]:
    """How often tags that were judged by hand are right, by draw, state and probability, each share with Wilson's
    interval (90 %): ``seed``, ``state``, ``probability``, ``tags``, ``right``, ``low``, ``high``."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found = []
    for seed, state in sorted({(r["seed"], r["state"]) for r in rows}):
        mine = [r for r in rows if (r["seed"], r["state"]) == (seed, state)]
        for name, low, high in (("all", 0.0, 1.1), ("under 0.75", 0.0, 0.75), ("0.75 and above", 0.75, 1.1)):
            some = [r for r in mine if low <= r["probability"] < high]
            if some:
                right = sum(r["right"] for r in some)
                bounds = wilson(right, len(some))
                row = {"seed": seed, "state": state, "probability": name, "tags": len(some), "right": right}
                found.append(row | {"low": round(bounds[0], 3), "high": round(bounds[1], 3)})
    return found


def _sentences(app: App) -> list[str]:
    with app.units(write=False) as uow:
        contents = uow.contents.all()
    return [s for c in contents for text in (c.item.title, c.description) for s in sentences(text)]


def _cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.process_time()
    done = work()
    return time.process_time() - before, done


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tagging", description=__doc__)
    parser.add_argument("--courses", type=Path, metavar="FOLDER")
    parser.add_argument("--judged", action="store_true", help="how often tags judged by hand are right")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.judged:
        for row in judged():
            words = "{seed:4} {state:10} {probability:15} {right:3} of {tags:3} right, {low:.2f} to {high:.2f}"
            print(words.format(**row))
        return 0
    if asked.courses is None:
        parser.error("give --courses FOLDER, or --judged")
    try:
        found = tagging(asked.courses, sample=asked.sample, seed=asked.seed)
    except ConfigError as e:
        print(e, file=sys.stderr)
        return e.exit_code
    if asked.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for name, value in found["figures"].items():
        print(f"{name:42} {value:g}")
    for row in found["sample"]:
        print(f"\n{row['title']}\n  {row['description'][:400]}")
        print(f"  → {row['skill']} ({row['state']}), level {row['level']}, {row['probability']:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
