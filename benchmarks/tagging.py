"""The whole library read for skills: python -m benchmarks.tagging --courses FOLDER [--sample N] [--json]

FOLDER holds ``catalogue.csv`` (title and description at least). It goes into an empty store, is mapped to the
starter taxonomy and weighed by the catalogue crew with rules. Each time is CPU of this process, and the mapping is set
against one bare pass of the encoder over the same sentences in the same run. ``--sample`` prints tags drawn at random,
to be judged by hand; ``--seed`` draws others.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ascertain.errors import ConfigError
from ascertain.pipeline.files import import_catalogue
from ascertain.runtime import App
from ascertain.taxonomy.encoder import Encoder
from benchmarks.ground import empty_app
from tools.wording import sentences


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
            titles = {c.item.content_id: c for c in uow.contents.all()}
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
        every = sorted((c, t.skill_id) for c, some in tags.items() for t in some)
        drawn = random.Random(seed).sample(every, min(sample, len(every)))
        by_key = {(c, t.skill_id): t for c, some in tags.items() for t in some}
        label = app.bundle.taxonomy.skill
        rows = [
            {
                "title": titles[c].item.title,
                "description": titles[c].description,
                "skill": s.label if (s := label(skill)) else skill,
                "probability": by_key[c, skill].probability,
                "level": int(by_key[c, skill].level),
            }
            for c, skill in drawn
        ]
    return {"figures": {k: round(v, 3) for k, v in found.items()}, "sample": rows}


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
    parser.add_argument("--courses", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
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
        print(f"  → {row['skill']}, level {row['level']}, {row['probability']:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
