"""Records as evidence and content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.records import EnrolmentStatus
from ascertain.domain.skills import Level
from ascertain.pipeline.normalise import (
    ASSUMED_HOURS,
    ASSUMED_LEVEL,
    TitleIndex,
    content_of,
    evidence_of_award,
    evidence_of_enrolment,
    evidence_of_text,
)
from tests.unit.pipeline.ingest_world import badge, course, enrolment, review

SQL = content_of(course(1, "SQL: Asking Data Questions"), ())
EXCEL = content_of(course(2, "Excel at Work"), ())
SHORT = content_of(course(3, "Python"), ())
TITLES = TitleIndex({c.item.content_id: c for c in (SQL, EXCEL, SHORT)})


def test_a_scored_completion_is_an_assessment_at_the_courses_level() -> None:
    found = evidence_of_enrolment(enrolment(1, 1, score=0.88), "L", SQL)
    assert found is not None
    assert (found.kind, found.score, found.passed) == (EvidenceKind.ASSESSMENT, 0.88, True)
    assert (found.level, found.content_id) == (Level.PRACTITIONER, "lms:1")
    assert "SQL: Asking Data Questions" in found.text
    assert "88 of 100" in found.text


def test_kinds_follow_the_records_flags() -> None:
    plain = evidence_of_enrolment(enrolment(1, 1, score=None), "L", SQL)
    exam = evidence_of_enrolment(enrolment(1, 1, certification=True), "L", SQL)
    assert plain is not None
    assert exam is not None
    assert (plain.kind, exam.kind) == (EvidenceKind.COMPLETION, EvidenceKind.CERTIFICATION)


def test_a_failure_counts_and_is_dated_by_its_last_change() -> None:
    found = evidence_of_enrolment(enrolment(1, 1, status=EnrolmentStatus.FAILED, score=0.3, day=4), "L", SQL)
    assert found is not None
    assert found.passed is False
    assert found.occurred_on is not None
    assert found.occurred_on.day == 5
    assert "Did not pass" in found.text


def test_a_completion_without_a_date_stays_undated() -> None:
    found = evidence_of_enrolment(replace(enrolment(1, 1), completed_at=None), "L", SQL)
    assert found is not None
    assert found.occurred_on is None


@pytest.mark.parametrize("status", [EnrolmentStatus.ENROLLED, EnrolmentStatus.IN_PROGRESS, EnrolmentStatus.EXPIRED])
def test_what_is_not_finished_shows_nothing(status: EnrolmentStatus) -> None:
    assert evidence_of_enrolment(enrolment(1, 1, status=status), "L", SQL) is None


def test_unapproved_awards_show_nothing() -> None:
    assert evidence_of_award(badge(1, 1, 1, approved=False), "L", SQL) is None


def test_a_review_keeps_its_words_and_no_score() -> None:
    (found,) = evidence_of_text(review(1, "E1", "Writes fine queries."), "L", None, TITLES)
    assert (found.score, found.text, found.content_id) == (None, "Writes fine queries.", None)
    (project,) = evidence_of_text(review(1, "E1", "Built it.", kind=EvidenceKind.PROJECT), "L", None, TITLES)
    assert project.score == 0.75


def test_a_review_that_names_a_course_comes_apart() -> None:
    text = "She finished sql: asking  data questions in May. Her Python is clean. She also took CRS-2 last week!"
    pieces = evidence_of_text(review(1, "E1", text), "L", None, TITLES)
    assert {p.content_id: p.text for p in pieces} == {
        None: "Her Python is clean.",
        "lms:1": "She finished sql: asking  data questions in May.",
        "lms:2": "She also took CRS-2 last week!",
    }
    assert len({p.id for p in pieces}) == 3
    assert {p.source_ref for p in pieces} == {"hris:review:R1"}


@pytest.mark.parametrize("text", ["Her Python is clean.", "Excel at Workshops is no course.", "XCRS-22 is a ticket."])
def test_words_that_only_look_like_a_course_name_none(text: str) -> None:
    (found,) = evidence_of_text(review(1, "E1", text), "L", None, TITLES)
    assert found.content_id is None


def test_a_text_recorded_for_a_course_is_about_it_as_a_whole() -> None:
    (found,) = evidence_of_text(review(1, "E1", "Good. Very good."), "L", SQL, TITLES)
    assert (found.content_id, found.text) == ("lms:1", "Good. Very good.")


def test_a_badge_finds_its_course_by_title() -> None:
    assert TITLES.of_award("Badge: SQL, Asking Data Questions") is SQL
    assert TITLES.of_award("Badge of Honour") is None


def test_ids_depend_on_the_record_alone() -> None:
    first = evidence_of_enrolment(enrolment(1, 1), "L", SQL)
    other = evidence_of_enrolment(replace(enrolment(1, 1), score=0.1), "M", EXCEL)
    assert first is not None
    assert other is not None
    assert first.id == other.id
    assert "1-1" not in first.id


def test_what_the_source_does_not_state_is_assumed() -> None:
    found = content_of(replace(course(1, level=None), hours=None), ())
    assert (found.item.level, found.item.hours) == (ASSUMED_LEVEL, ASSUMED_HOURS)


def test_the_content_hash_covers_what_tags_depend_on() -> None:
    base = course(1)
    changes = [replace(base, title="Other"), replace(base, description="Other."), replace(base, level=Level.EXPERT)]
    hashes = {content_of(c, ()).content_hash for c in [base, *changes]}
    assert len(hashes) == 4
    assert content_of(replace(base, hours=9.0), ("lms:2",)).content_hash == content_of(base, ()).content_hash


def test_a_summary_ends_with_a_sentence() -> None:
    long = replace(course(1), description="One sentence of fair length, well made. " * 30)
    summary = content_of(long, ()).item.summary
    assert len(summary) <= 400
    assert summary.endswith(".")
