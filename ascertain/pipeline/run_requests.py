"""Assessments that somebody asks for: taken down with everybody they are about, cancelled, and how they stand.

What is queued and what runs, the queue knows (``ascertain.jobs.run_requests``); who may ask is decided here.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.run_requests import OPEN, Member, MemberProgress, MemberState, Progress, RunRequest, standing
from ascertain.domain.runs import Run, RunState, StoredAssertion
from ascertain.errors import ConflictError, NotFoundError, RunCancelled
from ascertain.pipeline.permit import all_permitted, may, permitted_thing
from ascertain.pipeline.sweep import cohort_or_raise

ABOUT_TO_BEGIN = timedelta(seconds=60)
"""A run that began so soon after it was cancelled is the one that was meant: a worker had its job in hand."""
START = "start"
"""Stands for the job that finds who of a request is due, among those of runs."""
MOST_SHOWN = 200
"""Members of a request that an answer lists; the counts cover all."""


def ask(
    uow: UnitOfWork,
    who: Principal,
    clock: Clock,
    learners: Sequence[Learner],
    *,
    cohort: str = "",
    force: bool = False,
    ident: str = "",
) -> RunRequest:
    """Take down that ``who`` asks for these learners' assessment; each of them may be assessed by ``who``. The caller
    commits.

    Args:
        ident: the id that the request gets, where whoever asks must be able to repeat the question.

    Raises:
        ForbiddenError: about one of them they may not.
    """
    all_permitted(uow, who, Action.ASSESS_RUN, learners)
    made = RunRequest(ident or f"q{secrets.token_hex(8)}", cohort, who.name, clock.now(), force)
    uow.run_requests.add(made, [Member(p.id, MemberState.WAITING) for p in learners])
    header = {"request": made.id, "people": len(learners), "cohort": bool(cohort)}
    alone = learners[0].id if len(learners) == 1 else None
    payload = {"by": who.name, "cohort": cohort}
    uow.audit.append("run.requested", actor=who.kind, header=header, learner_id=alone, payload=payload)
    return made


def ask_for_cohort(
    uow: UnitOfWork, who: Principal, clock: Clock, cohort: str, *, force: bool, ident: str = ""
) -> RunRequest:
    """``ask`` for everybody in a cohort.

    Raises:
        ForbiddenError: about one of them they may not, or nobody is there: whoever may not know gets the same answer.
        NotFoundError: nobody is there, told to those who may do it about anybody.
    """
    try:
        learners = cohort_or_raise(uow, cohort)
    except NotFoundError:
        may_know(uow, who, Action.ASSESS_RUN)
        raise
    return ask(uow, who, clock, learners, cohort=cohort, force=force, ident=ident)


def permitted_request(uow: UnitOfWork, who: Principal, request_id: str) -> RunRequest:
    """A request, if ``who`` may run assessments of everybody in it.

    Raises:
        ForbiddenError: they may not, or there is none: whoever may not know gets the same answer.
        NotFoundError: there is none, told to those who may do it about anybody.
    """
    found = uow.run_requests.get(request_id)
    if found is None:
        may_know(uow, who, Action.ASSESS_RUN)
        raise NotFoundError("there is no such run")
    everybody = {p.id: p for p in uow.people.all(active_only=False)}
    members = [everybody[m.learner_id] for m in uow.run_requests.members(found.id)]
    all_permitted(uow, who, Action.ASSESS_RUN, members)
    if not members:  # all of them are erased
        may_know(uow, who, Action.ASSESS_RUN)
    return found


def may_run(uow: UnitOfWork, who: Principal, learner_id: str) -> bool:
    """Whether ``who`` may run that learner's assessment. Nothing is recorded."""
    learner = uow.people.get(learner_id)
    return learner is not None and may(uow, who, Action.ASSESS_RUN, learner)


