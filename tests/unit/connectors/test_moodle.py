"""Moodle's calls and rows: PHP's arrays, failures inside 200, output before the JSON, odd rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.http import StatusError
from ascertain.connectors.moodle import MoodleConnector
from ascertain.connectors.moodle_calls import failure_in, flat, mended
from ascertain.connectors.moodle_rows import completion, flattened, graded
from ascertain.connectors.parsing import FieldError
from ascertain.domain.connector import Cursor
from ascertain.domain.records import EnrolmentRecord, EnrolmentStatus, Entity, SourceRef, UserRecord
from ascertain.domain.writeback import WriteState
from ascertain.errors import ConfigError, PermanentConnectorError, RetryableConnectorError

TOKEN = "t" * 32
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


def test_arrays_are_spelt_as_php_reads_them() -> None:
    nested = {"grades": [{"studentid": 5, "done": True}, {"studentid": 6}], "note": None, "courseid": 7}
    assert flat(nested) == {
        "grades[0][studentid]": "5",
        "grades[0][done]": "1",
        "grades[1][studentid]": "6",
        "courseid": "7",
    }


@pytest.mark.parametrize(
    ("code", "status"),
    [("invalidtoken", 401), ("accessexception", 403), ("invalidrecord", 404), ("sitemaintenance", 503), ("other", 400)],
)
def test_an_exception_inside_a_good_answer_is_a_failure(code: str, status: int) -> None:
    found = failure_in({"exception": "moodle_exception", "errorcode": code, "message": "the password was hunter2"})
    assert found is not None
    assert (found.status, found.body) == (status, code)


@pytest.mark.parametrize(
    "data", [0, None, [], {}, {"errorcode": "x"}, {"users": [], "warnings": [{"warningcode": "1"}]}]
)
def test_good_answers_are_none(data: object) -> None:
    assert failure_in(data) is None


@given(JSON, st.sampled_from(["<br />\n<b>Notice</b>: in <b>/a[1].php</b>\n", "Debug info: {a} [b]\n", "++ x ++ "]))
def test_what_comes_before_the_json_is_taken_away(value: object, noise: str) -> None:
    body = json.dumps([value]).encode()
    assert mended(body) == body
    assert json.loads(mended(noise.encode() + body)) == [value]


@given(st.binary(max_size=80))
def test_mending_never_fails(raw: bytes) -> None:
    assert raw.endswith(mended(raw))


@given(st.dictionaries(st.sampled_from(("completed", "completions", "aggregation")), JSON))
def test_any_completion_is_a_status_or_a_reason(status: dict[str, Any]) -> None:
    try:
        state, at = completion(status)
    except FieldError:
        return
    assert at is None or state is EnrolmentStatus.COMPLETED


def test_completion_is_dated_by_the_last_criterion() -> None:
    rows = [{"complete": True, "timecompleted": 1_700_000_000}, {"complete": True, "timecompleted": 1_700_000_500}]
    state, at = completion({"completed": True, "completions": [*rows, {"complete": False, "timecompleted": 0}]})
    assert state is EnrolmentStatus.COMPLETED
    assert at is not None
    assert at.timestamp() == 1_700_000_500
    assert completion({"completed": False, "completions": rows[:1]}) == (EnrolmentStatus.IN_PROGRESS, None)
    assert completion({"completed": True, "completions": [{"complete": True, "timecompleted": 0}]})[1] is None
    assert completion({}) == (EnrolmentStatus.ENROLLED, None)


@given(JSON)
def test_odd_users_and_grades_are_no_trouble(raw: object) -> None:
    flattened(raw)
    assert isinstance(graded(raw, ["course"]), list)
    assert isinstance(graded({"gradeitems": raw}, ["quiz"]), list)


Answer = Callable[[dict[str, str]], Any]


class Site(httpx.BaseTransport):
    """A small scripted site: answers by function; keeps the calls."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.calls: list[dict[str, str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        form = {k: v[0] for k, v in parse_qs(request.content.decode(), keep_blank_values=True).items()}
        self.calls.append(form)
        assert TOKEN not in str(request.url)
        if request.url.path == "/login/token.php":
            return httpx.Response(200, json={"token": TOKEN})
        assert request.url.path == "/webservice/rest/server.php"
        assert form["moodlewsrestformat"] == "json"
        found = self.answers[form["wsfunction"]]
        return httpx.Response(200, json=found(form) if callable(found) else found)


def exception(code: str) -> dict[str, str]:
    return {"exception": "moodle_exception", "errorcode": code, "message": "no"}


