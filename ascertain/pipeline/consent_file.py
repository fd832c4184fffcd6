"""Consents out of a CSV: what people signed elsewhere, line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ascertain.domain.consent import Origin, Topic, topic_of
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWorkFactory
from ascertain.errors import AscertainError, InputError
from ascertain.pipeline.consent import Forgotten, say
from ascertain.pipeline.permit import permitted_learner

COLUMNS = ("person", "topic", "answer", "on", "text_version", "reason")
_ANSWERS = {"yes": True, "no": False}


@dataclass(slots=True)
class Imported:
    """``recorded`` lines said something new, ``known`` had been recorded before; ``problems`` name lines that could not
    be used, the others are in. ``touched``: people whose case is another one now."""

    recorded: int = 0
    known: int = 0
    problems: list[str] = field(default_factory=list)
    forgotten: Forgotten = field(default_factory=Forgotten)
    touched: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    person: str
    topic: Topic
    given: bool
    on: date
    text_version: str
    reason: str


def import_consents(units: UnitOfWorkFactory, clock: Clock, file: Path, *, origin: Origin, who: Principal) -> Imported:
    """Record each line of a file about somebody for whom ``who`` may record it. The same file again changes nothing.

    Raises:
        InputError: the file cannot be read, or lacks a column.
    """
    found = Imported()
    for number, raw in _rows(file):
        where = f"{file.name}:{number}"
        try:
            line = _read(raw, where)
            with units(write=False) as uow:
                learner = permitted_learner(uow, who, Action.CONSENT_RECORD, line.person)
            said = say(
                units,
                clock,
                learner.id,
                [line.topic],
                given=line.given,
                origin=origin,
                actor=who.name,
                reason=line.reason,
                text_version=line.text_version,
                on=line.on,
            )
        except AscertainError as e:
            found.problems.append(e.message if e.message.startswith(where) else f"{where}: {e.message}")
            continue
        found.recorded += bool(said.recorded)
        found.known += not said.recorded
        found.forgotten += said.forgotten
        found.touched += [i for i in said.touched if i not in found.touched]
    return found


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
                raise InputError(
                    "the column is missing", where=file.name, field=missing[0], remedy=f"columns: {', '.join(COLUMNS)}"
                )
            for row in reader:
                yield reader.line_num, {c: (row[c] or "").strip() for c in COLUMNS}
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=str(file)) from None
    except (UnicodeDecodeError, csv.Error) as e:
        raise InputError(f"is not CSV in UTF-8: {e}", where=str(file)) from None


def _read(raw: dict[str, str], where: str) -> _Line:
    try:
        topic = topic_of(raw["topic"])
    except ValueError:
        raise InputError(f"{raw['topic']!r} is neither a purpose nor a source", where=where, field="topic") from None
    if (given := _ANSWERS.get(raw["answer"].casefold())) is None:
        raise InputError(f"{raw['answer']!r} is neither yes nor no", where=where, field="answer")
    try:
        on = date.fromisoformat(raw["on"])
    except ValueError:
        raise InputError(f"{raw['on']!r} is no day (2026-03-01)", where=where, field="on") from None
    return _Line(raw["person"], topic, given, on, raw["text_version"], raw["reason"])
