"""Assessments: ask for them, watch them, cancel them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ascertain.domain.permission import Action
from ascertain.domain.run_requests import Progress, RunRequest
from ascertain.jobs import run_requests as jobs
from ascertain.pipeline import run_requests
from ascertain.service import infer
from ascertain.service.api.answers import One
from ascertain.service.api.asking import Asks, Caller
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.models_writes import RunProgress, SentRun, StartRun
from ascertain.service.api.writing import WRITE_PROBLEMS, Done, Given, Writes, once, takes
from ascertain.service.problems import Problem, ShownJSON
from ascertain.service.starting import start_runs

router = APIRouter(prefix="/v1/runs", tags=["runs"], responses=PROBLEMS)

EVERY = 1.0
"""Seconds between two looks."""
HEARTBEAT = 15.0
"""Seconds after which something is sent though nothing changed: proxies end what is silent."""
LONGEST = 300.0
"""Seconds after which a stream ends and the reader comes again, known anew."""
_OF_ACTIVITIES = re.compile(r"r[0-9a-f]{15}", re.ASCII)

RunId = Annotated[str, Path(max_length=40, description="Id of a request for runs (or of a run of activities).")]
Runs = Annotated[Caller, Depends(Asks(Action.ASSESS_RUN))]
Starts = Annotated[Caller, Depends(Writes(Action.ASSESS_RUN))]


@router.post(
    "",
    operation_id="start_run",
    status_code=202,
    response_model=One[RunProgress],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(StartRun),
)
def start(caller: Starts, given: Annotated[StartRun, Depends(Given(StartRun))]) -> Response:
    """Queue the assessment of a learner, or of those of a cohort whose case has changed. `Location` has its state."""
    return once(caller, given, lambda: _start(caller, given))


@router.get("/{run}", operation_id="get_run", response_model=One[RunProgress] | SentRun)
def state(
    run: RunId,
    caller: Runs,
    activity_id: Annotated[str, Query(max_length=200, description="Of a run of activities: only this one.")] = "",
) -> Any:
    """How it stands. Of a run of activities: once it is done, the skills that activities of this caller support."""
    if _OF_ACTIVITIES.fullmatch(run):
        return ShownJSON(infer.run_state(caller.service, caller.who, run, activity_id))
    return caller.one(RunProgress, _shown(caller.service.watch.look(caller.app, _permitted(caller, run))))


@router.post(
    "/{run}/cancel",
    operation_id="cancel_run",
    response_model=One[RunProgress],
    responses=WRITE_PROBLEMS,
    openapi_extra=takes(),
)
def cancel(run: RunId, caller: Starts) -> Response:
    """Let it go no further. What waits is taken out of the queue; what runs ends as `cancelled`, and nothing of it is
    stored; what has ended stays."""
    return once(caller, None, lambda: _cancel(caller, run))


@router.get(
    "/{run}/events",
    operation_id="watch_run",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `progress`, at last `end` (or `again`: connect anew).",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        503: WRITE_PROBLEMS[503],
    },
)
async def events(run: RunId, caller: Runs) -> Response:
    """How it stands, as server-sent events: one whenever something changes, and `end` with the last state."""
    asked = await anyio.to_thread.run_sync(_permitted, caller, run)
    watch, name = caller.service.watch, caller.who.name
    watch.enter(name)

    def look() -> Progress:
        return watch.look(caller.app, asked)

    return EventStream(_told(look), lambda: watch.leave(name))


class EventStream(StreamingResponse):
    """Sends events as they come, and says when it is over, however it ends."""

    def __init__(self, told: AsyncIterator[str], over: Callable[[], None]) -> None:
        # The second header keeps nginx from gathering events.
        super().__init__(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._over()


async def _told(
    look: Callable[[], Progress], *, every: float = EVERY, heartbeat: float = HEARTBEAT, longest: float = LONGEST
) -> AsyncIterator[str]:
    began = spoke = time.monotonic()
    last = ""
    yield "retry: 3000\n\n"
    while True:
        try:
            now = await anyio.to_thread.run_sync(look)
            event, text = "end" if now.state.ended else "progress", json.dumps(_brief(now))
        except Problem as e:  # the queue is away: whoever watches waits
            event, text = "trouble", json.dumps({"detail": e.detail})
        if text != last or event == "end":
            last, spoke = text, time.monotonic()
            yield f"event: {event}\ndata: {text}\n\n"
        if event == "end":
            return
        if time.monotonic() - began >= longest:
            yield "event: again\ndata: {}\n\n"
            return
        if time.monotonic() - spoke >= heartbeat:
            spoke = time.monotonic()
            yield ": nothing new\n\n"
        await asyncio.sleep(every)


def _start(caller: Caller, given: StartRun) -> Done:
    begun = start_runs(caller.service, caller.who, given.learner or "", given.cohort or "", force=given.force)
    where = {"Location": f"/v1/runs/{begun.progress.request.id}"}
    return Done(RunProgress, _shown(begun.progress), begun.learner_id, 202, where)


def _cancel(caller: Caller, run: str) -> Done:
    asked = _permitted(caller, run)
    with caller.service.watch.queue(caller.app) as queue:
        found = jobs.cancel(caller.app, queue, caller.who, asked)
    caller.service.watch.forget(asked.id)
    about = found.members[0].learner_id if len(found.members) == 1 else None
    return Done(RunProgress, _shown(found), about)


def _permitted(caller: Caller, run: str) -> RunRequest:
    with caller.reading() as uow:
        return run_requests.permitted_request(uow, caller.who, run)


def _shown(p: Progress) -> dict[str, Any]:
    asked = p.request
    return {
        "id": asked.id,
        "cohort": asked.cohort or None,
        "asked_at": asked.asked_at.isoformat(),
        "cancelled_at": asked.cancelled_at.isoformat() if asked.cancelled_at else None,
        **_brief(p),
        "learners": [
            {"learner": m.learner_id, "state": m.state, "run": m.run_id or None}
            for m in p.members[: run_requests.MOST_SHOWN]
        ],
    }


def _brief(p: Progress) -> dict[str, Any]:
    return {"state": p.state.value, "ended": p.state.ended, "total": p.total, "done": p.done, "counts": dict(p.counts)}
