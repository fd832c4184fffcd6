"""What an agent thinks with: ``embedded`` (rules, no network), ``endpoint`` (a language model behind an API), or a
chain of them that stand in for each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from agents.brains.models import ChainConfig, EmbeddedConfig, EndpointConfig, Thinker, endpoints
from ascertain.domain.ports import CrewServices

if TYPE_CHECKING:
    from agents.brains.base import Brain
    from agents.brains.budget import Meter
    from agents.brains.memory import Memory


def build_brain(
    role: str,
    config: Thinker,
    services: CrewServices,
    meters: Sequence[Meter] = (),
    memory: Memory | None = None,
) -> Brain:
    """A brain for one agent of one run; never shared, because CrewAI counts and retries by instance. The brains of a
    run share their ``meters`` and their ``memory``.

    Raises:
        ConfigError: when a key or a package is missing.
    """
    if isinstance(config, EmbeddedConfig):
        from agents.brains.embedded import EmbeddedBrain

        return EmbeddedBrain(role=role, services=services)
    if isinstance(config, ChainConfig):
        from agents.brains.chain import ChainBrain, Member

        members = [
            Member(
                c.version,
                c.rest_s if isinstance(c, EndpointConfig) else 0.0,
                partial(build_brain, role, c, services, meters, memory),
            )
            for c in config.members
        ]
        return ChainBrain(role=role, members=members, context_window=min(c.context_window for c in endpoints(config)))
    from agents.brains.endpoint import EndpointBrain

    return EndpointBrain(role=role, config=config, meters=meters, memory=memory)
