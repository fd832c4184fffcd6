"""Compares people with openings, both ways. What comes out is a suggestion to look at: nothing follows from a place.

A list for an opening is made of people who said themselves that they want to be found, once a day or when somebody asks
for it, and read under the reader's permission; what it rests on is looked at again each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ascertain.domain.canonical import digest
from ascertain.domain.matching import Confirmed, Match, MatchCheck, MatchList, Placed, match, may_appear, placed
from ascertain.domain.openings import Opening
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.rules import BeliefRules
from ascertain.domain.talent import TalentRules, must_match
from ascertain.domain.usage import Use, usable_for
from ascertain.domain.wishes import Topic, Want, Wish
from ascertain.domain.working_hours import hours_in_common, known_zone
from ascertain.errors import ForbiddenError
from ascertain.pipeline.confirmed_skills import confirmed_skills
from ascertain.pipeline.openings import open_ones
from ascertain.pipeline.permit import may_each

ACTOR = "system"
NOTICE = (
    "A suggestion to look at, made by code from skills that a human confirmed, of people who want to be found. It is "
    "no decision and no shortlist: others may do as well, what nobody confirmed is unknown and not missing, and places "
    "that two people share are not told apart. Whoever decides looks at each person and answers for it."
)
"""What such a list is not; shown with every one."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What making the lists anew came to: lists made, lists that came out as before, lists taken away."""

    made: int
    unchanged: int
    dropped: int


@dataclass(frozen=True, slots=True)
class ShownList:
    """A list as one reader sees it.

    Attributes:
        rows: with the people whom the reader may see.
        left_out: how many others stand on it.
        outdated: how many were taken off since it was made: what they rest on, or what they want, has changed.
        check: of this very list; ``None`` where it was not checked as it stands.
    """

    opening: Opening
    made: MatchList | None
    rows: tuple[tuple[Learner, Placed], ...] = ()
    left_out: int = 0
    outdated: int = 0
    check: MatchCheck | None = None

    @property
    def outcome(self) -> str:
        """What the check came to, in words."""
        return self.check.outcome if self.check else "not checked as it stands"


def considered(
    uow: UnitOfWork, opening: Opening, rules: BeliefRules, today: date, known: dict[str, dict[str, Confirmed]]
) -> list[Placed]:
    """Everybody who may appear, beside an opening, in the order of :func:`placed`. Whoever said that they are not
    interested is left out. ``known`` keeps people's confirmed skills from one opening to the next."""
    people = [p for p in uow.people.all() if may_appear(p)]
    wishes = uow.wishes.of_all([p.id for p in people])
    found = []
    for p in people:
        if p.id not in known:
            known[p.id] = confirmed_skills(uow, p.id, rules)
        m = beside(opening, p, known[p.id], wishes.get(p.id, ()), rules, today)
        if m.interest is not Want.NOT_INTERESTED:
            found.append(m)
    return placed(found)


def beside(
    opening: Opening,
    person: Learner,
    confirmed: Mapping[str, Confirmed],
    wishes: Iterable[Wish],
    rules: BeliefRules,
    today: date,
) -> Match:
    """One person beside one opening."""
    stated = list(wishes)
    on = max(today, opening.starts_on or today)
    zones = opening.timezone and known_zone(person.timezone)
    return match(
        person.id,
        opening.profile,
        confirmed,
        rules,
        wishes={w.about: w.want for w in stated if w.topic is Topic.SKILL},
        interest=next((w.want for w in stated if (w.topic, w.about) == (Topic.OPENING, opening.id)), None),
        hours=hours_in_common(opening.timezone, person.timezone, on) if zones else None,
    )


def shortened(rows: Sequence[Placed], listed: int) -> tuple[Placed, ...]:
    """Who stands on a list: people of whom something that is asked for is confirmed, and those who said that they are
    interested; the first ``listed`` of them."""
    found = [p for p in rows if p.match.met or p.match.rests_on or p.match.interest is Want.INTERESTED]
    return tuple(found[:listed])


