"""Transcripts of content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, select

from ascertain.domain.transcripts import Passage, Transcript
from ascertain.store.contents import SqlContents
from ascertain.store.schema import table
from ascertain.store.schema_library import TranscriptRow
from ascertain.store.statements import Tx, chunks, upsert

_TRANSCRIPTS = table(TranscriptRow)


class SqlTranscripts:
    """``ascertain.domain.transcripts.Transcripts``. What the tags of content depend on stands with the content."""

    def __init__(self, tx: Tx, contents: SqlContents) -> None:
        self._tx = tx
        self._contents = contents

    def of(self, content_ids: Sequence[str]) -> Mapping[str, Transcript]:
        found = {}
        for some in chunks(content_ids):
            query = select(_TRANSCRIPTS).where(_TRANSCRIPTS.c.content_id.in_(some))
            found.update({r.content_id: _transcript(r) for r in self._tx.connection.execute(query)})
        return found

    def put(self, transcript: Transcript) -> bool:
        row = {
            "content_id": transcript.content_id,
            "name": transcript.name,
            "kind": transcript.kind,
            "sha": transcript.sha,
            "passages": [[p.second, p.page, p.text] for p in transcript.passages],
            "characters": transcript.characters,
            "seconds": transcript.seconds,
            "left_out": transcript.left_out,
            "unread": transcript.unread,
            "added_by": transcript.added_by,
            "added_at": transcript.added_at,
        }
        upsert(self._tx, _TRANSCRIPTS, [row])
        return self._contents.say(transcript.content_id, transcript.sha)

    def remove(self, content_id: str) -> bool:
        gone = self._tx.connection.execute(delete(_TRANSCRIPTS).where(_TRANSCRIPTS.c.content_id == content_id))
        return self._contents.say(content_id, "") if gone.rowcount else False

    def sizes(self) -> dict[str, tuple[str, str, int, float | None]]:
        names = ("content_id", "name", "kind", "characters", "seconds")
        query = select(*(_TRANSCRIPTS.c[n] for n in names)).order_by(_TRANSCRIPTS.c.content_id)
        return {r[0]: (r[1], r[2], r[3], r[4]) for r in self._tx.connection.execute(query)}


def _transcript(r: Row[Any]) -> Transcript:
    passages = tuple(Passage(text, second, page) for second, page, text in r.passages)
    return Transcript(r.content_id, r.name, r.kind, r.sha, passages, r.left_out, r.unread, r.added_by, r.added_at)
