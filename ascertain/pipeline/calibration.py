"""Fits, rehearses, approves and applies calibrations. A fit is a candidate until a human approves it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ascertain.domain.assertion import AssertionState, assert_skill
from ascertain.domain.calibration import NONE, Calibration
from ascertain.domain.calibration_fit import CalibrationFitter, Fitted
from ascertain.domain.calibration_log import CalibrationRecord, CalibrationUse
from ascertain.domain.canonical import plain
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.rules import Policy, calibrated
from ascertain.errors import ConflictError, InputError, NotFoundError
from ascertain.pipeline.calibration_data import read_decisions
from ascertain.pipeline.replay import observation_from, policy_of, route_again

_ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class FitReport:
    """A fit, what it was fitted on, and the candidate that came of it. ``new`` is False when just this one was stored
    before."""

    fitted: Fitted
    left_out: Mapping[str, int]
    record: CalibrationRecord | None
    new: bool


@dataclass(frozen=True, slots=True)
class Change:
    """So many assertions of a role would go from one state to another."""

    role: str
    before: str
    after: str
    assertions: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a calibration would change of what stands today. ``human`` assertions were decided by a person: they stay as
    they are, as long as their evidence does.

    Attributes:
        states: number of assertions by state before and after, of those that code decides.
        confidence: mean confidence before and after of those with a level.
    """

    assertions: int
    human: int
    changes: tuple[Change, ...]
    states: Mapping[str, tuple[int, int]]
    confidence: tuple[float, float] | None


def fit(
    uow: UnitOfWork, taxonomy: Taxonomy, fitter: CalibrationFitter, policy: Policy, *, actor: str, clock: Clock
) -> FitReport:
    """Fit on all decisions so far and keep what is better out of fold as a candidate. The caller commits.

    The same decisions again give the same candidate, which is stored once.
    """
    data = read_decisions(uow, taxonomy)
    known = uow.calibrations.all()
    number = max((r.calibration.number for r in known), default=0) + 1
    fitted = fitter.fit(data.judged, policy.calibration, number)
    made = fitted.calibration
    if made is None:
        return FitReport(fitted, data.left_out, None, False)
    for record in known:
        if record.data == data.digest and _same(record.calibration, made):
            return FitReport(fitted, data.left_out, record, False)
    figures = {"outcome": plain(fitted), "left_out": dict(data.left_out), "policy": policy.version}
    record = CalibrationRecord(made, data.digest, figures, clock.now(), _named(actor))
    uow.calibrations.add(record)
    header = {
        "calibration": made.version,
        "method": made.method.value,
        "decisions": made.decisions,
        "data": data.digest,
        "left_out": dict(data.left_out),
    }
    uow.audit.append("calibration.fitted", actor=_ACTOR, header=header, payload={"actor": record.fitted_by})
    return FitReport(fitted, data.left_out, record, True)


def record_or_raise(uow: UnitOfWork, version: str) -> CalibrationRecord:
    """A stored calibration, by version or number.

    Raises:
        NotFoundError: there is none.
    """
    record = uow.calibrations.get(version.strip())
    if record is None:
        raise NotFoundError(f"there is no calibration {version!r}", remedy="`ascertain calibration list` shows them")
    return record


def rehearse(uow: UnitOfWork, calibration: Calibration | None) -> Rehearsal:
    """Decide again about everything that stands, under ``calibration``. Nothing is stored; nobody is named."""
    roles = {r.id: r.title for r in uow.roles.all()}
    titles = {p.id: roles.get(p.job_profile_id or "", "no role") for p in uow.people.all(active_only=False)}
    changes: Counter[tuple[str, str, str]] = Counter()
    before, after = Counter[str](), Counter[str]()
    sums, levels, human, count = [0.0, 0.0], 0, 0, 0
    for row in uow.assertions.all():
        count += 1
        if row.human_reviewed or row.state is AssertionState.CONTESTED:
            human += 1
            continue
        policy = calibrated(policy_of(uow, row), calibration)
        inputs = json.loads(row.inputs)
        again = assert_skill(row.skill_id, tuple(observation_from(o) for o in inputs["observations"]), policy.belief)
        state = route_again(again, inputs, policy).state
        before[row.state.value] += 1
        after[state.value] += 1
        if state is not row.state:
            changes[titles.get(row.learner_id, "no role"), row.state.value, state.value] += 1
        if again.level is not None and row.confidence is not None and again.confidence is not None:
            levels += 1
            sums = [sums[0] + row.confidence, sums[1] + again.confidence]
    return Rehearsal(
        count,
        human,
        tuple(Change(*key, n) for key, n in sorted(changes.items())),
        {s: (before[s], after[s]) for s in sorted({*before, *after})},
        (sums[0] / levels, sums[1] / levels) if levels else None,
    )


