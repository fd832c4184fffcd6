"""Results of single tests and the use of content as evidence. Pure: equal records give equal results."""

from __future__ import annotations

from ascertain.domain.activity import Engagement, EngagementFold
from ascertain.domain.canonical import digest
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.ports import Content
from ascertain.domain.records import AssessmentRecord, EngagementRecord, Entity, SourceRef
from ascertain.pipeline.normalise import evidence_id

_ABOUT = 600
"""Characters kept of what a test asked or a piece of content is about: enough to see which skill it is for."""


def evidence_of_assessment(record: AssessmentRecord, learner_id: str, content: Content | None) -> Evidence | None:
    """What the result of a test shows; ``None`` while it has none. Its origin is its own until ``settle`` finds that
    an enrolment reports the same result."""
    if record.score is None and record.passed is None:
        return None
    verb = {True: "Passed", False: "Did not pass", None: "Took"}[record.passed]
    inside = f" of the course “{content.item.title}”" if content and content.item.title != record.title else ""
    attempt = f", attempt {record.attempt}" if record.attempt > 1 else ""
    score = "" if record.score is None else f", score {record.score * 100:g} of 100"
    return Evidence(
        id=evidence_id(record.ref),
        learner_id=learner_id,
        kind=EvidenceKind.ASSESSMENT,
        system=record.ref.system,
        source_ref=str(record.ref),
        origin=str(record.ref),
        title=record.title,
        text=f"{verb} the test “{record.title}”{inside}{attempt}{score}.{_about(record.text)}",
        content_id=content.item.content_id if content else None,
        occurred_on=record.taken_at.date() if record.taken_at else None,
        score=record.score,
        passed=record.passed,
        level=content.item.level if content else None,
    )


def engagement_ref(record: EngagementRecord) -> SourceRef:
    """What all uses of the same content share: the course, or the title where there is none."""
    part = record.course_id or "title " + digest(" ".join(record.title.casefold().split()), length=16)
    return SourceRef(record.ref.system, Entity.ENGAGEMENT, part)


def engagement_of(record: EngagementRecord, learner_id: str) -> Engagement:
    """One use, to be counted."""
    return Engagement(
        ref=str(record.ref),
        learner_id=learner_id,
        evidence_id=evidence_id(engagement_ref(record), learner_id),
        verb=record.verb,
        minutes=record.minutes,
        progress=record.progress,
        used_on=record.occurred_at.date() if record.occurred_at else None,
    )


def evidence_of_engagement(
    record: EngagementRecord, learner_id: str, fold: EngagementFold, content: Content | None
) -> Evidence:
    """All uses of one piece of content by one person: one piece, however many there were. ``record`` is any of them."""
    ref = engagement_ref(record)
    title = content.item.title if content else record.title
    said = [" and ".join(fold.verbs).capitalize() + f" “{title}”"]
    if fold.uses > 1:
        said.append(f"{fold.uses} times")
    if fold.minutes:
        said.append(f"{fold.minutes:.0f} minutes in all")
    if fold.progress is not None:
        said.append(f"up to {fold.progress * 100:.0f} %")
    return Evidence(
        id=evidence_id(ref, learner_id),
        learner_id=learner_id,
        kind=EvidenceKind.ENGAGEMENT,
        system=ref.system,
        source_ref=str(ref),
        origin=f"{ref}:{learner_id}",
        title=title,
        text=", ".join(said) + "." + ("" if content else _about(record.text)),
        content_id=content.item.content_id if content else None,
        occurred_on=fold.last_on,
        level=content.item.level if content else None,
    )


def _about(text: str) -> str:
    plain = " ".join(text.split())
    if not plain:
        return ""
    return "\n" + (plain if len(plain) <= _ABOUT else plain[: plain[:_ABOUT].rfind(" ")] + " …")
