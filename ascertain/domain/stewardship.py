"""Proposals to change the taxonomy: what speaks for them, who said what, and what was applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from ascertain.domain.canonical import digest
from ascertain.domain.crosswalks import StoredCrosswalk
from ascertain.domain.overlays import Change, Moves, Overlay

PRODUCT = "product"
"""Who proposes what nobody did."""
REFS = 5
"""References to quotes that a proposal keeps."""


class ProposalState(StrEnum):
    """Where a proposal stands. A reverted one can be approved anew."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLYING = "applying"
    APPLIED = "applied"
    REVERTED = "reverted"


IN_USE = (ProposalState.APPLYING, ProposalState.APPLIED)
"""States of changes that the taxonomy in use has."""


class AnswerKind(StrEnum):
    """What was said of a proposal, or done with it."""

    YES = "yes"
    NO = "no"
    AMENDED = "amended"
    APPLIED = "applied"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Ref:
    """A quote that stays where it is: with a run of somebody. It is gone when that is."""

    run_id: str
    claim_id: str


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for a proposal: counts over people, none by person.

    Attributes:
        why: the rule, in words.
        quarters: (quarter such as ``2026-Q1``, quotes dated in it), oldest first.
        reason, note: what the agents said for it, and what they said to look at; checked plain words.
    """

    why: str = ""
    people: int = 0
    quotes: int = 0
    first_seen: date | None = None
    last_seen: date | None = None
    quarters: tuple[tuple[str, int], ...] = ()
    refs: tuple[Ref, ...] = ()
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One quote that speaks for a proposal."""

    learner_id: str
    ref: Ref
    on: date | None


def support(why: str, seen: Iterable[Seen]) -> Support:
    """Counts of quotes; of the newest of several people the references are kept."""
    rows = sorted(set(seen), key=lambda s: (s.on is None, s.on or date.min, s.ref.run_id, s.ref.claim_id))
    dated = [s.on for s in rows if s.on is not None]
    quarters: dict[str, int] = {}
    for on in dated:
        name = f"{on.year}-Q{(on.month - 1) // 3 + 1}"
        quarters[name] = quarters.get(name, 0) + 1
    by_person = {s.learner_id: s for s in rows}
    newest = sorted(by_person.values(), key=lambda s: (s.on or date.min, s.ref.run_id), reverse=True)
    return Support(
        why,
        len(by_person),
        len(rows),
        min(dated, default=None),
        max(dated, default=None),
        tuple(sorted(quarters.items())),
        tuple(s.ref for s in newest[:REFS]),
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that somebody, or the product, proposes. ``overlay`` is the version it was applied in."""

    id: str
    taxonomy: str
    change: Change
    support: Support
    proposed_by: str
    proposed_at: datetime
    seen_at: datetime
    state: ProposalState = ProposalState.OPEN
    overlay: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's yes or no, or what was done. ``role`` is the one that allowed it."""

    proposal_id: str
    kind: AnswerKind
    actor: str
    role: str
    reason: str
    at: datetime
    number: int = field(default=0)


def counting(answers: Sequence[Answer]) -> list[Answer]:
    """Of each person the newest yes or no since the proposal was last amended or reverted."""
    since = max((a.number for a in answers if a.kind in (AnswerKind.AMENDED, AnswerKind.REVERTED)), default=0)
    said = [a for a in answers if a.number > since and a.kind in (AnswerKind.YES, AnswerKind.NO)]
    return list({a.actor.casefold(): a for a in said}.values())


def proposal_id(taxonomy: str, change: Change) -> str:
    """The same change is the same proposal, whoever makes it."""
    key = [taxonomy, change.kind, change.skill_id, change.target, [n.casefold() for n in change.new_names]]
    return "x" + digest(key, length=11)


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody's results went from one run to another when a change was applied."""

    learner_id: str
    before_run: str
    after_run: str


@dataclass(frozen=True, slots=True)
class Batches:
    """How far a change is that is applied person by person: ``done`` of ``total`` people."""

    done: int
    total: int


NO_BATCHES = Batches(0, 0)


class Stewardship(Protocol):
    """``ascertain.store.stewardship``."""

    def get(self, proposal: str) -> Proposal | None:
        """By full id or an unambiguous prefix."""

    def proposals(self, taxonomy: str) -> list[Proposal]:
        """Of the taxonomy of that name, the newest first."""

    def put(self, proposal: Proposal) -> None:
        """Insert, or replace the proposal with that id."""

    def answers(self, proposal_id: str) -> list[Answer]:
        """Oldest first."""

    def answer(self, made: Answer) -> None: ...
    def keep(self, overlay: Overlay) -> None:
        """Keep an overlay under its version, for good."""

    def overlay(self, version: str) -> Overlay | None: ...
    def in_use(self, taxonomy: str) -> Overlay | None:
        """Of the taxonomy of that name; ``None`` for the release alone."""

    def use(self, taxonomy: str, overlay: Overlay | None, proposal_id: str, at: datetime) -> None:
        """From now on this one. Whoever has read content or roles knows to read them again."""

    def keep_crosswalk(self, walk: StoredCrosswalk) -> None:
        """Keep a crosswalk under its id, which names its content, for good."""

    def crosswalk(self, ident: str) -> StoredCrosswalk | None: ...
    def roles_led(self) -> set[str]:
        """Codes of other taxonomies' occupations that crosswalks in use lead to one that is the same or close."""

    def moves(self) -> Moves:
        """Where all overlays in use lead ids."""

    def moved(self, proposal_id: str) -> list[Move]: ...
    def add_moves(self, proposal_id: str, moves: Sequence[Move]) -> None: ...
    def put_off(self, proposal_id: str, learners: Sequence[str]) -> None:
        """These people's results are moved later, in batches."""

    def put_off_still(self, proposal_id: str, limit: int) -> list[str]:
        """Learners whose results are still to be moved, by id."""

    def took(self, proposal_id: str, learners: Sequence[str]) -> None:
        """These are done."""

    def batches(self, proposal_id: str) -> Batches: ...
    def forget_moves(self, proposal_id: str, learner_id: str = "") -> None:
        """Of everybody, or of one person."""
