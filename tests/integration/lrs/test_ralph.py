"""The xAPI connector against a record store that others wrote: reading, paging, since, voiding, writing.

Ralph 5.1 differs from the standard in ways that show here: it sends no version and no consistency header, its
``since`` compares the time of the event, it stores voiding statements without hiding what they void, and its file
backend finds nothing by verb or activity.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from ascertain.connectors.connection import Connection
from ascertain.connectors.xapi import XapiConnector
from ascertain.domain.connector import Cursor
from ascertain.domain.records import AssessmentRecord, CourseRecord, EnrolmentRecord, EnrolmentStatus, Entity, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.writeback import SkillClaim, WriteState
from tests.integration.lrs import ralph

ADL = "http://adlnet.gov/expapi/verbs/"
OPTIONS = {"resource": "statements/", "page_size": 4, "write": True, "overlap_seconds": 5, "filters": False}


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return ralph.environment()
    except ralph.NotInstalled as e:
        pytest.skip(f"Ralph cannot be installed: {e}")


@pytest.fixture(scope="module")
def url(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ralph.running(programs, tmp_path_factory.mktemp("ralph")) as found:
        yield found


class Store:
    """The store, and an activity of each test's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = uuid.uuid4().hex[:8]
        self.people = [f"{self.name}-{n}@example.org" for n in range(3)]
        self.http = httpx.Client(base_url=url, auth=(ralph.USER, ralph.PASSWORD), trust_env=False)
        self.opened: list[XapiConnector] = []

    def connect(self, **options: Any) -> XapiConnector:
        secrets = {"user": ralph.USER, "password": ralph.PASSWORD}
        connection = Connection("lrs", "xapi", self.url, ZoneInfo("UTC"), secrets, options={**OPTIONS, **options})
        self.opened.append(XapiConnector(connection))
        return self.opened[-1]

    def state(self, person: int, verb: str = "completed", *, number: int = 0, **more: Any) -> str:
        ident = str(uuid.uuid4())
        statement = {
            "id": ident,
            "actor": {"objectType": "Agent", "mbox": f"mailto:{self.people[person]}"},
            "verb": {"id": f"{ADL}{verb}"},
            "object": {
                "id": f"https://lms.example/{self.name}/{number}",
                "definition": {"name": {"en": f"Course {number}"}, "description": {"en": "About it."}},
            },
            **more,
        }
        self.post(statement)
        return ident

    def void(self, ident: str) -> None:
        self.post(
            {
                "actor": {"mbox": "mailto:admin@example.org"},
                "verb": {"id": f"{ADL}voided"},
                "object": {"objectType": "StatementRef", "id": ident},
            }
        )

    def post(self, statement: dict[str, Any]) -> None:
        answer = self.http.post("/statements/", json=statement)
        assert answer.status_code == 200, answer.text

    def mine(self, connector: XapiConnector, cursor: Cursor | None = None) -> tuple[dict[str, Any], Cursor]:
        """Records about this test's people by reference, the last word on each, and the checkpoint."""
        found: dict[str, Any] = {}
        for page in connector.pull(Entity.STATEMENT, cursor):
            assert not page.rejected
            found |= {str(r.ref): r for r in page.records if getattr(r, "user_id", "")[6:] in self.people}
            cursor = page.checkpoint
        assert cursor is not None
        return found, cursor


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store(url)
    yield made
    made.http.close()
    for connector in made.opened:
        connector.close()


def test_it_is_found_and_wrong_credentials_are_told(store: Store) -> None:
    assert store.connect().check().ok
    wrong = replace(store.connect().connection, secrets={"user": "x", "password": "y"})
    health = XapiConnector(wrong).check()
    assert not health.ok
    assert "401" in health.problem


def test_every_page_is_read_and_only_what_is_new_comes_again(store: Store) -> None:
    connector = store.connect()
    for n in range(11):
        store.state(n % 3, number=n, result={"score": {"scaled": 0.5}})
    pages = [len(p.records) for p in connector.pull(Entity.STATEMENT, None)]
    assert len(pages) >= 3
    first, cursor = store.mine(connector)
    assert len(first) == 11
    assert all(isinstance(r, EnrolmentRecord) and r.score == 0.5 for r in first.values())
    assert store.mine(connector, cursor)[0] == {}
    store.state(1, "passed", number=3)
    again, cursor = store.mine(connector, cursor)
    assert [type(r) for r in again.values()] == [AssessmentRecord]
    assert store.mine(connector, cursor)[0] == {}


