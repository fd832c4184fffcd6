"""Measures the content tags on the demonstration catalogue against ``training/data/course_tags.jsonl``.

Run from the project's root: ``python -m training.evaluate_tags`` (``--verbose`` names every wrong and missing tag).
No coefficient is fitted on these labels; the ``mapping`` block of ``config/policy.yaml`` was chosen with them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.ports import Content, Mapper
from ascertain.domain.rules import MappingRules
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_text
from ascertain.pipeline.tagging import taught
from ascertain.policy import read_policy
from ascertain.taxonomy import TaxonomyLibrary
from ascertain.taxonomy.library import STARTER
from ascertain.taxonomy.model import HYBRID, LEXICAL

ROOT = Path(__file__).resolve().parent.parent
_log = logging.getLogger("tags")


@dataclass(frozen=True)
class Score:
    """Over all (course, skill) pairs; ``exact`` is the share of courses tagged with just their skills."""

    precision: float
    recall: float
    f1: float
    exact: float


def catalogue() -> tuple[list[Content], list[set[str]]]:
    """The demonstration's courses and the skills each teaches."""
    courses = {
        c["id"]: c
        for file in sorted((ROOT / "config/demo").glob("courses-*.json"))
        for c in json.loads(file.read_text(encoding="utf-8"))
    }
    contents, gold = [], []
    for line in (ROOT / "training/data/course_tags.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        c = courses[label["id"]]
        text = clean_text(c["description"])
        item = CatalogueItem(str(c["id"]), c["name"], text[:200], Level.FOUNDATION, c["minutes"] / 60)
        contents.append(Content(item, "demo", str(c["id"]), c["code"], text, c["category"], ""))
        gold.append(set(label["skills"]))
    return contents, gold


def score(found: Sequence[set[str]], gold: Sequence[set[str]]) -> Score:
    """Micro-averaged precision, recall and F1."""
    right = sum(len(f & g) for f, g in zip(found, gold, strict=True))
    made, there = sum(map(len, found)), sum(map(len, gold))
    precision, recall = right / max(1, made), right / max(1, there)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return Score(precision, recall, f1, sum(f == g for f, g in zip(found, gold, strict=True)) / max(1, len(gold)))


def tags(mapper: Mapper, contents: Sequence[Content], rules: MappingRules) -> list[set[str]]:
    """Skill ids that pass the policy's floors."""
    return [{c.skill_id for c in found} for found in taught(mapper, contents, rules)]


def main() -> int:
    """Print the score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=ROOT / "config")
    parser.add_argument("--engine", choices=(HYBRID, LEXICAL), default=HYBRID)
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with tempfile.TemporaryDirectory() as folder:
        mapper = TaxonomyLibrary(Path(folder), args.config, words_only=args.engine == LEXICAL).open(STARTER).mapper
    contents, gold = catalogue()
    found = tags(mapper, contents, read_policy(args.config / "policy.yaml")[0].mapping)
    if args.verbose:
        for content, f, g in zip(contents, found, gold, strict=True):
            if f != g:
                _log.info("%s %s: wrong %s, missing %s", content.code, content.item.title, sorted(f - g), sorted(g - f))
    s = score(found, gold)
    _log.info("%s: P %.3f R %.3f F1 %.3f, exactly right %.3f", mapper.version, s.precision, s.recall, s.f1, s.exact)
    return 0


if __name__ == "__main__":
    sys.exit(main())
