"""The catalogue with its skill tags, and job profiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, and_, select

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.content_tags import Ruling, decided, led, taxonomy_name
from ascertain.domain.content_weighing import after_weighing
from ascertain.domain.overlays import asking
from ascertain.domain.ports import Content
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement
from ascertain.errors import InputError
from ascertain.store.content_tags import rulings_of
from ascertain.store.schema import ContentRow, ContentTagsRow, RoleRow, table
from ascertain.store.statements import CONTENTS_REVISION, Tx, bump, chunks, revision, upsert, upsert_changed
from ascertain.store.stewardship import moves_in_use
from ascertain.store.tag_words import notices_of
from ascertain.store.weighings import weighings_of

_CONTENTS, _TAGS, _ROLES = table(ContentRow), table(ContentTagsRow), table(RoleRow)
_REVISION = CONTENTS_REVISION


class SqlContents:
    """``ascertain.domain.ports.Contents``. Lists are ordered by content id."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, content_id: str) -> Content | None:
        row = self._tx.connection.execute(select(_CONTENTS).where(_CONTENTS.c.id == content_id)).first()
        return None if row is None else _content(row)

    def all(self, *, active_only: bool = True) -> list[Content]:
        query = select(_CONTENTS).order_by(_CONTENTS.c.id)
        if active_only:
            query = query.where(_CONTENTS.c.active.is_(True))
        return [_content(r) for r in self._tx.connection.execute(query)]

    def upsert(self, rows: Iterable[Content]) -> tuple[int, int, int]:
        """(new, changed, unchanged) by content.

        Raises:
            InputError: naming the item and its field.
        """
        contents = list(rows)
        said = self._said([c.item.content_id for c in contents])
        made = (_content_row(replace(c, transcript=said.get(c.item.content_id, ""))) for c in contents)
        changes = upsert_changed(self._tx, _CONTENTS, made)
        if changes:
            bump(self._tx, _REVISION)
        return changes.counts

    def say(self, content_id: str, sha: str) -> bool:
        """Note which words a transcript of the content has, none with an empty ``sha``; whether they are others."""
        content = self.get(content_id)
        if content is None or content.transcript == sha:
            return False
        upsert_changed(self._tx, _CONTENTS, [_content_row(replace(content, transcript=sha))])
        bump(self._tx, _REVISION)
        return True

    def _said(self, ids: Sequence[str]) -> dict[str, str]:
        """Content id → transcript, of those that have one."""
        found: dict[str, str] = {}
        for some in chunks(ids):
            query = select(_CONTENTS.c.id, _CONTENTS.c.transcript)
            query = query.where(_CONTENTS.c.transcript != "", _CONTENTS.c.id.in_(some))
            found.update({r[0]: r[1] for r in self._tx.connection.execute(query)})
        return found

    def untagged(self, tagger: str) -> list[Content]:
        """Retired items too: what somebody completed still says something about them."""
        query = (
            select(_CONTENTS)
            .outerjoin(_TAGS, and_(_TAGS.c.content_hash == _CONTENTS.c.text_hash, _TAGS.c.tagger == tagger))
            .where(_TAGS.c.tagger.is_(None))
            .order_by(_CONTENTS.c.id)
        )
        return [_content(r) for r in self._tx.connection.execute(query)]

    def set_tags(self, content: Content, tagger: str, tags: Sequence[ContentTag]) -> None:
        """Keep what ``tagger`` found in this text; an empty list is a finding too."""
        found = [[t.skill_id, t.probability, int(t.level), t.quote] for t in tags]
        query = select(_TAGS.c.tags).where(_TAGS.c.content_hash == content.text_hash, _TAGS.c.tagger == tagger)
        if self._tx.connection.execute(query).scalar() == found:
            return
        row = {"content_hash": content.text_hash, "tagger": tagger, "tags": found, "tagged_at": self._tx.now()}
        upsert(self._tx, _TAGS, [row])
        bump(self._tx, _tags_revision(tagger))

    def stamp(self, tagger: str) -> str:
        """Changes with every commit that changes content, or its tags by ``tagger``."""
        return f"{revision(self._tx, _REVISION)}.{revision(self._tx, _tags_revision(tagger))}"

    def tags(self, tagger: str) -> dict[str, tuple[ContentTag, ...]]:
        by_text: dict[str, list[Ruling]] = {}
        known = rulings_of(self._tx, taxonomy_name(tagger))
        for (text, _), ruling in led(known, moves_in_use(self._tx)).items():
            by_text.setdefault(text, []).append(ruling)
        weighed = weighings_of(self._tx, tagger)
        notices = notices_of(self._tx, taxonomy_name(tagger))
        retired = {key for key, n in notices.items() if n.retired_at is not None}
        found = {}
        for content_id, text, suggested in self._suggested(tagger):
            tags = after_weighing(suggested, weighed.get(text))
            tags = decided(content_id, tags, by_text[text]) if text in by_text else tags
            found[content_id] = tuple(t for t in tags if (text, t.skill_id) not in retired) if retired else tags
        return found

    def suggestions(self, tagger: str) -> dict[str, tuple[ContentTag, ...]]:
        return {content_id: tags for content_id, _, tags in self._suggested(tagger)}

    def _suggested(self, tagger: str) -> Iterator[tuple[str, str, tuple[ContentTag, ...]]]:
        query = (
            select(_CONTENTS.c.id, _CONTENTS.c.text_hash, _TAGS.c.tags)
            .join(_TAGS, _TAGS.c.content_hash == _CONTENTS.c.text_hash)
            .where(_TAGS.c.tagger == tagger)
            .order_by(_CONTENTS.c.id)
        )
        for content_id, text, tags in self._tx.connection.execute(query):
            yield content_id, text, tuple(ContentTag(content_id, s, p, Level(lv), quote) for s, p, lv, quote in tags)


