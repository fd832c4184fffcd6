"""Two secrets at a time for calls that come in, so that a secret can be changed without losing a call.

Under ``secrets`` of a connection ``KEY_before`` stands beside ``KEY``: a call that the present secrets do not prove is
tried with the former ones. Which of several secrets the system has changed already does not matter: each of them may
be the present or the former one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

from ascertain.domain.webhooks import Heard, Received

BEFORE = "_before"
"""Suffix of the secret that is on its way out."""
UNPROVED = 401


def either(secrets: Mapping[str, str], judge: Callable[[Mapping[str, str]], Received]) -> Received:
    """What a call is by the present secrets or, where these do not prove it, by the former ones.

    Args:
        secrets: the connection's.
        judge: what the call is under secrets without any ``KEY_before``; a call that is not proved is rejected with
            status 401.
    """
    present, *former = choices(secrets)
    first = judge(present)
    if first.kind is not Heard.REJECTED or first.reply.status != UNPROVED:
        return first
    tried = (judge(other) for other in former)
    return next((t for t in tried if t.kind is not Heard.REJECTED or t.reply.status != UNPROVED), first)


def choices(secrets: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Each choice of present and former secrets, the present ones first."""
    present = {k: v for k, v in secrets.items() if not (k.endswith(BEFORE) and k.removesuffix(BEFORE) in secrets)}
    two = [k for k in present if k + BEFORE in secrets]
    for chosen in product((False, True), repeat=len(two)):
        yield present | {k: secrets[k + BEFORE] for k, old in zip(two, chosen, strict=True) if old}
