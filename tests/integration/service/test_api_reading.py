"""What the reading half of the API answers, and that it is what its schemas say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from ascertain.domain.access import Scope
from ascertain.domain.assertion import AssertionState
from ascertain.domain.consent import Origin, Purpose
from ascertain.domain.permission import Role
from ascertain.pipeline.find_people import NOTICE
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.restrict import restrict
from ascertain.service.api import schemas
from tests.integration.pipeline.world import ANN, BOB, exam
from tests.integration.service.api_world import ApiWorld, accept, served_world

EVERYBODY = {Role.L_AND_D: ("all",)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    with served_world(tmp_path_factory.mktemp("api-reading")) as found:
        yield found


@pytest.fixture
def ann(world: ApiWorld) -> Iterator[httpx.Client]:
    with world.caller("ann@example.org") as found:
        yield found


@pytest.fixture
def training(world: ApiWorld) -> Iterator[httpx.Client]:
    """Learning and development of everybody."""
    with world.caller(roles=EVERYBODY) as found:
        yield found


def valid(name: str, document: object) -> None:
    """Raises when a document is not as the published schema says."""
    registry: Registry[Any] = Registry().with_resources(
        (str(schemas.schema_of(n)["$id"]), Resource.from_contents(schemas.schema_of(n))) for n in schemas.names()
    )
    Draft202012Validator(schemas.schema_of(name), registry=registry).validate(document)


ONE = {
    "/v1/learners/E1/skills": "profile",
    "/v1/learners/E1/gaps": "gaps-of-a-person",
    "/v1/learners/E1/path": "path",
    "/v1/learners/E1/matches": "matches",
    "/v1/learners/E1/consents": "consents",
    "/v1/roles/analyst": "role",
    "/v1/skills/sql": "skill",
    "/v1/catalogue/sql-101": "content",
}
MANY = {
    "/v1/learners": "person",
    "/v1/learners/E1/evidence": "evidence",
    "/v1/learners/E1/accesses": "access",
    "/v1/roles": "role",
    "/v1/skills": "skill",
    "/v1/catalogue": "content",
}
COHORT = {
    "/v1/gaps": "gap-of-a-cohort",
    "/v1/coverage": "skill-cover",
    "/v1/matches": "matches",
    "/v1/readiness": "readiness",
    "/v1/reviews": "review-row",
}


@pytest.mark.parametrize("path", ONE)
def test_one_thing_is_as_its_schema_says(ann: httpx.Client, path: str) -> None:
    answer = ann.get(path)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"data"}
    valid(ONE[path], answer.json()["data"])


@pytest.mark.parametrize("path", MANY)
def test_a_list_is_as_its_schema_says(ann: httpx.Client, path: str) -> None:
    ann.get("/v1/learners/E1/skills")
    answer = ann.get(path)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["data"]
    assert rows
    for row in rows:
        valid(MANY[path], row)


@pytest.mark.parametrize("path", COHORT)
def test_figures_of_cohorts_are_as_their_schemas_say(training: httpx.Client, path: str) -> None:
    answer = training.get(path, params={} if path == "/v1/reviews" else {"cohort": "Data"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]
    for row in answer.json()["data"]:
        valid(COHORT[path], row)


def test_a_decision_gets_only_what_may_carry_one(ann: httpx.Client) -> None:
    shown = {s["skill"] for s in ann.get("/v1/learners/E1/skills").json()["data"]["skills"]}
    data = ann.get("/v1/learners/E1/skills", params={"use": "decision"}).json()["data"]
    assert [s["skill"] for s in data["skills"]] == ["sql"]
    assert {r["skill"] for r in data["left_out"]} == shown - {"sql"}
    assert all(r["why"] for r in data["left_out"])
    assert ann.get("/v1/learners/E1/skills", params={"use": "promotion"}).status_code == 422


def test_a_reading_is_recorded_before_it_is_answered_also_when_nothing_changed(world: ApiWorld) -> None:
    with world.caller("chi@example.org") as chi:
        first = chi.get("/v1/learners/E1/skills")
        again = chi.get("/v1/learners/E1/skills", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    with world.app.units(write=False) as uow:
        seen = uow.accesses.of("E1")[:2]
        records = {r.seq: r for r in uow.audit.records()}
    assert [(a.actor, a.what) for a in seen] == [("chi@example.org", "profile")] * 2
    assert all(records[a.record].action == "people.read" for a in seen)


def test_the_digest_changes_with_the_answer(ann: httpx.Client, world: ApiWorld) -> None:
    before = ann.get("/v1/learners/E1/evidence").headers["etag"]
    assert ann.get("/v1/learners/E1/evidence").headers["etag"] == before
    world.world.add(exam("e-new"))
    after = ann.get("/v1/learners/E1/evidence", headers={"if-none-match": before})
    assert (after.status_code, after.headers["etag"] != before) == (200, True)


def test_pages_give_every_row_once_and_go_on_after_the_last_one(training: httpx.Client, world: ApiWorld) -> None:
    whole = training.get("/v1/learners").json()["data"]
    first = training.get("/v1/learners", params={"limit": 2})
    assert first.json()["data"] == whole[:2]
    assert first.headers["link"].endswith('; rel="next"')
    world.world.person(BOB, id="E11", name="Bea Before", email="bea@example.org")  # comes between, before the place
    rest = training.get(first.headers["link"].split(">")[0][1:])
    assert rest.json()["data"][0]["id"] == whole[2]["id"]
    last = training.get("/v1/learners", params={"limit": 200})
    assert (last.json()["next"], "link" in last.headers) == (None, False)


def test_a_cursor_is_for_its_question_and_its_caller(training: httpx.Client, world: ApiWorld) -> None:
    cursor = training.get("/v1/learners", params={"limit": 1}).json()["next"]
    assert training.get("/v1/learners", params={"cursor": cursor}).status_code == 200
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    wrong = [("/v1/learners", {"cursor": c}) for c in (changed, "x", "é", cursor + "A")]
    wrong += [("/v1/learners", {"cursor": cursor, "q": "a"}), ("/v1/roles", {"cursor": cursor})]
    for path, params in wrong:
        answer = training.get(path, params=params)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor"), params
    with world.caller("ann@example.org") as ann:
        assert ann.get("/v1/learners", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1"])
def test_a_page_has_between_1_and_200_rows(ann: httpx.Client, limit: str) -> None:
    answer = ann.get("/v1/learners", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


def test_a_number_is_explained_and_made_again(ann: httpx.Client, world: ApiWorld) -> None:
    row = world.world.assertions("E1")["sql"]
    shown = ann.get(f"/v1/assertions/{row.id}").json()["data"]
    assert (shown["skill"], shown["confidence"], shown["learner"]) == ("sql", row.confidence, "E1")
    receipt = ann.get(f"/v1/assertions/{row.id}/explanation").json()["data"]
    valid("explanation", receipt)
    assert receipt["assertion"] == shown
    assert {r["evidence"] for r in receipt["reasons"]} >= {"e-exam"}
    again = ann.get(f"/v1/assertions/{row.id}/replay").json()["data"]
    valid("replay", again)
    assert again["stored"] == row.result


def test_the_queue_tells_neither_the_level_nor_the_confidence_that_is_suggested(training: httpx.Client) -> None:
    rows = training.get("/v1/reviews").json()["data"]
    assert rows
    assert not {"level", "confidence", "interval"} & {k for r in rows for k in r}


def test_the_heat_map_has_a_cell_for_each_column(training: httpx.Client) -> None:
    answer = training.get("/v1/heatmap", params={"cohort": "Data", "columns": 2, "limit": 1})
    data = answer.json()["data"]
    valid("heat-map-page", answer.json())
    assert len(data["people"]) == 1
    assert len(data["skills"]) == len(data["people"][0]["cells"]) == 2
    assert answer.json()["next"]


def ids(client: httpx.Client, **asked: Any) -> list[str]:
    """Who is found with these skills."""
    return [r["learner"]["id"] for r in client.get("/v1/people", params=asked).json()["data"]]


def test_people_are_found_by_accepted_skills_if_they_want_to_be_found(training: httpx.Client, world: ApiWorld) -> None:
    accept(world.app, "E2", "sql")
    found = training.get("/v1/people", params={"skill": "sql", "level": 1}).json()
    valid("found-people", found)
    assert ([p["learner"]["id"] for p in found["data"]], found["notice"]) == (["E1", "E2"], NOTICE)
    world.world.says(BOB, False, Purpose.MOBILITY, origin=Origin.PERSON)
    assert ids(training, skill="sql") == ["E1"]
    with world.caller("bob@example.org") as bob:
        assert bob.get("/v1/people", params={"skill": "sql"}).status_code == 403, "colleagues are not theirs to find"
    assert ids(training, skill="sql", level=5) == []
    assert ids(training, skill=["sql", "kubernetes"]) == []
    with world.app.units() as uow:
        row = next(a for a in uow.assertions.of("E1") if a.skill_id == "sql")
        uow.assertions.set_state(row.id, AssertionState.CONTESTED)
        uow.commit()
    assert ids(training, skill="sql") == []
    accept(world.app, "E1", "sql")
    with world.app.units(write=False) as uow:
        assert ("s", "people") in {(a.actor.removeprefix("oidc:"), a.what) for a in uow.accesses.of("E1")}
    assert training.get("/v1/people").status_code == 422


def test_somebody_who_does_not_want_to_be_found_is_matched_with_their_own_role_alone(world: ApiWorld) -> None:
    world.world.says(BOB, False, Purpose.MOBILITY, origin=Origin.PERSON)
    with world.caller("chi@example.org") as chi:
        roles = chi.get("/v1/learners/E2/matches").json()["data"]["roles"]
        listed = chi.get("/v1/matches", params={"cohort": "Data"}).json()
    assert [r["role"] for r in roles] == ["analyst"]
    assert "E2" not in [p["id"] for p in listed["data"]]
    assert listed["left_out"] >= 1


def test_auditors_read_headers_and_operators_of_nothing_open_payloads(world: ApiWorld) -> None:
    with world.caller(roles={Role.AUDITOR: ()}) as auditor:
        first = auditor.get("/v1/audit", params={"limit": 3}).json()
        rest = auditor.get("/v1/audit", params={"cursor": first["next"], "limit": 1}).json()
        assert [r["seq"] for r in first["data"]] == [1, 2, 3]
        assert rest["data"][0]["seq"] == 4
        for row in first["data"]:
            valid("audit-record", row)
        reads = auditor.get("/v1/audit", params={"action": "people.read"}).json()["data"]
        assert {r["action"] for r in reads} == {"people.read"}
        assert auditor.get("/v1/audit/2").json()["data"] == first["data"][1]
        assert auditor.get("/v1/audit/900000").status_code == 404
        assert auditor.get("/v1/audit/2/payload").status_code == 403


def test_what_is_searched_comes_with_the_nearest_name_first(ann: httpx.Client) -> None:
    found = ann.get("/v1/skills", params={"q": "sql"}).json()["data"]
    assert found[0]["id"] == "sql"
    assert ann.get("/v1/skills/no-such-skill").status_code == 404
    assert [c["id"] for c in ann.get("/v1/catalogue", params={"q": "windows"}).json()["data"]] == ["sql-201"]


def test_everybody_has_an_allowance_and_is_told_of_it(world: ApiWorld) -> None:
    with world.caller("ann@example.org") as ann, world.caller("chi@example.org") as chi:
        before = ann.get("/v1/roles").headers["ratelimit"]
        limit = world.served.api.state.service.caller_limit
        limit._buckets["ann@example.org"].tokens = 0.0
        refused = ann.get("/v1/roles")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert int(refused.headers["retry-after"]) >= 1
        assert before.startswith('"calls";r=299;')
        assert refused.headers["ratelimit"].startswith('"calls";r=0;')
        assert chi.get("/v1/roles").status_code == 200, "one caller's calls are not another's"


def test_every_schema_is_published_and_is_one(world: ApiWorld) -> None:
    with world.served.client() as client:
        index = client.get("/schemas").json()["data"]
        assert len(index) >= 30
        assert len({row["id"] for row in index}) == len(index)
        for row in index:
            schema = client.get(row["address"]).json()
            assert schema["$id"] == row["id"]
            Draft202012Validator.check_schema(schema)
        assert client.get("/schemas/none").status_code == 404
        assert client.get("/schemas/..%2f..%2fpolicy").status_code == 404


def test_the_description_is_complete(ann: httpx.Client, world: ApiWorld) -> None:
    shown = ann.get("/openapi.json").json()
    assert shown["openapi"].startswith("3.1")
    ids = [o["operationId"] for methods in shown["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))
    for path, methods in shown["paths"].items():
        for operation in methods.values():
            assert operation.get("summary") or operation.get("description"), path
            if path.startswith("/v1/learners"):
                assert operation["security"]
                done = [told for code, told in operation["responses"].items() if code.startswith("2")]
                assert [told for told in done if "application/json" in told["content"]], path
                assert "application/problem+json" in operation["responses"]["403"]["content"]


def test_keys_call_as_far_as_their_scopes_go(world: ApiWorld) -> None:
    _, text = create_key(world.app.units, world.app.clock, "a system", [Scope.INFER], actor="test")
    with world.served.client(headers={"authorization": f"Bearer {text}"}) as caller:
        assert caller.get("/v1/learners/E1/skills").status_code == 403
        assert caller.get("/v1/roles").status_code == 200
    scopes = [Scope.SKILLS_READ, Scope.PEOPLE_SEARCH]
    _, text = create_key(world.app.units, world.app.clock, "staffing", scopes, actor="test", populations=["Sales"])
    with world.served.client(headers={"authorization": f"Bearer {text}"}) as caller:
        assert [r["id"] for r in caller.get("/v1/learners").json()["data"]] == ["E4", "E5"]
        assert caller.get("/v1/learners/E5/skills").status_code == 200
        assert caller.get("/v1/learners/E2/skills").status_code == 403
        assert ids(caller, skill="sql") == []
    with world.app.units(write=False) as uow:
        seen = uow.accesses.of("E5")[0]
        record = next(r for r in uow.audit.records() if r.seq == seen.record)
    assert (seen.actor.startswith("key:"), record.actor) == (True, "api")


def test_whoever_is_restricted_is_in_no_list_and_the_others_are_answered(world: ApiWorld) -> None:
    with world.app.units() as uow:
        restrict(uow, ANN, reason="Art. 18", actor="hr", clock=world.app.clock)
        uow.commit()
    with world.caller(roles=EVERYBODY) as training:
        listed = {r["id"] for r in training.get("/v1/learners").json()["data"]}
        assert "E1" not in listed
        assert "E2" in listed
        assert training.get("/v1/learners/E1/skills").status_code == 403
        assert [r["learner"]["id"] for r in training.get("/v1/people?skill=sql").json()["data"]] == []
        for path in COHORT:
            answer = training.get(path)
            assert (answer.status_code, "Ann Archer" in answer.text) == (200, False), path
