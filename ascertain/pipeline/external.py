"""Learning from outside: what ``config/external.yaml`` lists, from the hosts that it allows. Everything else is refused
with its reason, and the rest of the file goes on."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ascertain.domain.ports import Content, UnitOfWorkFactory
from ascertain.domain.skills import Level
from ascertain.domain.text import clean_text
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.checked_file import read_checked
from ascertain.pipeline.normalise import make_content

SYSTEM = "external"
"""Of the content ids and references of these items."""

Host = Annotated[str, Field(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    hosts: list[Host] = Field(default_factory=list)
    items: list[dict[str, Any]] = Field(default_factory=list)


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    title: Annotated[str, Field(min_length=1, max_length=300)]
    description: Annotated[str, Field(min_length=1, max_length=20_000)]
    url: Annotated[str, Field(max_length=2000)]
    provider: Annotated[str, Field(max_length=200)] = ""
    hours: Annotated[float, Field(gt=0, le=1000)]
    level: Annotated[int, Field(ge=1, le=5)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    cost: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    skills: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that is not offered: where it stands in the file, the field, and why."""

    where: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}, {self.field}: {self.reason}"


@dataclass(slots=True)
class ExternalReport:
    """What became of the file; ``retired`` is no longer in it."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    retired: int = 0
    refused: list[Refused] = field(default_factory=list)


def why_not(url: str, hosts: Collection[str]) -> str:
    """Why an address may not be offered; empty where it may."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is no address"
    if parts.scheme != "https":
        return "must begin with https://"
    if parts.username is not None or parts.password is not None:
        return "must not carry a name or a password"
    if port not in (None, 443):
        return "must not name a port"
    if any(c.isspace() or not c.isprintable() for c in url):
        return "has blanks or invisible characters"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return "must name a host, not a number"
    if not host.isascii():
        return "the host has letters outside of ASCII"
    if host in hosts or any(h.startswith("*.") and host.endswith(h[1:]) for h in hosts):
        return ""
    return f"{host or 'no host'} is not among the allowed hosts"


def import_external(units: UnitOfWorkFactory, file: Path | None = None) -> ExternalReport:
    """Take the file's items in, and retire what is gone from it. Safe to repeat.

    Raises:
        ConfigError: the file cannot be read, or names a host that is none.
    """
    path = file or CONFIG_DIR / "external.yaml"
    document = read_checked(path, _Document, "the external learning")
    report = ExternalReport()
    found: dict[str, Content] = {}
    for where, item in _items(path.name, document.items, report):
        if reason := why_not(item.url, document.hosts):
            report.refused.append(Refused(where, "url", reason))
        elif (key := f"{SYSTEM}:{item.id}") in found:
            report.refused.append(Refused(where, "id", f"{item.id} stands twice; the first one is kept"))
        else:
            found[key] = _content(key, item)
    with units() as uow:
        gone = [
            replace(c, active=False)
            for c in uow.contents.all()
            if c.system == SYSTEM and c.item.content_id not in found
        ]
        counts = uow.contents.upsert(found.values())
        report.new, report.changed, report.unchanged = counts
        if gone:
            uow.contents.upsert(gone)
        report.retired = len(gone)
        header = {"new": report.new, "changed": report.changed, "retired": len(gone), "refused": len(report.refused)}
        uow.audit.append("ingest.external", actor="ingest", header=header)
        uow.commit()
    return report


def _items(name: str, rows: list[dict[str, Any]], report: ExternalReport) -> Iterator[tuple[str, _Item]]:
    for number, row in enumerate(rows, start=1):
        where = f"{name}: item {number}{_called(row)}"
        try:
            yield where, _Item.model_validate(row)
        except ValidationError as e:
            first = e.errors()[0]
            report.refused.append(Refused(where, ".".join(map(str, first["loc"])), first["msg"]))


def _called(row: Mapping[str, Any]) -> str:
    return f" ({str(row['id'])[:60]!r})" if row.get("id") else ""


def _content(key: str, item: _Item) -> Content:
    named = [s for s in item.skills if s.casefold() not in item.description.casefold()]
    text = clean_text(item.description) + (f"\nSkills: {', '.join(map(clean_text, named))}." if named else "")
    made = make_content(
        key=key,
        system=SYSTEM,
        source_ref=f"{SYSTEM}:course:{item.id}",
        code=item.id,
        title=clean_text(item.title).replace("\n", " "),
        description=text,
        level=Level(item.level),
        hours=item.hours,
        language=item.language,
        category=clean_text(item.provider),
        external=True,
    )
    return replace(made, item=replace(made.item, cost=round(item.cost, 2), url=item.url))
