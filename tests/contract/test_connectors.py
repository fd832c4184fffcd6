"""What every connector promises, tried on the sandbox over real HTTP: complete, incremental, robust, discreet."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

import httpx
import pytest

from ascertain.connectors.connection import ConnectionEntry, read_entries, resolve
from ascertain.connectors.registry import open_connector
from ascertain.domain.canonical import plain
from ascertain.domain.connector import Connector, Cursor
from ascertain.domain.records import Entity, SourceRef
from ascertain.errors import PermanentConnectorError, RetryableConnectorError
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.faults import Fault, FaultPlan
from ascertain.sandbox.server import Sandbox

SMALL_PAGES: Mapping[str, dict[str, Any]] = {"docebo": {"page_size": 150}, "jira": {"page_size": 30}, "workday": {}}
CASES = [
    ("workday", Entity.WORKER),
    ("workday", Entity.REVIEW),
    ("workday", Entity.PROJECT),
    ("docebo", Entity.USER),
    ("docebo", Entity.COURSE),
    ("docebo", Entity.ENROLMENT),
    ("docebo", Entity.AWARD),
    ("jira", Entity.TICKET),
]
PATHS = {"workday": "customreport2", "docebo": "v1", "jira": "search"}
cases = pytest.mark.parametrize(("name", "entity"), CASES, ids=lambda v: str(v))
systems = pytest.mark.parametrize(("name", "entity"), [CASES[0], CASES[5], CASES[7]], ids=["workday", "docebo", "jira"])
Open = Callable[..., Connector]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    options = DoceboOptions(hourly_budget=None)
    with Sandbox(anchor=date(2026, 5, 1), options={"docebo": options}) as found:
        yield found


@pytest.fixture(autouse=True)
def _well(sandbox: Sandbox) -> Iterator[None]:
    yield
    for plan in sandbox.faults.values():
        plan.clear()


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Open]:
    opened: list[Connector] = []

    def connect(name: str, *, transport: httpx.BaseTransport | None = None, to: Sandbox = sandbox) -> Connector:
        entry = next(e for e in read_entries() if e.name == name)
        small = ConnectionEntry.model_validate(
            {**entry.model_dump(), "options": {**entry.options, **SMALL_PAGES[name]}}
        )
        opened.append(open_connector(resolve(small, to.environment()), timeout=5, transport=transport))
        return opened[-1]

    yield connect
    for connector in opened:
        connector.close()


def everything(connector: Connector, entity: Entity, cursor: Cursor | None = None) -> tuple[set[str], Cursor]:
    """References of all that is pulled, and the last checkpoint, through JSON as a store would keep it."""
    refs: set[str] = set()
    for page in connector.pull(entity, cursor):
        refs |= {str(r.ref) for r in page.records} | {r.ref for r in page.rejected}
        cursor = json.loads(json.dumps(page.checkpoint))
    assert cursor is not None
    return refs, cursor


def served(sandbox: Sandbox, entity: Entity) -> int:
    """How many different records the sandbox has of an entity."""
    company = sandbox.company.current
    attempts = {(e.course_id, e.user_id, e.enrolled) for e in company.enrolments}
    resolved = [t for t in company.tickets if t.resolved]
    counts = {
        Entity.WORKER: len(company.people),
        Entity.USER: len(company.learners),
        Entity.COURSE: len(company.courses),
        Entity.ENROLMENT: len(attempts),
        Entity.AWARD: len(company.awards),
        Entity.REVIEW: len(company.reviews),
        Entity.PROJECT: len(company.submissions),
        Entity.TICKET: len(resolved),
    }
    return counts[entity]


@systems
def test_a_connection_says_that_it_works(name: str, entity: Entity, connect: Open) -> None:
    connector = connect(name)
    health = connector.check()
    assert health.ok, health.problem
    assert (connector.name, connector.system) == (name, name)
    assert connector.capabilities().entities == {e for n, e in CASES if n == name}
    assert connector.quota().scope


@systems
def test_wrong_credentials_are_reported_not_raised(name: str, entity: Entity, sandbox: Sandbox) -> None:
    entry = next(e for e in read_entries() if e.name == name)
    wrong = {v: "wrong" for v in entry.secrets.values()}
    connector = open_connector(resolve(entry, {**sandbox.environment(), **wrong}))
    health = connector.check()
    assert not health.ok
    assert "401" in health.problem
    assert "credentials" in health.remedy
    assert "wrong" not in health.problem
    with pytest.raises(PermanentConnectorError):
        next(connector.pull(entity, None))
    connector.close()


@cases
def test_paging_is_complete(name: str, entity: Entity, connect: Open, sandbox: Sandbox) -> None:
    refs, _ = everything(connect(name), entity)
    assert len(refs) == served(sandbox, entity)


@cases
def test_a_second_pull_brings_nothing_old(name: str, entity: Entity, connect: Open) -> None:
    connector = connect(name)
    _, cursor = everything(connector, entity)
    refs, cursor = everything(connector, entity, cursor)
    assert refs == set()
    assert everything(connector, entity, cursor)[0] == set()


@cases
def test_a_pull_resumes_from_any_checkpoint(name: str, entity: Entity, connect: Open) -> None:
    connector = connect(name)
    complete, _ = everything(connector, entity)
    pages = [(p, json.loads(json.dumps(p.checkpoint))) for p in connector.pull(entity, None)]
    seen: set[str] = set()
    for page, checkpoint in pages[:-1]:
        seen |= {str(r.ref) for r in page.records} | {r.ref for r in page.rejected}
        rest, end = everything(connect(name), entity, checkpoint)
        assert seen | rest == complete
        assert everything(connector, entity, end)[0] == set()


TROUBLE = {
    "429": Fault("rate_limit", retry_after="0.2"),
    "429 silent": Fault("rate_limit", retry_after=None),
    "500": Fault("server_error", times=2),
    "half-written": Fault("half_body", times=2),
    "not json": Fault("not_json"),
}


@systems
@pytest.mark.parametrize("trouble", list(TROUBLE))
def test_passing_trouble_loses_nothing(
    trouble: str, name: str, entity: Entity, connect: Open, sandbox: Sandbox
) -> None:
    connector = connect(name)
    connector.check()
    plan: FaultPlan = sandbox.faults[name]
    before = len(plan.seen)
    made = TROUBLE[trouble]
    skip = 1 if name != "workday" else 0
    plan.inject(Fault(made.kind, made.times, PATHS[name], skip, made.retry_after))
    begun = time.monotonic()
    refs, _ = everything(connector, entity)
    assert len(refs) == served(sandbox, entity)
    assert len(plan.seen) - before == made.times
    if trouble == "429":
        assert time.monotonic() - begun >= 0.2


@systems
def test_a_long_wait_is_handed_to_the_runner(name: str, entity: Entity, connect: Open, sandbox: Sandbox) -> None:
    connector = connect(name)
    connector.check()
    sandbox.faults[name].inject(Fault("rate_limit", path=PATHS[name], retry_after="1800"))
    begun = time.monotonic()
    with pytest.raises(RetryableConnectorError) as caught:
        everything(connector, entity)
    assert caught.value.retry_after == 1800
    assert time.monotonic() - begun < 5


@systems
def test_a_failed_pull_goes_on_where_it_stopped(name: str, entity: Entity, connect: Open, sandbox: Sandbox) -> None:
    connector = connect(name)
    connector.check()
    skip = 2 if name != "workday" else 0  # a report is one call
    sandbox.faults[name].inject(Fault("rate_limit", path=PATHS[name], skip=skip, retry_after="1800"))
    seen: set[str] = set()
    cursor: Cursor | None = None
    with pytest.raises(RetryableConnectorError):  # noqa: PT012 - what came before the failure is what matters
        for page in connector.pull(entity, None):
            seen |= {str(r.ref) for r in page.records} | {r.ref for r in page.rejected}
            cursor = json.loads(json.dumps(page.checkpoint))
    rest, _ = everything(connector, entity, cursor)
    assert len(seen | rest) == served(sandbox, entity)
    assert len(rest) < served(sandbox, entity) or not seen


class Expiring(httpx.BaseTransport):
    """Lets every token die after two calls, although it was promised for an hour."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self._uses: dict[str, int] = {}
        self.tokens = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            self.tokens += 1
            return self._inner.handle_request(request)
        token = request.headers["authorization"]
        self._uses[token] = self._uses.get(token, 0) + 1
        if self._uses[token] > 2:
            return httpx.Response(401, json={"message": "expired"}, request=request)
        return self._inner.handle_request(request)


