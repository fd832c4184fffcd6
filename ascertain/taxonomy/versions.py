"""Version strings of imported taxonomies: ``<name>-<release>+<hash>``, which is what their files are called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SUFFIX = ".taxonomy.json"


@dataclass(frozen=True, slots=True)
class Imported:
    """A taxonomy in the folder. ``further`` are languages beside its own; ``imported`` is ISO 8601, UTC."""

    name: str
    release: str
    version: str
    further: tuple[str, ...]
    imported: str


def version_of(file: Path) -> str:
    """The version of the taxonomy in a file."""
    return file.name.removesuffix(SUFFIX)


def split(file: Path) -> tuple[str, str, str]:
    """(name, release, hash) of the taxonomy in a file."""
    front, _, hashed = version_of(file).rpartition("+")
    name, _, release = front.partition("-")
    return name, release, hashed


def matches(file: Path, wanted: str) -> bool:
    """Whether ``wanted`` is the file's whole version, its release, or the beginning of its hash."""
    _, release, hashed = split(file)
    return wanted in (version_of(file), release, f"{release}+{hashed}") or (
        len(wanted) >= 4 and hashed.startswith(wanted)
    )


def imported(file: Path) -> Imported:
    """What the names of a taxonomy's files say of it."""
    name, release, _ = split(file)
    version = version_of(file)
    further = sorted(f.stem.rpartition("-")[2] for f in file.parent.glob(f"{version}.names-*.json"))
    when = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return Imported(name, release, version, tuple(further), when.isoformat(timespec="seconds"))
