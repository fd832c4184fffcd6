"""Training examples: a text and the concepts it shows, one or several.

Sources, by the name each pair carries:

======================  =============================================================================================
``synonym``             a synonym of the concept
``definition``          its definition, and the definition's first sentences
``carried``             label or synonym in a job-advertisement sentence (:mod:`training.encoder.carriers`)
``ours``                label or synonym in a course title, course description, review, ticket or project note
``mixed``               two or three skills of one ESCO occupation, as a list or a sentence
``skillskape``          SkillSkape's training sentences; its dev split is held out to judge on
``literal``             SkillSpan sentences that name the concept word for word
``span``                SkillSpan sentences and marked phrases, labelled by the encoder itself where it is sure
                        (:mod:`training.encoder.mine`)
``starter``             synonym, definition and carried names of the starter taxonomy
======================  =============================================================================================

Sentences of the TECH and HOUSE validation splits and the project's own labelled texts are never among them.

    python -m training.encoder.pairs --data ../shared/data --out build/encoder
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from training.encoder import sources
from training.encoder.carriers import OURS, carry, mix, verbs
from training.encoder.sources import Concept

CAPS = {"synonym": 12000, "definition": 5000, "carried": 8000, "ours": 8000, "mixed": 4000}
"""Most texts of a source in one pass."""
LONGEST_LITERAL = 6
_log = logging.getLogger("pairs")


@dataclass(frozen=True, slots=True)
class Pair:
    """One (text, concept). ``concept`` is an index into :attr:`Corpus.concepts`."""

    text: str
    concept: int
    source: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text with all its concepts. A pass encodes it once and pairs it with one of them at random."""

    text: str
    concepts: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """``concepts``: ESCO's first (``esco`` of them), then the starter taxonomy's."""

    concepts: list[Concept]
    esco: int
    examples: list[Example]


def build(data: Path, *, seed: int) -> Corpus:
    """All pairs that need no encoder, capped and shuffled; equal seeds give equal pairs.

    Raises:
        MissingData: naming the files that are not there.
    """
    sources.need(data)
    rng = random.Random(seed)
    esco, starter = sources.esco(data), sources.starter()
    concepts = [*esco, *starter]
    found = [
        *_synonyms(esco),
        *_definitions(esco),
        *_carried(rng, esco),
        *_ours(rng, esco),
        *_mixed(rng, data, esco),
        *_skillskape(data, esco),
        *_literal(data, esco),
        *_starter(rng, starter, len(esco)),
    ]
    held_out = sources.benchmark_texts(data) | sources.own_texts() | _texts(sources.skillskape(data, "dev", esco))
    by_text: dict[tuple[str, str], set[int]] = {}
    for p in found:
        if sources.norm(p.text) not in held_out:
            by_text.setdefault((p.source, p.text), set()).add(p.concept)
    by_source: dict[str, list[Example]] = {}
    for (source, text), right in by_text.items():
        by_source.setdefault(source, []).append(Example(text, tuple(sorted(right)), source))
    out: list[Example] = []
    for source, examples in by_source.items():
        rng.shuffle(examples)
        out += examples[: CAPS.get(source, len(examples))]
    rng.shuffle(out)
    _log.info("%d examples of %d: %s", len(out), len(by_text), dict(Counter(e.source for e in out)))
    return Corpus(concepts, len(esco), out)


def _texts(queries: sources.Queries) -> set[str]:
    return {sources.norm(t) for t in queries.texts}


def _synonyms(concepts: list[Concept]) -> list[Pair]:
    return [Pair(name, i, "synonym") for i, c in enumerate(concepts) for name in c.synonyms]


def _definitions(concepts: list[Concept]) -> list[Pair]:
    out = []
    for i, c in enumerate(concepts):
        sentences = re.split(r"(?<=[.;])\s+", c.definition)
        if c.definition:
            out.append(Pair(c.definition, i, "definition"))
        if len(sentences) > 1:
            out += [Pair(s, i, "definition") for s in sentences[:3] if len(s.split()) > 3]
    return out


def _carried(rng: random.Random, concepts: list[Concept]) -> list[Pair]:
    infinitives = verbs(concepts)
    return [
        Pair(carry(rng, c, name, "posting", infinitives), i, "carried")
        for i, c in enumerate(concepts)
        for name in (c.label, *c.synonyms)
    ]


def _ours(rng: random.Random, concepts: list[Concept]) -> list[Pair]:
    infinitives = verbs(concepts)
    return [
        Pair(carry(rng, c, rng.choice((c.label, *c.synonyms)), manner, infinitives), i, "ours")
        for i, c in enumerate(concepts)
        for manner in OURS
    ]


def _mixed(rng: random.Random, data: Path, concepts: list[Concept]) -> list[Pair]:
    jobs = sources.occupations(data, {c.id: i for i, c in enumerate(concepts)})
    out = []
    for _ in range(CAPS["mixed"]):
        job = rng.choice(jobs)
        three = (rng.sample(job, 3) if len(job) > 2 else [*rng.sample(job, 2), job[0]])[:3]
        names = [rng.choice((concepts[i].label, *concepts[i].synonyms)) for i in three]
        text, count = mix(rng, (names[0], names[1], names[2]))
        out += [Pair(text, i, "mixed") for i in three[:count]]
    return out


def _skillskape(data: Path, concepts: list[Concept]) -> list[Pair]:
    queries = sources.skillskape(data, "train", concepts)
    return [Pair(t, i, "skillskape") for t, gold in zip(queries.texts, queries.gold, strict=True) for i in gold]


def _literal(data: Path, concepts: list[Concept]) -> list[Pair]:
    """Names of two words or more, and labels of one; names that more than two concepts share say nothing."""
    names: dict[str, set[int]] = {}
    for i, c in enumerate(concepts):
        for n, name in enumerate((c.label, *c.synonyms)):
            key = sources.norm(re.sub(r"\(.*?\)", "", name))
            if len(key.split()) > 1 or (n == 0 and len(key) > 3):
                names.setdefault(key, set()).add(i)
    out = []
    for posting in sources.skillspan(data):
        words = sources.norm(posting.text).split()
        if len(words) < 3:
            continue
        grams = {" ".join(words[a : a + n]) for n in range(1, LONGEST_LITERAL + 1) for a in range(len(words) - n + 1)}
        hits = sorted({i for g in grams if 0 < len(names.get(g, ())) <= 2 for i in names[g]})
        out += [Pair(posting.text, i, "literal") for i in hits]
    return out


def _starter(rng: random.Random, concepts: list[Concept], offset: int) -> list[Pair]:
    out = []
    for i, c in enumerate(concepts, offset):
        out += [Pair(name, i, "starter") for name in c.synonyms]
        out += [Pair(c.definition, i, "starter")] if c.definition else []
        for manner in OURS:
            out.append(Pair(carry(rng, c, rng.choice((c.label, *c.synonyms)), manner, frozenset()), i, "starter"))
    return out


def write(path: Path, examples: list[Example]) -> None:
    """One JSON line an example: text, concepts, source."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps([e.text, e.concepts, e.source], ensure_ascii=False) for e in examples]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> list[Example]:
    """What :func:`write` wrote."""
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Example(text, tuple(concepts), source) for text, concepts, source in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the encoder's training pairs.")
    parser.add_argument("--data", type=Path, default=sources.ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=sources.ROOT / "build" / "encoder")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    write(args.out / "pairs.jsonl", build(args.data, seed=args.seed).examples)


if __name__ == "__main__":
    main()
