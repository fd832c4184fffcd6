"""Statements as records: verbs, scores, actors, courses; whatever a store sends is a record, a reason or nothing."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.xapi_options import VERBS, Says, XapiOptions
from ascertain.connectors.xapi_statements import Statements
from ascertain.domain.records import (
    AssessmentRecord,
    AwardRecord,
    EngagementRecord,
    EnrolmentRecord,
    EnrolmentStatus,
    Rejected,
)

ADL = "http://adlnet.gov/expapi/verbs/"
COURSE = {
    "id": "https://lms.example/course/7",
    "definition": {"type": "http://adlnet.gov/expapi/activities/course", "name": {"en-GB": "SQL in practice"}},
}
OPTIONS = XapiOptions(accounts={"https://hr.example": "employee"})
READ = Statements("lrs", OPTIONS)


def said(verb: str = f"{ADL}passed", **changed: Any) -> dict[str, Any]:
    return {
        "id": "0d4f1d0c-6a5b-4f3a-9a51-0e0f60b0a001",
        "actor": {"objectType": "Agent", "mbox": "mailto:Ada@example.org"},
        "verb": {"id": verb, "display": {"en": "anything"}},
        "object": {
            "objectType": "Activity",
            "id": "https://lms.example/quiz/3",
            "definition": {"name": {"de": "Probe", "en-US": "Joins"}, "description": {"en": "<p>Inner and outer</p>"}},
        },
        "timestamp": "2026-03-01T10:00:00+02:00",
        "stored": "2026-03-01T08:00:01.123456789Z",
        **changed,
    }


def one(**changed: Any) -> Any:
    return READ.records(said(**changed))


def test_a_passed_test_is_a_result_in_its_course() -> None:
    found = one(result={"score": {"scaled": 0.8}, "success": True}, context={"contextActivities": {"parent": [COURSE]}})
    assert isinstance(found, AssessmentRecord)
    assert (found.user_id, found.title, found.text) == ("email:ada@example.org", "Joins", "Inner and outer")
    assert (found.score, found.passed, found.course_id) == (0.8, True, COURSE["id"])
    assert found.taken_at is not None
    assert found.taken_at.isoformat() == "2026-03-01T08:00:00+00:00"
    assert found.updated_at is not None
    assert found.updated_at.microsecond == 123456


@pytest.mark.parametrize("place", ["parent", "grouping"])
@pytest.mark.parametrize("listed", [True, False])
def test_the_course_is_the_one_above(place: str, listed: bool) -> None:
    context = {"contextActivities": {place: [COURSE] if listed else COURSE}}
    course = READ.course(said(context=context))
    assert course is not None
    assert (course.ref.id, course.title) == (COURSE["id"], "SQL in practice")
    assert one(context=context).course_id == course.ref.id


def test_a_completion_is_the_same_however_often_it_is_stated() -> None:
    first = one(verb=f"{ADL}completed")
    later = one(verb=f"{ADL}completed", id=str(uuid.uuid4()), result={"score": {"raw": 15, "min": 10, "max": 20}})
    assert isinstance(first, EnrolmentRecord)
    assert first.ref == later.ref
    assert (later.score, later.status) == (0.5, EnrolmentStatus.COMPLETED)
    again = one(verb=f"{ADL}completed", context={"registration": str(uuid.uuid4())})
    assert again.ref != first.ref, "another registration is another attempt"
    assert first.course_id == READ.course(said(verb=f"{ADL}completed")).ref.id  # type: ignore[union-attr]


def test_a_completion_that_did_not_succeed_is_failed() -> None:
    assert one(verb=f"{ADL}completed", result={"success": False}).status is EnrolmentStatus.FAILED
    assert one(verb=f"{ADL}completed", result={"completion": False}) is None


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ({"scaled": 1}, 1.0),
        ({"scaled": 0.35, "raw": 9, "max": 10}, 0.35),
        ({"scaled": -0.4}, 0.0),
        ({"raw": 30, "max": 40}, 0.75),
        ({"raw": 30}, None),
        ({}, None),
    ],
)
def test_scores(score: dict[str, float], expected: float | None) -> None:
    assert one(result={"score": score}).score == expected


@pytest.mark.parametrize(
    ("result", "field"),
    [
        ({"score": {"scaled": 1.2}}, "result.score.scaled"),
        ({"score": {"scaled": "0.5"}}, "result.score.scaled"),
        ({"score": {"raw": 50, "max": 40}}, "result.score.raw"),
        ({"score": 3}, "result.score"),
        ({"success": "true"}, "result.success"),
        ("done", "result"),
    ],
)
def test_a_wrong_result_is_named(result: object, field: str) -> None:
    found = one(result=result)
    assert isinstance(found, Rejected)
    assert found.field == field
    assert found.raw["verb"] == f"{ADL}passed"
    assert "ada" not in str(found)


def test_uses_awards_and_results_without_a_verdict() -> None:
    used = one(verb=f"{ADL}experienced", result={"duration": "PT12M"})
    assert isinstance(used, EngagementRecord)
    assert (used.minutes, used.verb) == (12.0, "used")
    assert one(verb=f"{ADL}terminated", result={"duration": "PT5S"}) is None
    assert one(verb=f"{ADL}experienced", result={"duration": "soon"}).field == "result.duration"
    assert isinstance(one(verb="http://id.tincanapi.com/verb/earned"), AwardRecord)
    assert one(verb=f"{ADL}scored") is None, "no score and no verdict show nothing"
    assert one(verb=f"{ADL}scored", result={"score": {"scaled": 0.4}}).passed is None
    assert one(verb=f"{ADL}failed").passed is False


@pytest.mark.parametrize("verb", [v for v, s in VERBS.items() if s in (Says.NOTHING, Says.VOIDED)])
def test_what_shows_nothing_is_left_out(verb: str) -> None:
    assert one(verb=verb) is None
    assert READ.course(said(verb)) is None


def test_verbs_are_matched_exactly_and_may_be_added() -> None:
    assert one(verb=f"{ADL}Passed") is None
    assert one(verb="https://x.example/aced") is None
    more = Statements("lrs", XapiOptions(verbs={"https://x.example/aced": Says.PASSED}))
    assert isinstance(more.records(said("https://x.example/aced")), AssessmentRecord)


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ({"mbox_sha1sum": "A" * 40}, f"mbox_sha1sum:{'a' * 40}"),
        ({"account": {"homePage": "https://hr.example", "name": "FL1101"}}, "employee:FL1101"),
    ],
)
def test_actors(actor: dict[str, Any], user: str) -> None:
    assert one(actor=actor).user_id == user


@pytest.mark.parametrize(
    ("actor", "field"),
    [
        ({"mbox": "ada"}, "actor.mbox"),
        ({"openid": "https://id.example/ada"}, "actor"),
        ({"account": {"homePage": "https://other.example", "name": "7"}}, "actor.account"),
        ({"account": {"homePage": "https://hr.example"}}, "actor.account.name"),
        ({}, "actor"),
        (None, "actor"),
    ],
)
def test_actors_that_lead_to_nobody(actor: object, field: str) -> None:
    found = one(actor=actor)
    assert isinstance(found, Rejected)
    assert found.field == field


def test_groups_and_statements_about_statements_show_nothing() -> None:
    assert one(actor={"objectType": "Group", "mbox": "mailto:team@example.org"}) is None
    assert one(object={"objectType": "StatementRef", "id": str(uuid.uuid4())}) is None


def test_what_was_written_from_here_is_never_evidence() -> None:
    context = {"contextActivities": {"category": [{"id": OPTIONS.own}]}}
    assert one(verb=f"{ADL}mastered", context=context) is None
    assert isinstance(one(verb=f"{ADL}mastered"), AssessmentRecord)


def test_what_was_voided_shows_nothing_any_more() -> None:
    for verb in ("passed", "completed"):
        record = one(verb=f"{ADL}{verb}", result={"score": {"scaled": 0.9}})
        empty = READ.emptied(record, None)
        assert empty is not None
        assert empty.ref == record.ref
    assert READ.emptied(one(verb=f"{ADL}experienced"), None) is None
    voiding = said(f"{ADL}voided", object={"objectType": "StatementRef", "id": "ABC"})
    assert READ.is_voiding(voiding) == "abc"
    assert READ.is_voiding(said()) is None


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
PARTS = st.sampled_from(("id", "actor", "verb", "object", "result", "context", "timestamp", "stored"))


@given(PARTS, JSON, st.sampled_from(sorted(VERBS)))
def test_anything_in_a_statement_is_a_record_a_reason_or_nothing(part: str, value: object, verb: str) -> None:
    raw = {**said(verb, result={"score": {"scaled": 0.5}}), part: value}
    found = READ.records(raw)
    assert found is None or isinstance(
        found, EnrolmentRecord | AssessmentRecord | AwardRecord | EngagementRecord | Rejected
    )
    READ.course(raw)
    READ.is_voiding(raw)


@given(JSON)
def test_anything_instead_of_a_statement_too(raw: object) -> None:
    assert READ.records(raw) is None or isinstance(READ.records(raw), Rejected)
    assert READ.course(raw) is None
