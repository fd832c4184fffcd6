"""A pull of documents: whose each is, what kind, and its text. What is gone from the folder is said to be gone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ascertain.connectors.files_converter import Converter
from ascertain.connectors.files_csv import csv_rows
from ascertain.connectors.files_folder import FileProblem, Folder, Found, survey
from ascertain.connectors.files_mapping import DocumentRule, TableRule, path_pattern
from ascertain.connectors.files_pull import settled
from ascertain.connectors.openbadges_read import read_badge
from ascertain.domain.canonical import digest
from ascertain.domain.connector import Cursor, Page
from ascertain.domain.records import AwardRecord, Entity, Record, Rejected, SourceRef, TextRecord
from ascertain.domain.text import clean_plain
from ascertain.errors import PermanentConnectorError

_FEW, _MANY = 20, 0.2
"""So many deletions at once are believed in any case, so large a share is not."""
_ABOUT = ("employee", "email", "title", "author", "date")
_SHORTEST = 20
"""Letters under which a file of pages is a scan with a stamp, not a text."""
_FOLDER_PAGE = 25


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """``megabytes`` of a file; ``characters`` of its text."""

    megabytes: int
    characters: int
    mass_deletion: bool


@dataclass(slots=True)
class _Made:
    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class DocumentPull:
    """One pull of one entity's documents. ``known`` is what is remembered of each, by rule and path."""

    def __init__(
        self,
        name: str,
        entity: Entity,
        folder: Folder,
        converter: Converter,
        limits: DocumentLimits,
        state: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._entity = entity
        self._folder = folder
        self._converter = converter
        self._limits = limits
        self.known: dict[str, Any] = dict(state.get("documents", {}))
        self.gone: list[SourceRef] = []
        self.notes: list[str] = []

    def pages(
        self, rules: Sequence[DocumentRule], found: Sequence[Found], checkpoint: Callable[[], Cursor]
    ) -> Iterator[Page]:
        """Pages of what is new or changed."""
        seen: set[str] = set()
        for rule in rules:
            index = self._index(rule, found)
            made, count = _Made(), 0
            for file in found:
                if file.path == rule.index or not rule.files.fullmatch(file.path):
                    continue
                key = f"{rule.mark}:{file.path}"
                seen.add(key)
                count += self._one(key, file, rule, index, made)
                if count >= _FOLDER_PAGE:
                    yield self._page(made, checkpoint)
                    made, count = _Made(), 0
            if count:
                yield self._page(made, checkpoint)
        self._deleted(seen)

    def _page(self, made: _Made, checkpoint: Callable[[], Cursor]) -> Page:
        gone = tuple(self.gone)
        self.gone.clear()
        return Page(tuple(made.records), tuple(made.rejected), checkpoint(), warnings=tuple(made.notes), gone=gone)

    def single(self, rules: Sequence[DocumentRule], found: Sequence[Found], ref: SourceRef) -> Record | None:
        """One document as it stands now."""
        path = ref.id.partition("#")[0]
        for rule in rules:
            for file in found:
                if file.path == path and rule.files.fullmatch(path):
                    made = _Made()
                    self._one("", file, rule, self._index(rule, found), made)
                    return next((r for r in made.records if r.ref == ref), None)
        return None

    def _one(
        self, key: str, file: Found, rule: DocumentRule, index: Mapping[str, list[dict[str, str]]], made: _Made
    ) -> bool:
        """Whether anything was to be done for a file."""
        people = self._people(file.path, rule, index)
        old = self.known.get(key, {})
        stamp = [file.path, file.size, file.changed_ns]
        whose = digest(people, length=12)
        if old.get("whose") == whose and old.get("at") == stamp:
            return False
        try:
            with self._folder.open(file.path) as stream:
                sha = survey(stream).sha
                if old.get("whose") == whose and old.get("sha") == sha:
                    self.known[key] = {**old, "at": settled(stamp)}
                    return False
                limit = self._limits.megabytes << 20
                body = stream.read(limit + 1)
        except FileProblem as e:
            made.rejected.append(Rejected(self._ref(file.path), f"{file.path}: {e.reason}"))
            return True
        ids = [file.path]
        try:
            if not body:
                raise FileProblem("is empty")
            if len(body) > limit:
                raise FileProblem(f"is larger than {self._limits.megabytes} MB (options.max_megabytes)")
            if not people:
                where = f"the index {rule.index}" if rule.index else "`named` of the mapping"
                raise FileProblem(
                    f"nobody knows whose it is: its path does not fit, or {where} does not name it", "user"
                )
            records = self._records(file, rule, people, body, made)
            ids = [r.ref.id for r in records]
            made.records += records
        except FileProblem as e:
            made.rejected.append(Rejected(self._ref(file.path), f"{file.path}: {e.reason}", e.field))
        left = sorted(set(old.get("ids", ())) - set(ids))
        self.gone += [SourceRef(self._name, self._entity, i) for i in left]
        self.known[key] = {"at": settled(stamp), "sha": sha, "whose": whose, "ids": ids}
        return True

    def _records(
        self, file: Found, rule: DocumentRule, people: Sequence[Mapping[str, str]], body: bytes, made: _Made
    ) -> list[Record]:
        # A certificate's own words add nothing to its title, so a scanned one is as good as any.
        award = self._entity is Entity.AWARD
        badge = read_badge(body) if award and file.path.lower().endswith(".json") else None
        text = "" if award else self._text(file, body, made)
        found: list[Record] = []
        for about in people:
            subject = f"employee:{about['employee']}" if about.get("employee") else f"email:{about['email']}"
            ref = SourceRef(
                self._name,
                self._entity,
                file.path if len(people) == 1 else f"{file.path}#{digest(subject, length=8)}",
            )
            title = clean_plain(about.get("title", "")) or (badge.title if badge else _title(file.path))
            when = _day(about.get("date", "")) or (badge.awarded_at if badge else None)
            changed = datetime.fromtimestamp(file.changed_ns // 1_000_000_000, UTC)
            if self._entity is Entity.AWARD:
                found.append(
                    AwardRecord(
                        ref=ref,
                        user_id=subject,
                        title=title,
                        kind=rule.kind,
                        provider=badge.provider if badge else "",
                        awarded_at=when,
                        updated_at=changed,
                        skills=badge.skills if badge else (),
                    )
                )
            else:
                found.append(
                    TextRecord(
                        ref=ref,
                        subject=subject,
                        kind=rule.kind,
                        title=title,
                        text=text,
                        author=clean_plain(about.get("author", "")),
                        occurred_at=when,
                        updated_at=changed,
                    )
                )
        return found

    def _text(self, file: Found, body: bytes, made: _Made) -> str:
        suffix = "." + file.path.rpartition(".")[2].lower()
        text, left_out = self._converter.text(body, suffix)
        text = clean_plain(text)
        if sum(c.isalpha() for c in text) < _SHORTEST:
            scan = " It is scanned: run text recognition over it first." if suffix == ".pdf" else ""
            raise FileProblem(f"has no text.{scan}")
        if left_out:
            made.notes.append(f"{file.path}: its last {left_out} pages are left out (options.max_pages)")
        if len(text) > self._limits.characters:
            made.notes.append(f"{file.path}: only its first {self._limits.characters} characters are read")
            text = text[: self._limits.characters]
        return text

    def _people(self, path: str, rule: DocumentRule, index: Mapping[str, list[dict[str, str]]]) -> list[dict[str, str]]:
        """Whom a file is about; what the index says goes before what the path says."""
        fit = rule.named.fullmatch(path) if rule.named else None
        said = {k: v for k, v in fit.groupdict().items() if v} if fit else {}
        if "title" in said:
            said["title"] = _spaced(said["title"])
        rows = [{**said, **{k: v for k, v in row.items() if v}} for row in index.get(path, [])] or [said]
        people = {(r.get("employee", ""), r.get("email", "")): r for r in rows}
        return [people[k] for k in sorted(people) if any(k)]

    def _index(self, rule: DocumentRule, found: Sequence[Found]) -> dict[str, list[dict[str, str]]]:
        """What the index says, by path.

        Raises:
            PermanentConnectorError: when it cannot be read: without it every document would be nobody's.
        """
        if not rule.index:
            return {}
        table = TableRule(
            entity=Entity.DOCUMENT, files=path_pattern(rule.index), mark="", columns={k: k for k in ("file", *_ABOUT)}
        )
        base = rule.index.rpartition("/")[0]
        # Some systems write accents in names as letters of their own.
        paths = {unicodedata.normalize("NFC", f.path): f.path for f in found}
        rows: dict[str, list[dict[str, str]]] = {}
        try:
            with self._folder.open(rule.index) as stream:
                for line in csv_rows(stream, survey(stream), table, []):
                    if line.reason or not line.values.get("file"):
                        self.notes.append(f"{rule.index}:{line.number}: {line.reason or 'names no file'}")
                        continue
                    values = {k: clean_plain(str(v)) for k, v in line.values.items()}
                    wanted = unicodedata.normalize("NFC", f"{base}/{values['file']}" if base else values["file"])
                    path = paths.get(wanted, wanted)
                    if wanted not in paths:
                        self.notes.append(f"{rule.index}:{line.number}: there is no file {values['file']!r}")
                    rows.setdefault(path, []).append({k: values.get(k, "") for k in _ABOUT})
        except FileProblem as e:
            raise PermanentConnectorError(
                f"{self._name}: the index {rule.index}: {e.field} {e.reason}".replace(":  ", ": "),
                remedy="without the index nobody knows whose the documents are: restore it, then sync again",
            ) from None
        return rows

    def _deleted(self, seen: set[str]) -> None:
        missing = sorted(set(self.known) - seen)
        if len(missing) > max(_FEW, _MANY * len(self.known)) and not self._limits.mass_deletion:
            self.notes.append(
                f"{len(missing)} of {len(self.known)} documents are gone from the folder; that is not believed, "
                "because a drive that is not there looks the same (options.mass_deletion: true removes them)"
            )
            return
        kept = {i for k, v in self.known.items() if k in seen for i in v["ids"]}
        for key in missing:
            self.gone += [SourceRef(self._name, self._entity, i) for i in self.known[key]["ids"] if i not in kept]
            del self.known[key]

    def _ref(self, path: str) -> str:
        return str(SourceRef(self._name, self._entity, path))


def _title(path: str) -> str:
    return _spaced(path.rpartition("/")[2].rpartition(".")[0])


def _spaced(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text).strip()


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FileProblem(f"{text[:40]!r} is not a date (2026-05-31)", "date") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
