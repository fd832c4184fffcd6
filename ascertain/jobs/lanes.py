"""How many jobs of a kind, or of a connection, may run at the same time, over all hosts of an installation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ascertain.errors import ConfigError

_LANES = {
    "ascertain.jobs.handlers.assess_learner": "assess",
    "ascertain.jobs.outgoing.push_write_back": "writeback",
    "ascertain.jobs.tagging.tag_part": "tag",
    "ascertain.jobs.onboarding.draft_plan": "onboard",
}
_OF_A_CONNECTION = frozenset({"ascertain.jobs.handlers.receive_events", "ascertain.jobs.syncing.retry_quarantined"})
ALL = "all"
CONNECTION = "connection"
KINDS = (ALL, *sorted(_LANES.values()), CONNECTION)

_ENTRY = re.compile(r"\s*([a-z]+(?::[^=,\s]+)?)\s*=\s*(\d{1,4})\s*")


def lane_of(function: str, arguments: Sequence[str]) -> str:
    """What a job counts as, besides ``all``: a kind, or ``connection:NAME``; empty for what has no limit of its own."""
    if function in _OF_A_CONNECTION:
        return f"{CONNECTION}:{arguments[0]}"
    return _LANES.get(function, "")


def read_limits(text: str) -> Mapping[str, int]:
    """``"assess=8, connection=1, connection:docebo=2"`` as numbers by lane.

    Raises:
        ConfigError: naming the entry at fault.
    """
    limits: dict[str, int] = {}
    for entry in filter(str.strip, text.split(",")):
        found = _ENTRY.fullmatch(entry)
        lane, number = (found[1], int(found[2])) if found else ("", 0)
        if not number or (lane not in KINDS and not lane.startswith(f"{CONNECTION}:")):
            raise ConfigError(
                f"ASCERTAIN_LIMITS: {entry.strip()!r} is no limit",
                remedy=f"write KIND=NUMBER with a kind of {', '.join(KINDS)} or {CONNECTION}:NAME, and 1 or more",
            )
        limits[lane] = number
    return limits
