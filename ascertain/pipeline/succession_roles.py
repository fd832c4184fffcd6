"""Takes in key roles of a source. A record that is wrong is named and left out; the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ascertain.domain.permission import Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.succession import KeyRole
from ascertain.errors import InputError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.list_import import ListReport, Refused, frame_or_raise, read_json
from ascertain.pipeline.openings import GONE, person_named, without_place

Json = dict[str, Any]
SCHEMA = "key-roles.schema.json"


@cache
def _validator(part: str) -> Draft202012Validator:
    schema = json.loads((CONFIG_DIR / "schemas" / SCHEMA).read_text(encoding="utf-8"))
    return Draft202012Validator(schema["$defs"]["role"] if part == "role" else schema)


def read_key_roles(file: Path) -> Json:
    """The list of a file: ``source``, ``complete`` and ``roles``, whose records are not looked at yet.

    Raises:
        InputError: naming file, line or field.
    """
    raw = read_json(file)
    frame_or_raise(_validator("list"), raw, file.name, SCHEMA)
    return dict(raw)


def import_key_roles(uow: UnitOfWork, raw: Mapping[str, Any], *, actor: Principal) -> ListReport:
    """Store the key roles of a list; again the same list changes nothing. With what is closed go nominations and what
    was kept under these. The caller commits."""
    report = ListReport(raw["source"])
    known = {r.id: r for r in uow.successions.roles(closed=True)}
    sent: set[str] = set()
    for place, record in enumerate(raw["roles"]):
        ident = str(record.get("id", "")) if isinstance(record, Mapping) else ""
        try:
            if ident in sent:
                raise InputError("this id stands twice in the list", field="id")
            sent.add(ident)
            made = _role(uow, record, report.source)
            _store(uow, report, known.get(made.id), made)
        except InputError as e:
            report.refused.append(Refused(place, ident, e.field or "", without_place(e)))
    if raw.get("complete"):
        for old in known.values():
            if old.source == report.source and old.id not in sent and not old.closed:
                _store(uow, report, old, replace(old, closed=GONE))
    if any((report.new, report.changed, report.refused)):
        counts = {k: getattr(report, k) for k in ("new", "changed", "unchanged", "closed")}
        header = {"source": report.source, "refused": len(report.refused), **counts}
        uow.audit.append("succession.imported", actor=actor.kind, header=header, payload={"by": actor.name})
    return report


def _store(uow: UnitOfWork, report: ListReport, old: KeyRole | None, made: KeyRole) -> None:
    if old is not None and old.source != made.source:
        raise InputError(f"this id belongs to {old.source!r}", field="id", remedy="every id has one source")
    if made == old:
        report.unchanged += 1
        return
    uow.successions.put_role(made)
    if made.closed and (old is None or not old.closed):
        report.closed += 1
        for c in uow.successions.of_role(made.id):
            uow.successions.drop(made.id, c.learner_id)
    if old is None:
        report.new += 1
    else:
        report.changed += 1


def _role(uow: UnitOfWork, record: Any, source: str) -> KeyRole:
    error = min(_validator("role").iter_errors(record), key=lambda e: [str(p) for p in e.absolute_path], default=None)
    if error is not None:
        raise InputError(error.message, field=".".join(str(p) for p in error.absolute_path) or "(top)")
    if uow.roles.get(record["job_profile"]) is None:
        detail = f"there is no job profile {record['job_profile']!r}; `ascertain roles list` shows them"
        raise InputError(detail, field="job_profile")
    names = record.get("incumbents", [])
    holders = [person_named(uow, n, f"incumbents.{i}") for i, n in enumerate(names)]
    return KeyRole(
        id=record["id"],
        title=record["title"].strip(),
        job_profile_id=record["job_profile"],
        seats=record.get("seats", 1),
        source=source,
        incumbents=tuple(sorted({h for h in holders if h})),
        keeper_id=person_named(uow, record.get("keeper", ""), "keeper"),
        closed=record.get("closed", "").strip(),
    )
