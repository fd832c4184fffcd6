"""What connectors of messages have in common: the organisation's yes, and that no word outlives the pull.

The texts themselves leave a connector only inside ``MessageRecord.text``; not in a checkpoint, not even as a digest (a
short message could be guessed from one), and not in what is put into quarantine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ascertain.connectors.window import Window
from ascertain.domain.records import MessageRecord, Record, Rejected
from ascertain.errors import PermanentConnectorError


def need_opt_in(name: str, opted_in: bool) -> None:
    """Raises ``PermanentConnectorError`` where the organisation has not said that messages may be looked at."""
    if not opted_in:
        raise PermanentConnectorError(
            f"{name}: message: the organisation has not opted in",
            remedy="set messages_opt_in: true among the connection's options once that has been decided",
        )


def unseen(window: Window, records: Iterable[Record]) -> tuple[Record, ...]:
    """Those that the last pull did not bring; an edited message counts as new by its time of change."""
    found = {str(r.ref): r for r in records}
    bare = [replace(r, text="") if isinstance(r, MessageRecord) else r for r in found.values()]
    return tuple(found[str(r.ref)] for r in window.unseen(bare))


def without_words(rejected: Iterable[Rejected], fields: Collection[str] = ("text",)) -> list[Rejected]:
    """Rejected messages without what they said."""
    return [replace(r, raw={k: v for k, v in r.raw.items() if k not in fields}) for r in rejected]
