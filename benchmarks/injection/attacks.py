"""The corpus: what somebody may write into a record or a course to move a result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from benchmarks.injection.disguises import DISGUISES

FOLDER = Path(__file__).parent / "attacks"


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt. ``text`` is what stands in the record, disguised already; ``meant`` is what it says undisguised."""

    id: str
    kind: str
    text: str
    meant: str


@cache
def attacks() -> tuple[Attack, ...]:
    """All of them, by kind (the files' names) and in the files' order.

    Raises:
        ValueError: two have one id, or one names a disguise that does not exist.
    """
    found = tuple(a for file in sorted(FOLDER.glob("*.yaml")) for a in _read(file))
    ids = [a.id for a in found]
    if twice := sorted({i for i in ids if ids.count(i) > 1}):
        raise ValueError(f"{', '.join(twice)}: there are two attacks of that id")
    return found


def _read(file: Path) -> Iterator[Attack]:
    for row in yaml.safe_load(file.read_text(encoding="utf-8")):
        disguise = row.get("as", "")
        if disguise not in DISGUISES:
            raise ValueError(f"{file.name}: {row['id']}: there is no disguise {disguise!r}")
        text = row.get("before", "") + DISGUISES[disguise](row["text"])
        yield Attack(f"{file.stem}/{row['id']}", file.stem, text, row["text"])
