"""Key roles, who is on their bench, and how strong a bench is: as ranges, never as a ranking where ranges overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.matching import MatchCheck, placed
from ascertain.domain.readiness import BANDS, Band, Readiness, Span


@dataclass(frozen=True, slots=True)
class KeyRole:
    """A role for which successors are looked after.

    Attributes:
        job_profile_id: whose requirements it has, as they stand.
        seats: how many people hold it.
        incumbents: ids of who holds it now; nobody succeeds themselves.
        keeper_id: id of who keeps the plan; empty where nobody is named.
        source: who sent it; an id belongs to the source that sent it first.
        closed: why it is no key role any more; empty while it is one.
    """

    id: str
    title: str
    job_profile_id: str
    seats: int
    source: str
    incumbents: tuple[str, ...] = ()
    keeper_id: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who was nominated for a key role. ``objected_at``: since when they have said that they do not want to be
    on its list; ``objection`` is their own word."""

    key_role_id: str
    learner_id: str
    nominated_by: str
    nominated_at: datetime
    reason: str
    objected_at: datetime | None = None
    objection: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How ready somebody was for a key role, as of the last look in a month (named by its first day)."""

    learner_id: str
    key_role_id: str
    month: date
    taken_at: datetime
    covered: Span
    weeks: Span
    best: Band
    band: Band
    worst: Band
    enough: bool
    known: float

    @property
    def word(self) -> str:
        """The band, or that it is not known."""
        return self.band.value if self.enough else "not known"

    def same_as(self, other: Snapshot | None) -> bool:
        """Whether a look at another time of the month found the same."""
        return other is not None and _figures(self) == _figures(other)


def _figures(s: Snapshot) -> tuple[object, ...]:
    ends = (s.covered.low, s.covered.point, s.covered.high, s.weeks.low, s.weeks.point, s.weeks.high, s.known)
    return (s.month, s.best, s.band, s.worst, s.enough, *(round(v, 9) for v in ends))


@dataclass(frozen=True, slots=True)
class OnBench:
    """A candidate with the places that their coverage leaves open, as in a list for an opening."""

    readiness: Readiness
    best: int
    worst: int


class Risk(StrEnum):
    """What stands against the seats of a role being filled from its bench within a year."""

    NOBODY = "nobody is on the list"
    SHORT = "fewer than one a seat, even at best"
    OPEN = "depends on what is not known"
    COVERED = "one a seat or more, even at worst"


@dataclass(frozen=True, slots=True)
class Count:
    """People who could be ready: for certain (worst end), as expected, and at best."""

    low: int
    point: int
    high: int


@dataclass(frozen=True, slots=True)
class Strength:
    """How many could be ready, cumulated: ``by[band]`` counts those whose band is that or an earlier one."""

    seats: int
    candidates: int
    by: Mapping[Band, Count]
    risk: Risk

    def per_seat(self, band: Band) -> Span:
        """Successors a seat."""
        c = self.by[band]
        return Span(c.low / self.seats, c.point / self.seats, c.high / self.seats)


def benched(rows: Sequence[Readiness]) -> list[OnBench]:
    """In the order of :func:`ascertain.domain.matching.placed`: a place is a range, and who shares places is not told
    apart."""
    by_person = {r.match.learner_id: r for r in rows}
    return [OnBench(by_person[p.match.learner_id], p.best, p.worst) for p in placed([r.match for r in rows])]


def strength(seats: int, rows: Sequence[Readiness]) -> Strength:
    """Count people by band. Somebody of whom too little is known counts at best alone."""
    by = {}
    for i, band in enumerate(BANDS[:-1]):
        within = frozenset(BANDS[: i + 1])
        by[band] = Count(
            sum(r.enough and r.worst in within for r in rows),
            sum(r.enough and r.band in within for r in rows),
            sum(r.best in within for r in rows),
        )
    year = by[Band.YEAR]
    if not rows:
        risk = Risk.NOBODY
    elif year.high < seats:
        risk = Risk.SHORT
    else:
        risk = Risk.COVERED if year.low >= seats else Risk.OPEN
    return Strength(seats, len(rows), by, risk)


@dataclass(frozen=True, slots=True)
class SinglePoint:
    """Somebody on whom several plans lean: ``alone`` are key roles for which nobody else could be ready within two
    years even at best, ``also`` others on whose list they stand. They can fill one of them."""

    learner_id: str
    alone: tuple[str, ...]
    also: tuple[str, ...]


def single_points(benches: Mapping[str, Sequence[Readiness]]) -> list[SinglePoint]:
    """People who are on the list of two key roles or more, and the only one for at least one of them.

    Args:
        benches: readiness of the candidates, by key role.
    """
    alone: dict[str, list[str]] = defaultdict(list)
    every: dict[str, list[str]] = defaultdict(list)
    for role, rows in benches.items():
        able = [r.match.learner_id for r in rows if r.best is not Band.LATER]
        for r in rows:
            every[r.match.learner_id].append(role)
        if len(able) == 1:
            alone[able[0]].append(role)
    return [
        SinglePoint(who, tuple(sorted(mine)), tuple(sorted(set(every[who]) - set(mine))))
        for who, mine in sorted(alone.items())
        if len(every[who]) > 1
    ]


class Successions(Protocol):
    """``ascertain.store.succession``."""

    def roles(self, *, closed: bool = False) -> list[KeyRole]:
        """By id; ``closed`` ones too."""

    def role(self, key_role_id: str) -> KeyRole | None: ...
    def put_role(self, role: KeyRole) -> None: ...
    def of_role(self, key_role_id: str) -> list[Candidate]:
        """Who was nominated, by id of the person."""

    def of_person(self, learner_id: str) -> list[Candidate]:
        """For what somebody was nominated, by key role."""

    def put(self, candidate: Candidate) -> None: ...
    def drop(self, key_role_id: str, learner_id: str) -> bool:
        """Take a nomination back, and the readiness that was kept under it; false where there was none."""

    def snapshots(self, learner_id: str) -> list[Snapshot]:
        """By key role and month."""

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """In place of the month's earlier one."""

    def check(self, key_role_id: str) -> MatchCheck | None:
        """What the newest bias check of a list came to."""

    def put_check(self, check: MatchCheck) -> None: ...
