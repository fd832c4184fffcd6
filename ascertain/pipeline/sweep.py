"""Finds the learners of a cohort whose case has changed since their last run, cheaply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import RunState
from ascertain.domain.skills import JobProfile
from ascertain.errors import NotFoundError, PseudonymError
from ascertain.pipeline.cases import CaseBuilder, Landscape
from ascertain.pipeline.notice import Gate


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """Who is due: learners whose present case differs from that of their newest finished run, or cannot be masked.
    ``no_notice`` and ``no_consent`` are those who may not be assessed: they are not due, whatever has changed."""

    cohort: str
    due: tuple[Learner, ...]
    unchanged: int
    no_notice: tuple[str, ...] = ()
    no_consent: tuple[str, ...] = ()


def plan_sweep(
    units: UnitOfWorkFactory,
    builder: CaseBuilder,
    cohort: str,
    *,
    gate: Gate,
    today: date,
    force: bool = False,
) -> SweepPlan:
    """Find who is due, in a handful of queries where nothing has changed.

    A learner whose stamp is that of the newest finished run needs no look. Where the stamp differs (it covers the
    whole catalogue and everybody's names) the case is built, and the fingerprint decides; a stamp that differed for
    nothing is brought up to date, so that the next plan is quick again.

    Raises:
        NotFoundError: when the cohort has nobody.
    """
    with units(write=False) as uow:
        everybody = cohort_or_raise(uow, cohort)
        blocked = {i: e.state for i, e in gate.obstacles(uow, everybody, today).items()}
        no_notice, no_consent = (
            tuple(i for i, state in blocked.items() if state == kind.value)
            for kind in (RunState.BLOCKED_NO_NOTICE, RunState.BLOCKED_NO_CONSENT)
        )
        learners = [p for p in everybody if p.id not in blocked]
        if force:
            return SweepPlan(cohort, tuple(learners), 0, no_notice, no_consent)
        landscape = builder.landscape(uow)
        evidence = uow.evidence.stamps()
        latest = uow.runs.latest_stamps()
        roles: dict[str | None, JobProfile | None] = {}
        due: list[Learner] = []
        refreshed: dict[str, str] = {}
        for learner in learners:
            if learner.job_profile_id not in roles:
                roles[learner.job_profile_id] = builder.role_of(uow, learner)
            role = roles[learner.job_profile_id]
            stamp = builder.stamp(learner, role, evidence.get(learner.id, ""), landscape)
            if latest.get(learner.id) == stamp:
                continue
            run = uow.runs.latest(learner.id) if learner.id in latest else None
            if run is not None and run.fingerprint == _fingerprint(uow, builder, learner, role, landscape):
                refreshed[run.id] = stamp
            else:
                due.append(learner)
    if refreshed:
        with units() as uow:
            for run_id, stamp in refreshed.items():
                uow.runs.set_stamp(run_id, stamp)
            uow.commit()
    return SweepPlan(cohort, tuple(due), len(learners) - len(due), no_notice, no_consent)


def _fingerprint(
    uow: UnitOfWork, builder: CaseBuilder, learner: Learner, role: JobProfile | None, landscape: Landscape
) -> str | None:
    """``None`` for a case that cannot be masked: its assessment says so in a run of its own."""
    try:
        return builder.build(uow, learner, role, landscape).fingerprint()
    except PseudonymError:
        return None


def cohort_or_raise(uow: UnitOfWork, name: str) -> list[Learner]:
    """The learners of a cohort.

    Raises:
        NotFoundError: when it has nobody.
    """
    learners = uow.people.cohort(name)
    if not learners:
        raise NotFoundError(
            f"there is nobody in the cohort {name!r}",
            remedy="give a department, a job profile id, or `all`; `ascertain sync` first",
        )
    return learners
