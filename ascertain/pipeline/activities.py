"""An activity that somebody sends to the API: checked field by field, then evidence like any other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.ports import Content
from ascertain.domain.text import clean_plain, clean_text
from ascertain.errors import InputError
from ascertain.paths import CONFIG_DIR
from ascertain.pipeline.normalise import evidence_id

SYSTEM = "api"
_TITLE = 120
_SCORED = frozenset(
    (
        EvidenceKind.COMPLETION,
        EvidenceKind.ASSESSMENT,
        EvidenceKind.CERTIFICATION,
        EvidenceKind.BADGE,
        EvidenceKind.EXTERNAL_TRAINING,
        EvidenceKind.PROJECT,
    )
)
"""Kinds whose score says how well the thing was done; elsewhere it would rate the person as a whole."""
_PASSED = frozenset((EvidenceKind.COMPLETION, EvidenceKind.BADGE, EvidenceKind.EXTERNAL_TRAINING))
"""Kinds that there are only of what went well."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field. ``field`` is a dotted path, empty for the whole."""

    field: str
    detail: str


class InvalidActivity(InputError):
    """The document is no activity; ``wrong`` names every field at fault."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(
            wrong[0].detail, where="activity", field=wrong[0].field, remedy="see config/schemas/infer.schema.json"
        )
        self.wrong = tuple(wrong)


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that a learner did. ``score`` is 0..1."""

    learner: str
    kind: EvidenceKind
    id: str
    content: str
    course_id: str = ""
    completed_on: date | None = None
    score: float | None = None


def read_activity(document: object, now: datetime) -> Activity:
    """Check a decoded JSON document.

    Raises:
        InvalidActivity: naming each field at fault, without repeating what it held.
    """
    wrong = list({w for e in _validator().iter_errors(document) for w in _told(e)})
    if wrong or not isinstance(document, dict):
        raise InvalidActivity(sorted(wrong, key=lambda w: (w.field, w.detail)))
    meta: dict[str, Any] = document["metadata"]
    content = clean_text(document["content"])
    learner, activity_id = clean_plain(document["learner_id"]), clean_plain(document["activity_id"])
    for field, text in (("learner_id", learner), ("activity_id", activity_id), ("content", content)):
        if not text:
            wrong.append(Wrong(field, "holds no visible text"))
        elif _unstorable(document[field]):
            wrong.append(Wrong(field, "holds half of a surrogate pair or a NUL character"))
    score = meta["score"]
    if score is not None and 0 < score <= 1:
        wrong.append(Wrong("metadata.score", "looks like a share; give percent, 0 to 100"))
    day = None
    if meta["completion_date"] is not None:
        day = _day(meta["completion_date"])
        if day is None:
            wrong.append(Wrong("metadata.completion_date", "is not an ISO 8601 date, such as 2026-05-31"))
        elif day > (now + timedelta(days=1)).date():  # the caller's today may be ahead of ours
            wrong.append(Wrong("metadata.completion_date", "lies in the future"))
    if wrong:
        raise InvalidActivity(wrong)
    kind = EvidenceKind(document["activity_type"])
    return Activity(
        learner=learner,
        kind=kind,
        id=activity_id,
        content=content,
        course_id=clean_plain(meta["course_id"] or ""),
        completed_on=day,
        score=score / 100 if score is not None and kind in _SCORED else None,
    )


def evidence_of_activity(activity: Activity, learner_id: str, content: Content | None) -> Evidence:
    """The piece of evidence. Its id follows from learner and activity, so the same activity is one piece.

    An activity about a course of the catalogue tells of that course, whatever else tells of it: ``settle`` gives it
    the origin of the completion.
    """
    ref = source_ref(learner_id, activity.id)
    return Evidence(
        id=evidence_id(ref),
        learner_id=learner_id,
        kind=activity.kind,
        system=SYSTEM,
        source_ref=ref,
        origin=ref,
        title=content.item.title if content else _first_line(activity.content),
        text=activity.content,
        content_id=content.item.content_id if content else None,
        occurred_on=activity.completed_on,
        score=activity.score,
        passed=True if activity.kind in _PASSED else None,
        level=content.item.level if content else None,
    )


def source_ref(learner_id: str, activity_id: str) -> str:
    """The reference of an activity; callers' ids are told apart by learner, since a course has many."""
    return f"{SYSTEM}:activity:{learner_id}:{activity_id}"


def _first_line(text: str) -> str:
    line = text.split("\n", 1)[0]
    if len(line) <= _TITLE:
        return line
    return line[:_TITLE].rsplit(" ", 1)[0] + " …"


def _day(text: str) -> date | None:
    try:
        found = datetime.fromisoformat(text)
        return (found.astimezone(UTC) if found.tzinfo else found).date()
    except (ValueError, OverflowError):
        return None


def _unstorable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return "\x00" in text


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of an activity."""
    file = CONFIG_DIR / "schemas" / "infer.schema.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def _told(e: ValidationError) -> list[Wrong]:
    """In the schema's words: the library's own message would repeat the value."""
    path = ".".join(map(str, e.absolute_path))
    rule: Any = e.validator_value
    match e.validator:
        case "required":
            held = e.instance if isinstance(e.instance, dict) else {}
            return [Wrong(".".join(filter(None, (path, n))), "is missing") for n in rule if n not in held]
        case "additionalProperties":
            part: Any = e.schema
            return [Wrong(path, f"may only hold {', '.join(sorted(part['properties']))}")]
        case "enum":
            return [Wrong(path, f"must be one of {', '.join(rule)}")]
        case "type":
            return [Wrong(path, f"must be {rule if isinstance(rule, str) else ' or '.join(rule)}")]
        case "minLength":
            return [Wrong(path, "is empty")]
        case "maxLength":
            return [Wrong(path, f"may have {rule} characters")]
        case "minimum" | "maximum":
            return [Wrong(path, "must be 0 to 100")]
        case _:
            return [Wrong(path, f"does not meet {e.validator}")]