def unsettled(uow: UnitOfWork, request: RunRequest) -> list[str]:
    """Ids of runs of which the store does not say the last word: the queue is to be asked."""
    runs = uow.run_requests.run_states(request.id)
    members = uow.run_requests.members(request.id)
    return [m.run_id for m in members if m.state is MemberState.QUEUED and runs.get(m.run_id) is not RunState.DONE]


def settled(uow: UnitOfWork, request: RunRequest) -> Progress | None:
    """How a request stands where the store alone can say so; ``None`` where the queue is to be asked."""
    members = uow.run_requests.members(request.id)
    if unsettled(uow, request) or any(m.state is MemberState.WAITING for m in members):
        return None
    return progress(uow, uow.run_requests.get(request.id) or request, {})


def progress(uow: UnitOfWork, request: RunRequest, queued: Mapping[str, str]) -> Progress:
    """How a request stands.

    Args:
        queued: by run id, what the queue says of it (``ascertain.jobs.queue.Progress``); left out: nothing.
    """
    members, runs = uow.run_requests.members(request.id), uow.run_requests.run_states(request.id)
    cancelled = uow.run_requests.cancelled([m.run_id for m in members])
    start = queued.get(START, "")
    rows = []
    for m in members:
        job, run = queued.get(m.run_id, "gone"), runs.get(m.run_id)
        rows.append(MemberProgress(m.learner_id, _state(m, run, job, start, m.run_id in cancelled), m.run_id))
    return standing(request, rows)


def _state(m: Member, run: RunState | None, queued: str, start: str, cancelled: bool) -> str:
    if m.state is MemberState.WAITING and start == "failed":
        return start
    if m.state is not MemberState.QUEUED:
        return m.state.value
    if run is RunState.DONE:
        return run.value
    if queued in ("queued", "running", "retrying"):  # whatever an earlier try came to
        return queued
    if run is not None and run is not RunState.STARTED:
        return run.value
    if cancelled:
        return MemberState.CANCELLED.value
    return "failed" if queued == "failed" else "lost"


def cancel(uow: UnitOfWork, who: Principal, clock: Clock, request: RunRequest, queued: Mapping[str, str]) -> list[str]:
    """Take down that a request is to go no further; the ids of the runs that are to end. The caller commits, and
    then takes their jobs out of the queue.

    A run that is under way ends as ``cancelled`` before anything of it is stored. What has ended stays as it is.

    Args:
        queued: as for ``progress``.

    Raises:
        ConflictError: all of it has ended, and not by being cancelled.
    """
    still = {m.learner_id for m in progress(uow, request, queued).members if m.state in OPEN | {"lost"}}
    ended = [
        replace(m, state=MemberState.CANCELLED) for m in uow.run_requests.members(request.id) if m.learner_id in still
    ]
    if not ended:
        if request.cancelled_at is None:
            raise ConflictError("it has ended; there is nothing to cancel")
        return []
    uow.run_requests.set_members(request.id, ended)
    uow.run_requests.cancel(request.id, clock.now())
    header = {"request": request.id, "people": len(ended)}
    alone = ended[0].learner_id if len(ended) == 1 else None
    uow.audit.append("run.cancelled", actor=who.kind, header=header, learner_id=alone, payload={"by": who.name})
    return [m.run_id for m in ended if m.run_id]


def must_not_be_cancelled(uow: UnitOfWork, run: Run) -> None:
    """
    Raises:
        RunCancelled: somebody has cancelled this run, or the job that was about to begin it.
    """
    at = uow.run_requests.cancelled([run.id]).get(run.id)
    if at is not None and at >= run.started_at - ABOUT_TO_BEGIN:
        raise RunCancelled("the assessment was cancelled; nothing of it was stored")


def may_know(uow: UnitOfWork, who: Principal, action: Action) -> None:
    """Go on, to say that there is no such thing, only if ``who`` may do ``action`` about anybody.

    Raises:
        ForbiddenError: they may not, so that nothing is told of what there is.
    """

    def nothing() -> StoredAssertion | None:
        return None

    permitted_thing(uow, who, action, nothing)
