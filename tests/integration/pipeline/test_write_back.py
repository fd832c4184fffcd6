"""Write-back as a whole: what leaves, what does not, what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ascertain.connectors.connection import Connection
from ascertain.connectors.openbadges import OpenBadgesConnector
from ascertain.domain.assertion import AssertionState
from ascertain.domain.audit import verify
from ascertain.domain.connector import QuotaPolicy
from ascertain.domain.outbox import PAUSE, OutboxItem, OutboxState, Switch
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.skills import Level
from ascertain.domain.writeback import TargetKind, WriteResult, WriteState
from ascertain.domain.writeback_plan import Action, Spread, WritebackRules
from ascertain.errors import (
    ConfigError,
    ConflictError,
    InputError,
    NotFoundError,
    PermanentConnectorError,
    RetryableConnectorError,
)
from ascertain.pipeline.connection_lease import ConnectionLeases
from ascertain.pipeline.ingest import sync
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_push import RunReport, push
from ascertain.pipeline.write_back_reconcile import Finding, reconcile
from ascertain.pipeline.write_back_undo import begin_undo
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox
from tests.integration.pipeline.world import World
from tests.integration.pipeline.writing import (
    NOW,
    Board,
    Clock,
    LoggedCompany,
    docebo,
    everything,
    home,
    learners,
    settle,
    skill,
    state,
)


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def writing(world: World, board: Board) -> WriteBack:
    """Two people with accounts on a board; Ada has two accepted skills, Bea one."""
    people = {"ADA": "1", "BEA": "2"}
    settle(world.store, people, skill("ADA", "sql"), skill("ADA", "go"), skill("BEA", "sql"), system="board")
    return home(world.store, board)


def run_all(writing: WriteBack, store: World) -> tuple[str, RunReport]:
    run = writing.begin(writing.preview(everything(store.store)), "ops")
    assert run is not None
    return run.id, push(writing, run.id)


def rows(world: World, run: str) -> dict[str, OutboxItem]:
    with world.store.units(write=False) as uow:
        return {r.account.rsplit(":", 1)[1]: r for r in uow.outbox.rows(run)}


def test_a_preview_writes_nothing_and_a_push_writes_just_that(world: World, writing: WriteBack, board: Board) -> None:
    board.values["1", "text"] = "by hand"
    preview = writing.preview(everything(world.store))
    shown = {d.learner_id: [(c.action, c.present, c.value) for c in d.changes] for d in preview.diffs}
    assert shown == {"ADA": [(Action.WRITE, "by hand", "Go 3, Sql 3")], "BEA": [(Action.WRITE, None, "Sql 3")]}
    assert preview.diffs[0].changes[0].assertion_ids == ("as-ADA-go", "as-ADA-sql")
    assert (preview.changes, board.calls) == (2, [])

    run, report = run_all(writing, world)
    assert (report.finished, report.totals) == (True, {"written": 2})
    assert board.values == {("1", "text"): "Go 3, Sql 3", ("2", "text"): "Sql 3"}
    found = rows(world, run)
    assert (found["1"].previous, found["1"].external_id, found["1"].tries) == ("by hand", "x-1", 1)
    assert [c[3] for c in board.calls] == [found["1"].id, found["2"].id]
    again = writing.preview(everything(world.store))
    assert again.changes == 0
    assert writing.begin(again, "ops") is None
    assert world.actions()[1:] == ["writeback.planned", "writeback.written", "writeback.written", "writeback.finished"]
    assert len(push(writing, run).totals) == 1
    assert len(board.calls) == 2


def test_the_audit_chain_names_nobody_and_keeps_what_was_there(world: World, writing: WriteBack, board: Board) -> None:
    board.values["1", "text"] = "by hand"
    run_all(writing, world)
    with world.store.units(write=False) as uow:
        records = list(uow.audit.records())
        assert verify(records) == ()
        assert not any("Person" in str(r.header) or "example.org" in str(r.header) for r in records)
        payload = uow.audit.open_payload(records[2].seq)
    assert (payload["previous"], payload["value"]) == ("by hand", "Go 3, Sql 3")


@pytest.mark.parametrize("to", [s for s in AssertionState if s is not AssertionState.ACCEPTED], ids=lambda s: s.value)
def test_what_is_not_accepted_never_leaves(world: World, writing: WriteBack, board: Board, to: AssertionState) -> None:
    state(world.store, "as-ADA-go", to)
    _, report = run_all(writing, world)
    assert board.values["1", "text"] == "Sql 3"
    assert report.totals == {"written": 2}


@pytest.mark.parametrize("to", [AssertionState.CONTESTED, AssertionState.IN_REVIEW, AssertionState.SUPERSEDED])
def test_it_is_looked_at_again_at_the_moment_of_writing(
    world: World, writing: WriteBack, board: Board, to: AssertionState
) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    state(world.store, "as-ADA-go", to)
    report = push(writing, run.id)
    assert report.totals == {"withheld": 1, "written": 1}
    assert "as-ADA-go" in rows(world, run.id)["1"].error
    assert [c[0] for c in board.calls] == ["2"]


def test_a_level_that_a_human_changed_meanwhile_is_not_written_as_it_was(
    world: World, writing: WriteBack, board: Board
) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    state(world.store, "as-BEA-sql", AssertionState.ACCEPTED, level=int(Level.AWARENESS), human_reviewed=True)
    assert push(writing, run.id).totals == {"withheld": 1, "written": 1}
    assert ("2", "text") not in board.values


def test_nothing_leaves_about_people_who_left(world: World, writing: WriteBack, board: Board) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    ada = next(p for p in everything(world.store) if p.id == "ADA")
    world.person(ada, active=False)
    assert push(writing, run.id).totals == {"withheld": 1, "written": 1}
    held = writing.preview(everything(world.store)).held_back["ADA"]
    assert set(held.values()) == {"the person has left"}


def test_only_what_humans_reviewed_where_the_rules_say_so(world: World, writing: WriteBack, board: Board) -> None:
    state(world.store, "as-ADA-go", AssertionState.ACCEPTED, human_reviewed=True)
    strict = home(world.store, board, rules=WritebackRules(human_only=True))
    run_all(strict, world)
    assert board.values == {("1", "text"): "Go 3"}


def test_a_contested_skill_is_taken_out_with_the_next_push(world: World, writing: WriteBack, board: Board) -> None:
    run_all(writing, world)
    state(world.store, "as-ADA-go", AssertionState.CONTESTED)
    state(world.store, "as-BEA-sql", AssertionState.CONTESTED)
    found = reconcile(writing, "ops")
    assert [(d.learner_id, d.finding, dict(d.reasons)) for d in found.differences] == [
        ("ADA", Finding.WITHDRAWN, {"as-ADA-go": "is contested"}),
        ("BEA", Finding.WITHDRAWN, {"as-BEA-sql": "is contested"}),
    ]
    preview = writing.preview(everything(world.store))
    assert [c.action for d in preview.diffs for c in d.changes] == [Action.WRITE, Action.REMOVE]
    run, _ = run_all(writing, world)
    assert board.values == {("1", "text"): "Sql 3"}
    assert reconcile(writing, "ops").differences == ()
    # Taking it back must not publish again what was contested.
    undo = begin_undo(writing, run, "ops")
    assert undo is not None
    assert push(writing, undo.id).totals == {"withheld": 2}
    assert board.values == {("1", "text"): "Sql 3"}


def test_somebody_elses_value_is_never_emptied(world: World, writing: WriteBack, board: Board) -> None:
    run_all(writing, world)
    board.values["2", "text"] = "my own words"
    state(world.store, "as-BEA-sql", AssertionState.REJECTED)
    preview = writing.preview(everything(world.store))
    assert [c.action for d in preview.diffs if d.learner_id == "BEA" for c in d.changes] == [Action.LEFT]
    assert preview.changes == 0


def test_a_value_that_changed_since_the_plan_is_left(world: World, writing: WriteBack, board: Board) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    board.values["1", "text"] = "new"
    assert push(writing, run.id).totals == {"conflict": 1, "written": 1}
    assert board.values["1", "text"] == "new"


def test_undo_brings_back_byte_for_byte_over_http(world: World) -> None:
    company = LoggedCompany(build_company())
    users = [p for p in company.current.learners][:4]
    ids = [p.docebo_id or 0 for p in users]
    before = {ids[0]: " trailing, and “Größen” 🎓 & <b>;|\t ", ids[1]: "x" * 240, ids[2]: "0"}
    for ident, value in before.items():
        company.write_fields(ident, {"5": value, "4": "Utrecht"})
    people = {f"P{n}": str(i) for n, i in enumerate(ids)}
    settle(world.store, people, *(skill(p, s) for p in people for s in ("sql", "go")))
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with Sandbox(systems=("docebo",), company=company, options=options) as lms:
        writing = home(world.store, docebo(lms.environment()["ASCERTAIN_DOCEBO_URL"]))
        run, report = run_all(writing, world)
        assert report.totals == {"written": 4}
        assert company.shown() == dict.fromkeys(ids, "Go:3; Sql:3 | 2026-03-01")
        undo = begin_undo(writing, run, "ops")
        assert undo is not None
        assert push(writing, undo.id).totals == {"written": 4}
        assert company.shown() == before
        assert [company.written_fields(i).get("4") for i in ids] == ["Utrecht"] * 3 + [None]
        assert begin_undo(writing, run, "ops") is None


def test_undo_does_not_trample(world: World, writing: WriteBack, board: Board) -> None:
    board.values["1", "text"] = "before"
    run, _ = run_all(writing, world)
    board.values["1", "text"] = "somebody's"
    undo = begin_undo(writing, run, "ops")
    assert undo is not None
    assert push(writing, undo.id).totals == {"conflict": 1, "written": 1}
    assert board.values == {("1", "text"): "somebody's"}
    forced = begin_undo(writing, run, "ops", force=True)
    assert forced is not None
    assert push(writing, forced.id).totals == {"written": 1}
    assert board.values == {("1", "text"): "before"}
    assert rows(world, forced.id)["1"].previous == "somebody's"


def test_an_undo_can_be_undone(world: World, writing: WriteBack, board: Board) -> None:
    run, _ = run_all(writing, world)
    undo = begin_undo(writing, run, "ops")
    assert undo is not None
    push(writing, undo.id)
    assert board.values == {}
    redo = begin_undo(writing, undo.id, "ops")
    assert redo is not None
    assert push(writing, redo.id).totals == {"written": 2}
    assert board.values == {("1", "text"): "Go 3, Sql 3", ("2", "text"): "Sql 3"}


def test_undoing_a_run_that_was_not_finished(world: World, writing: WriteBack, board: Board) -> None:
    run = writing.begin(writing.preview(everything(world.store)), "ops")
    assert run is not None
    board.errors["2"] = RetryableConnectorError("away")
    assert push(writing, run.id).totals == {"writing": 1, "written": 1}
    undo = begin_undo(writing, run.id, "ops")
    assert undo is not None
    board.errors.clear()
    assert push(writing, undo.id).totals == {"unchanged": 1, "written": 1}
    assert board.values == {}
    assert push(writing, run.id).finished
    assert board.values == {}


def test_two_undos_at_once_are_one_too_many(world: World, writing: WriteBack) -> None:
    run, _ = run_all(writing, world)
    first = begin_undo(writing, run, "ops")
    assert first is not None
    with pytest.raises(ConflictError, match=first.id):
        begin_undo(writing, run, "ops")


class Pausing(Board):
    """Somebody pulls the switch during the first write."""

    world: World

    def write(self, *args: str, **kwargs: str) -> WriteResult:  # type: ignore[override]
        done = super().write(*args, **kwargs)  # type: ignore[arg-type]
        switch(self.world, on=False)
        return done


def switch(world: World, *, on: bool) -> None:
    with world.store.units() as uow:
        uow.switches.put(Switch(PAUSE, on, "Chi", "an incident", NOW))
        uow.commit()


def test_a_pause_is_seen_at_the_next_row(world: World, writing: WriteBack) -> None:
    board = Pausing()
    board.world = world
    paused = home(world.store, board)
    run, report = run_all(paused, world)
    assert (report.paused, report.finished, report.totals) == (True, False, {"planned": 1, "written": 1})
    with pytest.raises(ConflictError, match="an incident"):
        push(paused, run)
    assert len(board.calls) == 1
    switch(world, on=True)
    assert push(writing_on(world, board), run).totals == {"written": 2}


def writing_on(world: World, board: Board) -> WriteBack:
    calm = Board(values=board.values, calls=board.calls)
    return home(world.store, calm)


def test_one_failure_does_not_stop_the_others(world: World, writing: WriteBack, board: Board) -> None:
    board.errors["1"] = PermanentConnectorError("forbidden")
    run, report = run_all(writing, world)
    assert (report.finished, report.totals) == (True, {"failed": 1, "written": 1})
    assert rows(world, run)["1"].error == "forbidden"


def test_a_refusal_keeps_its_reason(world: World, writing: WriteBack, board: Board) -> None:
    board.answer = WriteResult(WriteState.REJECTED, reason="too long")
    run, report = run_all(writing, world)
    assert report.totals == {"rejected": 2}
    assert rows(world, run)["1"].error == "too long"


def test_what_may_work_later_stays_open_and_is_taken_up(world: World, writing: WriteBack, board: Board) -> None:
    board.errors["1"] = RetryableConnectorError("no answer in time")
    run, report = run_all(writing, world)
    assert (report.finished, report.totals) == (False, {"writing": 1, "written": 1})
    board.errors.clear()
    board.values["1", "text"] = "Go 3, Sql 3"  # it had arrived after all
    assert push(writing, run).totals == {"written": 2}
    assert [c[0] for c in board.calls] == ["2"]


def test_a_system_that_asks_to_wait_long_is_left_alone(world: World, writing: WriteBack, board: Board) -> None:
    board.errors["1"] = RetryableConnectorError("budget", retry_after=1800)
    _, report = run_all(writing, world)
    assert (report.retry_after, report.totals) == (1800, {"planned": 1, "writing": 1})


def test_a_connection_that_only_fails_is_left_alone(world: World, board: Board) -> None:
    people = {f"P{n}": str(n) for n in range(9)}
    settle(world.store, people, *(skill(p, "sql") for p in people), system="board")
    board.errors = {str(n): PermanentConnectorError("credentials") for n in range(9)}
    _, report = run_all(home(world.store, board), world)
    assert report.totals == {"failed": 5, "planned": 4}
    assert "5 errors in a row" in report.problems[0]


def test_a_system_that_lags_is_told_and_confirmed_later(world: World, writing: WriteBack, board: Board) -> None:
    clock = Clock()
    state(world.store, "as-BEA-sql", AssertionState.REJECTED)
    board.hidden, board.lag_seconds = 1, 600
    patient = home(world.store, board, clock=clock)
    run, report = run_all(patient, world)
    assert report.totals == {"unseen": 1}
    assert "not visible yet" in rows(world, run)["1"].error
    board.hidden = 2
    preview = patient.preview(everything(world.store))
    assert [c.action for d in preview.diffs for c in d.changes] == [Action.AWAITED]
    assert reconcile(patient, "ops").differences == ()
    clock.at += timedelta(seconds=601)
    board.hidden = 1
    assert [d.finding for d in reconcile(patient, "ops").differences] == [Finding.LATE]
    found = reconcile(patient, "ops")
    assert (found.confirmed, found.differences) == (1, ())
    assert rows(world, run)["1"].state is OutboxState.WRITTEN


def test_a_system_that_shows_something_else(world: World, writing: WriteBack, board: Board) -> None:
    board.hidden = 9
    _, report = run_all(writing, world)
    assert report.totals == {"altered": 2}


def test_drift_and_what_is_outdated_are_told(world: World, writing: WriteBack, board: Board) -> None:
    run, _ = run_all(writing, world)
    board.values["2", "text"] = "edited"
    state(world.store, "as-ADA-go", AssertionState.ACCEPTED, level=5, human_reviewed=True)
    found = {d.learner_id: d for d in reconcile(writing, "ops").differences}
    assert (found["BEA"].finding, found["BEA"].present, found["BEA"].run) == (Finding.DRIFT, "edited", run)
    assert (found["ADA"].finding, found["ADA"].expected) == (Finding.OUTDATED, "Go 5, Sql 3")


def test_native_skills_come_first_and_the_field_takes_the_rest(world: World, writing: WriteBack) -> None:
    board = Board(kinds={"native": TargetKind.NATIVE}, only=frozenset({"go"}))
    other = Board("field")
    with world.store.units() as uow:
        uow.people.link("field:user:1", "ADA")
        uow.commit()
    ada = [p for p in everything(world.store) if p.id == "ADA"]
    best = home(world.store, board, other, rules=WritebackRules(spread=Spread.BEST)).preview(ada)
    assert {d.connection: d.changes[0].value for d in best.diffs} == {"board": "Go 3", "field": "Sql 3"}
    every = home(world.store, board, other).preview(ada)
    assert {d.connection: d.changes[0].value for d in every.diffs} == {"board": "Go 3", "field": "Go 3, Sql 3"}


def test_nobody_else_writes_to_a_connection_meanwhile(world: World, writing: WriteBack, board: Board) -> None:
    other = ConnectionLeases(world.store.budget())
    assert other.take("board/writeback")
    run, report = run_all(writing, world)
    assert (report.finished, report.totals, board.calls) == (False, {"planned": 2}, [])
    assert "busy" in report.problems[0]
    other.give_back()
    assert push(writing, run).finished


def test_people_without_an_account_are_named(world: World, writing: WriteBack) -> None:
    settle(world.store, {"CEM": "7"}, skill("CEM", "sql"), system="elsewhere")
    assert writing.preview(learners(world.store)).unreached == ("CEM",)


def test_errors_name_what_is_wrong(world: World, writing: WriteBack, board: Board) -> None:
    with pytest.raises(NotFoundError):
        push(writing, "w0")
    with pytest.raises(InputError, match="actor"):
        writing.begin(writing.preview(learners(world.store)), " ")
    with pytest.raises(InputError, match="reconciliation"):
        push(writing, reconcile(writing, "ops").run)
    with pytest.raises(ConfigError, match="no connection"):
        home(world.store, Board(kinds={})).preview([])


@pytest.fixture(autouse=True)
def calm(world: World) -> Iterator[None]:
    """Whatever a test did, the chain still verifies."""
    yield
    with world.store.units(write=False) as uow:
        assert verify(uow.audit.records()) == ()


def test_a_connection_that_is_tired_is_asked_no_more(world: World, board: Board) -> None:
    people = {f"P{n}": str(n) for n in range(9)}
    settle(world.store, people, *(skill(p, "sql") for p in people), system="board")
    asked: list[str] = []

    class Tired(Board):
        def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
            asked.append(user.id)
            raise RetryableConnectorError("used up", retry_after=wait)

    wait: float | None = 1800
    found = home(world.store, Tired()).preview(everything(world.store))
    assert (found.changes, len(asked)) == (0, 1)
    assert found.problems == ("P0: used up", "board: asks to wait 1800 s; 8 more people were not compared")
    wait = None
    asked.clear()
    assert "5 errors in a row; 4 more" in home(world.store, Tired()).preview(everything(world.store)).problems[-1]
    assert len(asked) == 5


def test_an_exclusive_token_is_not_taken_from_a_sync(world: World, writing: WriteBack, board: Board) -> None:
    class Exclusive(Board):
        def quota(self) -> QuotaPolicy:
            return QuotaPolicy("token", exclusive=True)

    mine = Exclusive()
    alone = home(world.store, mine)
    run = alone.begin(alone.preview(everything(world.store)), "ops")
    assert run is not None
    sync = ConnectionLeases(world.store.budget())
    assert sync.take("board")
    assert "busy" in alone.preview(everything(world.store)).problems[-1]
    assert (push(alone, run.id).totals, mine.calls) == ({"planned": 2}, [])
    sync.give_back()
    assert push(alone, run.id).totals == {"written": 2}


def test_credentials_are_written_for_people_without_accounts(world: World, tmp_path: Path) -> None:
    settle(world.store, {"ADA": "1"}, skill("ADA", "sql"), skill("ADA", "go"), system="elsewhere")
    options = {"folder": str(tmp_path / "badges"), "issuer_name": "Fjordlane"}
    issuer = Connection("badges", "openbadges", "https://skills.example.com", ZoneInfo("UTC"), options=options)
    badges = home(world.store, OpenBadgesConnector(issuer))
    _, report = run_all(badges, world)
    assert report.totals == {"written": 1}
    first = {f.name: f.read_bytes() for f in tmp_path.rglob("*.json")}
    assert len(first) == 2
    state(world.store, "as-ADA-go", AssertionState.CONTESTED)
    second, _ = run_all(badges, world)
    assert len(list(tmp_path.rglob("*.json"))) == 1
    undo = begin_undo(badges, second, "ops")
    assert undo is not None
    assert push(badges, undo.id).totals == {"withheld": 1}, "a contested skill is not published again"
    state(world.store, "as-ADA-go", AssertionState.ACCEPTED)
    again = begin_undo(badges, second, "ops")
    assert again is not None
    assert push(badges, again.id).totals == {"written": 1}
    assert {f.name: f.read_bytes() for f in tmp_path.rglob("*.json")} == first
    assert sync([OpenBadgesConnector(issuer)], world.store.units, clock=world.clock).ok


class Statements(Board):
    """Keeps statements for good; a repeat under the same id is the same statement. Slow to show what it has. The
    process dies once a statement has arrived."""

    kept: dict[str, str | None]
    dies = True

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        known = self.kept.setdefault(request_id, value)
        assert known == value, "the same id with other content"
        done = super().write(user, target, value, request_id=request_id)
        if self.dies:
            raise KeyboardInterrupt
        return done


def test_a_statement_that_arrived_unseen_is_sent_again_under_its_id(world: World, writing: WriteBack) -> None:
    store = Statements(kinds={"statements": TargetKind.STATEMENT}, append_only=True, lag_seconds=600)
    store.kept = {}
    said = home(world.store, store)
    run = said.begin(said.preview(everything(world.store)), "ops")
    assert run is not None
    with pytest.raises(KeyboardInterrupt):
        push(said, run.id)
    assert [r.state for r in rows(world, run.id).values()] == [OutboxState.WRITING, OutboxState.PLANNED]
    store.dies, store.hidden = False, 1
    assert push(said, run.id).finished
    assert len(store.kept) == 2
    assert len(store.calls) == 3, "the first one twice, since it could not be seen"
    assert store.calls[0] == store.calls[1]


class Directory(Board):
    """Is asked by address who somebody is, and now and then does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.away: set[str] = set()

    def account(self, email: str) -> SourceRef | None:
        self.asked.append(email)
        if email in self.away:
            raise RetryableConnectorError("used up", retry_after=40.0)
        return SourceRef("board", Entity.USER, email)


