"""What a model would cost, without asking it."""

from __future__ import annotations

from agents.brains.models import ROLES, ChainConfig, EmbeddedConfig, EndpointConfig, Price
from ascertain.domain.spending import added
from ascertain.prompts import read_prompts
from crews.learner import AgentCrew, build
from tests.crews import world
from tests.crews.scripted_server import sensible, serve

NOBODY = "http://127.0.0.1:9/v1"
"""Whoever is asked there fails."""


def crew(url: str = NOBODY, **changes: object) -> AgentCrew:
    data = {"kind": "openai", "model": "m", "base_url": url, "api_key_env": "NOT_SET_ANYWHERE", **changes}
    return AgentCrew(dict.fromkeys(ROLES, EndpointConfig.model_validate(data)), read_prompts())


def test_rules_cost_nothing() -> None:
    assert build().expected(world.case(), world.services()) == ()


def test_it_is_the_conversation_that_a_model_would_have() -> None:
    used = crew(price=Price(prompt=1, completion=2)).expected(world.case(), world.services())
    total = added(used)
    assert [u.agent for u in used] == sorted(ROLES)
    assert total.calls == 10
    assert total.usd == (total.prompt + 2 * total.completion) / 1_000_000
    with serve(sensible) as server:
        crew(server.url, api_key_env="").run(world.case(), world.services())
    sent = sum(
        len(str(b["messages"])) + len(str(b["tools"])) + len(str(b.get("response_format", ""))) for b in server.requests
    )
    assert 0.7 < total.prompt / (sent / 4) < 1.1


def test_only_agents_that_would_ask_are_counted() -> None:
    endpoint = crew().team["reviewer"]
    assert isinstance(endpoint, EndpointConfig)
    mixed = AgentCrew(
        {**build().team, "reviewer": ChainConfig((endpoint, EmbeddedConfig(kind="embedded")))}, read_prompts()
    )
    (only,) = mixed.expected(world.case(), world.services())
    assert (only.agent, only.brain, only.calls) == ("reviewer", endpoint.version, 2)
    assert only.unpriced == only.tokens > 0
