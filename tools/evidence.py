"""Tools of the evidence collector: what this learner did, by kind of source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from ascertain.domain.evidence import Evidence, EvidenceKind
from tools.base import DeskTool
from tools.desk import CaseDesk, rounded_percent
from tools.settled import LEARNING

STAGE = "evidence_collector"

WORK = (
    EvidenceKind.PROJECT,
    EvidenceKind.TICKET,
    EvidenceKind.MANAGER_REVIEW,
    EvidenceKind.PEER_FEEDBACK,
    EvidenceKind.SELF_ASSESSMENT,
    EvidenceKind.DOCUMENT,
    EvidenceKind.MESSAGE,
)

MAX_ROWS = 150
"""Newest pieces shown a tool: a bound on the prompt, told to the agent when it binds."""
MAX_TEXT = 4000
"""Characters shown of one piece's text."""


class LmsActivity(DeskTool):
    """Courses, assessments, certificates and badges."""

    name: str = "lms_activity"
    description: str = (
        "Learning records of this case that somebody has to read: completions, assessments, certifications, badges, "
        "external training, content used. Those about tagged content are claims already and only counted. "
        "Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """Rows with evidence_id, kind, title, text, date, score_percent, passed, content_tagged; ``settled``: records
        that nobody has to read, counted by kind."""
        pieces = [e for e in newest(self._desk, LEARNING) if self._desk.recorded(e)]
        return {**_rows(self._desk, LEARNING, without={e.id for e in pieces}), "settled": _counted(pieces)}


class HrisProfile(DeskTool):
    """The person's role and what the HR system says of their skills. No name, age, sex or origin is in it."""

    name: str = "hris_profile"
    description: str = (
        "Role of this case and the profile records that the HR system keeps. Says what was withheld and why. "
        "Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role`` (title or null), ``as_of``, ``withheld`` and profile ``rows``."""
        case = self._desk.case
        return {
            "role": case.role.title if case.role else None,
            "as_of": case.as_of,
            "withheld": case.withheld,
            **_rows(self._desk, (EvidenceKind.PROFILE,)),
        }


class WorkArtefacts(DeskTool):
    """Projects, tickets, reviews and feedback."""

    name: str = "work_artefacts"
    description: str = (
        "Work of this case: projects, tickets, manager reviews, peer feedback, self-assessments, documents, messages. "
        "Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """Rows with evidence_id, kind, title, text, date, score_percent, passed, content_tagged."""
        return _rows(self._desk, WORK)


def newest(desk: CaseDesk, kinds: Iterable[EvidenceKind]) -> list[Evidence]:
    """The newest pieces of these kinds, at most :data:`MAX_ROWS`, by id."""
    pieces = sorted(_of(desk, kinds), key=lambda e: e.id)
    return sorted(sorted(pieces, key=lambda e: e.occurred_on or date.min, reverse=True)[:MAX_ROWS], key=lambda e: e.id)


def _of(desk: CaseDesk, kinds: Iterable[EvidenceKind]) -> list[Evidence]:
    wanted = set(kinds)
    return [e for e in desk.case.evidence if e.kind in wanted]


def _rows(desk: CaseDesk, kinds: tuple[EvidenceKind, ...], without: Collection[str] = ()) -> dict[str, Any]:
    shown = newest(desk, kinds)
    return {
        "rows": [_row(desk, e) for e in shown if e.id not in without],
        "older_not_shown": len(_of(desk, kinds)) - len(shown),
    }


def _counted(pieces: Iterable[Evidence]) -> list[dict[str, Any]]:
    rows: dict[EvidenceKind, list[Evidence]] = defaultdict(list)
    for e in pieces:
        rows[e.kind].append(e)
    return [
        {
            "kind": kind,
            "records": len(found),
            "scored": sum(e.score is not None for e in found),
            "undated": sum(e.occurred_on is None for e in found),
        }
        for kind, found in sorted(rows.items())
    ]


def _row(desk: CaseDesk, e: Evidence) -> dict[str, Any]:
    title, text = desk.readable(e.id)
    return {
        "evidence_id": e.id,
        "kind": e.kind,
        "title": title,
        "text": text[:MAX_TEXT],
        "date": e.occurred_on,
        "score_percent": None if e.score is None else rounded_percent(e.score),
        "passed": e.passed,
        "content_tagged": bool(desk.tags_of(e)),
    }
