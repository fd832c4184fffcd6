"""Faults as words on the command line: ``SYSTEM:KIND[=VALUE][@PATH]``, for example ``docebo:429=5@/learn``.

SYSTEM is a dialect or ``all``. VALUE is what the kind says; PATH is a part of the address that has to be called.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ascertain.errors import InputError
from ascertain.sandbox.faults import Fault

EVERY = "all"
KINDS = {
    "429": "too many requests; the value is Retry-After in seconds, or none",
    "500 to 599": "an error of the server",
    "slow": "a late answer; the value is seconds",
    "half": "an answer that breaks off in the middle",
    "html": "a maintenance page in place of JSON",
    "token": "credentials taken for expired",
    "drift": "unknown fields; the value is a field that gets another name",
    "hook-twice": "a webhook delivered twice",
    "hook-late": "a webhook behind the next one",
    "hook-altered": "a webhook changed after it was signed",
    "hook-unsigned": "a webhook without its proof",
    "hook-lost": "a webhook that never comes",
}
_PLAIN: dict[str, Fault] = {
    "half": Fault("half_body"),
    "html": Fault("not_json"),
    "token": Fault("token_death"),
    "hook-twice": Fault("hook_twice"),
    "hook-late": Fault("hook_late"),
    "hook-altered": Fault("hook_altered"),
    "hook-unsigned": Fault("hook_unsigned"),
    "hook-lost": Fault("hook_lost"),
}


def parse(text: str, *, share: float, served: Collection[str]) -> tuple[list[str], Fault]:
    """Which systems, and what goes wrong there from now on for that share of what happens.

    Raises:
        InputError: naming the part at fault.
    """
    system, colon, rest = text.partition(":")
    if not colon or not rest:
        raise InputError(f"{text!r} is no fault", remedy="write SYSTEM:KIND, for example docebo:429 or all:slow=2")
    if system != EVERY and system not in served:
        raise InputError(f"{text!r}: {system!r} is not served", remedy=f"choose among {', '.join((EVERY, *served))}")
    rest, _, path = rest.partition("@")
    kind, _, value = rest.partition("=")
    fault = replace(_fault(text, kind, value), times=None, share=share, path=path)
    return (sorted(served) if system == EVERY else [system]), fault


def _fault(text: str, kind: str, value: str) -> Fault:
    if kind == "429":
        wait = None if value == "none" else str(_number(text, value)) if value else "1"
        return Fault("rate_limit", retry_after=wait)
    if kind.isascii() and kind.isdigit() and 500 <= int(kind) <= 599 and not value:
        return Fault("server_error", status=int(kind))
    if kind == "slow":
        return Fault("slow", seconds=_number(text, value) if value else 2.0)
    if kind == "drift":
        return Fault("drift", key=value)
    if kind in _PLAIN and not value:
        return _PLAIN[kind]
    raise InputError(f"{text!r}: {kind!r} is not a kind of fault", remedy=f"choose among {', '.join(KINDS)}")


def _number(text: str, value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 86_400:
        raise InputError(f"{text!r}: {value!r} is not a number of seconds", remedy="write a number from 0 to 86400")
    return int(found) if found.is_integer() else found