def approve(
    uow: UnitOfWork, version: str, *, reason: str, actor: str, policy: Policy, clock: Clock
) -> tuple[CalibrationRecord, Rehearsal]:
    """Say that a calibration may be applied. It is not applied by this. The caller commits.

    Saying so again changes nothing.

    Raises:
        NotFoundError: no such calibration.
        InputError: without a reason or a name, or by the one who fitted it where policy wants a second person.
        ConflictError: approved by somebody else before.
    """
    record, who, why = record_or_raise(uow, version), _named(actor), _reason(reason)
    if policy.calibration.second_person and who.casefold() == record.fitted_by.casefold():
        raise InputError(
            "whoever fitted a calibration does not approve it",
            field="--as",
            remedy="let somebody else approve, or set calibration.second_person to false in the policy",
        )
    found = rehearse(uow, record.calibration)
    if record.approved:
        if record.approved_by.casefold() == who.casefold():
            return record, found
        raise ConflictError(
            f"calibration {record.calibration.number} was approved by {record.approved_by} before",
            remedy="`ascertain calibration apply` puts it in use",
        )
    uow.calibrations.approve(record.calibration.version, at=clock.now(), by=who, reason=why)
    header = {"calibration": record.calibration.version, "changes": sum(c.assertions for c in found.changes)}
    uow.audit.append("calibration.approved", actor=_ACTOR, header=header, payload={"actor": who, "reason": why})
    return record_or_raise(uow, record.calibration.version), found


def apply(uow: UnitOfWork, version: str, *, reason: str, actor: str, clock: Clock) -> CalibrationUse:
    """Put an approved calibration in use: cases are due again, and sweeps bring new confidences. The caller commits.

    Raises:
        NotFoundError: no such calibration.
        ConflictError: nobody has approved it.
    """
    record = record_or_raise(uow, version)
    if not record.approved:
        raise ConflictError(
            f"nobody has approved calibration {record.calibration.number}",
            remedy=f"ascertain calibration approve {record.calibration.number} --reason … --as NAME",
        )
    return _put_in_use(uow, record.calibration.version, reason, actor, clock)


def revert(uow: UnitOfWork, *, reason: str, actor: str, clock: Clock) -> CalibrationUse:
    """Use none: confidences are posteriors again. The caller commits."""
    return _put_in_use(uow, NONE, reason, actor, clock)


def _put_in_use(uow: UnitOfWork, version: str, reason: str, actor: str, clock: Clock) -> CalibrationUse:
    who, why = _named(actor), _reason(reason)
    uses = uow.calibrations.uses()
    before = uses[-1].version if uses else NONE
    if before == version:
        return uses[-1] if uses else CalibrationUse(NONE, clock.now(), who, "none was ever applied")
    use = CalibrationUse(version, clock.now(), who, why)
    uow.calibrations.use(use)
    header = {"calibration": version, "before": before}
    uow.audit.append("calibration.applied", actor=_ACTOR, header=header, payload={"actor": who, "reason": why})
    return uow.calibrations.uses()[-1]


def _same(one: Calibration, other: Calibration) -> bool:
    """Whether they map alike; their numbers differ."""
    return (one.method, one.knots, one.slope, one.offset) == (other.method, other.knots, other.slope, other.offset)


def _named(actor: str) -> str:
    if not actor.strip():
        raise InputError("nobody is named", field="--as", remedy="say who does it")
    return actor.strip()


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InputError("a reason is missing", field="--reason", remedy="say why in a few words")
    return reason.strip()