def test_a_token_that_dies_in_mid_crawl_is_renewed(connect: Open, sandbox: Sandbox) -> None:
    transport = Expiring()
    refs, _ = everything(connect("docebo", transport=transport), Entity.ENROLMENT)
    assert len(refs) == served(sandbox, Entity.ENROLMENT)
    assert transport.tokens >= 3


def test_a_token_is_renewed_before_it_runs_out(connect: Open) -> None:
    short = Sandbox(anchor=date(2026, 5, 1), options={"docebo": DoceboOptions(token_seconds=1)})
    with short:
        connector = connect("docebo", to=short)
        pull = connector.pull(Entity.ENROLMENT, None)
        count = len(next(pull).records)
        time.sleep(1.1)
        count += sum(len(p.records) for p in pull)
    assert count > 500


def test_an_increment_has_exactly_what_changed(connect: Open, sandbox: Sandbox) -> None:
    lms, hris, tracker = connect("docebo"), connect("workday"), connect("jira")
    cursors = {(c.name, e): everything(c, e)[1] for c in (lms, hris, tracker) for e in c.capabilities().entities}
    live = sandbox.company
    added = live.add_enrolment("FL1101", "SQL-201", score=88)
    live.change_score("FL1201", "AWS-301", 70)
    live.change_course("SQL-201", description="New.")
    live.change_person("FL1102", title="Principal Engineer")
    live.add_review("FL1101", "FL1102", "Explains clearly.")
    ticket = next(t for t in live.current.tickets if t.resolved)
    live.touch_ticket(ticket.key)

    found = {
        (c.name, e): everything(c, e, cursors[c.name, e])[0]
        for c in (lms, hris, tracker)
        for e in c.capabilities().entities
    }
    assert len(found["docebo", Entity.ENROLMENT]) == 2
    assert any(f"{added.course_id}-{added.user_id}" in r for r in found["docebo", Entity.ENROLMENT])
    assert len(found["docebo", Entity.COURSE]) == 1
    assert found["workday", Entity.WORKER] == {"workday:worker:FL1102"}
    assert len(found["workday", Entity.REVIEW]) == 1
    assert found["jira", Entity.TICKET] == {f"jira:ticket:{ticket.id}"}
    assert found["docebo", Entity.AWARD] == set()


