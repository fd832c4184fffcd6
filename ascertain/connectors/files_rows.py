"""A file's row as a record: the words, dates and numbers of exports brought to the product's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from ascertain.connectors.files_mapping import TableRule
from ascertain.connectors.parsing import FieldError, Row
from ascertain.domain.canonical import digest
from ascertain.domain.evidence import EvidenceKind, SkillCode
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    CourseRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Entity,
    JobProfileRecord,
    Record,
    SourceRef,
    TextRecord,
    UserRecord,
    WorkerRecord,
)
from ascertain.domain.scale_crosswalk import Scale
from ascertain.domain.scales import hours_of, level_of
from ascertain.domain.skills import Level
from ascertain.errors import InputError

_S = EnrolmentStatus
_STATUS: Mapping[str, EnrolmentStatus] = {
    **dict.fromkeys(("enrolled", "not started", "registered", "assigned", "subscribed"), _S.ENROLLED),
    **dict.fromkeys(("in progress", "started", "incomplete", "attempted"), _S.IN_PROGRESS),
    **dict.fromkeys(("completed", "complete", "passed", "done", "finished"), _S.COMPLETED),
    **dict.fromkeys(("failed", "not passed"), _S.FAILED),
    **dict.fromkeys(("expired", "overdue", "withdrawn", "cancelled"), _S.EXPIRED),
}
_REVIEWS = {k.value: k for k in (EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK, EvidenceKind.SELF_ASSESSMENT)}
_AWARDS = {k.value: k for k in (EvidenceKind.BADGE, EvidenceKind.CERTIFICATION, EvidenceKind.EXTERNAL_TRAINING)}
_KIND = {
    Entity.REVIEW: EvidenceKind.MANAGER_REVIEW,
    Entity.PROJECT: EvidenceKind.PROJECT,
    Entity.TICKET: EvidenceKind.TICKET,
    Entity.DOCUMENT: EvidenceKind.DOCUMENT,
}
_LONGEST = 300
_LISTED = re.compile(r"[,;|\n]")
_POINTS = re.compile(r"^-?\d{1,3}(\.\d{3})+(,\d+)?$")
_COMMAS = re.compile(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$")
_SHEET_ERRORS = frozenset(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"))


class FileRow(Row):
    """A row seen through a rule: its constants, translated values, forms of dates, decimal sign."""

    def __init__(self, raw: object, rule: TableRule, zone: tzinfo) -> None:
        super().__init__(raw, rule.columns, rule.zone or zone)
        self._rule = rule
        self._local = rule.zone or zone

    def value(self, name: str) -> Any:
        found = super().value(name)
        if isinstance(found, str) and found.strip() in _SHEET_ERRORS:
            raise FieldError(self.source_name(name), f"{found.strip()} is an error of the spreadsheet")
        if found is None or found == "":
            return self._rule.constants.get(name, found)
        meanings = self._rule.values.get(name)
        if meanings and isinstance(found, str | int | float):
            return meanings.get(str(found).strip(), found)
        return found

    def excerpt(self) -> dict[str, object]:
        """As read, untranslated: a value that cannot be used is what matters here."""
        found = {n: self._raw.get(c) for n, c in self._rule.columns.items()}
        return {n: str(v)[:200] for n, v in found.items() if isinstance(v, str | int | float) and str(v)}

    def number(self, name: str) -> float | None:
        value = self.value(name)
        if not isinstance(value, str):
            return super().number(name)
        text = value.strip().removesuffix("%").strip()
        if not text:
            return None
        grouped, decimal = (_POINTS, ",") if self._rule.decimal == "," else (_COMMAS, ".")
        if grouped.match(text):
            text = text.replace("." if decimal == "," else ",", "")
        try:
            number = float(text.replace(decimal, "."))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise FieldError(self.source_name(name), f"{value.strip()[:60]!r} is not a number")
        return number

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        for form in self._rule.dates if text else ():
            try:
                found = datetime.strptime(text, form)
            except ValueError:
                continue
            if not re.search(r"%[HIcXs]", form):  # a calendar day has no zone
                return found.replace(tzinfo=UTC)
            try:
                return (found if found.tzinfo else found.replace(tzinfo=self._local)).astimezone(UTC)
            except OverflowError:
                raise FieldError(self.source_name(name), f"{text[:60]!r} is not a date or time") from None
        return super().moment(name)

    def score(self) -> float | None:
        return self.scaled("score", *self._rule.score)

    def listed(self, name: str) -> tuple[str, ...]:
        value = self.value(name)
        parts = [str(v) for v in value] if isinstance(value, list) else _LISTED.split(self.text(name))
        return tuple(dict.fromkeys(p.strip() for p in parts if p.strip()))

    def person(self) -> str:
        """Whom the row is about, as records name people."""
        found = self.required("user").removeprefix("mailto:")
        return found if self._rule.people == "account" else f"{self._rule.people}:{found}"

    def key(self, *names: str) -> str:
        """The row's own id; without one, a digest of the fields that make it what it is."""
        return self.text("id") or digest([str(self.value(n) or "") for n in names], length=20)


