"""Reads job profiles from ``config/roles/*.json`` (or a customer's folder of the same form)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.errors import InputError
from ascertain.paths import CONFIG_DIR


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((CONFIG_DIR / "schemas" / "roles.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def read_roles(folder: Path | None = None) -> list[JobProfile]:
    """All profiles of a folder, by id.

    Raises:
        InputError: naming file and field of the first thing wrong.
    """
    profiles = [_read(f) for f in sorted((folder or CONFIG_DIR / "roles").glob("*.json"))]
    seen: set[str] = set()
    for p in profiles:
        if p.id in seen:
            raise InputError(f"the id {p.id!r} stands twice", where=f"{p.id}.json", field="id")
        seen.add(p.id)
    return profiles


def _read(file: Path) -> JobProfile:
    try:
        raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as e:
        raise InputError(f"not JSON: {e.msg}", where=f"{file.name}:{e.lineno}", remedy="correct the file") from None
    for error in _validator().iter_errors(raw):
        field = ".".join(str(p) for p in error.absolute_path) or "(top)"
        raise InputError(error.message, where=file.name, field=field, remedy="see config/schemas/roles.schema.json")
    return JobProfile(
        id=raw["id"],
        title=raw["title"],
        department=raw.get("department", ""),
        summary=raw.get("summary", ""),
        references={k: raw[k] for k in ("esco", "onet") if raw.get(k)},
        requirements=tuple(
            Requirement(
                skill_id=r["skill"],
                level=Level(r["level"]),
                importance=float(r["importance"]),
                essential=bool(r["essential"]),
                critical=bool(r.get("critical", False)),
                why=r.get("why", ""),
            )
            for r in raw["requirements"]
        ),
    )
