"""Imports a course catalogue from a CSV file, for customers and providers without an API."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ascertain.domain.canonical import digest, plain
from ascertain.domain.ports import Content, UnitOfWorkFactory
from ascertain.domain.scale_crosswalk import Scale
from ascertain.domain.scales import hours_of, level_of
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_text
from ascertain.errors import InputError
from ascertain.pipeline.normalise import make_content

REQUIRED = ("title", "description")
OPTIONAL = ("code", "level", "duration", "skills", "platform", "instructor", "language", "category", "modality")
_BATCH = 500
_LONGEST_ROW = 60
_UNKNOWN = frozenset(("", "none", "nan", "null", "n/a", "-"))
_ANY_LEVEL = frozenset(("mixed", "all levels", "all"))
_MODALITIES = {"guided project": "project", "course": "elearning"}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row, or a field of one, that could not be used; ``imported`` tells whether the rest of the row was."""

    where: str
    field: str
    reason: str
    imported: bool

    def __str__(self) -> str:
        return f"{self.where}, field {self.field!r}: {self.reason}" if self.field else f"{self.where}: {self.reason}"


@dataclass(slots=True)
class CatalogueReport:
    """What an import did. ``rows`` = ``rejected`` + ``duplicates`` + new + changed + unchanged."""

    file: str
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    duplicates: int = 0
    problems: list[RowProblem] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """JSON's own types."""
        found: dict[str, Any] = plain(self)
        return found


def import_catalogue(
    path: Path,
    units: UnitOfWorkFactory,
    *,
    system: str = "catalogue",
    external: bool = False,
    scale: Scale | None = None,
) -> CatalogueReport:
    """Import a CSV file with a header as content.

    Columns: ``title`` and ``description`` are required; ``code``, ``level``, ``duration`` ("3 - 6 Months", or
    minutes), ``skills``, ``platform``, ``instructor``, ``language``, ``category``, ``modality`` are used where they
    are there. An item is known again by its code, else by title, platform and instructor; a second row for it is
    left out. ``external`` marks items that are not of the customer's own catalogue; ``scale`` is the one that levels
    are on (the product's own words and digits unless told).

    Raises:
        InputError: when the file cannot be read or lacks a required column. A malformed row is no error: it stands
            in the report with file, line and field.
    """
    report = CatalogueReport(path.name)
    batch: list[Content] = []
    for content in read_catalogue(path, report, system=system, external=external, scale=scale):
        batch.append(content)
        if len(batch) >= _BATCH:
            _store(batch, units, report)
    _store(batch, units, report)
    return report


def read_catalogue(
    path: Path,
    report: CatalogueReport,
    *,
    system: str = "catalogue",
    external: bool = False,
    scale: Scale | None = None,
) -> Iterator[Content]:
    """The items of a file as :func:`import_catalogue` stores them; what cannot be used goes into the report.

    Raises:
        InputError: when the file cannot be read or lacks a required column.
    """
    seen: dict[str, str] = {}
    for line, row in _rows(path, report):
        where = f"{path.name}:{line}"
        report.rows += 1
        content = _content(row, where, system, external, scale, report)
        if content is None:
            report.rejected += 1
            continue
        if first := seen.get(content.item.content_id):
            report.duplicates += 1
            report.problems.append(
                RowProblem(where, "title", f"the same item as {first}; the first one is kept", False)
            )
            continue
        seen[content.item.content_id] = where
        yield content


def _store(batch: list[Content], units: UnitOfWorkFactory, report: CatalogueReport) -> None:
    if not batch:
        return
    with units() as uow:
        new, changed, unchanged = uow.contents.upsert(batch)
        report.new, report.changed, report.unchanged = (
            report.new + new,
            report.changed + changed,
            report.unchanged + unchanged,
        )
        header = {"file": report.file, "new": new, "changed": changed, "unchanged": unchanged}
        uow.audit.append("ingest.catalogue", actor="ingest", header=header)
        uow.commit()
    batch.clear()


