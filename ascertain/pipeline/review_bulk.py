"""Deciding many at once: the same skill out of the same source, nothing delicate, and the list is shown first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ascertain.domain.canonical import digest
from ascertain.domain.findings import Verdict
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.review_rules import ReviewRules
from ascertain.domain.reviewing import NO_LEVEL
from ascertain.domain.runs import DecisionKind, ReviewItem, StoredAssertion
from ascertain.domain.skills import Level
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.permit import permitted_rows
from ascertain.pipeline.review import decide as record
from ascertain.pipeline.review_desk import Shown, evidence_of, must_be_trained
from ascertain.pipeline.review_queue import waiting
from ascertain.pipeline.review_sources import Origins, Source


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the list, with its evidence; no level and no confidence of the machine's."""

    item_id: str
    learner_id: str
    name: str
    evidence: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What could be decided at once. ``token`` names exactly this list; ``left_out`` counts, by reason, items of the
    skill that are not in it."""

    skill_id: str
    source: Source
    lines: tuple[Line, ...]
    left_out: Mapping[str, int]
    token: str


def batch(uow: UnitOfWork, who: Principal, rules: ReviewRules, skill_id: str, source: Source) -> Batch:
    """The list: at most as many as the policy allows, the most urgent first.

    Raises:
        ForbiddenError: something waits, and they may decide about nothing of it.
    """
    out: Counter[str] = Counter()
    lines: list[Line] = []
    origins = Origins(uow)
    allowed, _ = permitted_rows(uow, who, Action.REVIEW_BULK, waiting(uow), lambda i: (i.learner_id, i.skill_id))
    for item in allowed:
        if item.skill_id != skill_id or uow.reviews.get(item.id) is None:
            continue
        learner, row = uow.people.get(item.learner_id), uow.assertions.get(item.assertion_id)
        if learner is None or row is None:
            continue
        if why := _delicate(row) or ("" if origins.only(row) == source else "other evidence too"):
            out[why] += 1
        elif len(lines) == rules.bulk_limit:
            out[f"more than {rules.bulk_limit} at once"] += 1
        else:
            lines.append(Line(item.id, learner.id, learner.name, evidence_of(uow, row, learner)))
    token = digest([who.name, [line.item_id for line in lines]], length=12)
    return Batch(skill_id, source, tuple(lines), dict(sorted(out.items())), token)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that could be decided at once: how many there are of one skill and source."""

    skill_id: str
    source: Source
    items: int


def groups(uow: UnitOfWork, who: Principal) -> list[Group]:
    """What could be decided at once, the most items first; of a single item there is no list to make.

    Raises:
        ForbiddenError: something waits, and they may decide about nothing of it.
    """
    allowed, _ = permitted_rows(uow, who, Action.REVIEW_BULK, waiting(uow), lambda i: (i.learner_id, i.skill_id))
    real, origins = {i.id for i in uow.reviews.open()}, Origins(uow)
    found: Counter[tuple[str, Source]] = Counter()
    for item in allowed:
        row = uow.assertions.get(item.assertion_id) if item.id in real else None
        source = origins.only(row) if row is not None and not _delicate(row) else None
        if source is not None:
            found[item.skill_id, source] += 1
    several = [Group(skill, source, n) for (skill, source), n in found.items() if n > 1]
    return sorted(several, key=lambda g: (-g.items, g.skill_id, g.source.system, g.source.kind))


def decide_batch(
    uow: UnitOfWork,
    who: Principal,
    rules: ReviewRules,
    clock: Clock,
    shown: Batch,
    *,
    token: str,
    own_level: int,
    reason: str,
) -> list[ReviewItem]:
    """Decide a list that was shown, by the level that the reviewer finds this evidence to show: accepted where that is
    what was suggested, adjusted where it is not, refused where they find none. One audit record each. The caller
    commits.

    Raises:
        InputError: not trained, or no such level.
        ConflictError: the list is another one than was shown.
    """
    must_be_trained(who, rules)
    if not NO_LEVEL <= own_level <= max(Level):
        raise InputError(f"{own_level} is no level", field="my-level", remedy="1 to 5, or 0 for none")
    if token != shown.token or not shown.lines:
        raise ConflictError("the list is not the one that was shown", remedy="look at it again, and give its token")
    done = []
    for line in shown.lines:
        item = uow.reviews.get(line.item_id)
        row = uow.assertions.get(item.assertion_id) if item else None
        if item is None or row is None:
            raise ConflictError("the list is not the one that was shown", remedy="look at it again")
        decision = DecisionKind.REJECT if own_level == NO_LEVEL else DecisionKind.ADJUST
        if own_level != NO_LEVEL and row.level is not None and own_level == int(row.level):
            decision = DecisionKind.ACCEPT
        level = Level(own_level) if decision is DecisionKind.ADJUST else None
        done.append(
            record(
                uow,
                item.id,
                decision,
                reason=reason,
                reviewer=who.name,
                clock=clock,
                level=level,
                own_level=own_level,
            )
        )
    return done


def _delicate(row: StoredAssertion) -> str:
    """Why an assertion is looked at on its own; empty when it need not be."""
    inputs = json.loads(row.inputs)
    seen, verdict = inputs["observations"], inputs["verdict"]
    if inputs["critical"]:
        return "critical"
    if inputs.get("compliance"):
        return "compliance"
    if any(o["sensitive"] for o in seen):
        return "a colleague's opinion is among the evidence"
    if any(not o["supports"] or o["outcome"] < 0.4 for o in seen):
        return "something speaks against it"
    if verdict is None or verdict["verdict"] != Verdict.SUPPORTED or verdict["flags"]:
        return "the reviewer agent found fault with it"
    return "a human has decided about it before" if inputs.get("before") else ""
