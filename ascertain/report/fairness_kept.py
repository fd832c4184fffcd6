"""Fairness reports as they were made, in the home folder beside the group labels: rates of groups, never a person.

A file is named by the digest of what is in it, which the audit chain seals, so a report that was changed is not shown.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter

from ascertain.domain.canonical import canonical_json, digest
from ascertain.domain.fairness_audit import FairnessReport
from ascertain.errors import IntegrityError
from ascertain.report.private_file import write_private

_REPORT = TypeAdapter(FairnessReport)


def keep_report(home: Path, report: FairnessReport) -> Path:
    """Write it down for the fairness auditor's pages; the same report again is the same file.

    Raises:
        ConfigError: it cannot be written there.
    """
    folder = _folder(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{digest(report)}.json"
    write_private(file, canonical_json(report), option="ASCERTAIN_HOME")
    return file


def kept_report(home: Path, sealed: str) -> FairnessReport | None:
    """The report of that digest; ``None`` where there is none on this machine.

    Raises:
        IntegrityError: the file is not what was sealed.
    """
    if not sealed.isalnum():
        return None
    file = _folder(home) / f"{sealed}.json"
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        if hashlib.sha256(text.encode()).hexdigest() != sealed:
            raise ValueError("another digest")
        return _REPORT.validate_json(text)
    except ValueError:  # also pydantic's
        raise IntegrityError(
            f"the kept fairness report {sealed[:12]} is not the one that was sealed",
            remedy="make the audit anew, or restore the file from a backup",
        ) from None


def _folder(home: Path) -> Path:
    return home / "fairness" / "reports"
