"""Jobs of taxonomy stewardship: a look at what the evidence says."""

from __future__ import annotations

from typing import Any


def look_at_evidence(trigger: str) -> dict[str, Any]:
    """Put up the changes of the taxonomy that people's evidence speaks for. Safe to run twice: what was put up before
    is not weighed again.

    Raises:
        Stopped: everything is stopped.
        BrainError: a brain failed; it is tried again.
    """
    from ascertain.runtime import get_app

    found = get_app().propose()
    return {
        "trigger": trigger,
        "proposals": len(found.proposals),
        "known": found.known,
        "left": len(found.left),
        "refused": len(found.refused),
    }
