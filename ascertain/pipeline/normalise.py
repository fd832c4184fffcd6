"""Records as evidence and catalogue items. Pure: equal records give equal results, ids are stable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from ascertain.domain.canonical import digest
from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.ports import Content
from ascertain.domain.records import AwardRecord, CourseRecord, EnrolmentRecord, EnrolmentStatus, SourceRef, TextRecord
from ascertain.domain.skills import Level

ASSUMED_LEVEL = Level.FOUNDATION
"""Of a catalogue item whose level no source states."""

ASSUMED_HOURS = 2.0
"""Of a catalogue item whose length no source states: about the median of corporate e-learning with its exercises."""

_SUMMARY = 400
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_WORDS = re.compile(r"\w+")
_AWARD_WORDS = frozenset(("badge", "certificate", "internal", "course", "award", "for", "of", "completion", "the"))
NAMES_COURSES = frozenset((EvidenceKind.MANAGER_REVIEW, EvidenceKind.PEER_FEEDBACK, EvidenceKind.SELF_ASSESSMENT))
"""Kinds of text that are searched for the names of courses."""


def content_id(system: str, course_id: str) -> str:
    """Id of a catalogue item."""
    return f"{system}:{course_id}"


def evidence_id(ref: SourceRef | str, part: str = "") -> str:
    """Id of a piece of evidence: says nothing about the person, and the same record always has the same."""
    return "ev_" + digest([str(ref), part], length=20)


def content_hash(title: str, description: str, level: Level) -> str:
    """What the tags of a piece of content depend on."""
    return digest([title, description, int(level)], length=32)


def make_content(
    *,
    key: str,
    system: str,
    source_ref: str,
    code: str,
    title: str,
    description: str,
    level: Level | None,
    hours: float | None,
    modality: str = "elearning",
    language: str = "en",
    category: str = "",
    prerequisites: Sequence[str] = (),
    mandatory: bool = False,
    external: bool = False,
    active: bool = True,
) -> Content:
    """A catalogue item as stored. ``prerequisites`` are content ids already."""
    certain = level or ASSUMED_LEVEL
    return Content(
        item=CatalogueItem(
            content_id=key,
            title=title,
            summary=_summary(description),
            level=certain,
            hours=ASSUMED_HOURS if hours is None else hours,
            modality=modality,
            language=language,
            prerequisites=tuple(prerequisites),
            mandatory=mandatory,
            external=external,
        ),
        system=system,
        source_ref=source_ref,
        code=code,
        description=description,
        category=category,
        content_hash=content_hash(title, description, certain),
        active=active,
        level_stated=level is not None,
    )


def content_of(record: CourseRecord, prerequisites: Sequence[str]) -> Content:
    """The catalogue item of a course."""
    return make_content(
        key=content_id(record.ref.system, record.ref.id),
        system=record.ref.system,
        source_ref=str(record.ref),
        code=record.code,
        title=record.title,
        description=record.description,
        level=record.level,
        hours=record.hours,
        modality=record.modality,
        language=record.language,
        category=record.category,
        prerequisites=prerequisites,
        mandatory=record.mandatory,
        active=record.active,
    )


def evidence_of_enrolment(record: EnrolmentRecord, learner_id: str, content: Content) -> Evidence | None:
    """What an enrolment shows; ``None`` while it shows nothing (not finished, or expired unfinished)."""
    if record.status not in (EnrolmentStatus.COMPLETED, EnrolmentStatus.FAILED):
        return None
    passed = record.status is EnrolmentStatus.COMPLETED
    if record.is_certification:
        kind = EvidenceKind.CERTIFICATION
    elif record.is_assessment and record.score is not None:
        kind = EvidenceKind.ASSESSMENT
    else:
        kind = EvidenceKind.COMPLETION
    # A failure has no completion date; its last change is when it failed. A completion of unknown date stays undated,
    # because a later edit of the record would make an old skill look fresh.
    when = record.completed_at if passed else record.completed_at or record.updated_at
    title = content.item.title
    said = f"Completed the course “{title}”" if passed else f"Did not pass the course “{title}”"
    score = "" if record.score is None else f", score {record.score * 100:g} of 100"
    return Evidence(
        id=evidence_id(record.ref),
        learner_id=learner_id,
        kind=kind,
        system=record.ref.system,
        source_ref=str(record.ref),
        origin=str(record.ref),
        title=title,
        text=f"{said} (level {content.item.level.name.lower()}){score}.",
        content_id=content.item.content_id,
        occurred_on=_day(when),
        score=record.score,
        passed=passed,
        level=content.item.level,
    )


def evidence_of_award(record: AwardRecord, learner_id: str, content: Content | None) -> Evidence | None:
    """What a badge or an external training shows; ``None`` while nobody approved it."""
    if not record.approved:
        return None
    by = f" by {record.provider}" if record.provider else ""
    score = "" if record.score is None else f", score {record.score * 100:g} of 100"
    return Evidence(
        id=evidence_id(record.ref),
        learner_id=learner_id,
        kind=record.kind,
        system=record.ref.system,
        source_ref=str(record.ref),
        origin=str(record.ref),
        title=record.title,
        text=f"Was awarded “{record.title}”{by}{score}.",
        content_id=content.item.content_id if content else None,
        occurred_on=_day(record.awarded_at),
        score=record.score,
        passed=True,
        level=content.item.level if content else None,
        codes=record.skills,
    )


def evidence_of_text(
    record: TextRecord, learner_id: str, content: Content | None, titles: TitleIndex
) -> list[Evidence]:
    """What somebody wrote about the person's work.

    A review that names a course tells of it in those sentences and of the writer's own observations in the others:
    it gives one piece for each course named and one for the rest. A rating is a score only for a project, where it
    rates the work; elsewhere it rates the person as a whole, which says nothing of a skill.
    """
    if content is not None:
        return [_piece(record, learner_id, record.text, content)]
    if record.kind not in NAMES_COURSES:
        return [_piece(record, learner_id, record.text, None)]
    named: dict[str, list[str]] = {}
    rest: list[str] = []
    found: dict[str, Content] = {}
    for sentence in _SENTENCE_END.split(record.text):
        course = titles.named_in(sentence)
        if course is None:
            rest.append(sentence)
        else:
            found[course.item.content_id] = course
            named.setdefault(course.item.content_id, []).append(sentence)
    if not named:
        return [_piece(record, learner_id, record.text, None)]
    pieces = [_piece(record, learner_id, " ".join(s), found[c], part=c) for c, s in sorted(named.items())]
    if own := " ".join(s for s in rest if s.strip()):
        pieces.insert(0, _piece(record, learner_id, own, None))
    return pieces


class TitleIndex:
    """Finds which course a text names, by exact title (two words or more) or by course code."""

    def __init__(self, contents: Mapping[str, Content]) -> None:
        self._titles: dict[str, Content] = {}
        self._codes: dict[str, Content] = {}
        self._words: dict[tuple[str, ...], Content] = {}
        for key in sorted(contents):
            content = contents[key]
            title = _plain(content.item.title)
            if len(title) >= 8 and " " in title:
                self._titles.setdefault(title, content)
                self._words.setdefault(_award_words(title), content)
            # A code has to look like one: "SQL-201", not "Python".
            if len(content.code) >= 5 and re.search(r"\d", content.code):
                self._codes.setdefault(content.code, content)
        ordered = sorted(self._titles, key=lambda t: (-len(t), t))
        self._title_pattern = _alternatives(ordered)
        self._code_pattern = _alternatives(sorted(self._codes, key=lambda c: (-len(c), c)))

    def named_in(self, sentence: str) -> Content | None:
        """The course named, the longest title first."""
        if self._title_pattern and (hit := self._title_pattern.search(_plain(sentence))):
            return self._titles[hit.group()]
        if self._code_pattern and (hit := self._code_pattern.search(sentence)):
            return self._codes[hit.group()]
        return None

    def of_award(self, title: str) -> Content | None:
        """The course whose title an award carries, whatever stands around it ("Badge: …")."""
        return self._words.get(_award_words(_plain(title)))


def _piece(record: TextRecord, learner_id: str, text: str, content: Content | None, part: str = "") -> Evidence:
    return Evidence(
        id=evidence_id(record.ref, part),
        learner_id=learner_id,
        kind=record.kind,
        system=record.ref.system,
        source_ref=str(record.ref),
        origin=str(record.ref),
        title=record.title,
        text=text,
        content_id=content.item.content_id if content else None,
        occurred_on=_day(record.occurred_at),
        score=record.score if record.kind is EvidenceKind.PROJECT else None,
        level=content.item.level if content else None,
        codes=record.skills,
    )


def _alternatives(words: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")(?!\w)") if words else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _award_words(title: str) -> tuple[str, ...]:
    return tuple(w for w in _WORDS.findall(title) if w not in _AWARD_WORDS)


def _summary(description: str) -> str:
    """The first sentences, up to a length."""
    text = " ".join(description.split())
    if len(text) <= _SUMMARY:
        return text
    cut = text[:_SUMMARY]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > _SUMMARY // 3 else cut[: cut.rfind(" ")] + " …"


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
