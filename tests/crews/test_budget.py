"""Hard limits on what a run may spend: a model that is priced at one dollar a call stops at the cap."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agents.brains.budget import RunMeter
from agents.brains.models import ROLES, Budgets, DayLimits, EndpointConfig, Limits, Price, read_models
from ascertain.domain.findings import CrewFindings, Step
from ascertain.errors import BrainError, BudgetError, ConfigError
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew
from tests.crews import world
from tests.crews.scripted_server import Body, Reply, Script, sensible, serve
from tests.crews.test_models import GOOD, written

DOLLAR = Price(prompt=0, completion=1_000_000 / 7)
"""The scripted server counts 7 completion tokens an answer: each call costs one dollar."""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.0)


def crew(url: str, limits: Mapping[str, Any], **changes: Any) -> AgentCrew:
    data = {"kind": "openai", "model": "scripted", "base_url": url, "timeout_s": 5, "price": DOLLAR, **changes}
    free = dict.fromkeys(Limits.model_fields)
    budgets = Budgets(run=Limits.model_validate({**free, **limits}))
    return AgentCrew(dict.fromkeys(ROLES, EndpointConfig.model_validate(data)), read_prompts(), budgets)


def spent(limits: Mapping[str, Any], script: Script = sensible, **changes: Any) -> tuple[BudgetError, int]:
    with serve(script) as server, pytest.raises(BudgetError) as caught:
        crew(server.url, limits, **changes).run(world.case(), world.services())
    return caught.value, len(server.requests)


@pytest.mark.parametrize("cap", [1, 3, 9])
def test_a_model_at_a_dollar_a_call_stops_at_the_cap(cap: int) -> None:
    error, calls = spent({"usd": cap})
    assert calls == cap
    assert error.state == "budget_exhausted"
    assert f"{cap} of {cap} usd" in error.message
    assert "budget.run.usd" in (error.remedy or "")


def test_money_goes_over_its_cap_by_one_call_at_most() -> None:
    error, calls = spent({"usd": 2.5})
    assert calls == 3
    assert "3 of 2.5 usd" in error.message


def test_calls_and_tokens_have_caps_of_their_own() -> None:
    assert spent({"calls": 4})[1] == 4
    assert spent({"tokens": 40})[1] == 3  # 18 a call: 36 are under it, 54 are not


def test_what_had_been_found_until_then_is_handed_over() -> None:
    error, _ = spent({"calls": 5})  # collector and mapper have answered, the analyst has asked for its tools
    assert isinstance(error.partial, CrewFindings)
    assert len(error.partial.claims) > 2
    assert len(error.partial.picks) > 2
    assert error.partial.verdicts == ()
    assert [(s.agent, s.calls, bool(s.output)) for s in error.partial.steps] == [
        ("evidence_collector", 2, True),
        ("taxonomy_mapper", 2, True),
        ("gap_analyst", 1, False),
    ]


def test_enough_is_enough_for_the_whole_case() -> None:
    with serve(sensible) as server:
        found = crew(server.url, {"usd": 10, "calls": 10, "tokens": 180}).run(world.case(), world.services())
    assert found.verdicts
    assert len(server.requests) == 10


def test_tries_that_fail_are_counted() -> None:
    busy = Reply(503, b"{}", {"Retry-After": "0"})
    error, calls = spent({"calls": 3}, lambda role, body: busy, attempts=10)
    assert calls == 3
    assert isinstance(error.partial, CrewFindings)
    assert error.partial.claims == ()


def test_repairs_are_counted() -> None:
    def script(role: str, body: Body) -> Reply | Body:
        message = sensible(role, body)
        return {"content": "not at all"} if "content" in message else message

    assert spent({"usd": 4}, script, repairs=3)[1] == 4


def test_a_server_that_counts_no_tokens_is_counted_by_length() -> None:
    def script(role: str, body: Body) -> Reply:
        message = {"role": "assistant", "content": None, **sensible(role, body)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        return Reply(200, json.dumps(answer).encode())

    error, calls = spent({"tokens": 600}, script)
    assert 1 <= calls < 10
    assert "tokens" in error.message


def test_time_is_a_budget_too() -> None:
    now = [0.0]
    meter = RunMeter(Limits(seconds=10), now=lambda: now[0])
    meter.admit()
    now[0] = 9.9
    meter.admit()
    now[0] = 10.0
    with pytest.raises(BudgetError, match="10 seconds"):
        meter.admit()


def test_the_shorter_of_two_times_counts() -> None:
    limits = Limits(seconds=10)
    assert limits.within(None) is limits
    assert (limits.within(30).seconds, limits.within(4).seconds, limits.within(-1).seconds) == (10, 4, 0)
    assert Limits(seconds=None).within(4).seconds == 4


def test_the_same_tools_again_and_again_are_a_loop() -> None:
    def script(role: str, body: Body) -> Reply | Body:
        return sensible(role, {**body, "messages": body["messages"][:2]})

    with serve(script) as server, pytest.raises(BrainError, match="round in circles"):
        crew(server.url, {}).run(world.case(), world.services())
    assert len(server.requests) == 3


def test_a_run_that_fails_says_what_it_had_spent() -> None:
    def script(role: str, body: Body) -> Reply | Body:
        return sensible(role, {**body, "messages": body["messages"][:2]})

    with serve(script) as server, pytest.raises(BrainError) as failed:
        crew(server.url, {}).run(world.case(), world.services())
    (step,) = failed.value.steps
    assert isinstance(step, Step)
    assert step.calls == len(server.requests)
    assert sum(step.tokens) > 0


def test_each_run_has_a_purse_of_its_own() -> None:
    with serve(sensible) as server:
        one = crew(server.url, {"calls": 10})
        for _ in range(2):
            assert one.run(world.case(), world.services()).verdicts
    assert len(server.requests) == 20


@dataclass
class Shelf:
    """A purse in memory."""

    used: dict[str, float] = field(default_factory=lambda: {"calls": 0.0, "tokens": 0.0, "usd": 0.0})

    def admit(self, caps: Mapping[str, float]) -> str:
        for what, cap in caps.items():
            if self.used[what] >= cap:
                return what
        self.used["calls"] += 1
        return ""

    def charge(self, tokens: int, usd: float) -> None:
        self.used["tokens"] += tokens
        self.used["usd"] += usd


@pytest.mark.parametrize(
    ("day", "words"), [({"usd": 13}, "13 usd"), ({"calls": 13}, "13 calls"), ({"tokens": 220}, "220 tokens")]
)
def test_a_day_s_budget_is_that_of_all_runs_together(day: dict[str, Any], words: str) -> None:
    purse = Shelf()
    with serve(sensible) as server:
        one = crew(server.url, {})
        one = replace(one, budgets=Budgets(run=one.budgets.run, day=DayLimits.model_validate(day)))
        services = replace(world.services(), purse=purse)
        assert one.run(world.case(), services).verdicts
        assert len(server.requests) == 10
        with pytest.raises(BudgetError) as caught:
            one.run(world.case(), services)
        assert len(server.requests) == 13
        with pytest.raises(BudgetError):
            one.run(world.case(), services)
        assert len(server.requests) == 13, "nothing is asked any more"
    assert words in caught.value.message
    assert caught.value.state == "budget_exhausted"
    assert isinstance(caught.value.partial, CrewFindings)
    assert len(caught.value.partial.claims) > 2, "what was found is kept"


def test_without_a_cap_nothing_is_counted() -> None:
    with serve(sensible) as server:
        services = replace(world.services(), purse=Refusing())
        assert crew(server.url, {}).run(world.case(), services).verdicts


class Refusing(Shelf):
    def admit(self, caps: Mapping[str, float]) -> str:
        raise AssertionError("nobody set a limit")


def test_the_shipped_limits_bind() -> None:
    limits = read_models().budget.run
    assert limits.calls is not None
    assert limits.tokens is not None
    assert limits.usd is not None
    assert set(read_models().budget.day.caps) == {"tokens", "usd"}


def test_money_needs_a_price(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"brains\.fast\.price"):
        read_models(written(tmp_path, GOOD + "budget: {run: {usd: 1}}\n"))
