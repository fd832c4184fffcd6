"""Moodle's dialect: as strict as the real thing where a client could get it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.moodle import MoodleOptions, create_app
from ascertain.sandbox.moodle_competency import competency_id, key_of
from ascertain.sandbox.moodle_gate import MoodleError, unfolded
from ascertain.sandbox.moodle_shapes import Site
from ascertain.sandbox.moodle_states import grade_of, has_criteria, is_graded

COMPANY = build_company(date(2026, 5, 1))
SITE = Site.of(COMPANY)
SERVER = "/webservice/rest/server.php"


class Caller:
    """A client with the administrator's token."""

    def __init__(self, options: MoodleOptions | None = None) -> None:
        self.options = options or MoodleOptions()
        self.live = LiveCompany(COMPANY)
        self.client = TestClient(create_app(self.live, self.options))

    def call(self, function: str, sent: Mapping[str, object] | None = None, *, token: str | None = None) -> Any:
        head = {"wstoken": self.options.token if token is None else token, "wsfunction": function}
        form = {**head, "moodlewsrestformat": "json", **{k: str(v) for k, v in (sent or {}).items()}}
        answer = self.client.post(SERVER, data=form)
        assert answer.status_code == 200, "Moodle says everything with 200"
        return answer.json()

    def code(self, function: str, sent: Mapping[str, object] | None = None, *, token: str | None = None) -> str:
        answer = self.call(function, sent, token=token)
        assert set(answer) == {"exception", "errorcode", "message"}
        return str(answer["errorcode"])


@pytest.fixture
def site() -> Caller:
    return Caller()


def test_everybody_is_on_the_list_with_what_the_edge_must_drop(site: Caller) -> None:
    found = site.call("core_user_get_users", {"criteria[0][key]": "email", "criteria[0][value]": "%"})
    assert {u["idnumber"] for u in found["users"]} == {p.id for p in COMPANY.learners}
    assert found["warnings"] == []
    national = [f["value"] for u in found["users"] for f in u["customfields"] if f["shortname"] == "nationalid"]
    assert set(national) == {p.national_id for p in COMPANY.learners}
    assert all("" not in u.values() for u in found["users"]), "what is empty is left out"


def test_an_unknown_criterion_is_a_warning_on_success(site: Caller) -> None:
    found = site.call("core_user_get_users", {"criteria[0][key]": "department", "criteria[0][value]": "Data"})
    assert [w["warningcode"] for w in found["warnings"]] == ["invalidfieldparameter"]
    assert len(found["users"]) == len(COMPANY.learners)


@pytest.mark.parametrize(
    ("function", "sent", "code"),
    [
        ("core_user_get_users", {}, "invalidparameter"),
        ("core_user_get_users", {"criteria[0][key]": "email"}, "invalidparameter"),
        ("core_enrol_get_enrolled_users", {"courseid": "x"}, "invalidparameter"),
        ("core_enrol_get_enrolled_users", {"courseid": 501, "page": 1}, "invalidparameter"),
        ("core_enrol_get_enrolled_users", {"courseid": 4}, "invalidrecord"),
        ("core_completion_get_course_completion_status", {"courseid": 501, "userid": 4}, "invalidrecord"),
        ("core_no_such_function", {}, "invalidrecord"),
    ],
)
def test_what_is_wrong_is_an_error_with_status_200(
    function: str, sent: dict[str, object], code: str, site: Caller
) -> None:
    assert site.code(function, sent) == code


def test_tokens(site: Caller) -> None:
    o = site.options
    assert site.code("core_course_get_courses", token="0" * 32) == "invalidtoken"
    assert site.code("core_course_get_courses", token="") == "missingparam"
    form = {"username": o.username, "password": o.password, "service": o.service}
    given_token = site.client.post("/login/token.php", data=form).json()["token"]
    assert site.call("core_webservice_get_site_info", token=given_token)["siteid"] == 1
    assert site.client.post("/login/token.php", data=form).json()["token"] == given_token, "a living one comes again"
    for change, code in (({"password": "x"}, "invalidlogin"), ({"service": "x"}, "servicenotavailable")):
        assert site.client.post("/login/token.php", data={**form, **change}).json()["errorcode"] == code


def test_a_token_runs_out() -> None:
    site = Caller(MoodleOptions(token_seconds=0))
    o = site.options
    form = {"username": o.username, "password": o.password, "service": o.service}
    token = site.client.post("/login/token.php", data=form).json()["token"]
    assert site.code("core_course_get_courses", token=token) == "invalidtoken"


def test_rights_and_services() -> None:
    site = Caller(
        MoodleOptions(denied=frozenset({"core_user_get_users"}), absent=frozenset({"core_course_get_courses"}))
    )
    assert site.code("core_user_get_users", {"criteria[0][key]": "id", "criteria[0][value]": 1}) == "nopermissions"
    assert site.code("core_course_get_courses") == "accessexception"
    listed = {f["name"] for f in site.call("core_webservice_get_site_info")["functions"]}
    assert "core_course_get_courses" not in listed
    assert "core_user_get_users" in listed, "a service lists what its user may not do"


def test_developer_messages_come_before_the_json() -> None:
    site = Caller(MoodleOptions(debug=True))
    form = {"wstoken": site.options.token, "wsfunction": "core_course_get_courses", "moodlewsrestformat": "json"}
    assert site.client.post(SERVER, data=form).text.startswith("<br />")


def test_the_front_page_is_a_course_too(site: Caller) -> None:
    found = site.call("core_course_get_courses")
    assert [c["id"] for c in found if c["format"] == "site"] == [1]
    assert {c["idnumber"] for c in found if c["format"] != "site"} == {c.code for c in COMPANY.courses}


