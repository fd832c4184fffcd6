"""Labelled sets that the mapping is judged on, as files.

* CSV with the columns ``sentence`` and ``label``, one annotation a row (Decorte et al. 2022); a label is a preferred
  label or a URI of the release.
* JSON lines with ``text`` and ``skills`` (URIs). Where lines have a ``split``, only those of ``test`` are read; where
  they have a ``kind``, there are figures for each kind too.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ascertain.domain.skills import Skill

Gold = dict[str, set[int]]
NO_LABEL = frozenset({"", "LABEL NOT PRESENT", "UNDERSPECIFIED"})
"""What annotators write where no skill fits; no unknown label."""


@dataclass
class Labelled:
    """A set: ``gold`` has the rows of each sentence's labels; ``kind`` of a sentence where one is given; ``unknown``
    counts labels that the release has not, which are left out."""

    name: str
    gold: Gold = field(default_factory=dict)
    kind: dict[str, str] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)

    def by_kind(self) -> dict[str, Gold]:
        """The sentences of each kind; empty where there are none."""
        kinds = sorted(set(self.kind.values()))
        return {k: {t: g for t, g in self.gold.items() if self.kind.get(t) == k} for k in kinds}

    def remark(self) -> str:
        """What to know about it, in a line."""
        labels = sum(map(len, self.gold.values()))
        said = f"{self.name}: {len(self.gold)} sentences, {labels} labels"
        if self.unknown:
            some = ", ".join(repr(u) for u, _ in self.unknown.most_common(3))
            said += f"; labels that the release has not, left out: {self.unknown.total()} ({some})"
        return said


def places(skills: Sequence[Skill]) -> dict[str, int]:
    """Row of each skill by label and by id; the first of equal labels."""
    row: dict[str, int] = {}
    for i, s in enumerate(skills):
        row.setdefault(s.label, i)
        row[s.id] = i
    return row


def read_set(file: Path, row: Mapping[str, int]) -> Labelled:
    """Read a set by what its name ends in.

    Raises:
        SystemExit: when it cannot be read, naming the line.
    """
    found = Labelled(file.stem.removesuffix("_annotations"))
    try:
        if file.suffix == ".jsonl":
            _read_lines(file, row, found)
        else:
            _read_table(file, row, found)
    except OSError as e:
        raise SystemExit(f"{file}: {e.strerror}") from None
    except UnicodeDecodeError as e:
        raise SystemExit(f"{file}: not UTF-8 at byte {e.start}") from None
    if not any(found.gold.values()):
        raise SystemExit(f"{file}: no sentence has a label of the release")
    return found


def _read_table(file: Path, row: Mapping[str, int], found: Labelled) -> None:
    with file.open(encoding="utf-8-sig", newline="") as f:
        reader = csv.DictReader(f)
        if missing := {"sentence", "label"} - set(reader.fieldnames or ()):
            raise SystemExit(f"{file}: column {sorted(missing)[0]!r} is not there")
        for r in reader:
            _add(found, r["sentence"], [(r["label"] or "").strip()], row)


def _read_lines(file: Path, row: Mapping[str, int], found: Labelled) -> None:
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            text, skills = str(item["text"]), [str(s) for s in item["skills"]]
        except (ValueError, KeyError, TypeError) as e:
            raise SystemExit(f"{file}:{number}: not a line with text and skills: {e!r}") from None
        if item.get("split", "test") != "test":
            continue
        _add(found, text, skills, row)
        if "kind" in item:
            found.kind[text] = str(item["kind"])


def _add(found: Labelled, text: str, labels: Sequence[str], row: Mapping[str, int]) -> None:
    rows = found.gold.setdefault(text, set())
    for label in labels:
        if label in row:
            rows.add(row[label])
        elif label not in NO_LABEL:
            found.unknown[label] += 1
