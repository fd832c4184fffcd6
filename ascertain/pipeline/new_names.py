"""Finds whose texts name somebody who has become known since the last sweep: their cases are masked otherwise now.

Stamps do not cover names: else one joiner would have every case built anew. Instead the names that are new are looked
for in all texts once, and the stamps of whom they touch are emptied, so that the plan compares their cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.text import clean_text
from ascertain.pipeline.cases import SUMMARY_CHARS, CaseBuilder
from ascertain.pipeline.name_forms import Directory

LONGEST_RUN = timedelta(days=1)
"""A run that began longer ago is not under way any more."""

REMEMBERED = 50_000
"""Texts whose answer is remembered during a look: many people have taken the same course."""


@dataclass(frozen=True, slots=True)
class NewNames:
    """How many people's names were new, and how many runs are to be compared because of them."""

    people: int = 0
    runs: int = 0


def look_for_new_names(units: UnitOfWorkFactory, builder: CaseBuilder, clock: Clock) -> NewNames:
    """Empty the stamps of whom names touch that are new since the last look. Safe to repeat, and to be killed."""
    with units(write=False) as uow:
        known, through = uow.sweeps.names_known(), uow.people.revision()
        fresh = uow.people.named_since(known) if through > known and uow.runs.any_done() else []
        touched: set[str] | None = set()
        if fresh:
            ids = {p.id for p in fresh}
            names = builder.directory(uow, fresh, uow.people.accounts(ids))
            names = names.without(name for i, name in uow.people.names() if i not in ids)
            # Whatever everybody's case may hold: each is compared.
            touched = None if _in_catalogue(uow, builder, names) else _owners(uow, names)
            if _under_way(uow, touched, clock.now()):
                through = known  # the next sweep looks again
    if through == known and not fresh:
        return NewNames()
    with units() as uow:
        runs = 0 if touched == set() else uow.runs.forget_stamps(touched)
        uow.sweeps.set_names_known(through)
        uow.commit()
    return NewNames(len(fresh), runs)


def _under_way(uow: UnitOfWork, touched: set[str] | None, now: datetime) -> bool:
    """Whether one of their runs is under way: it may have been masked before the names came, and it sets its stamp when
    it ends."""
    begun = [r for r in uow.runs.begun_before(now) if now - r.started_at < LONGEST_RUN]
    return any(touched is None or r.learner_id in touched for r in begun)


def _in_catalogue(uow: UnitOfWork, builder: CaseBuilder, names: Directory) -> bool:
    items = (text for i in builder.ground(uow).items for text in (i.title, i.summary[:SUMMARY_CHARS]))
    roles = (text for r in uow.roles.all() for text in (r.title, r.summary, *(n.why for n in r.requirements)))
    return any(names.mentioned(clean_text(text)) for texts in (items, roles) for text in texts if text)


def _owners(uow: UnitOfWork, names: Directory) -> set[str]:
    """Whose evidence mentions one of them."""

    @lru_cache(maxsize=REMEMBERED)
    def mentioned(text: str) -> bool:
        return names.mentioned(clean_text(text))

    found: set[str] = set()
    for owner, title, text in uow.evidence.texts():
        if owner not in found and (mentioned(title) or (text and mentioned(text))):
            found.add(owner)
    return found