class SqlRoles:
    """``ascertain.domain.ports.Roles``. Lists are ordered by id. Rows stay as they were stored; what is read follows
    the changes of the taxonomy in use."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def get(self, profile_id: str) -> JobProfile | None:
        row = self._tx.connection.execute(select(_ROLES).where(_ROLES.c.id == profile_id)).first()
        return None if row is None else asking(_role(row), moves_in_use(self._tx))

    def all(self) -> list[JobProfile]:
        moves = moves_in_use(self._tx)
        return [asking(_role(r), moves) for r in self._tx.connection.execute(select(_ROLES).order_by(_ROLES.c.id))]

    def upsert(self, profiles: Iterable[JobProfile]) -> int:
        """Number of new or changed profiles."""
        changes = upsert_changed(self._tx, _ROLES, map(_role_row, profiles))
        return changes.new + changes.changed


def _tags_revision(tagger: str) -> str:
    return f"tags {tagger}"


def _content_row(c: Content) -> dict[str, Any]:
    if not (math.isfinite(c.item.hours) and c.item.hours >= 0):
        raise InputError("must be a number of hours", where=f"content {c.item.content_id!r}", field="hours")
    return {
        "id": c.item.content_id,
        "title": c.item.title,
        "summary": c.item.summary,
        "level": int(c.item.level),
        "hours": float(c.item.hours),
        "modality": c.item.modality,
        "language": c.item.language,
        "prerequisites": list(c.item.prerequisites),
        "mandatory": c.item.mandatory,
        "external": c.item.external,
        "cost": c.item.cost,
        "url": c.item.url or None,
        "system": c.system,
        "source_ref": c.source_ref,
        "code": c.code,
        "description": c.description,
        "category": c.category,
        "content_hash": c.content_hash,
        "active": c.active,
        "level_stated": c.level_stated,
        "transcript": c.transcript,
        "text_hash": c.text_hash,
    }


def _content(r: Row[Any]) -> Content:
    item = CatalogueItem(
        content_id=r.id,
        title=r.title,
        summary=r.summary,
        level=Level(r.level),
        hours=r.hours,
        modality=r.modality,
        language=r.language,
        prerequisites=tuple(r.prerequisites),
        mandatory=r.mandatory,
        external=r.external,
        cost=r.cost,
        url=r.url or "",
    )
    return Content(
        item=item,
        system=r.system,
        source_ref=r.source_ref,
        code=r.code,
        description=r.description,
        category=r.category,
        content_hash=r.content_hash,
        active=r.active,
        level_stated=r.level_stated,
        transcript=r.transcript,
    )


def _role_row(p: JobProfile) -> dict[str, Any]:
    return {
        "id": p.id,
        "title": p.title,
        "title_key": p.title.strip().casefold(),
        "department": p.department,
        "summary": p.summary,
        "requirements": [
            [q.skill_id, int(q.level), q.importance, q.essential, q.critical, q.why, q.compliance]
            for q in p.requirements
        ],
        "refs": dict(p.references),
    }


def _role(r: Row[Any]) -> JobProfile:
    return JobProfile(
        id=r.id,
        title=r.title,
        requirements=tuple(
            Requirement(skill, Level(level), importance, essential, critical, why, *compliance)
            for skill, level, importance, essential, critical, why, *compliance in r.requirements
        ),
        department=r.department,
        summary=r.summary,
        references=r.refs,
    )
