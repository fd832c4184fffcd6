"""The menu: what somebody's roles let them do decides what they are offered. No entry grants anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ascertain.domain.assignments import AssignmentState
from ascertain.domain.onboarding import PlanState
from ascertain.domain.permission import Action, Principal, may_at_all
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.talent import TalentRules
from ascertain.pipeline.assignments import about_path
from ascertain.pipeline.permit import may_each
from ascertain.pipeline.review_queue import names_of
from ascertain.service.pages.audit_tabs import TABS, tabs_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu, for those who may do one of ``actions`` (about somebody else, where it is about people), all
    of ``needs`` and none of ``unless``; ``also`` are pages that lie under it. ``first`` gives the address for somebody,
    where the page has parts that not everybody sees."""

    href: str
    name: str
    actions: tuple[Action, ...]
    count: Callable[[UnitOfWork, Principal, ReviewRules], int] | None = None
    needs: tuple[Action, ...] = ()
    unless: tuple[Action, ...] = ()
    also: tuple[str, ...] = ()
    first: Callable[[Principal], str] | None = None

    def offered(self, who: Principal) -> bool:
        """Whether ``who`` finds it in their menu."""
        may = frozenset(a for a in (*self.actions, *self.needs, *self.unless) if may_at_all(who, a))
        return not may.isdisjoint(self.actions) and may.issuperset(self.needs) and may.isdisjoint(self.unless)

    def address(self, who: Principal) -> str:
        """Where the entry leads somebody who is offered it."""
        return self.first(who) if self.first else self.href


@dataclass(frozen=True, slots=True)
class Item:
    """As the template shows it. ``count`` is what waits there for the reader."""

    href: str
    name: str
    here: bool
    count: int


@dataclass(frozen=True, slots=True)
class Section:
    """Entries of the menu under one name; ``items`` of a section without a name stand alone."""

    name: str
    items: tuple[Item, ...]

    @property
    def here(self) -> bool:
        """Whether the reader looks at one of its pages."""
        return any(i.here for i in self.items)

    @property
    def count(self) -> int:
        """What waits in it for the reader."""
        return sum(i.count for i in self.items)


def reviews_waiting(uow: UnitOfWork, who: Principal, rules: ReviewRules) -> int:
    """How many review items wait for somebody under one of their names."""
    names = {n.casefold() for n in names_of(uow, who, rules)}
    return sum(n for assignee, n in uow.reviews.waiting_for().items() if assignee.casefold() in names)


def disputes_waiting(uow: UnitOfWork, who: Principal, _: ReviewRules) -> int:
    """How many open disputes somebody may decide about."""
    asked = [(d.learner_id, d.skill_id) for d in uow.disputes.open()]
    return sum(may_each(uow, who, Action.DISPUTE_DECIDE, asked)) if asked else 0


def paths_waiting(uow: UnitOfWork, who: Principal, _: ReviewRules) -> int:
    """How many proposed paths somebody may say yes or no to."""
    proposed = uow.assignments.listed(AssignmentState.PROPOSED)
    about = about_path(who)
    return sum(may_each(uow, who, Action.ASSIGNMENT_APPROVE, [about(a) for a in proposed])) if proposed else 0


def first_tab(who: Principal) -> str:
    """The first part of the audit that somebody is offered."""
    return tabs_of(who)[0].href


def requests_waiting(uow: UnitOfWork, who: Principal, _: ReviewRules) -> int:
    """How many open requests about their data people made whom somebody may answer."""
    return sum(may_each(uow, who, Action.REQUEST_ANSWER, [(r.learner_id, None) for r in uow.rights_requests.open()]))


def drafts_waiting(uow: UnitOfWork, who: Principal, _: ReviewRules) -> int:
    """How many drafts of onboarding wait for a yes that somebody may give."""
    drafts = uow.onboardings.listed((PlanState.DRAFT,))
    return sum(may_each(uow, who, Action.ONBOARDING_EDIT, [(p.learner_id, None) for p in drafts])) if drafts else 0


