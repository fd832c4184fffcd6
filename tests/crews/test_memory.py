"""What was answered before is not asked again: within a process, and by the next try of a run that did not finish."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.brains.memory import Memory, Remembered
from agents.brains.models import ROLES, Budgets, EndpointConfig, Limits, Price
from ascertain.domain.answers import KEEP_DAYS, KeptAnswer
from ascertain.domain.findings import Step
from ascertain.domain.retention import SINCE_THEN, Kind
from ascertain.domain.runs import Run, RunState
from ascertain.errors import BrainError, BudgetError
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew
from tests.crews import world
from tests.crews.scripted_server import Body, Reply, Script, role_of, sensible, serve
from tests.crews.test_checks import stored
from tests.integration.pipeline.world import ANN, START, World, migrated, open_world


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.0)


def crew(url: str, *, calls: int | None = None, model: str = "scripted") -> AgentCrew:
    data = {"kind": "openai", "model": model, "base_url": url, "timeout_s": 5, "price": Price(prompt=1, completion=1)}
    budgets = Budgets(run=Limits(calls=calls, tokens=None))
    return AgentCrew(dict.fromkeys(ROLES, EndpointConfig.model_validate(data)), read_prompts(), budgets)


def kept(error: BudgetError | BrainError) -> dict[str, KeptAnswer]:
    return {a.question: a for a in error.answers if isinstance(a, KeptAnswer)}


@pytest.mark.parametrize("cap", [1, 5, 9])
def test_what_a_used_up_budget_has_paid_for_is_not_paid_twice(cap: int) -> None:
    with serve(sensible) as server:
        with pytest.raises(BudgetError) as caught:
            crew(server.url, calls=cap).run(world.case(), world.services())
        assert len(server.requests) == cap
        again = replace(world.services(), answers=kept(caught.value))
        found = crew(server.url, calls=10 - cap).run(world.case(), again)
        assert len(server.requests) == 10, "each question was asked once, over both tries"
        whole = crew(server.url).run(world.case(), world.services())
    assert stored(found) == stored(whole)
    assert sum(s.calls for s in found.steps) == 10 - cap
    assert sum(s.reused for s in found.steps) == cap
    assert sum(sum(s.tokens) for s in found.steps) == 18 * (10 - cap)


def test_after_a_failure_the_agents_that_were_done_need_not_be_asked_again() -> None:
    down = [True]

    def script(role: str, body: Body) -> Reply | Body:
        return Reply(500, b"{}") if role == "learning_path_curator" and down else sensible(role, body)

    with serve(script) as server:
        with pytest.raises(BrainError) as caught:
            crew(server.url).run(world.case(), world.services())
        assert {a.agent for a in kept(caught.value).values()} == set(ROLES[:3])
        down.clear()
        server.requests.clear()
        crew(server.url).run(world.case(), replace(world.services(), answers=kept(caught.value)))
        assert Counter(map(role_of, server.requests)) == {"learning_path_curator": 2, "reviewer": 2}


def test_an_answer_that_was_refused_is_asked_for_again() -> None:
    """Else a run that failed on it would fail for ever."""
    script: Script = lambda role, body: (  # noqa: E731
        {"content": "nonsense"} if role == "reviewer" and body.get("response_format") else sensible(role, body)
    )
    with serve(script) as server, pytest.raises(BrainError) as caught:
        crew(server.url).run(world.case(), world.services())
    assert {a.agent for a in kept(caught.value).values()} == set(ROLES[:4])


def test_another_model_or_another_case_is_another_question() -> None:
    remembered = Remembered()
    with serve(sensible) as server:
        for one, case in (
            (crew(server.url), world.case()),
            (crew(server.url), world.case()),
            (crew(server.url, model="other"), world.case()),
            (crew(server.url), world.case(evidence=world.EVIDENCE[:2])),
        ):
            replace(one, remembered=remembered).run(case, world.services())
            server.requests.append({"end": True})
    rounds = "".join("|" if "end" in b else "x" for b in server.requests).split("|")
    assert [len(r) for r in rounds][:3] == [10, 0, 10]
    assert len(rounds[3]) >= 4  # the gap analyst's role is the same, its gaps are not


def test_a_process_remembers_so_many_for_so_long() -> None:
    now = [0.0]
    shared = Remembered(most=2, seconds=10, now=lambda: now[0])
    for q in "abc":
        Memory(shared=shared).note(KeptAnswer(q, "reviewer", "m", q))
    assert [bool(shared.get(q)) for q in "abc"] == [False, True, True]
    now[0] = 11.0
    assert not shared.get("c")


def test_a_step_says_what_was_reused() -> None:
    assert Step("a", "m", "p", "o", "").reused == 0


# -- with the store ---------------------------------------------------------------------------------------------------


@pytest.fixture
def company(tmp_path: Path) -> World:
    folder = tmp_path / "w"
    folder.mkdir()
    return open_world(migrated(tmp_path), folder).fill()


def brought(company: World, one: AgentCrew) -> World:
    company.crew = one  # type: ignore[assignment]
    return company


def test_the_next_try_of_a_run_takes_up_what_was_paid_for(company: World) -> None:
    with serve(sensible) as server:
        with pytest.raises(BudgetError):
            brought(company, crew(server.url, calls=5)).assess()
        (row,) = company.sql("SELECT learner_id, answers, sealed FROM kept_answers")
        assert (row[0], row[1]) == ("E1", 5)
        assert b"SQL" not in row[2], "what it says lies under the person's key"
        done = brought(company, crew(server.url, calls=5)).assess()
        assert done.run.state is RunState.DONE
        assert len(server.requests) == 10
    assert company.sql("SELECT 1 FROM kept_answers") == [], "nothing is kept of a run that is done"
    used = company.sql("SELECT sum(calls), sum(prompt) + sum(completion) FROM usage_days")
    assert list(used[0]) == [10, 180]
    headers = [json.loads(h[0]) for h in company.sql("SELECT header FROM audit_records WHERE action='agent.answered'")]
    assert sum(h["reused"] for h in headers) == 5


def test_a_case_that_has_changed_is_asked_anew(company: World) -> None:
    with serve(sensible) as server:
        with pytest.raises(BudgetError):
            brought(company, crew(server.url, calls=2)).assess()
        company.remove("e-ticket")
        with pytest.raises(BudgetError):
            brought(company, crew(server.url, calls=2)).assess()
        assert len(server.requests) == 4


def test_whoever_takes_something_back_takes_kept_answers_along(company: World) -> None:
    with serve(sensible) as server, pytest.raises(BudgetError):
        brought(company, crew(server.url, calls=3)).assess()
    assert company.sql("SELECT 1 FROM kept_answers") == [(1,)]
    company.says(ANN, False)
    assert company.sql("SELECT 1 FROM kept_answers") == []


def test_they_go_with_time_and_with_the_person(company: World) -> None:
    with company.store.units() as uow:
        uow.runs.put(
            Run("r1", "E1", "f", RunState.BUDGET_EXHAUSTED, START.date(), company.versions, "test", company.clock.now())
        )
        uow.answers.keep("r1", "E1", [KeptAnswer("q", "reviewer", "m", "Ann Archer", ({"id": "1"},))])
        uow.commit()
    with company.store.units() as uow:
        assert uow.answers.of("r1") == [KeptAnswer("q", "reviewer", "m", "Ann Archer", ({"id": "1"},))]
        assert uow.answers.of("r2") == []
        assert SINCE_THEN[Kind.KEPT_ANSWERS] == KEEP_DAYS
        assert uow.retention.count(Kind.KEPT_ANSWERS, START, ()) == 0
        later = datetime.now(UTC) + timedelta(days=1)  # the store goes by the wall's clock
        assert len(uow.retention.purge(Kind.KEPT_ANSWERS, later, (), 10)) == 1
        assert uow.answers.of("r1") == []
