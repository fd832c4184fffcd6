"""A folder of exports and documents: tables (CSV, XLSX, JSONL) read through a mapping, documents with their owners.

Calls nobody. The mapping (``files_mapping``) says which files there are and what their columns mean; what it does not
name is never read. Facts the code rests on: nothing in a folder can be trusted, neither names, sizes nor contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from ascertain.connectors.connection import Connection
from ascertain.connectors.files_converter import Converter
from ascertain.connectors.files_documents import DocumentLimits, DocumentPull
from ascertain.connectors.files_folder import Folder
from ascertain.connectors.files_headers import header_of
from ascertain.connectors.files_mapping import FilesMapping, read_mapping
from ascertain.connectors.files_pull import VERSION, TablePull, opened_cursor
from ascertain.connectors.http import verdict_of
from ascertain.domain.connector import (
    Budget,
    Capabilities,
    Cursor,
    Failure,
    Health,
    Incremental,
    Page,
    QuotaPolicy,
    TenantProfile,
    Verdict,
)
from ascertain.domain.records import Entity, Record, SourceRef
from ascertain.errors import ConfigError, ConnectorError, PermanentConnectorError


class FilesOptions(BaseModel):
    """Options of a folder.

    ``mapping``: the mapping file, as seen from the folder unless absolute. ``page_size``: rows in a page.
    ``max_megabytes``, ``max_pages``, ``max_characters``, ``seconds``: what one document may have and take.
    ``mass_deletion``: believe that a large part of the documents was deleted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    mapping: Path = Path("mapping.yaml")
    page_size: Annotated[int, Field(ge=1, le=5000)] = 500
    max_megabytes: Annotated[int, Field(ge=1, le=500)] = 50
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 300
    max_characters: Annotated[int, Field(ge=1000, le=5_000_000)] = 200_000
    seconds: Annotated[float, Field(gt=0, le=600)] = 30
    mass_deletion: bool = False


class FilesConnector:
    """One folder: the connection's ``path``. No secrets."""

    system = "files"

    def __init__(self, connection: Connection) -> None:
        if not connection.path:
            raise ConfigError(
                f"connection {connection.name}: a folder has no url",
                remedy="give its place under path, in place of url",
            )
        self.name = connection.name
        self._zone = connection.zone
        self._jobs = connection.job_profiles
        self._options = o = connection.options_as(FilesOptions)
        self._folder = Folder(self.name, connection.path)
        self._mapping: FilesMapping = read_mapping(self._folder.root / o.mapping)
        self._limits = DocumentLimits(o.max_megabytes, o.max_characters, o.mass_deletion)
        self._converter = Converter(seconds=o.seconds, max_pages=o.max_pages, max_characters=o.max_characters)

    @classmethod
    def open(
        cls,
        connection: Connection,
        *,
        timeout: float,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
    ) -> Self:
        """For the registry."""
        return cls(connection)

    def capabilities(self) -> Capabilities:
        tables = {r.entity for r in self._mapping.tables}
        return Capabilities(
            dict.fromkeys(self._mapping.entities, Incremental.UPDATED_SINCE),
            frozenset(r.entity for r in self._mapping.documents if r.entity not in tables),
        )

    def check(self) -> Health:
        """Whether the folder can be listed, and how many files the mapping finds in it."""
        try:
            found, alone = self._folder.files()
        except ConnectorError as e:
            return Health(False, f"{self.name}: not usable", e.message, e.remedy or "")
        patterns = [r.files for r in self._mapping.tables] + [r.files for r in self._mapping.documents]
        fitting = sum(any(p.fullmatch(f.path) for p in patterns) for f in found)
        left = f", {len(alone)} left alone" if alone else ""
        return Health(True, f"{fitting} of {len(found)} files fit the mapping{left}")

    def probe(self) -> TenantProfile:
        """The columns of the tables' headers, those first that the mapping names."""
        fields: dict[Entity, dict[str, str]] = {}
        unmapped: dict[Entity, tuple[str, ...]] = {}
        found, _ = self._folder.files()
        for rule in self._mapping.tables:
            fitting = [f for f in found if rule.files.fullmatch(f.path)]
            for file in fitting[-1:]:
                for column in header_of(self._folder, file.path, rule):
                    fields.setdefault(rule.entity, {})[column] = f"{column} ({file.path})"
                    if column not in rule.read:
                        unmapped[rule.entity] = (*unmapped.get(rule.entity, ()), column)
        return TenantProfile(fields, unmapped)

    def pull(self, entity: Entity, cursor: Cursor | None) -> Iterator[Page]:
        if entity not in self._mapping.entities:
            raise PermanentConnectorError(f"{self.name}: the mapping has no {entity.value} to pull")
        state = opened_cursor(cursor)
        found, alone = self._folder.files()
        size = self._options.page_size
        tables = TablePull(self.name, entity, self._folder, self._zone, self._jobs, page_size=size, state=state)
        documents = self._documents(entity, state)

        def checkpoint(position: Mapping[str, Any] | None = None) -> Cursor:
            place = {"position": dict(position)} if position else {}
            return {"v": VERSION, "tables": dict(tables.known), "documents": dict(documents.known), **place}

        yield from tables.pages([r for r in self._mapping.tables if r.entity is entity], found, checkpoint)
        yield from documents.pages([r for r in self._mapping.documents if r.entity is entity], found, checkpoint)
        notes = [*tables.notes, *documents.notes, *(f"{a}: it is left alone" for a in alone)]
        yield Page((), (), checkpoint(), warnings=tuple(notes), gone=(*tables.gone, *documents.gone))

    def fetch(self, ref: SourceRef) -> Record | None:
        """A document; single rows of tables are not to be had."""
        rules = [r for r in self._mapping.documents if r.entity is ref.entity]
        if not rules:
            return None
        return self._documents(ref.entity, {}).single(rules, self._folder.files()[0], ref)

    def quota(self) -> QuotaPolicy:
        return QuotaPolicy("folder")

    def classify(self, failure: Failure) -> Verdict:
        return verdict_of(failure)

    def close(self) -> None:
        """End the converting process, if there is one."""
        self._converter.close()

    def _documents(self, entity: Entity, state: Mapping[str, Any]) -> DocumentPull:
        return DocumentPull(self.name, entity, self._folder, self._converter, self._limits, state)