def test_a_stopped_pull_goes_on(store: Store) -> None:
    for n in range(9):
        store.state(0, number=n)
    whole, _ = store.mine(store.connect())
    pull = store.connect().pull(Entity.STATEMENT, None)
    page = next(pull)
    seen = {str(r.ref) for r in page.records if getattr(r, "user_id", "")[6:] in store.people}
    rest, _ = store.mine(store.connect(), page.checkpoint)
    assert seen | set(rest) == set(whole)


def test_completed_activities_make_a_catalogue(store: Store) -> None:
    store.state(0, number=1)
    courses = [r for p in store.connect().pull(Entity.COURSE, None) for r in p.records]
    mine = [c for c in courses if store.name in c.ref.id]
    assert [(c.title, c.description) for c in mine if isinstance(c, CourseRecord)] == [("Course 1", "About it.")]


def test_what_was_voided_counts_no_more(store: Store) -> None:
    connector = store.connect()
    passed = store.state(0, "passed", number=1)
    once = store.state(1, number=2)
    twice = [store.state(2, number=2), store.state(2, number=2)]
    before, cursor = store.mine(connector)
    assert all(r.passed if isinstance(r, AssessmentRecord) else r.completed_at for r in before.values())
    for ident in (passed, once, twice[0]):
        store.void(ident)
    after, _ = store.mine(connector, cursor)
    by_person = {r.user_id[6:]: r for r in after.values()}
    assert by_person[store.people[0]].passed is None
    assert by_person[store.people[1]].status is EnrolmentStatus.ENROLLED
    anew, _ = store.mine(store.connect())
    third = [r for r in anew.values() if r.user_id[6:] == store.people[2]]
    assert [r.status for r in third] == [EnrolmentStatus.COMPLETED], "it was stated twice, so it still holds"
    assert all(by_person[r.user_id[6:]] == r for r in anew.values() if r not in third)


def test_a_store_whose_since_is_the_events_time_may_be_read_whole(store: Store) -> None:
    store.state(0, number=1)
    for whole in (False, True):
        connector = store.connect(incremental=not whole, overlap_seconds=0)
        _, cursor = store.mine(connector)
        store.state(1 + whole, number=5, timestamp=datetime(2025, 1, 1, tzinfo=UTC).isoformat())
        late = [r for r in store.mine(connector, cursor)[0].values() if r.completed_at.year == 2025]
        assert bool(late) == whole, "an event of last year that is told today"


CLAIMS = (
    SkillClaim("as_1", "terraform", "Terraform", Level.PRACTITIONER, 0.91, date(2026, 5, 4), "urn:skill:terraform"),
    SkillClaim("as_2", "sql", "SQL & “Größen”", Level.FOUNDATION, 0.84, date(2026, 4, 2)),
)


def test_skills_are_stated_once_and_taken_back_by_voiding(store: Store) -> None:
    connector = store.connect()
    user = connector.account(store.people[0].upper())
    assert user == SourceRef("lrs", Entity.USER, f"email:{store.people[0]}")
    (target,) = (t.id for t in connector.targets())

    def put(value: str | None, request: str) -> WriteState:
        return connector.write(user, target, value, request_id=request).state

    def held() -> str | None:
        return connector.read(user, [target])[target]

    (one,), (both,) = connector.intend(user, CLAIMS[:1]), connector.intend(user, CLAIMS)
    assert held() is None
    assert put(one.value, "r1") is WriteState.WRITTEN
    assert held() == one.value
    assert put(one.value, "r1") is WriteState.UNCHANGED
    assert put(both.value, "r2") is WriteState.WRITTEN
    assert held() == both.value
    assert put(None, "r3") is WriteState.WRITTEN
    assert held() is None
    assert put(one.value, "r4") is WriteState.WRITTEN, "what was voided once is stated anew"
    assert held() == one.value
    about = {"agent": f'{{"mbox": "mailto:{store.people[0]}"}}'}
    written = store.http.get("/statements/", params=about).json()["statements"]
    assert len(written) == 3
    assert store.mine(connector)[0] == {}, "what was written from here is no evidence"
    assert connector.read(replace(user, id=f"email:{store.people[1]}"), [target]) == {target: None}


def test_the_same_write_is_the_same_statement(store: Store) -> None:
    connector = store.connect()
    user = connector.account(store.people[1])
    assert user is not None
    (intended,) = connector.intend(user, CLAIMS)
    first = connector.write(user, "statements", intended.value, request_id="r")
    sent: list[Any] = []
    blind = store.connect()
    blind._skills._find = lambda query: ()  # a store that shows nothing yet

    def post(body: Any) -> Any:
        sent.append(body)
        return blind._post(body)

    blind._skills._send = post
    second = blind.write(user, "statements", intended.value, request_id="r")
    assert sent
    assert (second.state, second.external_id) == (WriteState.WRITTEN, first.external_id)
    assert connector.read(user, ["statements"])["statements"] == intended.value