def connect(answers: dict[str, Any], **options: Any) -> tuple[MoodleConnector, Site]:
    site = Site(answers)
    connection = Connection("moodle", "moodle", "https://m.example", ZoneInfo("UTC"), {"token": TOKEN}, options=options)
    return MoodleConnector(connection, transport=site), site


def enrolments(connector: MoodleConnector, cursor: Cursor | None = None) -> list[EnrolmentRecord]:
    found = [r for p in connector.pull(Entity.ENROLMENT, cursor) for r in p.records]
    return [r for r in found if isinstance(r, EnrolmentRecord)]


COURSES = [
    {"id": 1, "format": "site", "fullname": "Front page", "shortname": "home"},
    {"id": 2, "format": "topics", "fullname": "SQL", "shortname": "SQL", "timemodified": 0},
    {"id": 10, "format": "topics", "fullname": "Exam (proctored)", "shortname": "EX", "visible": 0},
]
GRADES = {
    "usergrades": [
        {
            "userid": 7,
            "gradeitems": [
                {"id": 1, "itemtype": "course", "graderaw": 15, "grademin": 0, "grademax": 20, "itemname": None},
                {"id": 2, "itemtype": "mod", "itemmodule": "quiz", "itemname": "Quiz", "graderaw": 9, "grademax": 10},
                {
                    "id": 3,
                    "itemtype": "mod",
                    "itemmodule": "quiz",
                    "itemname": "Open",
                    "graderaw": None,
                    "grademax": 10,
                },
                {"id": 4, "itemtype": "mod", "itemmodule": "forum", "itemname": "F", "graderaw": 1, "grademax": 10},
                {"id": 5, "itemtype": "mod", "itemmodule": "quiz", "itemname": "Odd", "graderaw": 99, "grademax": 10},
            ],
        }
    ]
}
CRAWL: dict[str, Any] = {
    "core_course_get_courses": COURSES,
    "core_enrol_get_enrolled_users": lambda form: [{"id": 7}, {"id": 8}] if form["courseid"] == "2" else [{"id": 7}],
    "gradereport_user_get_grade_items": GRADES,
    "core_completion_get_course_completion_status": lambda form: (
        {"completionstatus": {"completed": True, "completions": []}}
        if form["userid"] == "7"
        else exception("nocriteriaset")
    ),
}


def test_memberships_with_and_without_criteria() -> None:
    found = {r.ref.id: r for r in enrolments(connect(CRAWL)[0])}
    assert set(found) == {"2-7", "2-8", "10-7"}
    assert (found["2-7"].status, found["2-7"].score) == (EnrolmentStatus.COMPLETED, 0.75)
    assert (found["2-8"].status, found["2-8"].score) == (EnrolmentStatus.ENROLLED, None)
    assert found["10-7"].is_certification
    assert not found["2-7"].is_certification


def test_results_of_tests_and_what_is_wrong_with_them() -> None:
    pages = list(connect(CRAWL, only_courses=[2])[0].pull(Entity.ASSESSMENT, None))
    assert [(r.ref.id, getattr(r, "score", 0)) for p in pages for r in p.records] == [("2-7", 0.9)]
    assert [(r.ref, r.field) for p in pages for r in p.rejected] == [("moodle:assessment:5-7", "graderaw")]


def test_a_stop_goes_on_with_the_next_members() -> None:
    pages = list(connect(CRAWL, members_a_page=1)[0].pull(Entity.ENROLMENT, None))
    assert [[r.ref.id for r in p.records] for p in pages] == [["10-7"], ["2-7"], ["2-8"]]
    connector, site = connect(CRAWL, members_a_page=1)
    assert [r.ref.id for r in enrolments(connector, pages[1].checkpoint)] == ["2-8"]
    asked = [c["userid"] for c in site.calls if c["wsfunction"].startswith("core_completion")]
    assert asked == ["8"], "nobody is asked about twice"


def test_a_course_that_went_away_meanwhile_has_nobody() -> None:
    gone = {**CRAWL, "core_enrol_get_enrolled_users": exception("invalidrecord")}
    assert enrolments(connect(gone)[0]) == []


def test_missing_rights_are_not_taken_for_no_completion() -> None:
    denied = {**CRAWL, "core_completion_get_course_completion_status": exception("nopermissions")}
    with pytest.raises(PermanentConnectorError, match="core_completion_get_course_completion_status") as caught:
        enrolments(connect(denied)[0])
    assert "rights" in (caught.value.remedy or "")


