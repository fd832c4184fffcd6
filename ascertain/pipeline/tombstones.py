"""Keeps an erased person away: keyed hashes of the ids and addresses by which a sync would bring them back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from typing import Any

from ascertain.domain.people import Learner


def marks_of(learner: Learner, refs: Iterable[str], pseudonym: Callable[[str], str]) -> tuple[str, ...]:
    """The marks of a person who is erased."""
    email = learner.email.strip().casefold()
    keys = {
        f"id:{learner.id}",
        *(f"ref:{r}" for r in refs),
        *(f"id:{r.split(':', 2)[2]}" for r in refs if ":worker:" in r),
    }
    if email:
        sha1 = hashlib.sha1(f"mailto:{email}".encode(), usedforsecurity=False).hexdigest()
        keys |= {f"email:{email}", f"mbox:{sha1}"}
    return tuple(sorted(_mark(k, pseudonym) for k in keys))


class Guard:
    """Knows who was erased. Costs nothing while nobody was."""

    def __init__(self, marks: Collection[str] = (), pseudonym: Callable[[str], str] = str) -> None:
        self._marks = frozenset(marks)
        self._pseudonym = pseudonym

    def about(self, record: Any) -> bool:
        """Whether a record of a source is about somebody who was erased."""
        return bool(self._marks) and any(_mark(k, self._pseudonym) in self._marks for k in _keys(record))

    def employee(self, employee_id: str) -> bool:
        """Whether this worker was erased."""
        return bool(self._marks) and _mark(f"id:{employee_id}", self._pseudonym) in self._marks


def _mark(key: str, pseudonym: Callable[[str], str]) -> str:
    return pseudonym(f"erased|{key}")


def _keys(record: Any) -> Iterable[str]:
    ref = getattr(record, "ref", None)
    if ref is not None:
        yield f"ref:{ref}"
    if employee := getattr(record, "employee_id", ""):
        yield f"id:{employee}"
    if email := getattr(record, "email", ""):
        yield f"email:{email.strip().casefold()}"
    for who in (getattr(record, "subject", ""), getattr(record, "user_id", "")):
        kind, _, value = (who or "").partition(":")
        if kind == "employee":
            yield f"id:{value}"
        elif kind == "email":
            yield f"email:{value.strip().casefold()}"
        elif kind == "mbox_sha1sum":
            yield f"mbox:{value.lower()}"
        elif who and ref is not None and hasattr(ref, "system"):
            yield f"ref:{ref.system}:user:{who}"
    for value in (getattr(record, "raw", None) or {}).values():  # a rejected record
        if isinstance(value, str | int):
            yield f"id:{value}"
            yield f"email:{str(value).strip().casefold()}"
