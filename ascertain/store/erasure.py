"""Takes a person out of every table; the audit chain stays, and their key goes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import JSON, Connection, LargeBinary, Table, and_, delete, select, update

from ascertain.store.dossier import _APART, _named
from ascertain.store.schema import Base, EvidenceRow, LearnerRow, LinkRow, PersonKeyRow, PolicyRow, QuarantineRow, table
from ascertain.store.schema_exchange import InboxRow

GONE = "[erased]"
_LEARNERS, _LINKS, _EVIDENCE = table(LearnerRow), table(LinkRow), table(EvidenceRow)
_HOLD_IDS = frozenset(
    {
        "sync_cursors",
        "review_items",
        "review_looks",
        "review_checks",
        "writeback_runs",
        "disputes",
        "rectifications",
        "restrictions",
        "assignments",
        "path_wishes",
        "path_skips",
        "calibrations",
        "calibration_uses",
        "run_requests",
        "content_tag_votes",
        "taxonomy_proposals",
        "taxonomy_answers",
        "rights_requests",
        "openings",
        "onboarding_plans",
        "onboarding_versions",
        "onboarding_comments",
        "key_roles",
        "succession_candidates",
    }
)
"""Where a learner's id stands as a value of its own, about others."""
_SHORT = 4
"""An id below this length is replaced only where it stands alone: "7" is in every text."""


def erase_rows(connection: Connection, learner_id: str, subject: str, former: Collection[str] = ()) -> dict[str, int]:
    """Delete what is about the person and mask them in what is about others, under ``former`` names too; counts by
    table. The caller commits."""
    person = connection.execute(select(_LEARNERS).where(_LEARNERS.c.id == learner_id)).one()
    links = select(_LINKS.c.source_ref).where(_LINKS.c.learner_id == learner_id)
    sources = select(_EVIDENCE.c.source_ref).where(_EVIDENCE.c.learner_id == learner_id)
    refs = {*connection.execute(links).scalars(), *connection.execute(sources).scalars()}
    counts: dict[str, int] = {}
    named = _named(connection, learner_id, refs)
    for source in (table(InboxRow), table(QuarantineRow)):
        ids = [r["id"] for r in named.get(source.name, ())]
        if ids:
            counts[source.name] = connection.execute(delete(source).where(source.c.id.in_(ids))).rowcount
    for source in Base.metadata.sorted_tables:
        if "learner_id" in source.c:
            mine = select(source.c.learner_id).where(source.c.learner_id == learner_id)
            if rows := len(connection.execute(mine).all()):
                counts[source.name] = rows
    connection.execute(update(_LEARNERS).where(_LEARNERS.c.manager_id == learner_id).values(manager_id=None))
    counts["learners"] = connection.execute(delete(_LEARNERS).where(_LEARNERS.c.id == learner_id)).rowcount
    keys = table(PersonKeyRow)
    counts["person_keys"] = connection.execute(delete(keys).where(keys.c.subject == subject)).rowcount
    everywhere = [w for w in (learner_id, person.name, person.email, *former) if _telling(w)]
    by_id = masker([learner_id, *everywhere])
    general = masker(everywhere)
    for source in Base.metadata.sorted_tables:
        if source.name in _APART or source is table(PolicyRow):
            continue
        if n := _mask_table(connection, source, by_id if source.name in _HOLD_IDS else general):
            counts[f"{source.name}, masked"] = n
    return counts


def _telling(word: str) -> bool:
    """Whether a word is somebody's wherever it stands: "7", "4711" and "Mark" are not."""
    return len(word) >= _SHORT and any(c.isalpha() for c in word) and any(not c.isalpha() for c in word)


def masker(words: list[str]) -> Callable[[Any], Any]:
    """Replaces these words in texts and JSON, whole words only, in any case; keys and list items that are one go."""
    known = sorted({w.strip() for w in words if w.strip()}, key=len, reverse=True)
    alone = {w.casefold() for w in known}
    long = [re.escape(w) for w in known if len(w) >= _SHORT]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(long)})(?!\w)", re.IGNORECASE) if long else None

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            if value.casefold() in alone:
                return GONE
            return pattern.sub(GONE, value) if pattern else value
        if isinstance(value, dict):
            return {mask(k): mask(v) for k, v in value.items() if k.casefold() not in alone}
        if isinstance(value, list):
            return [mask(v) for v in value if not (isinstance(v, str) and v.casefold() in alone)]
        return value

    return mask


def _mask_table(connection: Connection, source: Table, mask: Callable[[Any], Any]) -> int:
    texts = [c for c in source.c if not c.primary_key and not isinstance(c.type, LargeBinary) and _is_text(c)]
    if not texts:
        return 0
    keys, changed = list(source.primary_key), 0
    for row in connection.execute(select(*keys, *texts)).all():
        was = {c.name: row._mapping[c.name] for c in texts}
        now = {n: _masked(v, mask) for n, v in was.items()}
        if now != was:
            where = and_(*(k == row._mapping[k.name] for k in keys))
            connection.execute(update(source).where(where).values(now))
            changed += 1
    return changed


def _masked(value: Any, mask: Callable[[Any], Any]) -> Any:
    """Text that is itself JSON is masked inside, where a name may be written in escapes."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            found = json.loads(value)
        except ValueError:
            return mask(value)
        now = mask(found)
        return value if now == found else json.dumps(now, separators=(",", ":"))
    return mask(value)


def _is_text(column: Any) -> bool:
    return isinstance(column.type, JSON) or column.type.python_type is str