def test_a_dead_token_is_asked_for_anew_once() -> None:
    calls = iter([exception("invalidtoken"), COURSES])
    site = Site({"core_course_get_courses": lambda form: next(calls)})
    secrets = {"username": "u", "password": "p"}
    connector = MoodleConnector(
        Connection("moodle", "moodle", "https://m.example", ZoneInfo("UTC"), secrets, options={"service": "s"}),
        transport=site,
    )
    assert len(connector.call("core_course_get_courses")) == 3
    assert [c.get("service") for c in site.calls] == ["s", None, "s", None]
    lasting = Site({"core_course_get_courses": exception("invalidtoken")})
    admin = Connection("moodle", "moodle", "https://m.example", ZoneInfo("UTC"), {"token": TOKEN})
    with pytest.raises(StatusError, match="invalidtoken"):
        MoodleConnector(admin, transport=lasting).call("core_course_get_courses")
    assert len(lasting.calls) == 1


def test_maintenance_is_waited_out() -> None:
    connector, site = connect({"core_course_get_courses": exception("sitemaintenance")})
    connector.http._sleep = lambda seconds: None
    connector.http._retrying.sleep = lambda seconds: None
    with pytest.raises(RetryableConnectorError):
        connector.call("core_course_get_courses")
    assert len(site.calls) == 5


def test_users_are_read_by_the_map_alone() -> None:
    users = [
        {"id": 3, "username": "guest", "email": "root@localhost", "fullname": "Guest"},
        {
            "id": 7,
            "username": "ada",
            "fullname": "Ada",
            "email": "ada@example.org",
            "suspended": True,
            "customfields": [{"shortname": "job", "value": "dev", "name": "Job"}, {"shortname": "ssn", "value": "1-2"}],
        },
        {"id": 8, "fullname": "No address"},
    ]
    site = Site({"core_user_get_users": {"users": users, "warnings": []}})
    fields = {Entity.USER: {"job_code": "customfield_job"}}
    secrets = {"token": TOKEN}
    connection = Connection(
        "moodle", "moodle", "https://m.example", ZoneInfo("UTC"), secrets, {"dev": "software-engineer"}, fields
    )
    (page,) = MoodleConnector(connection, transport=site).pull(Entity.USER, None)
    (ada,) = page.records
    assert isinstance(ada, UserRecord)
    assert (ada.active, ada.job_code, ada.job_profile_id) == (False, "dev", "software-engineer")
    assert [(r.ref, r.field) for r in page.rejected] == [("moodle:user:8", "email")]
    assert "1-2" not in str(page)
    assert site.calls[0]["criteria[0][key]"] == "email"


USER = SourceRef("moodle", Entity.USER, "7")


def test_a_rating_is_written_once_and_only_where_it_differs() -> None:
    held: dict[str, Any] = {"grade": None}

    def grade(form: dict[str, str]) -> Any:
        held["grade"] = int(form["grade"])
        return {"id": 1, "grade": held["grade"]}

    answers = {
        "tool_lp_data_for_user_competency_summary": lambda form: {"usercompetency": dict(held)},
        "core_competency_grade_competency": grade,
    }
    connector, site = connect(answers, skills={"ids": {"sql": 17}})
    assert connector.read(USER, ["17"]) == {"17": None}
    assert connector.write(USER, "17", "3", request_id="a").state is WriteState.WRITTEN
    assert connector.write(USER, "17", "3", request_id="a").state is WriteState.UNCHANGED
    assert connector.read(USER, ["17"]) == {"17": "3"}
    taken = connector.write(USER, "17", None, request_id="b")
    assert taken.state is WriteState.REJECTED
    assert "empty" in taken.reason
    written = [c for c in site.calls if c["wsfunction"] == "core_competency_grade_competency"]
    assert [(c["userid"], c["competencyid"], c["grade"]) for c in written] == [("7", "17", "3")]


def test_a_rating_that_failed_half_way_is_not_sent_again_by_itself() -> None:
    answers = {
        "tool_lp_data_for_user_competency_summary": {"usercompetency": {"grade": 1}},
        "core_competency_grade_competency": exception("dmlwriteexception"),
    }
    connector, site = connect(answers, skills={"ids": {"sql": 17}})
    with pytest.raises(RetryableConnectorError):
        connector.write(USER, "17", "3", request_id="a")
    assert len(site.calls) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"skills": {"ids": {"a": 1, "b": 1}}},
        {"skills": {"grades": {"6": 1}}},
        {"courses_function": "drop table"},
        {"certification": "("},
    ],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        connect({}, **options)
