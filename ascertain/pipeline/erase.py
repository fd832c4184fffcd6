"""Erases a person (Art. 17 GDPR)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock
from ascertain.domain.rights import Tombstone
from ascertain.errors import InputError
from ascertain.pipeline.tombstones import marks_of
from ascertain.pipeline.write_back_switch import named

_KEPT_APART = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".key")


class Erasable(Protocol):
    """``ascertain.store.Store``."""

    def held_on(self, learner_id: str) -> dict[str, list[dict[str, object]]]: ...
    def erase(
        self, learner_id: str, stone: Tombstone | None, payload: Mapping[str, str], former: Collection[str] = ()
    ) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True)
class Erased:
    """``rows`` counts by table; ``tombstone`` is what lifts it, empty where the person may come back."""

    tombstone: str
    rows: Mapping[str, int]


def erase_person(
    store: Erasable,
    pseudonym: Callable[[str], str],
    learner: Learner,
    actor: str,
    reason: str,
    clock: Clock,
    former: Collection[str] = (),
    *,
    keep_away: bool = True,
) -> Erased:
    """Erase from the database, under ``former`` names too. With ``keep_away`` a tombstone keeps the next sync from
    bringing the person back.

    Raises:
        InputError: nobody is named, or there is no reason.
    """
    if not reason.strip():
        raise InputError("an erasure needs a reason", field="reason", remedy="say why in a few words")
    refs = [str(r["source_ref"]) for r in store.held_on(learner.id).get("learner_links", ())]
    stone = Tombstone(f"t{secrets.token_hex(6)}", clock.now(), marks_of(learner, refs, pseudonym))
    sealed = {"actor": named(actor), "reason": reason.strip()}
    rows = store.erase(learner.id, stone if keep_away else None, sealed, former)
    return Erased(stone.id if keep_away else "", rows)


def files_naming(home: Path, words: Sequence[str]) -> list[str]:
    """Files of the home folder that still hold one of these words (databases and keys apart)."""
    wanted = [w.casefold().encode() for w in words if len(w) >= 4]
    found = []
    for file in sorted(home.rglob("*")):
        if file.is_file() and file.suffix not in _KEPT_APART and file.stat().st_size < 64 * 1024 * 1024:
            text = file.read_bytes().lower()
            if any(w in text for w in wanted):
                found.append(str(file))
    return found
