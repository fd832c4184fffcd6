"""How long a tag is on notice, and when code retires it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from ascertain.domain.content_tags import TagRules

Key = tuple[str, str]
"""(content hash, skill id)"""


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a tag is on notice, and since when. ``retired_at``: when code took it out of runs."""

    content_hash: str
    skill_id: str
    taxonomy: str
    why: str
    since: datetime
    retired_at: datetime | None = None

    @property
    def key(self) -> Key:
        return self.content_hash, self.skill_id


@dataclass(slots=True)
class Minded:
    """What a look at the notices changes. ``retired`` are in ``put`` too."""

    put: list[Notice] = field(default_factory=list)
    gone: list[Notice] = field(default_factory=list)
    retired: list[Notice] = field(default_factory=list)


def minded(
    known: Mapping[Key, Notice], reasons: Mapping[Key, str], taxonomy: str, now: datetime, rules: TagRules
) -> Minded:
    """Puts on notice what there is a reason for, lets go where the reason is gone, and retires what has been on notice
    for ``rules.notice_days``. A change of the reason starts nothing anew. What is retired stays so: a yes of somebody
    brings it back, or another text."""
    found = Minded()
    for key, why in sorted(reasons.items()):
        notice = known.get(key)
        if notice is None:
            found.put.append(Notice(*key, taxonomy, why, now))
        elif notice.retired_at is None and now - notice.since >= timedelta(days=rules.notice_days):
            out = replace(notice, why=why, retired_at=now)
            found.put.append(out)
            found.retired.append(out)
        elif notice.retired_at is None and notice.why != why:
            found.put.append(replace(notice, why=why))
    found.gone = [n for key, n in sorted(known.items()) if n.retired_at is None and key not in reasons]
    return found


class TagNotices(Protocol):
    """``ascertain.store.tag_words``."""

    def all(self, taxonomy: str) -> dict[Key, Notice]:
        """For the taxonomy of that name, under the changes in use: of what was merged or split, the successors."""

    def put(self, notice: Notice) -> None:
        """Whoever has read tags knows to read them again."""

    def let_go(self, key: Key, taxonomy: str) -> bool:
        """Whether it was on notice, or retired."""
