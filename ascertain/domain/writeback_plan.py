"""What leaves the house, and what has to change for it: pure decisions of write-back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ascertain.domain.assertion import AssertionState
from ascertain.domain.people import Learner
from ascertain.domain.runs import StoredAssertion
from ascertain.domain.writeback import ASSIGNING, Intended, SkillClaim, SkillTarget, TargetKind

KINDS: tuple[TargetKind, ...] = tuple(k for k in TargetKind if k not in ASSIGNING)
"""Kinds of targets that take skills, the best first."""

Intend = Callable[[Sequence[SkillClaim]], Sequence[Intended]]


class Spread(StrEnum):
    """``every``: each connection that is set up to write gets every skill. ``best``: a skill goes only to the best
    kind of place that somebody's accounts offer."""

    EVERY = "every"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class WritebackRules:
    """What may leave: with ``human_only`` nothing that code alone accepted; nothing under ``min_confidence``."""

    human_only: bool = False
    min_confidence: float = 0.0
    spread: Spread = Spread.EVERY


def withheld(row: StoredAssertion, learner: Learner | None, rules: WritebackRules) -> str:
    """Why an assertion may not leave the house; empty when it may."""
    if learner is None or learner.id != row.learner_id:
        return "the person is not known"
    if learner.restricted:
        return "processing of the person is restricted"
    if not learner.active:
        return "the person has left"
    if row.state is not AssertionState.ACCEPTED:
        return f"is {row.state.value.replace('_', ' ')}"
    if row.level is None or row.confidence is None:
        return "has no level"
    if rules.human_only and not row.human_reviewed:
        return "no human has reviewed it"
    if row.confidence < rules.min_confidence and not row.human_reviewed:
        return f"its confidence is under {rules.min_confidence:g}"
    return ""


def claim_of(row: StoredAssertion, accepted_on: date, uri: str) -> SkillClaim:
    """An assertion that may leave, as it does."""
    if row.level is None or row.confidence is None:
        raise ValueError(f"{row.id} has no level")
    return SkillClaim(
        row.id, row.skill_id, row.skill_label, row.level, row.confidence, accepted_on, uri, row.human_reviewed
    )


@dataclass(frozen=True, slots=True)
class Place:
    """An account in a connection that writes, and how that connection words skills (pure)."""

    connection: str
    account: str
    targets: tuple[SkillTarget, ...]
    intend: Intend


def allot(
    places: Sequence[Place], claims: Sequence[SkillClaim], spread: Spread
) -> dict[tuple[str, str], list[Intended]]:
    """What each place (connection, account) should hold. Within a connection a skill goes to the best kind of target
    that takes it and to no other; with ``Spread.BEST`` that holds over all connections."""
    found: dict[tuple[str, str], list[Intended]] = {(p.connection, p.account): [] for p in places}
    groups = [[p] for p in places] if spread is Spread.EVERY else [list(places)]
    for group in groups:
        left = list(claims)
        for kind in KINDS:
            taken: set[str] = set()
            for place in group:
                wanted = {t.id for t in place.targets if t.kind is kind}
                if not wanted:
                    continue
                for intended in place.intend(left):
                    if intended.target in wanted:
                        found[place.connection, place.account].append(intended)
                        taken |= set(intended.assertion_ids) if intended.value is not None else set()
            left = [c for c in left if c.assertion_id not in taken]
    return found


class Action(StrEnum):
    """What has to be done about one target. ``left``: somebody else's value stands where we have nothing to say;
    ``awaited``: written already, the system has not shown it yet."""

    WRITE = "write"
    REMOVE = "remove"
    SAME = "same"
    LEFT = "left"
    AWAITED = "awaited"


@dataclass(frozen=True, slots=True)
class Change:
    """One target: what it holds, what it should hold."""

    target: str
    action: Action
    present: str | None
    value: str | None
    assertion_ids: tuple[str, ...] = ()


def wanted_targets(intended: Iterable[Intended], ours: Mapping[str, str | None]) -> list[str]:
    """Targets worth reading: what should hold something, and what we wrote before."""
    return sorted({i.target for i in intended if i.value is not None} | {t for t, v in ours.items() if v is not None})


def diff(
    intended: Sequence[Intended],
    present: Mapping[str, str | None],
    ours: Mapping[str, str | None],
    awaited: Mapping[str, str | None] | None = None,
) -> tuple[Change, ...]:
    """Changes that bring the targets from ``present`` to ``intended``, by target.

    Args:
        ours: what we last wrote to each target. Only that is ever emptied: a value of somebody else's stays where no
            skill is to be written.
        awaited: what we wrote a moment ago to a system that lags.
    """
    by_target = {i.target: i for i in intended}
    changes = []
    for target in wanted_targets(intended, ours):
        want = by_target.get(target, Intended(target, None, ()))
        have = present.get(target)
        if have == want.value:
            action = Action.SAME
        elif awaited and target in awaited and awaited[target] == want.value:
            action = Action.AWAITED
        elif want.value is not None:
            action = Action.WRITE
        else:
            action = Action.REMOVE if have == ours.get(target) else Action.LEFT
        changes.append(Change(target, action, have, want.value, want.assertion_ids))
    return tuple(changes)


class Step(StrEnum):
    """What to do about a row once its target was read."""

    WRITE = "write"
    DONE_BEFORE = "done_before"
    NOTHING = "nothing"
    CONFLICT = "conflict"


def next_step(
    present: str | None, value: str | None, previous: str | None, *, begun: bool, force: bool = False
) -> Step:
    """Compare before writing. ``begun``: the row was being written when its process died, so a target that holds
    ``value`` holds it because of us."""
    if present == value:
        return Step.DONE_BEFORE if begun else Step.NOTHING
    return Step.WRITE if force or present == previous else Step.CONFLICT


def still_wanted(
    value: str | None,
    target: str,
    assertion_ids: Collection[str],
    claims: Sequence[SkillClaim],
    intend: Intend,
    now: str | None,
) -> str:
    """Why a planned value may no longer be written; empty when it may.

    Args:
        claims: those that may leave now. The value has to follow from the ones among them that it was planned with.
        now: what the target should hold by all of them; a target is emptied only while that is nothing.
    """
    if value is None:
        return "a skill was accepted again since this was planned" if now is not None else ""
    rest = [c for c in claims if c.assertion_id in set(assertion_ids)]
    if gone := sorted(set(assertion_ids) - {c.assertion_id for c in rest}):
        return f"no longer accepted: {', '.join(gone)}"
    again = next((i.value for i in intend(rest) if i.target == target), None)
    return "" if again == value else "the skills say something else by now"
