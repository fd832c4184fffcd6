"""Records that the configuration is another one than at the last start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ascertain.domain.ports import UnitOfWork

_PLACE = ("(configuration)", "digests")
"""Beside the cursors: no connection can have a name in brackets."""


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file, shortened; empty when it is not there (whoever needs it says so)."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def note_changes(uow: UnitOfWork, present: Mapping[str, str]) -> dict[str, list[str]]:
    """Seal one record when a digest differs from that of the last start; a first start has nothing to differ from.

    Returns:
        [before, now] by name, of those that changed. The caller commits.
    """
    before = uow.sync.cursor(*_PLACE)
    if before == dict(present):
        return {}
    uow.sync.set_cursor(*_PLACE, dict(present))
    if before is None:
        return {}
    names = sorted({*before, *present})
    changed = {n: [before.get(n, ""), present.get(n, "")] for n in names if before.get(n, "") != present.get(n, "")}
    uow.audit.append("configuration.changed", actor="system", header={"changed": changed})
    return changed