def test_who_somebody_is_is_asked_once_and_only_where_there_is_something_to_say(world: World) -> None:
    settle(world.store, {"ADA": "1", "BEA": "2"}, skill("ADA", "sql"), system="elsewhere")
    board = Directory()
    writing = home(world.store, board)
    run, _ = run_all(writing, world)
    state(world.store, "as-ADA-sql", AssertionState.CONTESTED)
    assert run_all(writing, world)[1].totals == {"written": 1}, "taken out again"
    assert run
    assert len(board.asked) == 1


def test_a_directory_that_is_away_takes_nothing_with_it_and_nothing_out(world: World) -> None:
    settle(world.store, {"ADA": "1", "BEA": "2"}, skill("ADA", "sql"), skill("BEA", "sql"), system="elsewhere")
    board = Directory()
    run_all(home(world.store, board), world)
    (first, second) = board.asked
    board.away = {first}
    found = home(world.store, board).preview(everything(world.store))
    assert found.changes == 0, "what stands there is not emptied because nobody could be asked"
    assert found.unreached == ()
    assert (len(found.problems), "used up" in found.problems[0]) == (1, True)
    assert [d.account for d in found.diffs] == [f"board:user:{second}"]
    compared = reconcile(home(world.store, board), "ops")
    assert (compared.compared, compared.differences, len(compared.problems)) == (1, (), 1)
