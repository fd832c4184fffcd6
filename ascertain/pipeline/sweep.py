"""Finds the learners of a cohort whose case has changed since their last run, cheaply."""

from __future__ import annotations

from dataclasses import dataclass

from ascertain.domain.canonical import digest
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.errors import NotFoundError
from ascertain.pipeline.cases import CaseBuilder


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """Who is due. ``unchanged`` learners need nothing."""

    cohort: str
    due: tuple[Learner, ...]
    unchanged: int


def plan_sweep(units: UnitOfWorkFactory, builder: CaseBuilder, cohort: str, *, force: bool = False) -> SweepPlan:
    """Compare each learner's stamp with that of the newest finished run: a handful of queries for any cohort size.

    Raises:
        NotFoundError: when the cohort has nobody.
    """
    with units(write=False) as uow:
        learners = cohort_or_raise(uow, cohort)
        if force:
            return SweepPlan(cohort, tuple(learners), 0)
        landscape = builder.landscape(uow)
        evidence = uow.evidence.stamps()
        latest = uow.runs.latest_stamps()
        roles: dict[str | None, str] = {}
        due: list[Learner] = []
        for learner in learners:
            if learner.job_profile_id not in roles:
                roles[learner.job_profile_id] = digest(builder.role_of(uow, learner))
            stamp = builder.stamp(learner, roles[learner.job_profile_id], evidence.get(learner.id, ""), landscape)
            if latest.get(learner.id) != stamp:
                due.append(learner)
    return SweepPlan(cohort, tuple(due), len(learners) - len(due))


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
