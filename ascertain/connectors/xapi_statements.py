"""Statements as records: who, what about, how well.

A completion is one record for each person, activity and registration, however often it is stated; the result of a
test, a use and an award are one for each statement. A negative scaled score is a loss on the whole and counts as 0:
``scaled`` is the share of full marks, and stretching -1..1 over 0..1 would call a 0.2 a 0.6.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ascertain.connectors.durations import minutes_of
from ascertain.connectors.parsing import FieldError
from ascertain.connectors.xapi_options import COURSE_TYPES, Says, XapiOptions
from ascertain.domain.canonical import digest
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    Record,
    Rejected,
    SourceRef,
)
from ascertain.domain.text import clean_plain, clean_text

_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
_PLAIN_VERBS = {"experienced": "used", "progressed": "worked on", "terminated": "worked on", "viewed": "viewed"}
_SHORTEST = 1.0
"""Minutes below which the end of a session says nothing."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """An activity. ``text`` is its description."""

    id: str
    title: str
    text: str
    language: str
    type: str


class Statements:
    """Reads the statements of one connection."""

    def __init__(self, name: str, options: XapiOptions) -> None:
        self._name = name
        self._options = options

    def records(self, raw: object) -> Record | Rejected | None:
        """What a statement shows; ``None`` where that is nothing, ``Rejected`` where it cannot be told.

        Group actors, statements about statements or people, and those that were written from here show nothing.
        """
        ident, verb = _id(raw), ""
        try:
            said = _object(raw, "statement")
            verb = _verb(said)
            says = self._options.says(verb)
            if says in (None, Says.VOIDED, Says.NOTHING) or self._is_own(said):
                return None
            target = _object(said.get("object"), "object")
            actor = _object(said.get("actor"), "actor")
            if target.get("objectType", "Activity") != "Activity" or actor.get("objectType") == "Group":
                return None
            if not ident:
                raise FieldError("id", "is empty")
            return self._record(says, said, self._about(target), self.user(actor), ident)
        except FieldError as e:
            known = ident or f"unidentified {digest([verb, _text(raw, 'timestamp')], length=12)}"
            kept: dict[str, object] = {"id": ident, "verb": verb} if ident else {"verb": verb}
            return Rejected(f"{self._name}:statement:{known}", e.reason, e.field, kept)

    def course(self, raw: object) -> CourseRecord | None:
        """The catalogue item that a statement leads to: what was completed, or the course that a test is part of."""
        try:
            said = _object(raw, "statement")
            says = self._options.says(_verb(said))
            if says in (None, Says.VOIDED, Says.NOTHING) or self._is_own(said):
                return None
            target = _object(said.get("object"), "object")
            if target.get("objectType", "Activity") != "Activity":
                return None
            found = self._course_of(says, said, self._about(target))
        except FieldError:
            return None  # the statement itself is rejected where it is read
        if found is None:
            return None
        ref = SourceRef(self._name, Entity.COURSE, found.id)
        return CourseRecord(ref, found.id, found.title, found.text, language=found.language)

    def user(self, actor: Json) -> str:
        """Who somebody is: ``email:``, ``employee:`` or ``mbox_sha1sum:``.

        Raises:
            FieldError: for an actor that leads to nobody.
        """
        if isinstance(mbox := actor.get("mbox"), str):
            address = clean_plain(mbox.removeprefix("mailto:"))
            if "@" not in address:
                raise FieldError("actor.mbox", "is no mailto: address")
            return f"email:{address.lower()}"
        if isinstance(sha := actor.get("mbox_sha1sum"), str) and len(sha) == 40 and sha.isalnum():
            return f"mbox_sha1sum:{sha.lower()}"
        if isinstance(account := actor.get("account"), Mapping):
            page, name = account.get("homePage"), account.get("name")
            kind = self._options.accounts.get(str(page))
            if kind is None:
                raise FieldError("actor.account", f"name what accounts of {page} are under options.accounts")
            if not isinstance(name, str) or not name:
                raise FieldError("actor.account.name", "is empty")
            return f"{kind}:{clean_plain(name)}"
        raise FieldError("actor", "has neither mbox nor mbox_sha1sum nor account")

    def is_voiding(self, raw: object) -> str | None:
        """The id of the statement that this one voids."""
        if not isinstance(raw, Mapping) or self._options.says(_text(raw.get("verb"), "id")) is not Says.VOIDED:
            return None
        target = raw.get("object")
        if not isinstance(target, Mapping) or target.get("objectType") != "StatementRef":
            return None
        return _text(target, "id").lower() or None

    def stored(self, raw: Json) -> datetime | None:
        """When a statement was stored; ``None`` where that is missing or unreadable."""
        try:
            return _moment(raw.get("stored"), "stored")
        except FieldError:
            return None

    def emptied(self, record: Record, since: datetime | None) -> Record | None:
        """The same record once it shows nothing any more; ``None`` where that cannot be said."""
        match record:
            case EnrolmentRecord():
                status = EnrolmentStatus.ENROLLED
                return replace(record, status=status, score=None, completed_at=None, updated_at=since)
            case AssessmentRecord():
                return replace(record, score=None, passed=None, updated_at=since)
            case AwardRecord():
                return replace(record, approved=False, updated_at=since)
            case _:
                return None

    def _record(self, says: Says, said: Json, about: About, user: str, ident: str) -> Record | None:
        at = _moment(said.get("timestamp"), "timestamp")
        stored = _moment(said.get("stored"), "stored")
        result = said.get("result")
        result = _object(result, "result") if result is not None else {}
        score, passed = _score(result.get("score")), _flag(result.get("success"), "result.success")
        above = self._course_of(says, said, about)
        course = above.id if above else ""
        if says is Says.COMPLETED:
            if _flag(result.get("completion"), "result.completion") is False:
                return None
            key = digest([user, about.id, _text(said.get("context"), "registration")], length=24)
            return EnrolmentRecord(
                ref=SourceRef(self._name, Entity.ENROLMENT, key),
                user_id=user,
                course_id=about.id,
                status=EnrolmentStatus.FAILED if passed is False else EnrolmentStatus.COMPLETED,
                score=score,
                completed_at=at,
                is_assessment=score is not None,
                updated_at=stored,
            )
        if says is Says.USED:
            minutes = _minutes(result.get("duration"))
            verb = _text(said.get("verb"), "id").rpartition("/")[2]
            if verb == "terminated" and (minutes or 0.0) < _SHORTEST:
                return None
            return EngagementRecord(
                ref=SourceRef(self._name, Entity.ENGAGEMENT, ident),
                user_id=user,
                title=about.title,
                verb=_PLAIN_VERBS.get(verb, "used"),
                course_id=course,
                text=about.text,
                minutes=minutes,
                progress=_progress(result),
                occurred_at=at,
                updated_at=stored,
            )
        if says is Says.EARNED:
            return AwardRecord(
                ref=SourceRef(self._name, Entity.AWARD, ident),
                user_id=user,
                title=about.title,
                awarded_at=at,
                updated_at=stored,
            )
        if says is not Says.RESULT:
            passed = says is Says.PASSED
        if score is None and passed is None:
            return None
        return AssessmentRecord(
            ref=SourceRef(self._name, Entity.ASSESSMENT, ident),
            user_id=user,
            title=about.title,
            course_id=course,
            text=about.text,
            score=score,
            passed=passed,
            taken_at=at,
            updated_at=stored,
        )

    def _course_of(self, says: Says, said: Json, about: About) -> About | None:
        """The activity itself where it was completed or is a course, else the course above it."""
        if says is Says.COMPLETED or about.type in COURSE_TYPES:
            return about
        context = said.get("context")
        above = context.get("contextActivities") if isinstance(context, Mapping) else None
        for place in ("parent", "grouping"):
            for raw in _listed(above.get(place) if isinstance(above, Mapping) else None):
                found = self._about(raw)
                if found.type in COURSE_TYPES:
                    return found
        return None

    def _about(self, raw: Json) -> About:
        ident = _text(raw, "id")
        if not ident:
            raise FieldError("object.id", "is empty")
        definition = raw.get("definition")
        definition = definition if isinstance(definition, Mapping) else {}
        language, title = self._pick(definition.get("name"))
        _, text = self._pick(definition.get("description"))
        last = ident.rstrip("/").rpartition("/")[2] or ident
        return About(ident, clean_plain(title) or last, clean_text(text), language[:2], _text(definition, "type"))

    def _pick(self, names: object) -> tuple[str, str]:
        """Language and words of a language map: the connection's language, else the first."""
        if not isinstance(names, Mapping):
            return "en", ""
        usable = {str(k).lower(): v for k, v in names.items() if isinstance(v, str)}
        wanted = self._options.language.lower()
        chosen = next((k for k in usable if k.split("-")[0] == wanted), next(iter(usable), ""))
        return (chosen if chosen not in ("", "und") else "en"), usable.get(chosen, "")

    def _is_own(self, said: Json) -> bool:
        return self._options.own in categories(said)


