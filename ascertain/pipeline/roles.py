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


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads((CONFIG_DIR / "schemas" / "roles.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def read_roles(folder: Path | None = None) -> list[JobProfile]:
    """All profiles of a folder, by id.

    Raises:
        InputError: naming file and field of the first thing wrong.
    """
    base = folder or CONFIG_DIR / "roles"
    files = sorted(base.glob("*.json"))
    if not files:
        raise InputError("holds no *.json", where=f"folder {base.name}", remedy="name a folder of job profiles")
    found: dict[str, tuple[JobProfile, Path]] = {}
    for file in files:
        profile = _read(file)
        if profile.id in found:
            raise InputError(
                f"the id {profile.id!r} stands in {found[profile.id][1].name} already", where=file.name, field="id"
            )
        found[profile.id] = (profile, file)
    return [found[i][0] for i in sorted(found)]


def _read(file: Path) -> JobProfile:
    try:
        raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"), parse_constant=_no_number)
    except json.JSONDecodeError as e:
        raise InputError(f"not JSON: {e.msg}", where=f"{file.name}:{e.lineno}", remedy="correct the file") from None
    except (OSError, ValueError) as e:
        raise InputError(f"cannot be read: {e}", where=file.name, remedy="correct the file, in UTF-8") from None
    error = min(_validator().iter_errors(raw), key=lambda e: [str(p) for p in e.absolute_path], default=None)
    if error is not None:
        field = ".".join(str(p) for p in error.absolute_path) or "(top)"
        raise InputError(error.message, where=file.name, field=field, remedy="see config/schemas/roles.schema.json")
    skills = [r["skill"] for r in raw["requirements"]]
    for i, skill in enumerate(skills):
        if skill in skills[:i]:
            raise InputError(f"{skill!r} is asked for twice", where=file.name, field=f"requirements.{i}.skill")
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
                compliance=bool(r.get("compliance", False)),
            )
            for r in raw["requirements"]
        ),
    )
