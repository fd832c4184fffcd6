"""How Moodle is asked: one address, arrays in PHP's spelling, failures inside answers that say 200.

The token travels in the body, so that it stays out of access logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ascertain.domain.connector import Failure

SERVER = "/webservice/rest/server.php"
LOGIN = "/login/token.php"
_STATUS = {
    **dict.fromkeys(("invalidtoken", "invalidlogin", "accesstokenexpired"), 401),
    **dict.fromkeys(
        (
            "accessexception",
            "forbiddenwsuser",
            "nopermission",
            "nopermissions",
            "requireloginerror",
            "required_capability_exception",
            "servicenotavailable",
            "servicerequireslogin",
            "webservicesnotenabled",
            "enablewsdescription",
        ),
        403,
    ),
    **dict.fromkeys(
        (
            "invalidrecord",
            "invalidrecordunknown",
            "invaliduser",
            "invaliduserid",
            "invalidcourse",
            "invalidcourseid",
            "cannotfindcourse",
        ),
        404,
    ),
    **dict.fromkeys(
        (
            "sitemaintenance",
            "upgraderunning",
            "dbconnectionfailed",
            "dmlreadexception",
            "dmlwriteexception",
            "ex_unabletolock",
        ),
        503,
    ),
}
"""What HTTP says for an error code of Moodle's; for any other it is 400."""
_TRIES = 50


def flat(params: Mapping[str, Any]) -> dict[str, str]:
    """Nested parameters as PHP reads them.

    >>> flat({"criteria": [{"key": "email", "value": "%"}]})
    {'criteria[0][key]': 'email', 'criteria[0][value]': '%'}
    """
    return dict(_pairs("", params))


def _pairs(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{prefix}[{key}]" if prefix else str(key), inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _pairs(f"{prefix}[{number}]", inner)
    elif isinstance(value, bool):
        yield prefix, "1" if value else "0"
    elif value is not None:
        yield prefix, str(value)


def failure_in(data: Any) -> Failure | None:
    """The exception inside an answer, with the status that HTTP has for it; ``None`` where there is none. Its message
    is left out, because it may repeat what was sent."""
    if not isinstance(data, Mapping) or "errorcode" not in data or not ("exception" in data or "error" in data):
        return None
    code = str(data["errorcode"])[:60]
    return Failure(_STATUS.get(code, 400), code)


def mended(raw: bytes) -> bytes:
    """An answer without the developer's output that may come before its JSON."""
    start = raw.lstrip()
    if not start or start[:1] in b'{["-0123456789ntf':
        return raw
    place = -1
    for _ in range(_TRIES):
        found = [p for c in (b"{", b"[") if (p := raw.find(c, place + 1)) >= 0]
        if not found:
            return raw
        place = min(found)
        try:
            json.loads(raw[place:])
        except ValueError:
            continue
        return raw[place:]
    return raw