def categories(said: Json) -> Iterator[str]:
    """Ids of a statement's categories."""
    context = said.get("context")
    above = context.get("contextActivities") if isinstance(context, Mapping) else None
    for raw in _listed(above.get("category") if isinstance(above, Mapping) else None):
        yield _text(raw, "id")


def _listed(value: object) -> list[Json]:
    """Context activities: a list, or in old statements one alone."""
    found = [value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [v for v in found if isinstance(v, Mapping)]


def _object(value: object, field: str) -> Json:
    if not isinstance(value, Mapping):
        raise FieldError(field, f"should be an object, not {type(value).__name__}")
    return value


def _text(value: object, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def _id(raw: object) -> str:
    return _text(raw, "id").lower()


def _verb(said: Json) -> str:
    verb = _text(_object(said.get("verb"), "verb"), "id")
    if not verb:
        raise FieldError("verb.id", "is empty")
    return verb


def _moment(value: object, field: str) -> datetime | None:
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldError(field, f"{str(value)[:60]!r} is not a date and time") from None


def _number(value: object, field: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FieldError(field, f"{str(value)[:60]!r} is not a number")
    return float(value)


def _flag(value: object, field: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise FieldError(field, f"{str(value)[:60]!r} is neither true nor false")


def _score(raw: object) -> float | None:
    """0..1; ``None`` where there is no scale to bring it to."""
    if raw is None:
        return None
    score = _object(raw, "result.score")
    scaled = _number(score.get("scaled"), "result.score.scaled")
    if scaled is not None:
        if not -1 <= scaled <= 1:
            raise FieldError("result.score.scaled", f"{scaled:g} is outside -1..1")
        return max(0.0, scaled)
    points, most = _number(score.get("raw"), "result.score.raw"), _number(score.get("max"), "result.score.max")
    least = _number(score.get("min"), "result.score.min") or 0.0
    if points is None or most is None:
        return None
    if most <= least or not least <= points <= most:
        raise FieldError("result.score.raw", f"{points:g} is outside {least:g}..{most:g}")
    return (points - least) / (most - least)


def _progress(result: Json) -> float | None:
    extensions = result.get("extensions")
    value = extensions.get(_PROGRESS) if isinstance(extensions, Mapping) else None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 100:
        return None
    return float(value) / 100


def _minutes(value: object) -> float | None:
    if value is None:
        return None
    found = minutes_of(value) if isinstance(value, str) else None
    if found is None:
        raise FieldError("result.duration", f"{str(value)[:60]!r} is not an ISO 8601 duration")
    return found
