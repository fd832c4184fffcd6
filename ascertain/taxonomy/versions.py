"""Version strings of imported taxonomies: ``<name>-<release>+<hash>``, which is what their files are called."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".taxonomy.json"


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
