"""Where each kind of record comes from in Cornerstone, and what its rows need besides themselves.

An enrolment's score is on the scale of its training; titles of the Data Exporter stand in an object of their own;
departments and managers may have to be looked up. ``Reader`` knows the places, a ``Batch`` holds what one pull has
looked up, so that nothing is asked for twice and nothing grows old.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from ascertain.connectors.cornerstone_odata import OBJECTS, VIEWS, Feed
from ascertain.connectors.cornerstone_options import CornerstoneOptions
from ascertain.connectors.cornerstone_people import EMPLOYEES, Places, employees
from ascertain.connectors.cornerstone_rows import CornerstoneRows, Training
from ascertain.connectors.http import Answer, StatusError
from ascertain.connectors.parsing import FieldMap, Row, read_rows
from ascertain.domain.records import Entity, Record, Rejected, SourceRef

PEOPLE = (Entity.USER, Entity.WORKER)
_GUID = re.compile(r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_TRAINING = ("id", "max_score", "title", "type")


class Reader:
    """The places of one portal.

    Args:
        employee: one employee by account id, ``None`` where there is none.
    """

    def __init__(
        self,
        name: str,
        zone: tzinfo,
        feed: Feed,
        rows: CornerstoneRows,
        options: CornerstoneOptions,
        employee: Callable[[str], Answer | None],
    ) -> None:
        self.name = name
        self.zone = zone
        self.feed = feed
        self.rows = rows
        self.options = options
        self.employee = employee

    def source(self, entity: Entity) -> tuple[str, Sequence[str]]:
        """Path and columns of an entity; no columns where all shall come."""
        fields: FieldMap = self.rows.fields[entity]
        if entity in PEOPLE:
            path = EMPLOYEES if self.options.users == "employees" else f"{VIEWS}vw_rpt_user"
        elif self.exported(entity):
            path = f"{OBJECTS}training_core" if entity is Entity.COURSE else f"{OBJECTS}transcript_core"
            fields = {k: v for k, v in fields.items() if entity is not Entity.COURSE or k not in self.titles()}
        else:
            path = f"{VIEWS}vw_rpt_training" if entity is Entity.COURSE else f"{VIEWS}vw_rpt_transcript"
        return path, sorted(set(fields.values())) if self.options.select else ()

    def exported(self, entity: Entity) -> bool:
        """Whether the entity comes from the Data Exporter, which can track changes."""
        chosen = {Entity.COURSE: self.options.courses, Entity.ENROLMENT: self.options.transcripts}
        return chosen.get(entity) == "dataexporter"

    def titles(self) -> FieldMap:
        """The fields of a training that stand in the object of titles."""
        fields = self.rows.fields[Entity.COURSE]
        return {n: fields[n] for n in ("title", "description") if n in fields}

    def matching(self, entity: Entity, column: str, value: str) -> list[object]:
        """Rows with that value. The type of an id is nowhere documented, so a refused literal is tried quoted."""
        path, columns = self.source(entity)
        quoted = "'" + value.replace("'", "''") + "'"
        bare = value.isdigit() or bool(_GUID.match(value))
        for literal in (value, quoted) if bare else (quoted,):
            try:
                return self.feed.all(path, columns=columns, where=f"{column} eq {literal}")
            except StatusError as e:
                if e.failure.status not in (400, 404):
                    raise
        return []


class Batch:
    """Rows of one pull on their way to records. ``alone``: a single record, so only what it needs is looked up."""

    def __init__(self, reader: Reader, entity: Entity, *, alone: bool = False) -> None:
        self._reader = reader
        self._rows = reader.rows
        self._entity = entity
        self._alone = alone
        self._places = Places(reader.feed, reader.options.organisation)
        self._trainings: dict[str, Training] | None = None
        self._titles: dict[str, Mapping[str, Any]] | None = None
        self._managers: dict[str, str] = {}

    def read(self, raw: list[object]) -> tuple[list[Record], list[Rejected]]:
        """The records of rows, and what could not be read."""
        return read_rows(
            self.titled(raw),
            self._rows.fields[self._entity],
            self._reader.zone,
            lambda row: self._rows.identify(self._entity, row),
            self.parse,
            f"{self._reader.name}:{self._entity.value}",
        )

    def parse(self, row: Row, ref: SourceRef) -> Record | None:
        """One record."""
        match self._entity:
            case Entity.USER:
                return self._rows.user(row, ref, self._places.of(row.text("id")))
            case Entity.WORKER:
                return self._rows.worker(row, ref, self._places.of(row.text("id")), self._manager(row))
            case Entity.COURSE:
                return self._rows.course(row, ref)
            case _:
                return self._rows.enrolment(row, ref, self._training(row.text("course_id")))

    def titled(self, raw: list[object]) -> list[object]:
        """Trainings of the Data Exporter with their titles; of several languages the first wins."""
        return self._with_titles(raw) if self._entity is Entity.COURSE else raw

    def _with_titles(self, raw: list[object]) -> list[object]:
        reader = self._reader
        if not reader.exported(Entity.COURSE) or not reader.titles():
            return raw
        if self._titles is None:
            options, wanted = reader.options.titles, sorted(reader.titles().values())
            self._titles = {}
            for row in reader.feed.all(f"{OBJECTS}{options.object}", columns=(options.id, *wanted)):
                if isinstance(row, Mapping):
                    self._titles.setdefault(str(row.get(options.id)), {k: row.get(k) for k in wanted})
        key, titles = self._rows.fields[Entity.COURSE]["id"], self._titles
        return [{**r, **titles.get(str(r.get(key)), {})} if isinstance(r, Mapping) else r for r in raw]

    def _training(self, course_id: str) -> Training:
        if self._trainings is None:
            fields = self._rows.fields[Entity.COURSE]
            kept = {n: fields[n] for n in _TRAINING if n in fields}
            self._trainings = self._noted(self._training_rows(course_id, kept), kept)
        return self._trainings.get(course_id, Training())

    def _training_rows(self, course_id: str, kept: FieldMap) -> list[object]:
        reader = self._reader
        if self._alone:
            return self._with_titles(reader.matching(Entity.COURSE, kept["id"], course_id))
        path, columns = reader.source(Entity.COURSE)
        wanted = [c for c in kept.values() if c in columns]
        return self._with_titles(reader.feed.all(path, columns=wanted))

    def _noted(self, raw: list[object], kept: FieldMap) -> dict[str, Training]:
        found: dict[str, Training] = {}

        def note(row: Row, ref: SourceRef) -> None:
            found[ref.id] = self._rows.training(row)

        read_rows(raw, kept, self._reader.zone, lambda r: self._rows.identify(Entity.COURSE, r), note, "")
        return found

    def _manager(self, row: Row) -> str:
        """The manager's employee id. The employee list names managers by account, so each is looked up once."""
        said = row.text("manager")
        if self._reader.options.users == "reporting" or not said.isdigit():
            return said
        if said not in self._managers:
            answer = self._reader.employee(said)
            found = employees(answer, self._reader.name) if answer else []
            fields = self._rows.fields[Entity.WORKER]
            self._managers[said] = Row(found[0], fields, self._reader.zone).text("employee_id") if found else ""
        return self._managers[said]
