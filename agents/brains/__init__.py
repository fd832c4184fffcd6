"""What an agent thinks with: ``embedded`` (rules, no network) or ``endpoint`` (a language model behind an API)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agents.brains.models import EmbeddedConfig, EndpointConfig
from ascertain.domain.ports import CrewServices

if TYPE_CHECKING:
    from agents.brains.base import Brain
    from agents.brains.budget import Meter


def build_brain(
    role: str, config: EmbeddedConfig | EndpointConfig, services: CrewServices, meters: Sequence[Meter] = ()
) -> Brain:
    """A brain for one agent of one run; never shared, because CrewAI counts and retries by instance. The brains of a
    run share their ``meters``.

    Raises:
        ConfigError: when a key or a package is missing.
    """
    if isinstance(config, EmbeddedConfig):
        from agents.brains.embedded import EmbeddedBrain

        return EmbeddedBrain(role=role, services=services)
    from agents.brains.endpoint import EndpointBrain

    return EndpointBrain(role=role, config=config, meters=meters)