def identify(name: str, row: FileRow, rule: TableRule) -> SourceRef:
    """The reference of a row."""
    entity = rule.entity
    if entity is Entity.WORKER:
        own = row.required("employee_id")
    elif entity in (Entity.USER, Entity.COURSE):
        own = row.required("id")
    elif entity is Entity.JOB_PROFILE:
        own = row.text("id") or row.required("code")
    elif entity is Entity.ENROLMENT:
        attempt = row.text("attempt")
        own = row.text("id") or "-".join(
            (row.required("user"), row.required("course"), *((attempt,) if attempt not in ("", "1") else ()))
        )
    else:
        when = {Entity.AWARD: "awarded", Entity.ASSESSMENT: "taken"}.get(entity, "occurred")
        parts = {
            Entity.ASSESSMENT: ("user", "course", "title", "attempt", when),
            Entity.AWARD: ("user", "title", "provider", when),
            Entity.ENGAGEMENT: ("user", "course", "title", "verb", when),
        }
        own = row.key(*parts.get(entity, ("user", "title", "author", when, "text")))
    return SourceRef(name, entity, own)


def parser(rule: TableRule, job_profiles: Mapping[str, str]) -> Callable[[FileRow, SourceRef], Record]:
    """How rows of a rule become records; raises ``FieldError``."""
    makers: Mapping[Entity, Callable[[FileRow, SourceRef], Record]] = {
        Entity.USER: lambda row, ref: _user(row, ref, job_profiles),
        Entity.WORKER: lambda row, ref: _worker(row, ref, job_profiles),
        Entity.COURSE: lambda row, ref: _course(row, ref, rule.scale),
        Entity.ENROLMENT: _enrolment,
        Entity.ASSESSMENT: _assessment,
        Entity.ENGAGEMENT: _engagement,
        Entity.AWARD: _award,
        Entity.JOB_PROFILE: _job,
    }
    return makers.get(rule.entity, _text)


def _user(row: FileRow, ref: SourceRef, jobs: Mapping[str, str]) -> UserRecord:
    return UserRecord(
        ref=ref,
        email=row.text("email"),
        name=row.required("name"),
        language=row.text("language").lower()[:2] or "en",
        active=row.flag("active", True),
        department=row.text("department"),
        job_code=row.text("job_code"),
        job_profile_id=jobs.get(row.text("job_code")),
        employee_id=row.text("employee_id"),
        updated_at=row.moment("updated"),
    )


def _worker(row: FileRow, ref: SourceRef, jobs: Mapping[str, str]) -> WorkerRecord:
    hours = row.number("hours_per_week")
    if hours is not None and not 0 <= hours <= 168:
        raise FieldError(row.source_name("hours_per_week"), f"{hours:g} is outside 0..168")
    return WorkerRecord(
        ref=ref,
        employee_id=ref.id,
        email=row.text("email"),
        name=row.required("name"),
        job_title=row.text("job_title"),
        job_code=row.text("job_code"),
        job_profile_id=jobs.get(row.text("job_code")),
        department=row.text("department"),
        manager_employee_id=row.text("manager") or None,
        hired_at=row.moment("hired"),
        hours_per_week=40.0 if hours is None else hours,
        location=row.text("location"),
        timezone=row.text("timezone") or "UTC",
        active=row.flag("active", True),
        reviews_consent=row.answer("reviews_consent"),
        messages_consent=row.answer("messages_consent"),
        updated_at=row.moment("updated"),
    )


def _level(row: FileRow, scale: Scale | None) -> Level | None:
    """On the rule's scale, where it names one; else as the product's own words and digits."""
    said = row.text("level")
    if not said:
        return None
    if scale is None:
        if (found := level_of(said)) is None:
            raise FieldError(row.source_name("level"), f"{said[:60]!r} is not a level")
        return found
    try:
        return scale.level(said)
    except InputError:
        raise FieldError(row.source_name("level"), f"{said[:60]!r} is no value of the scale {scale.name}") from None


def _course(row: FileRow, ref: SourceRef, scale: Scale | None) -> CourseRecord:
    hours, duration = row.number("hours"), row.text("duration")
    if hours is None and duration:
        hours = hours_of(duration)
        if hours is None:
            raise FieldError(row.source_name("duration"), f"{duration[:60]!r} is not a duration")
    if hours is not None and hours < 0:
        raise FieldError(row.source_name("hours"), f"{hours:g} is negative")
    return CourseRecord(
        ref=ref,
        code=row.text("code"),
        title=row.required("title"),
        description=row.prose("description"),
        level=_level(row, scale),
        hours=hours,
        modality=row.text("modality").lower() or "elearning",
        language=row.text("language").lower()[:2] or "en",
        category=row.text("category"),
        prerequisites=row.listed("prerequisites"),
        mandatory=row.flag("mandatory"),
        active=row.flag("active", True),
        updated_at=row.moment("updated"),
    )


