"""Brings assessments that somebody asked for to the queue, watches them there, and takes them out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ascertain.domain.ports import UnitOfWork
from ascertain.domain.run_requests import Member, MemberState, Progress, RunRequest
from ascertain.errors import NotFoundError, RestrictedError
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import Priority

if TYPE_CHECKING:
    from ascertain.domain.permission import Principal
    from ascertain.runtime import App

SOME = 50
"""Learners whose jobs are queued in one go: whoever watches sees them come."""


def start_one(app: App, jobs: JobQueue, request: RunRequest, learner_id: str) -> str:
    """Queue the assessment of the one learner of a request, with high priority; the id of its run, empty where they may
    not be assessed."""
    return next(iter(_queue(app, jobs, request, [learner_id], "high")), "")


def start(request_id: str) -> dict[str, Any]:
    """Find who of a request is due, and queue an assessment of each. Safe to run twice: who is taken care of is not
    looked at again.

    Raises:
        Stopped: everything is stopped; it is tried again.
    """
    from contextlib import closing

    from ascertain.jobs.server import open_queue
    from ascertain.pipeline.stop import must_go_on
    from ascertain.runtime import get_app

    app = get_app()
    with app.units(write=False) as uow:
        must_go_on(uow)
        request = uow.run_requests.get(request_id)
        waiting = {m.learner_id for m in _waiting(uow, request_id)}
    if request is None or not waiting:
        return {"request": request_id, "queued": 0}
    due = _sort_out(app, request, waiting)
    with closing(open_queue(app.settings)) as handle:
        jobs = JobQueue(handle, app.settings)
        queued = 0
        for at in range(0, len(due), SOME):
            queued += len(_queue(app, jobs, request, due[at : at + SOME], "default"))
    return {"request": request_id, "queued": queued}


def progress(app: App, jobs: JobQueue, request: RunRequest) -> Progress:
    """How a request stands, by the store and, for what the store does not know, by the queue."""
    from ascertain.pipeline import run_requests

    with app.units(write=False) as uow:
        request = uow.run_requests.get(request.id) or request
        unsettled = run_requests.unsettled(uow, request)
    queued = _asked(jobs, request, unsettled)
    with app.units(write=False) as uow:  # after the queue: a run that ended in between is in the store
        return run_requests.progress(uow, request, queued)


def cancel(app: App, jobs: JobQueue, who: Principal, request: RunRequest) -> Progress:
    """Let a request go no further: jobs that wait are taken out, runs that are under way end as ``cancelled``.

    Raises:
        ConflictError: all of it has ended.
    """
    from ascertain.pipeline import run_requests

    with app.units() as uow:
        queued = _asked(jobs, request, run_requests.unsettled(uow, request))
        ended = run_requests.cancel(uow, who, app.clock, request, queued)
        uow.commit()  # first: a worker that takes a job at this moment finds it cancelled
    jobs.take_out(ended)
    return progress(app, jobs, request)


def _asked(jobs: JobQueue, request: RunRequest, unsettled: list[str]) -> dict[str, str]:
    from ascertain.pipeline.run_requests import START

    queued: dict[str, str] = {**jobs.states(unsettled)}
    started = jobs.progress([f"start-{request.id}"])
    return queued | {START: next(s for s, n in started.items() if n)}


def _waiting(uow: UnitOfWork, request_id: str) -> list[Member]:
    return [m for m in uow.run_requests.members(request_id) if m.state is MemberState.WAITING]


def _sort_out(app: App, request: RunRequest, waiting: set[str]) -> list[str]:
    """Note who is not due or may not be assessed; the ids of the others."""
    plan = app.plan_sweep(request.cohort, force=request.force)
    due = [p.id for p in plan.due if p.id in waiting]
    with app.units() as uow:
        rest = []
        for member in _waiting(uow, request.id):
            if member.learner_id in plan.no_notice:
                rest.append(Member(member.learner_id, MemberState.BLOCKED_NO_NOTICE))
            elif member.learner_id in plan.no_consent:
                rest.append(Member(member.learner_id, MemberState.BLOCKED_NO_CONSENT))
            elif member.learner_id not in due:
                latest = uow.runs.latest(member.learner_id)
                rest.append(Member(member.learner_id, MemberState.UNCHANGED, latest.id if latest else ""))
        uow.run_requests.set_members(request.id, rest)
        uow.commit()
    return due


def _queue(app: App, jobs: JobQueue, request: RunRequest, learners: list[str], priority: Priority) -> list[str]:
    from ascertain.pipeline.assess import run_id

    found: dict[str, Any] = {}
    for learner_id in learners:
        try:
            found[learner_id] = app.assessor.present(learner_id)
        except NotFoundError:  # erased meanwhile
            continue
    members, runs = [], []
    with app.units() as uow:
        waiting = {m.learner_id for m in _waiting(uow, request.id)}  # somebody may have cancelled it meanwhile
        for learner_id, now in found.items():
            if learner_id not in waiting:
                continue
            run = run_id(learner_id, now.fingerprint)
            if isinstance(now.problem, RestrictedError):
                members.append(Member(learner_id, MemberState.BLOCKED_RESTRICTED))
                continue
            members.append(Member(learner_id, MemberState.QUEUED, run))
            runs.append((run, learner_id, now.fingerprint))
            uow.run_requests.uncancel(run)
        uow.run_requests.set_members(request.id, members)
        uow.commit()
    for run, learner_id, fingerprint in runs:
        jobs.enqueue_run(run, learner_id, fingerprint, trigger=f"request:{request.id}", priority=priority)
    return [run for run, _, _ in runs]
