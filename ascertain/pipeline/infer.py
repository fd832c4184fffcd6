"""Which skills an activity supports: take it in as evidence, assess the learner as always, read off the answer.

The confidence is that of the learner's assertion, which rests on all their evidence: an activity has none of its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from ascertain.domain.assertion import AssertionState
from ascertain.domain.evidence import Evidence
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Content, Pseudonymiser, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import StoredAssertion
from ascertain.errors import AscertainError, NotFoundError
from ascertain.pipeline.activities import SYSTEM, Activity, Wrong, evidence_of_activity, source_ref
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.origins import settle
from ascertain.pipeline.permit import permitted_learner

_LEFT_OUT = frozenset({AssertionState.REJECTED, AssertionState.CONTESTED})


class NoConsent(AscertainError):
    """The person, or the organisation, has not agreed to this kind of evidence; nothing was stored."""


class UnknownLearner(NotFoundError):
    """Nobody active has that id; ``wrong`` names the field."""

    wrong = (Wrong("learner_id", "no active learner has this id or e-mail address"),)


@dataclass(frozen=True, slots=True)
class Taken:
    """An activity as evidence. ``new`` or ``changed``; neither when exactly that was known."""

    learner: Learner
    evidence_id: str
    new: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Supported:
    """A skill that evidence supports. ``confidence`` is ``None`` below the floor: not enough evidence yet, which is
    not the same as none. No decision about the person may rest on one that is not ``human_reviewed``."""

    id: str
    name: str
    confidence: float | None
    human_reviewed: bool


def take_in(
    activity: Activity, units: UnitOfWorkFactory, masker: Pseudonymiser, *, who: Principal, gate: Gate, today: date
) -> Taken:
    """Store an activity as evidence, once.

    Args:
        gate: who may be assessed; an activity of anybody else is not kept.
        masker: knows everybody's names; a text that it cannot mask is refused, since it would block every run.
        who: sends it.

    Raises:
        UnknownLearner: nobody active has that id or address; told to those who may send about anybody.
        ForbiddenError: they may not send about that person, or there is nobody of that id, and they may not know that.
        BlockedError: the person was not told, or has said no to being assessed.
        NoConsent: the person's consent, or the organisation's, does not cover that kind.
        PseudonymError: the content cannot be masked.
    """
    with units() as uow:
        try:
            learner = permitted_learner(uow, who, Action.INFER, activity.learner)
        except NotFoundError:
            learner = None
        if learner is None or not learner.active:
            raise UnknownLearner(UnknownLearner.wrong[0].detail, remedy="`ascertain sync` brings people in")
        if (obstacle := gate.obstacle(uow, learner, today)) is not None:
            raise obstacle
        piece = evidence_of_activity(activity, learner.id, _course(uow, activity.course_id))
        if not learner.allows(piece):
            raise NoConsent(f"there is no consent to evidence of the kind {activity.kind.value}")
        masker.mask(piece.title)
        masker.mask(piece.text)
        new, changed, _ = uow.evidence.upsert([_settled(uow, piece)])
        if new or changed:
            header = {"evidence": piece.id, "kind": piece.kind.value, "new": bool(new)}
            uow.audit.append("activity.received", actor=who.name, learner_id=learner.id, header=header)
            uow.commit()
    return Taken(learner, piece.id, bool(new), bool(changed))


def supported(uow: UnitOfWork, learner_id: str, evidence_ids: Collection[str], run: str = "") -> list[Supported]:
    """The skills that any of these pieces speaks for, the surest first; of one run, or as things stand. What the
    learner contests is left out, as what was rejected is."""
    wanted = set(evidence_ids)
    rows = uow.assertions.of(learner_id, current_only=not run)
    of_run = [r for r in rows if (not run or r.run_id == run) and r.state not in _LEFT_OUT]
    hits = [r for r in of_run if _rests_on(r, wanted)]
    hits.sort(key=lambda r: (-(r.confidence if r.confidence is not None else -1.0), r.skill_id))
    return [Supported(r.skill_id, r.skill_label, r.confidence, r.human_reviewed) for r in hits]


def sent_in(uow: UnitOfWork, learner_id: str, activity_id: str = "") -> set[str]:
    """Ids of the evidence about a learner that came through the API: of one activity, or all of it."""
    ref = source_ref(learner_id, activity_id) if activity_id else ""
    return {e.id for e in uow.evidence.of(learner_id) if e.system == SYSTEM and ref in ("", e.source_ref)}


def _rests_on(row: StoredAssertion, wanted: Collection[str]) -> bool:
    return any(o["evidence_id"] in wanted and o["supports"] for o in json.loads(row.inputs)["observations"])


def _settled(uow: UnitOfWork, piece: Evidence) -> Evidence:
    others = [e for e in uow.evidence.of(piece.learner_id) if e.id != piece.id]
    return settle([*others, piece])[-1]


def _course(uow: UnitOfWork, named: str) -> Content | None:
    """By its id in the catalogue, else by what is only one course's own id or code."""
    if not named:
        return None
    if found := uow.contents.get(named):
        return found
    same = [c for c in uow.contents.all(active_only=False) if named in (c.code, c.item.content_id.partition(":")[2])]
    return same[0] if len(same) == 1 else None