def _status(row: FileRow, done: datetime | None) -> EnrolmentStatus:
    word = " ".join(row.text("status").lower().replace("_", " ").replace("-", " ").split())
    if not word:
        return _S.COMPLETED if done else _S.ENROLLED
    if word not in _STATUS:
        raise FieldError(row.source_name("status"), f"{word[:60]!r} is no known status; name it under values.status")
    return _STATUS[word]


def _enrolment(row: FileRow, ref: SourceRef) -> EnrolmentRecord:
    done = row.moment("completed")
    return EnrolmentRecord(
        ref=ref,
        user_id=row.person(),
        course_id=row.required("course"),
        status=_status(row, done),
        attempt=_attempt(row),
        score=row.score(),
        enrolled_at=row.moment("enrolled"),
        completed_at=done,
        due_at=row.moment("due"),
        is_assessment=row.flag("assessment"),
        is_certification=row.flag("certification"),
        updated_at=row.moment("updated"),
    )


def _attempt(row: FileRow) -> int:
    number = row.number("attempt")
    if number is not None and (number < 1 or number != int(number)):
        raise FieldError(row.source_name("attempt"), f"{number:g} is not the number of an attempt")
    return int(number or 1)


def _assessment(row: FileRow, ref: SourceRef) -> AssessmentRecord:
    return AssessmentRecord(
        ref=ref,
        user_id=row.person(),
        title=row.required("title"),
        course_id=row.text("course"),
        text=row.prose("text"),
        attempt=_attempt(row),
        score=row.score(),
        passed=row.flag("passed") if row.text("passed") else None,
        taken_at=row.moment("taken"),
        updated_at=row.moment("updated"),
    )


def _engagement(row: FileRow, ref: SourceRef) -> EngagementRecord:
    return EngagementRecord(
        ref=ref,
        user_id=row.person(),
        title=row.required("title"),
        verb=row.text("verb").lower() or "used",
        course_id=row.text("course"),
        text=row.prose("text"),
        minutes=_minutes(row),
        progress=row.scaled("progress", 0, 100),
        occurred_at=row.moment("occurred"),
        updated_at=row.moment("updated"),
    )


def _award(row: FileRow, ref: SourceRef) -> AwardRecord:
    return AwardRecord(
        ref=ref,
        user_id=row.person(),
        title=row.required("title"),
        kind=_kind(row, _AWARDS, EvidenceKind.EXTERNAL_TRAINING),
        provider=row.text("provider"),
        course_id=row.text("course") or None,
        course_code=row.text("course_code") or None,
        approved=row.flag("approved", True),
        score=row.score(),
        awarded_at=row.moment("awarded"),
        updated_at=row.moment("updated"),
        skills=_codes(row),
    )


def _codes(row: FileRow) -> tuple[SkillCode, ...]:
    """Skills that a row names by ids of another taxonomy; of one alone, the row may say its name."""
    codes, of, name = row.listed("skill_codes"), row.text("skill_framework"), row.text("skill_name")
    for code in codes:
        if len(code) > _LONGEST:
            raise FieldError(row.source_name("skill_codes"), f"an id has at most {_LONGEST} characters")
    return tuple(SkillCode(c, of[:_LONGEST], name[:_LONGEST] if len(codes) == 1 else "") for c in codes)


def _text(row: FileRow, ref: SourceRef) -> TextRecord:
    usual = _KIND[ref.entity]
    text = row.prose("text")
    if not text:
        raise FieldError(row.source_name("text"), "is empty")
    return TextRecord(
        ref=ref,
        subject=row.person(),
        kind=_kind(row, _REVIEWS, usual) if ref.entity is Entity.REVIEW else usual,
        title=row.text("title") or usual.value.replace("_", " ").capitalize(),
        text=text,
        author=row.text("author"),
        score=row.score(),
        occurred_at=row.moment("occurred"),
        updated_at=row.moment("updated"),
        course_code=row.text("course_code") or None,
        skills=_codes(row),
    )


def _job(row: FileRow, ref: SourceRef) -> JobProfileRecord:
    return JobProfileRecord(
        ref=ref,
        code=row.required("code"),
        title=row.required("title"),
        summary=row.prose("summary"),
        department=row.text("department"),
        skills=row.listed("skills"),
        active=row.flag("active", True),
        updated_at=row.moment("updated"),
    )


def _kind(row: FileRow, known: Mapping[str, EvidenceKind], usual: EvidenceKind) -> EvidenceKind:
    word = row.text("kind").lower().replace(" ", "_")
    if word and word not in known:
        raise FieldError(row.source_name("kind"), f"{word[:60]!r} is none of {', '.join(known)}; see values.kind")
    return known.get(word, usual)


def _minutes(row: FileRow) -> float | None:
    minutes = row.number("minutes")
    if minutes is not None and minutes < 0:
        raise FieldError(row.source_name("minutes"), f"{minutes:g} is negative")
    return minutes