def refresh(uow: UnitOfWork, talent: TalentRules, rules: BeliefRules, clock: Clock) -> Refreshed:
    """Make the list of every open opening, and take away those of closed ones. Done twice it changes nothing the second
    time. The caller commits.

    Raises:
        ConflictError: people are not compared with openings here.
    """
    must_match(talent)
    today = clock.today()
    known: dict[str, dict[str, Confirmed]] = {}
    made = unchanged = 0
    openings = open_ones(uow, today)
    for opening in openings:
        before = uow.matches.get(opening.id)
        rows = considered(uow, opening, rules, today, known)
        if keep_list(uow, opening, rows, talent.listed, clock) == before:
            unchanged += 1
        else:
            made += 1
    still = {o.id for o in openings}
    dropped = sum(uow.matches.drop(i) for i in uow.matches.made_for() if i not in still)
    return Refreshed(made, unchanged, dropped)


def keep_list(uow: UnitOfWork, opening: Opening, rows: Sequence[Placed], listed: int, clock: Clock) -> MatchList:
    """Make the list of an opening out of everybody considered; the one that is there stays where it is the same."""
    kept = shortened(rows, listed)
    made = MatchList(opening.id, digest(kept, length=32), clock.now(), len(rows), kept)
    before = uow.matches.get(opening.id)
    if before is not None and (before.digest, before.considered) == (made.digest, made.considered):
        return before
    uow.matches.put(made)
    header = {"opening": opening.id, "considered": made.considered, "listed": len(kept), "digest": made.digest}
    uow.audit.append("match.listed", actor=ACTOR, header=header)
    return made


def shown_list(uow: UnitOfWork, who: Principal, opening: Opening) -> ShownList:
    """The list of an opening as ``who`` may see it, without anybody who no longer agrees, left, is restricted, or whose
    confirmed skills or wishes are no longer what the list was made of."""
    made = uow.matches.get(opening.id)
    if made is None:
        return ShownList(opening, None)
    people = {p.id: p for p in uow.people.all()}
    wishes = uow.wishes.of_all([p.match.learner_id for p in made.rows])
    current = [p for p in made.rows if _stands(uow, p.match, people.get(p.match.learner_id), wishes)]
    allowed = may_each(uow, who, Action.MATCH_READ, [(p.match.learner_id, None) for p in current])
    rows = tuple((people[p.match.learner_id], p) for p, yes in zip(current, allowed, strict=True) if yes)
    check = uow.matches.check(opening.id)
    return ShownList(
        opening,
        made,
        rows,
        len(current) - len(rows),
        len(made.rows) - len(current),
        check if check is not None and check.digest == made.digest else None,
    )


def for_me(uow: UnitOfWork, person: Learner, rules: BeliefRules, today: date) -> list[tuple[Opening, Placed]]:
    """What there is for somebody, as it stands now: open openings, beside what is confirmed of them. It is for their
    own eyes, so it needs no yes of theirs to be found."""
    wishes = uow.wishes.of(person.id)
    confirmed = confirmed_skills(uow, person.id, rules)
    openings = {o.id: o for o in open_ones(uow, today)}
    rows = placed([beside(o, person, confirmed, wishes, rules, today) for o in openings.values()])
    return [(openings[p.match.opening_id], p) for p in rows]


def must_be_found(who: Principal, person: Learner) -> None:
    """Somebody who does not want to be found is beside openings for their own eyes alone.

    Raises:
        ForbiddenError: they are somebody else, and have not agreed.
    """
    if person.id != who.learner_id and not may_appear(person):
        raise ForbiddenError(
            "this person has not said that they want to be found for other roles",
            actor=who.name,
            kind=who.kind,
            action=Action.MATCH_READ.value,
            learner_id=person.id,
            remedy="they alone can say so: `ascertain consent give mobility`, or under what may be used",
        )


def _stands(uow: UnitOfWork, m: Match, person: Learner | None, wishes: Mapping[str, Sequence[Wish]]) -> bool:
    if person is None or not may_appear(person):
        return False
    said = {w.about: w.want for w in wishes.get(person.id, ()) if w.topic is Topic.OPENING}
    if said.get(m.opening_id) is Want.NOT_INTERESTED:
        return False
    usable = {a.id for a in uow.assertions.of(person.id) if a.level is not None and usable_for(a, Use.DECISION)}
    return set(m.rests_on) <= usable
