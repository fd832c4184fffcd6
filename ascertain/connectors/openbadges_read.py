"""Reads an Open Badges credential (3.0, or a 2.0 assertion with its badge in it) that somebody has as a JSON file.

Its signature is not checked: who puts a file into the folder vouches for it. Nothing is fetched: a 2.0 assertion that
only names its badge by address is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ascertain.connectors.files_folder import FileProblem
from ascertain.domain.evidence import SkillCode
from ascertain.domain.text import clean_plain

MOST_ALIGNMENTS = 50
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Badge:
    """What a credential says: what was awarded, by whom, when, and the skills that it is aligned with."""

    title: str
    provider: str
    awarded_at: datetime | None
    skills: tuple[SkillCode, ...]


def read_badge(body: bytes) -> Badge:
    """
    Raises:
        FileProblem: it is no JSON, or no credential of either version, naming the field.
    """
    try:
        doc = json.loads(body.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise FileProblem("is no JSON") from None
    if not isinstance(doc, dict):
        raise FileProblem("is no Open Badges credential")
    subject = doc.get("credentialSubject")
    subject = subject[0] if isinstance(subject, list) and subject else subject
    about = subject.get("achievement") if isinstance(subject, Mapping) else doc.get("badge")
    field = "credentialSubject.achievement" if isinstance(subject, Mapping) else "badge"
    about = about[0] if isinstance(about, list) and about else about
    if not isinstance(about, Mapping):
        raise FileProblem(f"has no {field}: export it with its badge in it", field)
    title = _text(about.get("name"))
    if not title:
        raise FileProblem("does not say what was awarded", f"{field}.name")
    issuer = doc.get("issuer") or about.get("issuer")
    by = _text(issuer.get("name")) if isinstance(issuer, Mapping) else ""
    when = next((doc[n] for n in ("validFrom", "issuanceDate", "issuedOn") if doc.get(n)), None)
    return Badge(title, by, _moment(when), _aligned(about.get("alignment") or about.get("alignments"), field))


def _aligned(given: Any, field: str) -> tuple[SkillCode, ...]:
    """``targetCode``, else ``targetUrl``; one without either names no skill."""
    rows = given if isinstance(given, list) else [given] if given else []
    if len(rows) > MOST_ALIGNMENTS:
        raise FileProblem(f"is aligned with more than {MOST_ALIGNMENTS} skills", f"{field}.alignment")
    found = []
    for row in rows:
        if not isinstance(row, Mapping):
            raise FileProblem("an alignment is no object", f"{field}.alignment")
        code = _text(row.get("targetCode")) or _text(row.get("targetUrl"))
        if code:
            found.append(SkillCode(code, _text(row.get("targetFramework")), _text(row.get("targetName"))))
    return tuple(dict.fromkeys(found))


def _text(value: Any) -> str:
    """A text, or a text by language of which the first counts."""
    if isinstance(value, Mapping):
        value = next(iter(value.values()), "")
    return clean_plain(value)[:_LONGEST] if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise FileProblem(f"{str(value)[:60]!r} is no time", "validFrom") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
