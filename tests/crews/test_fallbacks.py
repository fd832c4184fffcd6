from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.brains import chain
from agents.brains.chain import Outages
from agents.brains.models import ROLES, ChainConfig, EmbeddedConfig, EndpointConfig, read_models
from ascertain.domain.spending import usage_of
from ascertain.errors import BrainError, BudgetError, ConfigError
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew, build
from tests.crews import world
from tests.crews.scripted_server import Body, Reply, Script, sensible, serve
from tests.crews.test_checks import stored
from tests.crews.test_models import written

RULES = EmbeddedConfig(kind="embedded")
NEVER = Reply(429, b'{"error": {"message": "quota"}}', {"Retry-After": "0"})


@pytest.fixture(autouse=True)
def outages(monkeypatch: pytest.MonkeyPatch) -> Outages:
    """A process of its own, in which nothing has failed."""
    monkeypatch.setattr("agents.brains.clients._backoff", lambda state: 0.0)
    fresh = Outages()
    monkeypatch.setattr(chain, "OUTAGES", fresh)
    return fresh


def endpoint(url: str, model: str = "first", **changes: Any) -> EndpointConfig:
    data = {"kind": "openai", "model": model, "base_url": url, "timeout_s": 5, **changes}
    return EndpointConfig.model_validate(data)


def crew(*members: EndpointConfig | EmbeddedConfig) -> AgentCrew:
    return AgentCrew(dict.fromkeys(ROLES, ChainConfig(members)), read_prompts())


def test_a_permanent_429_costs_a_handful_of_calls_of_a_whole_run() -> None:
    """The SDK's, CrewAI's and the agent's retries multiplied would be 27 (as shipped: three tries)."""
    with serve(lambda role, body: NEVER) as server:
        alone = AgentCrew(dict.fromkeys(ROLES, endpoint(server.url)), read_prompts())
        with pytest.raises(BrainError, match="status 429"):
            alone.run(world.case(), world.services())
        assert len(server.requests) == EndpointConfig(kind="openai", model="m").attempts == 3


def test_the_next_brain_takes_over_and_each_step_says_who_answered() -> None:
    with serve(lambda role, body: NEVER) as down, serve(sensible) as up:
        first, second = endpoint(down.url), endpoint(up.url, "second")
        one = crew(first, second)
        found = one.run(world.case(), world.services())
        assert len(down.requests) == 3, "found out once, not five times"
        assert len(up.requests) == 10
    assert stored(found) == stored(build().run(world.case(), world.services()))
    assert {s.model for s in found.steps} == {second.version}
    assert one.brain_version == f"{first.version} else {second.version}"


def test_rules_may_stand_in_for_a_model_in_the_middle_of_a_task() -> None:
    def dies(role: str, body: Body) -> Reply | Body:
        told = any(m["role"] == "tool" for m in body["messages"])
        return Reply(500, b"{}") if role == "gap_analyst" and told else sensible(role, body)

    with serve(dies) as server:
        config = endpoint(server.url)
        found = crew(config, RULES).run(world.case(), world.services())
    assert stored(found) == stored(build().run(world.case(), world.services()))
    rules = RULES.version
    assert [(s.agent, s.model, bool(s.output)) for s in found.steps] == [
        ("evidence_collector", config.version, True),
        ("taxonomy_mapper", config.version, True),
        ("gap_analyst", config.version, False),  # it had asked for its tools, and is paid for that
        ("gap_analyst", rules, True),
        ("learning_path_curator", rules, True),
        ("reviewer", rules, True),
    ]
    used = {(u.agent, u.brain): u.calls for u in usage_of(found.steps)}
    assert used["gap_analyst", config.version] == 1


def test_whoever_takes_over_begins_anew() -> None:
    """Else it would answer from what another one had asked for: part of the claims, say."""
    heard: list[Body] = []

    def first(role: str, body: Body) -> Reply | Body:
        if role == "taxonomy_mapper" and not any(m["role"] == "tool" for m in body["messages"]):
            call = {"name": "taxonomy_search", "arguments": '{"claim_ids": ["c1"]}'}
            return {"tool_calls": [{"id": "t1", "type": "function", "function": call}]}
        return Reply(503, b"{}") if role == "taxonomy_mapper" else sensible(role, body)

    def second(role: str, body: Body) -> Reply | Body:
        heard.append(body)
        return sensible(role, body)

    with serve(first) as a, serve(second) as b:
        found = crew(endpoint(a.url), endpoint(b.url, "second")).run(world.case(), world.services())
    assert stored(found) == stored(build().run(world.case(), world.services()))
    assert [m["role"] for m in heard[0]["messages"]] == ["system", "user"]
    assert "c1" not in str(heard[0]["messages"])


