"""What the connectors that subscribe have in common: saying why a system would not."""

from __future__ import annotations

import json

from ascertain.connectors.http import StatusError

_SHOWN = 200


def refused(error: StatusError) -> StatusError:
    """The same refusal in the system's own words, with what is usually the matter."""
    return StatusError(
        f"{error.message}: {_said(error.failure.body)}",
        error.failure,
        remedy="the system tries the address at once: let `ascertain serve` run and be reachable from there",
    )


def _said(body: str) -> str:
    """The message inside an error, or its beginning."""
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    for key in ("error", "errors", 0, "message"):
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif key == 0 and isinstance(found, list) and found:
            found = found[0]
    return " ".join((found if isinstance(found, str) else body).split())[:_SHOWN]