def _rows(path: Path, report: CatalogueReport) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row by column) of every well-formed row.

    A quote that is never closed would swallow all rows after it: such a row is given up after its first line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as e:
        raise InputError(f"cannot be read: {e.strerror}", where=str(path), remedy="check the path") from None
    lines = list(io.StringIO(text))
    source = _Lines(lines)
    header = [h.strip().lower() for h in next(source.reader, [])]
    for column in REQUIRED:
        if column not in header:
            raise InputError(
                "the column is missing",
                where=f"{path.name}:1",
                field=column,
                remedy=f"the first line must name the columns {', '.join(REQUIRED)} and may name {', '.join(OPTIONAL)}",
            )
    while source.at < len(lines):
        begin = source.at
        where = f"{path.name}:{begin + 1}"
        reason = ""
        values: list[str] = []
        try:
            values = next(source.reader, [])
        except csv.Error as e:
            reason = str(e)
        if not values and not reason:
            continue
        if len(values) != len(header):
            reason = reason or f"has {len(values)} columns, the header has {len(header)}"
        elif source.at - begin > _LONGEST_ROW:
            reason = f"goes on for {source.at - begin} lines; a quote is not closed"
        if reason:
            report.rows += 1
            report.rejected += 1
            report.problems.append(RowProblem(where, "", reason, False))
            source.restart(begin + 1)
            continue
        yield begin + 1, dict(zip(header, values, strict=True))


class _Lines:
    """Feeds lines to a csv reader and knows how many it took."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.restart(0)

    def restart(self, at: int) -> None:
        """Begin anew at a line: a reader that failed in the middle of a quote is of no more use."""
        self.at = at
        self.reader = csv.reader(self._feed())

    def _feed(self) -> Iterator[str]:
        while self.at < len(self._lines):
            self.at += 1
            yield self._lines[self.at - 1]


def _level(word: str, scale: Scale | None) -> tuple[Level | None, str]:
    """The level, and what is wrong with the word."""
    if scale is None:
        found = level_of(word)
        return found, "" if found else "is not a level"
    try:
        return scale.level(word), ""
    except InputError:
        return None, f"is no value of the scale {scale.name}"


def _content(
    row: Mapping[str, str], where: str, system: str, external: bool, scale: Scale | None, report: CatalogueReport
) -> Content | None:
    texts = {c: clean_text(row[c]) for c in (*REQUIRED, *OPTIONAL) if c in row}
    for column in REQUIRED:
        if texts[column].lower() in _UNKNOWN:
            report.problems.append(RowProblem(where, column, "is empty", False))
            return None
    known = {c: "" if t.lower() in _UNKNOWN else t.replace("\n", " ") for c, t in texts.items()}
    for column, text in known.items():
        if "\ufffd" in text:
            report.problems.append(RowProblem(where, column, "is not UTF-8", True))
    level, hours = None, None
    if (word := known.get("level", "")) and word.lower() not in _ANY_LEVEL:
        level, wrong = _level(word, scale)
        if wrong:
            report.problems.append(RowProblem(where, "level", f"{word!r} {wrong}; left open", True))
    if duration := known.get("duration", ""):
        hours = hours_of(duration)
        if hours is None:
            report.problems.append(RowProblem(where, "duration", f"{duration!r} is not a duration; left open", True))
    title, code = known["title"], known.get("code", "")
    own = digest([code] if code else [title, known.get("platform", ""), known.get("instructor", "")], length=12)
    modality = known.get("modality", "") or "elearning"
    return make_content(
        key=f"{system}:{own}",
        system=system,
        source_ref=f"{system}:course:{own}",
        code=code,
        title=title,
        description=_with_skills(texts["description"], known.get("skills", "")),
        level=level,
        hours=hours,
        modality=_MODALITIES.get(modality.lower(), modality.lower()),
        language=known.get("language", "").lower()[:2] or "en",
        category=known.get("category", "") or known.get("platform", ""),
        external=external,
    )


def _with_skills(description: str, skills: str) -> str:
    """The skills a provider lists belong to what tells about the course, unless the description names them already."""
    names = [n for n in (p.strip(" \"'{}[]") for p in re.split(r"[,;|]", skills)) if n]
    missing = [n for n in dict.fromkeys(names) if n.casefold() not in description.casefold()]
    return f"{description}\nSkills: {', '.join(missing)}." if missing else description
