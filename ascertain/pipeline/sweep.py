"""Finds the learners of a cohort whose case has changed since their last run, cheaply, a page of people at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ascertain.domain.people import PAGE, Learner
from ascertain.domain.ports import UnitOfWork, UnitOfWorkFactory
from ascertain.domain.runs import RunState
from ascertain.domain.skills import JobProfile
from ascertain.errors import NotFoundError, PseudonymError
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.notice import Gate


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody to assess."""

    id: str


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """Who is due: learners whose present case differs from that of their newest finished run, or cannot be masked.
    ``no_notice`` and ``no_consent`` are those who may not be assessed: they are not due, whatever has changed.
    ``looked`` counts everybody."""

    cohort: str
    due: tuple[Due, ...]
    unchanged: int
    no_notice: tuple[str, ...] = ()
    no_consent: tuple[str, ...] = ()
    looked: int = 0


@dataclass(frozen=True, slots=True)
class _Page:
    due: list[Due]
    unchanged: int
    no_notice: list[str]
    no_consent: list[str]
    looked: int


def plan_sweep(
    units: UnitOfWorkFactory,
    builder: CaseBuilder,
    cohort: str,
    *,
    gate: Gate,
    today: date,
    force: bool = False,
    page: int = PAGE,
) -> SweepPlan:
    """Find who is due. Of people who have not changed nothing but their stamps is read, and no more than a page of
    people is in memory.

    A learner whose stamp is that of the newest finished run needs no look. Where the stamp differs (it covers the
    whole catalogue) the case is built, and the fingerprint decides; a stamp that differed for nothing is brought up to
    date, so that the next plan is quick again. Names are no part of it: ``ascertain.pipeline.new_names`` goes first.

    Raises:
        NotFoundError: when the cohort has nobody.
    """
    pages = list(_pages(units, builder, cohort, gate, today, force, page))
    if not any(p.looked for p in pages):
        raise _nobody(cohort)
    return SweepPlan(
        cohort,
        tuple(d for p in pages for d in p.due),
        sum(p.unchanged for p in pages),
        tuple(i for p in pages for i in p.no_notice),
        tuple(i for p in pages for i in p.no_consent),
        sum(p.looked for p in pages),
    )


def _pages(
    units: UnitOfWorkFactory, builder: CaseBuilder, cohort: str, gate: Gate, today: date, force: bool, size: int
) -> Iterator[_Page]:
    """Each page is a transaction of its own: nothing waits for a long one, and no version of a row is kept for it."""
    roles: dict[str | None, JobProfile | None] = {}
    after: str | None = ""
    while after is not None:
        with units(write=False) as uow:
            people, following = uow.people.page(cohort, after=after, limit=size)
            found, refreshed = _page(uow, builder, people, roles, gate, today, force)
        if refreshed:
            with units() as uow:
                for run_id, stamp in refreshed.items():
                    uow.runs.set_stamp(run_id, stamp)
                uow.commit()
        yield found
        after = following or None


def _page(
    uow: UnitOfWork,
    builder: CaseBuilder,
    people: Sequence[Learner],
    roles: dict[str | None, JobProfile | None],
    gate: Gate,
    today: date,
    force: bool,
) -> tuple[_Page, dict[str, str]]:
    """The page, and stamps to bring up to date by run id."""
    blocked = {i: e.state for i, e in gate.obstacles(uow, people, today).items()}
    no_notice, no_consent = (
        [i for i, state in blocked.items() if state == kind.value]
        for kind in (RunState.BLOCKED_NO_NOTICE, RunState.BLOCKED_NO_CONSENT)
    )
    learners = [p for p in people if p.id not in blocked]
    if force:
        return _Page([Due(p.id) for p in learners], 0, no_notice, no_consent, len(people)), {}
    ids = [p.id for p in learners]
    evidence, latest = uow.evidence.stamps(ids), uow.runs.latest_stamps(ids)
    ground = builder.ground(uow)
    due: list[Due] = []
    refreshed: dict[str, str] = {}
    for learner in learners:
        if learner.job_profile_id not in roles:
            roles[learner.job_profile_id] = builder.role_of(uow, learner)
        role = roles[learner.job_profile_id]
        stamp = builder.stamp(learner, role, evidence.get(learner.id, ""), ground)
        if latest.get(learner.id) == stamp:
            continue
        run = uow.runs.latest(learner.id) if learner.id in latest else None
        if run is not None and run.fingerprint == _fingerprint(uow, builder, learner, role):
            refreshed[run.id] = stamp
        else:
            due.append(Due(learner.id))
    return _Page(due, len(learners) - len(due), no_notice, no_consent, len(people)), refreshed


def _fingerprint(uow: UnitOfWork, builder: CaseBuilder, learner: Learner, role: JobProfile | None) -> str | None:
    """``None`` for a case that cannot be masked: its assessment says so in a run of its own."""
    try:
        return builder.build(uow, learner, role, builder.landscape(uow)).fingerprint()
    except PseudonymError:
        return None


def cohort_or_raise(uow: UnitOfWork, name: str) -> list[Learner]:
    """The learners of a cohort.

    Raises:
        NotFoundError: when it has nobody.
    """
    learners = uow.people.cohort(name)
    if not learners:
        raise _nobody(name)
    return learners


def _nobody(cohort: str) -> NotFoundError:
    return NotFoundError(
        f"there is nobody in the cohort {cohort!r}",
        remedy="give a department, a job profile id, or `all`; `ascertain sync` first",
    )
