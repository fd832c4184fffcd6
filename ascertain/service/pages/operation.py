"""The tabs that the pages about how the product runs share: those that the reader may open."""

from __future__ import annotations

from ascertain.domain.permission import Action, Principal, may_at_all

TABS = (
    ("/runs", "Runs", Action.ASSESS_RUN),
    ("/connectors", "Connections", Action.CONNECTOR_READ),
    ("/quarantine", "Quarantine", Action.QUARANTINE_READ),
    ("/queue", "Queue", Action.SYSTEM_RUN),
    ("/cost", "Cost", Action.COST_READ),
    ("/rollout", "Rollout", Action.ROLLOUT_READ),
)


def tabs_for(who: Principal) -> list[tuple[str, str]]:
    """(address, name) of each tab for them."""
    return [(href, name) for href, name, action in TABS if may_at_all(who, action)]