def test_no_national_id_leaves_a_connector(connect: Open, sandbox: Sandbox) -> None:
    secrets = {p.national_id for p in sandbox.company.current.people}
    assert len(secrets) > 40
    for name, entity in CASES:
        for page in connect(name).pull(entity, None):
            written = json.dumps(plain([page.records, page.rejected, page.checkpoint]))
            assert not [s for s in secrets if s in written]
            assert "National" not in written


def test_malformed_records_are_named_and_the_rest_is_there(connect: Open) -> None:
    pages = list(connect("docebo").pull(Entity.ENROLMENT, None))
    assert {r.field for p in pages for r in p.rejected} == {"score", "user_id"}
    assert all(r.reason and r.ref.startswith("docebo:enrolment:") for p in pages for r in p.rejected)


@cases
def test_what_is_fetched_is_what_was_pulled(name: str, entity: Entity, connect: Open) -> None:
    connector = connect(name)
    record = next(connector.pull(entity, None)).records[0]
    fetched = connector.fetch(record.ref)
    assert fetched in (None, record)
    if name == "docebo" and entity in (Entity.USER, Entity.COURSE):
        assert fetched == record
    assert connector.fetch(SourceRef(name, entity, "1-1-1" if entity is Entity.ENROLMENT else "1")) is None


@systems
def test_probing_names_what_is_not_mapped(name: str, entity: Entity, connect: Open) -> None:
    profile = connect(name).probe()
    assert profile.fields
    if name == "workday":
        assert "National_ID" in profile.unmapped[Entity.WORKER]
    if name == "docebo":
        assert profile.fields[Entity.USER]["field_1"] == "Department"


@systems
def test_what_a_system_has_not_is_refused(name: str, entity: Entity, connect: Open) -> None:
    foreign = Entity.WORKER if name != "workday" else Entity.TICKET
    with pytest.raises(PermanentConnectorError, match=foreign.value):
        list(connect(name).pull(foreign, None))
