"""What taking in a list of records has in common: the file, the frame around its records, and what became of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from ascertain.errors import InputError

MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was left out: its place in the list, its id where it has one, the field at fault, and why."""

    place: int
    id: str
    field: str
    detail: str


@dataclass(slots=True)
class ListReport:
    """What became of a list. ``closed`` counts those that were closed, by their own word or by being absent."""

    source: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    closed: int = 0
    refused: list[Refused] = field(default_factory=list)


def read_json(file: Path) -> Any:
    """What a file of JSON holds.

    Raises:
        InputError: naming file and line.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(f"larger than {MOST_BYTES} bytes", where=file.name, remedy="send it in parts")
        return json.loads(file.read_text(encoding="utf-8"))
    except json.JSONDecodeError as e:
        raise InputError(f"not JSON: {e.msg}", where=f"{file.name}:{e.lineno}", remedy="correct the file") from None
    except (OSError, ValueError) as e:
        raise InputError(f"cannot be read: {e}", where=file.name, remedy="give a file of JSON, in UTF-8") from None


def frame_or_raise(frame: Draft202012Validator, raw: Any, where: str, schema: str) -> None:
    """Go on only if the frame is right; records are judged one by one.

    Raises:
        InputError: naming the field.
    """
    for error in frame.iter_errors(raw):
        path = [str(p) for p in error.absolute_path]
        if len(path) < 2:
            named = ".".join(path) or "(top)"
            raise InputError(error.message, where=where, field=named, remedy=f"see config/schemas/{schema}")