def test_another_try_after_a_refused_answer_goes_on_with_the_one_that_took_over() -> None:
    said: list[str] = []

    def second(role: str, body: Body) -> Reply | Body:
        message = sensible(role, body)
        if role == "reviewer" and "content" in message and len(said) < 2:
            said.append("bad")
            return {"content": "no JSON at all"}
        return message

    with serve(lambda role, body: NEVER) as a, serve(second) as b:
        team = dict.fromkeys(ROLES, ChainConfig((endpoint(a.url), endpoint(b.url, "second"))))
        found = AgentCrew({**build().team, "reviewer": team["reviewer"]}, read_prompts()).run(
            world.case(), world.services()
        )
    assert found.verdicts
    assert len(said) == 2


def test_all_of_them_down_is_one_error_that_names_the_last() -> None:
    with serve(lambda role, body: NEVER) as a, serve(lambda role, body: Reply(401, b"{}")) as b:
        with pytest.raises(BrainError, match=r"second.*status 401"):
            crew(endpoint(a.url), endpoint(b.url, "second")).run(world.case(), world.services())
        assert (len(a.requests), len(b.requests)) == (3, 1)


def test_a_sweep_does_not_find_out_a_thousand_times(outages: Outages) -> None:
    now = [0.0]
    outages.now = lambda: now[0]
    with serve(lambda role, body: NEVER) as server:
        one = crew(endpoint(server.url, rest_s=60), RULES)
        for _ in range(3):
            assert one.run(world.case(), world.services()).verdicts
        assert len(server.requests) == 3
        now[0] = 61.0
        one.run(world.case(), world.services())
        assert len(server.requests) == 6, "it is asked again once it has rested"


def test_an_answer_that_does_not_fit_is_no_outage() -> None:
    script: Script = lambda role, body: {"content": "nonsense"} if body.get("response_format") else sensible(role, body)  # noqa: E731
    with serve(script) as a, serve(sensible) as b:
        with pytest.raises(BrainError, match="evidence_collector"):
            crew(endpoint(a.url), endpoint(b.url, "second")).run(world.case(), world.services())
        assert b.requests == []


def test_a_used_up_budget_is_no_outage() -> None:
    with serve(sensible) as a, serve(sensible) as b:
        one = crew(endpoint(a.url), endpoint(b.url, "second"))
        budgets = one.budgets.model_copy(update={"run": one.budgets.run.model_copy(update={"calls": 3})})
        with pytest.raises(BudgetError):
            replace(one, budgets=budgets).run(world.case(), world.services())
        assert (len(a.requests), len(b.requests)) == (3, 0)


TWO = """
version: "1"
brains:
  embedded: {kind: embedded}
  far: {kind: openai, model: m, base_url: "http://127.0.0.1:1/v1", fallbacks: [near, embedded]}
  near: {kind: openai, model: n, base_url: "http://127.0.0.1:2/v1"}
teams:
  mixed: {default: embedded, reviewer: far}
"""


def test_models_yaml_names_them(tmp_path: Path) -> None:
    team = read_models(written(tmp_path, TWO)).team("mixed")
    reviewer = team["reviewer"]
    assert isinstance(reviewer, ChainConfig)
    assert [c.kind for c in reviewer.members] == ["openai", "openai", "embedded"]
    assert isinstance(team["gap_analyst"], EmbeddedConfig)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[near, embedded]", "[nowhere]", r"brains\.far\.fallbacks\.0: there is no brain 'nowhere'"),
        ("[near, embedded]", "[near, far]", r"brains\.far\.fallbacks\.1: a brain cannot stand in for itself"),
        ("[near, embedded]", "[near, near]", r"brains\.far\.fallbacks\.1: 'near' is named before"),
        ("[near, embedded]", "near", r"brains\.far\.openai\.fallbacks"),
        ("model: n,", "model: n, requests_per_second: 0,", r"brains\.near\.openai\.requests_per_second"),
        ("model: n,", "model: n, rest_s: -1,", r"brains\.near\.openai\.rest_s"),
        ("model: n,", "model: n, context_window: 1, timeout_s: 0,", r"timeout_s.*context_window"),
        ("  mixed: {", "  far: {", r"teams\.far: a brain has that name"),
    ],
)
def test_a_mistake_is_named_by_field(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TWO
    with pytest.raises(ConfigError, match=words):
        read_models(written(tmp_path, TWO.replace(old, new, 1)))
