"""The sandbox's learning record store keeps xAPI's rules: immutable, voided, in the order of storing."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from ascertain.sandbox.company import build_company
from ascertain.sandbox.live import LiveCompany
from ascertain.sandbox.lrs import LrsOptions, create_app
from ascertain.sandbox.lrs_rules import Refused, check

OPTIONS = LrsOptions()
HEADERS = {"X-Experience-API-Version": "1.0.3"}
VERB = "http://adlnet.gov/expapi/verbs/"
COMPANY = build_company(date(2026, 5, 1))


@pytest.fixture
def live() -> LiveCompany:
    return LiveCompany(COMPANY)


@pytest.fixture
def client(live: LiveCompany) -> TestClient:
    found = TestClient(create_app(live), headers=HEADERS)
    found.auth = (OPTIONS.user, OPTIONS.password)
    return found


def made(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"mbox": "mailto:a@x.example"},
        "verb": {"id": VERB + "passed"},
        "object": {"id": "https://x.example/course/1"},
        "result": {"score": {"scaled": 0.9}, "success": True, "duration": "PT1H30M"},
        **changes,
    }


def voiding(target: str) -> dict[str, Any]:
    reference = {"objectType": "StatementRef", "id": target}
    return {k: v for k, v in made(object=reference, verb={"id": VERB + "voided"}).items() if k != "result"}


def everything(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    answer = client.get("/xapi/statements", params=query).json()
    found = list(answer["statements"])
    while answer["more"]:
        answer = client.get(answer["more"]).json()
        found += answer["statements"]
    return found


def test_every_answer_has_the_version_and_until_when_it_is_complete(client: TestClient) -> None:
    answer = client.get("/xapi/statements", params={"limit": 1})
    assert answer.headers["x-experience-api-version"] == "1.0.3"
    assert answer.headers["x-experience-api-consistent-through"] >= answer.json()["statements"][0]["stored"]
    new = client.get("/xapi/statements", headers={"X-Experience-API-Version": "2.0.0"})
    assert new.headers["x-experience-api-version"] == "2.0.0"
    assert client.get("/xapi/about").json() == {"version": ["1.0.3", "2.0.0"]}


@pytest.mark.parametrize("version", ["", "0.95", "1.1", "3.0.0"])
def test_another_version_is_refused(client: TestClient, version: str) -> None:
    assert client.get("/xapi/statements", headers={"X-Experience-API-Version": version}).status_code == 400


def test_wrong_credentials_are_refused(client: TestClient) -> None:
    assert client.get("/xapi/statements", auth=("ascertain", "x")).status_code == 401


def test_pages_have_everything_once_in_either_order(client: TestClient) -> None:
    rows = everything(client, limit=70)
    assert len(rows) == len({r["id"] for r in rows}) > 500
    stored = [r["stored"] for r in rows]
    assert stored == sorted(stored, reverse=True)
    assert [r["id"] for r in everything(client, ascending="true")] == [r["id"] for r in rows][::-1]


def test_since_leaves_its_own_moment_out_and_means_the_storing(client: TestClient) -> None:
    mark = client.get("/xapi/statements").headers["x-experience-api-consistent-through"]
    assert everything(client, since=mark) == []
    sent = made(timestamp="2020-01-01T00:00:00Z")
    client.post("/xapi/statements", json=sent)
    (found,) = everything(client, since=mark)
    assert found["id"] == sent["id"]
    assert everything(client, since=found["stored"]) == []
    assert sent["id"] in {r["id"] for r in everything(client, until=found["stored"])}


def test_the_same_id_again_is_nothing_and_with_other_content_a_conflict(client: TestClient) -> None:
    sent = made()
    put = {"statementId": sent["id"]}
    assert client.put("/xapi/statements", params=put, json=sent).status_code == 204
    assert client.put("/xapi/statements", params=put, json=sent).status_code == 204
    assert client.post("/xapi/statements", json=[sent]).json() == [sent["id"]]
    other = {**sent, "result": {"success": False}}
    assert client.put("/xapi/statements", params=put, json=other).status_code == 409
    fresh = made()
    assert client.post("/xapi/statements", json=[fresh, other]).status_code == 409
    assert client.get("/xapi/statements", params={"statementId": fresh["id"]}).status_code == 404, "all or none"
    assert client.put("/xapi/statements", params={"statementId": str(uuid4())}, json=sent).status_code == 400


def test_what_is_voided_is_found_under_its_own_name_only(client: TestClient) -> None:
    sent = made()
    client.post("/xapi/statements", json=sent)
    void = voiding(sent["id"])
    client.post("/xapi/statements", json=void)
    assert client.get("/xapi/statements", params={"statementId": sent["id"]}).status_code == 404
    assert client.get("/xapi/statements", params={"voidedStatementId": sent["id"]}).json()["id"] == sent["id"]
    assert sent["id"] not in {r["id"] for r in everything(client)}
    client.post("/xapi/statements", json=voiding(void["id"]))
    assert client.get("/xapi/statements", params={"statementId": void["id"]}).status_code == 200, "cannot be voided"


def test_queries_narrow(client: TestClient) -> None:
    sent = made(context={"registration": str(uuid4())})
    client.post("/xapi/statements", json=sent)
    for query in (
        {"agent": '{"mbox": "mailto:a@x.example"}'},
        {"activity": "https://x.example/course/1"},
        {"registration": sent["context"]["registration"]},
        {"verb": VERB + "passed"},
    ):
        assert [r["id"] for r in everything(client, **query)] == [sent["id"]], query
    (short,) = everything(client, format="ids", agent='{"mbox": "mailto:a@x.example"}')
    assert short["verb"] == {"id": VERB + "passed"}


@pytest.mark.parametrize(
    "query",
    [
        {"nonsense": "1"},
        {"limit": "-1"},
        {"since": "yesterday"},
        {"since": "2026-05-01T00:00:00"},
        {"ascending": "yes"},
        {"format": "short"},
        {"agent": "me"},
        {"agent": '{"name": "A"}'},
        {"statementId": "1"},
        {"statementId": str(uuid4()), "voidedStatementId": str(uuid4())},
        {"statementId": str(uuid4()), "limit": "1"},
    ],
)
def test_what_is_asked_wrongly_is_refused(client: TestClient, query: dict[str, str]) -> None:
    assert client.get("/xapi/statements", params=query).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"actor": {"name": "A"}},
        {"actor": {"mbox": "a@x.example"}},
        {"actor": {"mbox": "mailto:a@x.example", "openid": "https://x.example/a"}},
        {"actor": {"account": {"name": "A"}}},
        {"verb": {"id": "passed"}},
        {"object": {"id": "course 1"}},
        {"result": {"score": {"scaled": 1.5}}},
        {"result": {"score": {"raw": 11, "max": 10}}},
        {"result": {"duration": "90 minutes"}},
        {"result": {"success": "yes"}},
        {"timestamp": "2026-05-01"},
        {"context": {}, "extra": 1},
        {"authority": None},
    ],
)
def test_what_is_no_statement_is_refused(client: TestClient, changes: dict[str, Any]) -> None:
    assert client.post("/xapi/statements", json=made(**changes)).status_code == 400


def test_what_learners_go_on_doing_arrives_and_deletions_void(client: TestClient, live: LiveCompany) -> None:
    mark = client.get("/xapi/statements").headers["x-experience-api-consistent-through"]
    live.add_enrolment("FL1102", "SQL-201", score=88)
    (found,) = everything(client, since=mark)
    assert found["result"]["score"] == {"scaled": 0.88, "raw": 88, "min": 0, "max": 100}
    live.remove_enrolment("FL1102", "SQL-201")
    voided = {r["object"]["id"] for r in everything(client, since=mark, verb=VERB + "voided")}
    assert found["id"] in voided


def test_a_store_that_lags_says_so() -> None:
    client = TestClient(create_app(LiveCompany(COMPANY), LrsOptions(lag_seconds=60)), headers=HEADERS)
    client.auth = (OPTIONS.user, OPTIONS.password)
    sent = made()
    client.post("/xapi/statements", json=sent)
    answer = client.get("/xapi/statements", params={"agent": '{"mbox": "mailto:a@x.example"}'})
    assert answer.json()["statements"] == []
    stored = client.get("/xapi/statements", params={"statementId": sent["id"]}).json()["stored"]
    assert answer.headers["x-experience-api-consistent-through"] < stored


def test_limits(client: TestClient) -> None:
    assert client.post("/xapi/statements", content=b" " * (OPTIONS.max_bytes + 1)).status_code == 413
    assert (
        client.post("/xapi/statements", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    )
    assert client.post("/xapi/statements", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    assert client.get("/xapi/more/nothing/5").status_code == 404


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(made(), JSON)) | JSON)
def test_nothing_that_is_sent_is_an_error_of_ours(statement: Any) -> None:
    whole = {**made(), **statement} if isinstance(statement, dict) else statement
    try:
        accepted = check(whole)
    except Refused as e:
        status = e.status
    else:
        status = 200
        assert accepted == whole
    assert status in (200, 400)
