"""Cornerstone's odd answers, replayed through an injected transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.connectors.connection import Connection
from ascertain.connectors.cornerstone import CornerstoneConnector
from ascertain.connectors.cornerstone_people import flat
from ascertain.domain.connector import Cursor, Incremental, Page
from ascertain.domain.records import CourseRecord, EnrolmentRecord, EnrolmentStatus, Entity, SourceRef, WorkerRecord
from ascertain.domain.skills import Level
from ascertain.errors import ConfigError, PermanentConnectorError, RetryableConnectorError

BASE = "https://corp.example"
COURSE = "6f1a3c5e-0000-4000-8000-000000000001"
TRANSCRIPT = {
    "transc_user_id": 12,
    "transc_object_id": COURSE,
    "reg_num": 2,
    "user_lo_status_id": 17,
    "user_lo_status_group_id": 11,
    "user_lo_score": 40,
    "user_lo_pass": True,
    "user_lo_comp_dt": "2026-03-02T10:00:00Z",
    "user_lo_reg_dt": "2026-02-01T10:00:00Z",
    "user_lo_last_modified_dt": "2026-03-02T10:05:00Z",
    "is_removed": False,
}
TRAINING = {"object_id": COURSE, "lo_title": "SQL", "lo_max_score": 50, "lo_hours": 2.5, "lo_active": "Y"}
Answers = Callable[[httpx.Request], Any]


def portal(answers: Answers, *, secrets: Mapping[str, str] | None = None, **options: Any) -> CornerstoneConnector:
    def play(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/services/api/oauth2/token":
            sent = json.loads(request.content)
            assert (sent["clientId"], sent["grantType"]) == ("i", "client_credentials")
            return httpx.Response(200, json={"access_token": "t", "expires_in": 900})
        assert request.headers["authorization"] == "Bearer t"
        answer = answers(request)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    given_secrets = {"client_id": "i", "client_secret": "s", **(secrets or {})}
    fields = {Entity.USER: {"updated": ""}} if "fields" not in options else options.pop("fields")
    connection = Connection("csod", "cornerstone", BASE, ZoneInfo("UTC"), given_secrets, {}, fields, options)
    return CornerstoneConnector(connection, transport=httpx.MockTransport(play))


def tables(**rows: list[dict[str, Any]]) -> Answers:
    """One page for each view or object, by the last part of its path."""
    return lambda request: {"value": rows.get(request.url.path.rpartition("/")[2], [])}


def one(answers: Answers, entity: Entity = Entity.ENROLMENT, **options: Any) -> Page:
    (page,) = portal(answers, **options).pull(entity, None)
    return page


def test_a_score_is_on_the_trainings_scale() -> None:
    page = one(tables(vw_rpt_transcript=[TRANSCRIPT], vw_rpt_training=[TRAINING]))
    (found,) = page.records
    assert isinstance(found, EnrolmentRecord)
    assert str(found.ref) == f"csod:enrolment:{COURSE}_12_2"
    assert (found.score, found.attempt, found.status) == (0.8, 2, EnrolmentStatus.COMPLETED)
    assert found.completed_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.is_assessment


def test_without_a_known_scale_the_default_counts_or_the_score_is_left_out() -> None:
    bare = tables(vw_rpt_transcript=[TRANSCRIPT])
    assert one(bare).records[0].score == 0.4  # type: ignore[union-attr]
    left = one(bare, default_max_score=None).records[0]
    assert isinstance(left, EnrolmentRecord)
    assert (left.score, left.is_assessment) == (None, False)
    (bad,) = one(tables(vw_rpt_transcript=[{**TRANSCRIPT, "user_lo_score": 51}], vw_rpt_training=[TRAINING])).rejected
    assert bad.field == "user_lo_score"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"user_lo_status_group_id": 3}, EnrolmentStatus.COMPLETED),
        ({"user_lo_status_group_id": 3, "user_lo_pass": False}, EnrolmentStatus.FAILED),
        ({"user_lo_status_group_id": 3, "user_lo_comp_dt": None}, EnrolmentStatus.ENROLLED),
        ({"user_lo_status_group_id": 3, "user_lo_comp_dt": None, "user_lo_start_dt": "2026-02-02"}, "in_progress"),
        ({"user_lo_status_group_id": 3, "user_lo_comp_dt": None, "user_lo_pct_complete": 20}, "in_progress"),
        ({"user_lo_status_id": 99}, EnrolmentStatus.EXPIRED),
    ],
)
def test_states_come_from_the_portals_numbers_or_from_dates(change: dict[str, Any], status: str) -> None:
    page = one(tables(vw_rpt_transcript=[{**TRANSCRIPT, **change}]), statuses={"99": "expired"})
    assert page.records[0].status == status  # type: ignore[union-attr]


def test_a_removed_registration_is_none() -> None:
    page = one(tables(vw_rpt_transcript=[{**TRANSCRIPT, "is_removed": True}]))
    assert (page.records, page.rejected) == ((), ())


def test_only_mapped_columns_are_asked_for() -> None:
    asked: list[httpx.QueryParams] = []

    def answers(request: httpx.Request) -> Any:
        asked.append(request.url.params)
        return {"value": []}

    one(answers, Entity.USER)
    assert "user_email" in asked[0]["$select"].split(",")
    one(answers, Entity.USER, select=False)
    assert "$select" not in asked[1]


def test_an_increment_asks_by_date_and_reaches_back() -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> Any:
        asked.append(request.url.params.get("$filter", ""))
        return {"value": [TRAINING | {"lo_modified_dt": "2026-03-02T10:00:00Z"}]}

    found = portal(answers, overlap_minutes=45)
    (page,) = found.pull(Entity.COURSE, None)
    (again,) = found.pull(Entity.COURSE, page.checkpoint)
    assert asked == ["", "lo_modified_dt ge cast('2026-03-02T09:15:00Z',Edm.DateTimeOffset)"]
    assert again.records == ()


def test_people_without_a_dated_column_come_whole() -> None:
    row = {"user_id": 1, "user_email": "a@x.example", "user_name_first": "A", "user_name_last": "B"}
    found = portal(tables(vw_rpt_user=[row]))
    assert found.capabilities().incremental[Entity.USER] is Incremental.FULL
    (page,) = found.pull(Entity.USER, None)
    (again,) = found.pull(Entity.USER, page.checkpoint)
    assert page.records == again.records != ()


def test_links_are_followed_as_given_and_only_at_home() -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> Any:
        asked.append(request.url.query.decode())
        if "skiptoken" in asked[-1]:
            return {"value": [TRAINING]}
        return {"value": [], "@odata.nextLink": f"{BASE}/services/api/x/odata/api/views/v?$skiptoken=a%2Bb+c'd'"}

    pages = list(portal(answers).pull(Entity.COURSE, None))
    assert asked[1] == "$skiptoken=a%2Bb+c'd'"
    assert [len(p.records) for p in pages] == [0, 1]
    away = portal(lambda r: {"value": [], "@odata.nextLink": "https://elsewhere.example/x"})
    with pytest.raises(PermanentConnectorError, match=r"elsewhere\.example"):
        list(away.pull(Entity.COURSE, None))


def test_an_expired_link_begins_again_but_not_for_ever() -> None:
    def answers(request: httpx.Request) -> Any:
        if "skiptoken" in str(request.url):
            return httpx.Response(400, json={"error": {"message": "The skiptoken has expired"}})
        return {"value": [TRAINING], "@odata.nextLink": f"{BASE}/x?$skiptoken=1"}

    with pytest.raises(PermanentConnectorError):
        list(portal(answers).pull(Entity.COURSE, None))
    stale: Cursor = {"v": 1, "since": None, "seen": {}, "position": {"next": f"{BASE}/x?$skiptoken=0"}}
    fresh = portal(
        lambda r: httpx.Response(410) if "skiptoken" in str(r.url) else {"value": [TRAINING]},
    )
    (page,) = fresh.pull(Entity.COURSE, stale)
    assert (len(page.records), "begun again" in page.warnings[0]) == (1, True)


def test_tracked_objects_give_what_changed_and_say_what_went() -> None:
    asked: list[tuple[str, str]] = []
    changed = {**TRANSCRIPT, "user_lo_score": 50}

    def answers(request: httpx.Request) -> Any:
        last = request.url.path.rpartition("/")[2]
        if last != "transcript_core":
            return {"value": [TRAINING]}
        asked.append((request.url.query.decode(), request.headers["prefer"]))
        if "deltatoken" in str(request.url):
            gone = [{"@removed": {"reason": "deleted"}}, {"@odata.context": f"{BASE}/x#transcript_core/$deletedEntity"}]
            return {"value": [changed, *gone], "@odata.deltaLink": f"{request.url.path}?$deltatoken=2"}
        return {"value": [TRANSCRIPT], "@odata.deltaLink": f"{BASE}{request.url.path}?$deltatoken=1"}

    found = portal(answers, transcripts="dataexporter")
    (first,) = found.pull(Entity.ENROLMENT, None)
    (second,) = found.pull(Entity.ENROLMENT, first.checkpoint)
    assert "odata.track-changes" in asked[0][1]
    assert asked[1][0] == "$deltatoken=1"
    assert [r.score for r in second.records] == [1.0]  # type: ignore[union-attr]
    assert "2 rows were deleted" in second.warnings[0]
    assert second.checkpoint["delta"].endswith("$deltatoken=2")


def test_a_place_lost_among_changes_is_found_from_the_last_delta() -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> Any:
        if not request.url.path.endswith("transcript_core"):
            return {"value": [TRAINING]}
        asked.append(request.url.query.decode())
        if "skiptoken" in asked[-1]:
            return httpx.Response(410)
        return {"value": [TRANSCRIPT], "@odata.deltaLink": f"{BASE}{request.url.path}?$deltatoken=2"}

    stale: Cursor = {
        "v": 1,
        "since": "2026-03-01T00:00:00+00:00",
        "seen": {},
        "position": {"next": f"{BASE}/services/api/x/dataexporter/api/objects/transcript_core?$skiptoken=9"},
        "delta": f"{BASE}/services/api/x/dataexporter/api/objects/transcript_core?$deltatoken=1",
    }
    (page,) = portal(answers, transcripts="dataexporter").pull(Entity.ENROLMENT, stale)
    assert asked == ["$skiptoken=9", "$deltatoken=1"]
    assert page.checkpoint["delta"].endswith("=2")


def test_what_cannot_be_tracked_is_read_by_date() -> None:
    asked: list[str] = []

    def answers(request: httpx.Request) -> Any:
        if "track" in request.headers.get("prefer", ""):
            return httpx.Response(501, json={})
        asked.append(request.url.params.get("$filter", ""))
        return {"value": [TRANSCRIPT] if request.url.path.endswith("transcript_core") else []}

    found = portal(answers, transcripts="dataexporter")
    (page,) = found.pull(Entity.ENROLMENT, None)
    assert "cannot be tracked" in page.warnings[0]
    found = portal(answers, transcripts="dataexporter")
    list(found.pull(Entity.ENROLMENT, page.checkpoint))
    assert any("user_lo_last_modified_dt ge" in a for a in asked)


def test_titles_of_exported_trainings_are_joined() -> None:
    core = {"object_id": COURSE, "lo_hours": 2, "lo_object_type": "Test", "proficiency_level": "Advanced"}
    local = [{"object_id": COURSE, "lo_title": "SQL", "lo_descr": "<p>Joins.</p>"}, {"object_id": COURSE}]
    page = one(tables(training_core=[core], training_local_core=local), Entity.COURSE, courses="dataexporter")
    (found,) = page.records
    assert isinstance(found, CourseRecord)
    assert (found.title, found.description, found.level) == ("SQL", "Joins.", Level.ADVANCED)


def test_departments_and_positions_are_joined() -> None:
    row = {"user_id": 1, "user_ref": "E1", "user_email": "a@x.example", "user_mgr_ref": "E2"}
    answers = tables(
        vw_rpt_user=[row],
        ou_core=[{"ou_id": 5, "type_id": 2, "title": "Data"}, {"ou_id": 6, "type_id": 4, "title": "Analyst"}],
        user_ou_core=[{"user_id": 1, "ou_id": 5}, {"user_id": 1, "ou_id": 6}],
    )
    (found,) = one(answers, Entity.WORKER, workers=True, organisation={}).records
    assert isinstance(found, WorkerRecord)
    assert (found.employee_id, found.manager_employee_id) == ("E1", "E2")
    assert (found.department, found.job_title) == ("Data", "Analyst")


EMPLOYEE = {
    "id": 7,
    "externalId": "E7",
    "primaryEmail": "g@x.example",
    "firstName": "G",
    "lastName": "H",
    "managerId": 8,
    "workerStatus": {"active": True},
    "settings": {"displayLanguage": "de-DE"},
    "employeeMetaData": {"modifiedDate": "2026-01-01T00:00:00.000Z"},
}


@pytest.mark.parametrize("key", ["nextPageToken", "nextpagetoken"])
def test_employees_page_by_a_token_that_may_die(key: str) -> None:
    dead = [True]

    def answers(request: httpx.Request) -> Any:
        if request.url.path.endswith("/8"):
            return {"data": {**EMPLOYEE, "id": 8, "externalId": "E8"}}
        if not request.url.params.get("nextPageToken"):
            return {"data": [EMPLOYEE], key: "n1"}
        if dead.pop() if dead else False:
            return httpx.Response(400, json={"message": "nextPageToken is not valid"})
        return {"data": [{**EMPLOYEE, "id": 9, "externalId": "E9"}]}

    found = portal(answers, users="employees", workers=True)
    pages = list(found.pull(Entity.WORKER, None))
    rows = [r for p in pages for r in p.records]
    assert [r.employee_id for r in rows] == ["E7", "E7", "E9"]  # type: ignore[union-attr]
    assert {r.manager_employee_id for r in rows} == {"E8"}  # type: ignore[union-attr]
    assert "begun again" in pages[1].warnings[0]
    user = found.fetch(SourceRef("csod", Entity.USER, "8"))
    assert user is not None
    assert user.language == "de"  # type: ignore[union-attr]


def test_an_address_without_calls_left_is_left_alone() -> None:
    calls = [0]

    def answers(request: httpx.Request) -> Any:
        calls[0] += 1
        body = {"value": [TRAINING]} | ({"@odata.nextLink": str(request.url)} if calls[0] == 1 else {})
        return httpx.Response(200, json=body, headers={"x-csod-requests-remaining-urilevel": "0"})

    with pytest.raises(RetryableConnectorError) as caught:
        list(portal(answers).pull(Entity.COURSE, None))
    assert 0 < (caught.value.retry_after or 0) <= 60
    assert calls == [1]


def _no_such(request: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"error": {"message": "Could not find a property lo_ref"}})


def test_other_columns_are_named() -> None:
    refused = portal(_no_such)
    with pytest.raises(PermanentConnectorError, match="lo_ref") as caught:
        list(refused.pull(Entity.COURSE, None))
    with pytest.raises(PermanentConnectorError, match="lo_ref"):
        list(
            portal(lambda r: {"value": [TRANSCRIPT]} if "transcript" in r.url.path else _no_such(r)).pull(
                Entity.ENROLMENT, None
            )
        )
    assert "vw_rpt_training" in str(caught.value)


@pytest.mark.parametrize("quoted", [False, True])
def test_a_single_training_is_found_whatever_its_id_is(quoted: bool) -> None:
    def answers(request: httpx.Request) -> Any:
        if quoted != ("'" in request.url.params["$filter"]):
            return httpx.Response(400, json={})
        return {"value": [TRAINING]}

    found = portal(answers).fetch(SourceRef("csod", Entity.COURSE, COURSE))
    assert isinstance(found, CourseRecord)
    assert portal(lambda r: {"value": []}).fetch(SourceRef("csod", Entity.COURSE, COURSE)) is None


def test_a_signature_without_what_is_signed_is_refused() -> None:
    with pytest.raises(ConfigError, match="webhook_secret"):
        portal(tables(), secrets={"webhook_secret": "c2VjcmV0"})
    with pytest.raises(ConfigError, match="base64"):
        portal(tables(), secrets={"webhook_secret": "not base64!"}, webhooks={"string_to_sign": "{date}"})


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda i: st.dictionaries(st.text(max_size=4), i)))
def test_flattening_keeps_every_leaf(value: Any) -> None:
    def leaves(node: Any) -> int:
        return sum(map(leaves, node.values())) if isinstance(node, dict) else 1

    found = flat(value)
    assert not isinstance(found, dict) or len(found) <= leaves(value)
    assert not isinstance(found, dict) or not any(isinstance(v, dict) for v in found.values())


ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-1e9, 1e9)
    | st.text(max_size=12)
    | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries({}, optional={k: ODD for k in TRANSCRIPT}),
    st.fixed_dictionaries({}, optional={k: ODD for k in TRAINING}),
)
def test_no_row_is_an_error(transcript: dict[str, Any], training: dict[str, Any]) -> None:
    page = one(tables(vw_rpt_transcript=[TRANSCRIPT | transcript], vw_rpt_training=[TRAINING | training]))
    assert len(page.records) + len(page.rejected) <= 1
    assert all(r.score is None or 0 <= r.score <= 1 for r in page.records if isinstance(r, EnrolmentRecord))
    page = one(tables(vw_rpt_training=[TRAINING | training]), Entity.COURSE)
    assert len(page.records) + len(page.rejected) == 1
    assert all(r.field and r.reason for r in page.rejected)