A = Action
ENTRIES = (
    Entry("/team", "My team", (A.TEAM_READ,)),
    Entry("/onboarding", "Onboarding", (A.ONBOARDING_EDIT,), drafts_waiting),
    Entry("/review", "Review", (A.REVIEW_DECIDE,), reviews_waiting),
    Entry("/disputes", "Disputes", (A.DISPUTE_DECIDE,), disputes_waiting),
    Entry("/paths", "Paths", (A.ASSIGNMENT_APPROVE,), paths_waiting),
    Entry("/requests", "Requests", (A.REQUEST_ANSWER,), requests_waiting),
    Entry("/overview", "Overview", (A.TEAM_READ,)),
    Entry("/marketplace", "Marketplace", (A.OPENING_READ,)),
    Entry("/openings", "Openings", (A.MATCH_READ,)),
    Entry("/succession", "Succession", (A.READINESS_READ,)),
    Entry("/learning", "Learning", (A.CATALOGUE_IMPORT,), needs=(A.TEAM_READ,), also=("/what-if",)),
    Entry("/content", "Content", (A.CONTENT_TAG,)),
    Entry("/taxonomy", "Taxonomy", (A.TAXONOMY_APPROVE,)),
    Entry("/runs", "Operation", (A.ASSESS_RUN,), also=("/connectors", "/quarantine", "/queue", "/cost", "/rollout")),
    Entry("/audit", "Audit", tuple(t.action for t in TABS), first=first_tab),
    Entry(
        "/connectors",
        "Operation",
        (A.CONNECTOR_READ,),
        unless=(A.ASSESS_RUN,),
        also=("/quarantine", "/queue", "/cost", "/rollout"),
    ),
)


SECTIONS = {
    "Decisions": ("Review", "Disputes", "Paths", "Requests"),
    "People": ("My team", "Onboarding", "Overview", "Succession", "Mentors", "Marketplace", "Openings"),
    "Learning": ("Learning", "Content", "Taxonomy"),
}
"""What is folded together where the whole menu would not fit into one line."""
FITS = 7
"""Entries that fit into a line beside the reader's name."""
OF_MATCHING = frozenset({"/marketplace", "/openings"})
"""Pages that compare people with openings: not offered where that is switched off."""
OF_SUCCESSION = frozenset({"/succession"})
"""The same of key roles."""


def menu(
    uow: UnitOfWork, who: Principal, rules: ReviewRules, path: str = "", *, without: Collection[str] = ()
) -> list[Item]:
    """What ``who`` is offered, ``without`` these pages. ``path`` is the page that they look at."""
    found = [Item("/me", "Me", _within(path, "/me"), 0)] if who.learner_id else []
    for entry in ENTRIES:
        if entry.href not in without and entry.offered(who):
            count = entry.count(uow, who, rules) if entry.count else 0
            here = any(_within(path, p) for p in (entry.href, *entry.also))
            found.append(Item(entry.address(who), entry.name, here, count))
    return found


def switched_off(talent: TalentRules) -> frozenset[str]:
    """Pages that are not offered under these rules."""
    parts = ((OF_MATCHING, talent.mobility), (OF_SUCCESSION, talent.succession))
    return frozenset(href for pages, on in parts if not on for href in pages)


def sections(items: Sequence[Item]) -> list[Section]:
    """The menu as a line: each entry by itself while they fit, else folded, in the order of what comes first."""
    names = {n: s for s, listed in SECTIONS.items() for n in listed} if len(items) > FITS else {}
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(names.get(item.name, f"alone:{item.href}"), []).append(item)
    return [Section(n if len(i) > 1 else "", tuple(i)) for n, i in found.items()]


def home(who: Principal) -> str:
    """Where somebody begins: the first page of their menu; ``/welcome`` where they have none."""
    offered = [e.address(who) for e in ENTRIES if e.href not in OF_MATCHING | OF_SUCCESSION and e.offered(who)]
    return "/me" if who.learner_id else next(iter(offered), "/welcome")


def _within(path: str, href: str) -> bool:
    return path == href or path.startswith(f"{href}/")
