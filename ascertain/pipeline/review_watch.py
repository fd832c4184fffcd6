"""Figures of the watch over reviewers and of the thresholds, from what is stored. Never shown to an agent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ascertain.domain.permission import Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.review_thresholds import Judged, Proposal, propose
from ascertain.domain.review_watch import Quality, Watched, quality, quarter_of
from ascertain.domain.reviewing import ReviewCheck
from ascertain.domain.routing import acceptance_threshold
from ascertain.domain.rules import Policy
from ascertain.domain.runs import DecisionKind, ReviewItem, StoredAssertion
from ascertain.pipeline.review_desk import Material, evidence_in, material_of


def watched(uow: UnitOfWork, since: datetime, reviewer: str | None = None) -> list[Watched]:
    """Everybody's decisions since then, checks among them, in order; those of others than ``reviewer``, where one is
    named, without the words that were shown."""
    words = _Words(uow, reviewer)
    found = [_item(uow, i, words) for i in uow.reviews.every_decision(since=since)]
    found += [_check(uow, c, words) for c in uow.checks.decided(since=since)]
    return sorted((w for w in found if w is not None), key=lambda w: w.at)


def qualities(uow: UnitOfWork, policy: Policy, clock: Clock, reviewer: str | None = None) -> list[Quality]:
    """How everybody, or one, has reviewed in this quarter of the year."""
    found = quality(watched(uow, quarter_of(clock.today()), reviewer), policy.review.watch)
    return [q for q in found if reviewer is None or q.reviewer.casefold() == reviewer.strip().casefold()]


def watch(uow: UnitOfWork, policy: Policy, clock: Clock, who: Principal, reviewer: str | None = None) -> list[Quality]:
    """``qualities``, looked at by somebody: that they did is sealed, and so are new alarms. The caller has asked
    permission, and commits."""
    found = qualities(uow, policy, clock, reviewer)
    note_alarms(uow, found, clock)
    header = {"reviewers": len(found), "alarms": sum(bool(q.alarms) for q in found)}
    payload = {"by": who.name, "reviewer": reviewer}
    uow.audit.append("reviewers.watched", actor=who.kind, header=header, payload=payload)
    return found


def note_alarms(uow: UnitOfWork, found: list[Quality], clock: Clock) -> int:
    """Put alarms of this quarter on the audit chain, each once; how many were new. The caller commits."""
    place, quarter = ("(reviewers)", "alarms"), quarter_of(clock.today()).date().isoformat()
    before = uow.sync.cursor(*place) or {}
    known = set(before.get("names", ())) if before.get("quarter") == quarter else set()
    new = [q for q in found if q.alarms and q.reviewer not in known]
    for q in new:
        header = {"signs": len(q.alarms), "decisions": q.decisions}
        person = uow.people.find(q.reviewer) if "@" in q.reviewer else uow.people.get(q.reviewer)
        payload = {"reviewer": q.reviewer, "alarms": q.alarms}
        uow.audit.append(
            "reviewer.alarm", actor="system", header=header, payload=payload, learner_id=person.id if person else None
        )
    if new:
        uow.sync.set_cursor(*place, {"quarter": quarter, "names": sorted({*known, *(q.reviewer for q in new)})})
    return len(new)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Proposals for assertions without and with a colleague's opinion among their evidence; ``left_out`` counts decided
    items that say nothing: more evidence was asked for, or nobody judged before the confidence was seen."""

    plain: Proposal
    sensitive: Proposal
    left_out: Mapping[str, int]


def thresholds(uow: UnitOfWork, policy: Policy) -> Thresholds:
    """What all decisions so far propose. Nothing is applied: that is a change of the policy, by a human."""
    rows: dict[bool, list[Judged]] = {False: [], True: []}
    out = {"asked for more evidence": 0, "no judgement before the confidence was seen": 0, "no longer stored": 0}
    for item in uow.reviews.every_decision():
        row = uow.assertions.get(item.assertion_id)
        if item.decision is DecisionKind.MORE_EVIDENCE:
            out["asked for more evidence"] += 1
        elif item.own_level is None:
            out["no judgement before the confidence was seen"] += 1
        elif row is None or (level := _computed(row)) is None or row.confidence is None:
            out["no longer stored"] += 1
        else:
            sensitive = any(o["sensitive"] for o in json.loads(row.inputs)["observations"])
            rows[sensitive].append(Judged(row.confidence, item.own_level >= level))
    routing = policy.routing
    found = [
        propose(
            rows[s], target=t, present=acceptance_threshold(routing, sensitive=s), bound=policy.review.threshold_bound
        )
        for s, t in ((False, routing.target_error_rate), (True, routing.sensitive_target_error_rate))
    ]
    return Thresholds(found[0], found[1], out)


def _computed(row: StoredAssertion) -> int | None:
    """The level that code computed; what is shown may be a human's by now."""
    level: int | None = json.loads(row.result)["level"]
    return level


def _result(decision: DecisionKind, decided_level: int | None, suggested: int | None) -> int | None:
    if decision is DecisionKind.ACCEPT:
        return suggested
    if decision is DecisionKind.ADJUST:
        return decided_level
    return 0 if decision is DecisionKind.REJECT else None


def _item(uow: UnitOfWork, i: ReviewItem, words: _Words) -> Watched | None:
    row = uow.assertions.get(i.assertion_id)
    if row is None or i.decision is None or i.decided_at is None:
        return None
    suggested = _computed(row)
    return Watched(
        reviewer=i.decided_by,
        at=i.decided_at,
        decision=i.decision,
        result=_result(i.decision, i.decided_level, suggested),
        suggested=suggested,
        own_level=i.own_level,
        seconds=(i.decided_at - i.shown_at).total_seconds() if i.shown_at else None,
        words=words.of(row, i.decided_by),
    )


def _check(uow: UnitOfWork, c: ReviewCheck, words: _Words) -> Watched | None:
    row = uow.assertions.get(c.assertion_id)
    if row is None or c.decision is None or c.decided_at is None:
        return None
    return Watched(
        reviewer=c.decided_by,
        at=c.decided_at,
        decision=c.decision,
        result=_result(c.decision, c.decided_level, c.suggested),
        suggested=c.suggested,
        own_level=c.own_level,
        seconds=(c.decided_at - c.shown_at).total_seconds() if c.shown_at else None,
        words=words.of(row, c.decided_by),
        kind=c.kind,
        truth=c.truth,
        altered=c.altered,
    )


def words_of(uow: UnitOfWork, row: StoredAssertion) -> int:
    """Words of the evidence that a reviewer is shown: titles and quotes."""
    return _Words(uow, None).of(row, "")


class _Words:
    """Counts words of evidence; reads a person's evidence and a run's quotes once, and only for the decisions of one
    reviewer where one is named."""

    def __init__(self, uow: UnitOfWork, reviewer: str | None) -> None:
        self._uow = uow
        self._reviewer = reviewer.strip().casefold() if reviewer is not None else None
        self._material: dict[str, Material | None] = {}

    def of(self, row: StoredAssertion, decided_by: str) -> int:
        """How many words were shown."""
        if self._reviewer is not None and decided_by.casefold() != self._reviewer:
            return 0
        key = f"{row.learner_id} {row.run_id}"
        if key not in self._material:
            learner = self._uow.people.get(row.learner_id)
            self._material[key] = material_of(self._uow, row, learner) if learner else None
        found = self._material[key]
        shown = evidence_in(row, found) if found else ()
        return sum(len(f"{s.title} {s.quote}".split()) for s in shown)