def test_enrolments_are_those_of_the_company(site: Caller) -> None:
    for course in COMPANY.courses[:12]:
        found = site.call("core_enrol_get_enrolled_users", {"courseid": course.id})
        assert {u["id"] for u in found} == {u for c, u in SITE.enrolled if c == course.id}
        assert all(r["shortname"] == "student" for u in found for r in u["roles"])
    page = {"options[0][name]": "limitfrom", "options[0][value]": 1, "options[1][name]": "limitnumber"}
    part = site.call("core_enrol_get_enrolled_users", {"courseid": 501, **page, "options[1][value]": 2})
    assert part == site.call("core_enrol_get_enrolled_users", {"courseid": 501})[1:3]


def test_completion_says_what_the_company_knows(site: Caller) -> None:
    seen: set[str] = set()
    for (course, user), enrolment in list(SITE.enrolled.items())[:120]:
        sent = {"courseid": course, "userid": user}
        if not has_criteria(SITE.courses[course]):
            assert site.code("core_completion_get_course_completion_status", sent) == "nocriteriaset"
            seen.add("nocriteriaset")
            continue
        status = site.call("core_completion_get_course_completion_status", sent)["completionstatus"]
        assert status["completed"] == (enrolment.status == "completed")
        assert all((c["timecompleted"] or 0) > 1_000_000_000 for c in status["completions"] if status["completed"])
        states = site.call("core_completion_get_activities_completion_status", sent)["statuses"]
        assert all((s["timecompleted"] > 0) == (s["state"] > 0) for s in states)
        seen |= {str(s["state"]) for s in states}
    assert {"0", "1", "2", "3", "nocriteriaset"} <= seen
    stranger = next(u for u in SITE.people if (501, u) not in SITE.enrolled)
    sent = {"courseid": 501, "userid": stranger}
    assert site.code("core_completion_get_course_completion_status", sent) == "usernotenroled"


def test_grades_come_in_two_scales(site: Caller) -> None:
    for course in [c for c in COMPANY.courses if is_graded(c)][:10]:
        for row in site.call("gradereport_user_get_grade_items", {"courseid": course.id})["usergrades"]:
            quiz, total = row["gradeitems"]
            grade = grade_of(SITE.enrolled[(course.id, row["userid"])])
            assert (quiz["grademax"], total["grademax"]) == (10, 100)
            assert total["graderaw"] == grade
            assert quiz["graderaw"] == (None if grade is None else pytest.approx(grade / 10))
            assert (quiz["gradedategraded"] is None) == (grade is None)


def test_a_grade_leaves_evidence_and_is_not_taken_back(site: Caller) -> None:
    user, sql = COMPANY.learners[0].docebo_id or 0, competency_id("SQL")
    sent = {"userid": user, "competencyid": sql, "grade": 3, "note": "from elsewhere"}
    evidence = site.call("core_competency_grade_competency", sent)
    assert (evidence["grade"], evidence["gradename"], evidence["note"]) == (3, "Practitioner", "from elsewhere")
    listed = site.call("core_competency_list_plan_competencies", {"id": user * 10})
    assert [r["usercompetency"]["grade"] for r in listed if r["competency"]["id"] == sql] == [3]
    assert site.code("core_competency_grade_competency", {**sent, "grade": 0}) == "invalidpersistenterror"
    assert site.code("core_competency_grade_competency", {**sent, "grade": 6}) == "invalidpersistenterror"
    assert site.code("core_competency_grade_competency", {**sent, "grade": ""}) == "invalidparameter"
    site.call(
        "core_competency_grade_competency_in_plan",
        {k: v for k, v in sent.items() if k != "userid"} | {"planid": user * 10},
    )
    summary = site.call("tool_lp_data_for_user_competency_summary", {"userid": user, "competencyid": sql})
    assert len(summary["evidence"]) == 2
    assert len(site.live.kept("moodle")[key_of(user, sql)]["evidence"]) == 2


def test_competencies_of_a_course_and_their_scale(site: Caller) -> None:
    course = next(c for c in COMPANY.courses if "Terraform" in c.name)
    listed = site.call("core_competency_list_course_competencies", {"id": course.id})
    assert competency_id("Terraform") in {r["coursecompetency"]["competencyid"] for r in listed}
    (framework,) = site.call("core_competency_list_competency_frameworks", {"context[contextid]": 1})
    scale = site.call("core_competency_get_scale_values", {"scaleid": framework["scaleid"]})
    assert [v["id"] for v in scale] == [1, 2, 3, 4, 5]
    found = site.call(
        "core_competency_list_competencies",
        {"filters[0][column]": "competencyframeworkid", "filters[0][value]": framework["id"]},
    )
    assert len(found) == framework["competenciescount"]


def test_nested_names() -> None:
    sent = [("criteria[0][key]", "email"), ("criteria[0][value]", "%"), ("values[]", "a"), ("values[]", "b")]
    assert unfolded(sent) == {"criteria": {"0": {"key": "email", "value": "%"}}, "values": {"0": "a", "1": "b"}}


@given(st.lists(st.tuples(st.text("ab[]01=", max_size=12), st.text(max_size=4)), max_size=5))
def test_any_names_are_read_or_refused(form: list[tuple[str, str]]) -> None:
    try:
        found: object = unfolded(form)
    except MoodleError as error:
        found = error.body
    assert isinstance(found, dict)
    assert found.get("errorcode", "invalidparameter") == "invalidparameter"
