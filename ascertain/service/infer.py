"""``POST /v1/skills/infer``: which skills an activity supports, and what became of it later (``GET /v1/runs/{id}``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, NoReturn, cast

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from redis.exceptions import RedisError

from ascertain.domain.access import Scope
from ascertain.domain.permission import Action, Principal
from ascertain.domain.runs import RunState
from ascertain.errors import AscertainError, BlockedError, ConfigError, PseudonymError, RestrictedError, RunError
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from ascertain.pipeline.access import note_access
from ascertain.pipeline.activities import Activity, InvalidActivity, Wrong, read_activity, schema
from ascertain.pipeline.assess import run_id
from ascertain.pipeline.infer import NoConsent, Supported, Taken, UnknownLearner, sent_in, supported, take_in
from ascertain.pipeline.permit import demand_somewhere, may
from ascertain.pipeline.stop import Stopped, is_stopped
from ascertain.runtime import App
from ascertain.service.api.description import PROBLEMS
from ascertain.service.api.writing import WRITE_PROBLEMS
from ascertain.service.auth import needs
from ascertain.service.bodies import read_body
from ascertain.service.context import Service
from ascertain.service.problems import Problem, ShownJSON, wait

router = APIRouter(prefix="/v1", tags=["skills"])

BODY_LIMIT = 128 * 1024
TURN_SECONDS = 20.0
"""How long a call waits for its turn: assessments run one at a time in this process."""
STOPPED = "an operator has stopped all assessments; try again later"
STOPPED_SECONDS = 60.0
BLOCKED = {
    RunState.BLOCKED_NO_NOTICE.value: "this person was given no notice, or not long enough ago; nothing was kept",
    RunState.BLOCKED_NO_CONSENT.value: "assessment is refused for this person; nothing was kept",
}
_RUN = re.compile(r"r[0-9a-f]{15}", re.ASCII)
Infers = Annotated[Principal, Depends(needs(Scope.INFER))]


@router.post(
    "/skills/infer",
    operation_id="infer_skills",
    responses={
        **PROBLEMS,
        **WRITE_PROBLEMS,
        202: {"description": "Queued; `Location` has its state."},
        502: {"description": "The assessment could not be finished; the activity is kept."},
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": schema()}}}},
)
async def infer(request: Request, who: Infers) -> JSONResponse:
    """Take an activity in as evidence and answer the skills that it supports.

    The body is that of ``config/schemas/infer.schema.json``. With ``Prefer: respond-async`` the assessment is queued
    and the answer is 202 with the run to ask for.
    """
    document = await _json(request)
    service = cast(Service, request.app.state.service)
    later = any(p.strip().lower() == "respond-async" for p in request.headers.get("prefer", "").split(","))
    work = partial(_later if later else _now, service, who, document)
    return await anyio.to_thread.run_sync(work, limiter=service.infer_threads)


def run_state(service: Service, who: Principal, run: str, activity_id: str = "") -> dict[str, Any]:
    """How a run stands; once it is done, the skills that activities sent to this API support in it.

    Raises:
        Problem: 404 for a run for which this caller has sent nothing, and for none.
        ForbiddenError: they may send nothing.
    """
    with service.app.units(write=False) as uow:
        demand_somewhere(uow, who, Action.INFER)
    if not _RUN.fullmatch(run):
        raise Problem(404, "there is no such run")
    found = _stored(service.app, who, run, activity_id)
    if found is None:
        state, became = _queued(service.app, run)
        found = _stored(service.app, who, became, activity_id) if became else None
        if found is None:
            if state == "gone":
                raise Problem(404, "there is no such run")
            return {"run_id": run, "state": state}
    return found


def _now(service: Service, who: Principal, document: Any) -> JSONResponse:
    _go_on(service)
    with _turn(service), _told():
        taken = _take(service.app, who, document)
        done = service.app.assess(taken.learner.id, trigger=_trigger(who))
        with service.app.units(write=False) as uow:
            skills = supported(uow, done.run.learner_id, [taken.evidence_id], done.run.id)
        note_access(service.app.units, who.name, "api.infer", [taken.learner.id])
    return ShownJSON({"skills": _rows(skills)})


def _later(service: Service, who: Principal, document: Any) -> JSONResponse:
    _go_on(service)
    with _turn(service), _told():
        taken = _take(service.app, who, document)
        now = service.app.assessor.present(taken.learner.id)
    run = run_id(now.learner.id, now.fingerprint)
    with _queue(service.app) as jobs:
        jobs.enqueue_run(run, now.learner.id, now.fingerprint, trigger=_trigger(who))
    headers = {"Location": f"/v1/runs/{run}", "Preference-Applied": "respond-async"}
    return ShownJSON({"run_id": run}, 202, headers)


def _trigger(who: Principal) -> str:
    return f"api:{who.name.removeprefix('key:')}"


def _go_on(service: Service) -> None:
    """Who stopped it, and why, is the operator's to know."""
    if is_stopped(service.app.units):
        raise wait(503, STOPPED, STOPPED_SECONDS)


def _take(app: App, who: Principal, document: Any) -> Taken:
    activity: Activity = read_activity(document, app.clock.now())
    with app.units(write=False) as uow:
        masker = app.builder.landscape(uow).masker
    today = app.clock.today()
    return take_in(activity, app.units, masker, who=who, gate=app.gate, today=today)


async def _json(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "send application/json")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(415, "send the body as it is, without a content encoding")
    body = await read_body(request, BODY_LIMIT)
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not JSON") from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


@contextmanager
def _turn(service: Service) -> Iterator[None]:
    if not service.assessing.acquire(timeout=TURN_SECONDS):
        raise wait(503, "too many assessments are waiting; try again, or send Prefer: respond-async", 10)
    try:
        yield
    finally:
        service.assessing.release()


@contextmanager
def _told() -> Iterator[None]:
    """Errors of the use case as problems that name the field."""
    try:
        yield
    except InvalidActivity as e:
        raise Problem(422, "the activity is not valid", more={"errors": _fields(e.wrong)}) from None
    except UnknownLearner as e:
        raise Problem(404, e.message, more={"errors": _fields(e.wrong)}) from None
    except NoConsent as e:
        raise Problem(403, e.message, more={"errors": _fields([Wrong("activity_type", e.message)])}) from None
    except PseudonymError:
        wrong = [Wrong("content", "names somebody in a way that cannot be masked, so it was not taken")]
        raise Problem(422, "the activity is not valid", more={"errors": _fields(wrong)}) from None
    except BlockedError as e:
        # Why in full names the person; the operator finds it with `ascertain notice missing`.
        raise Problem(403, BLOCKED[e.state], more={"type": f"urn:ascertain:{e.state}"}) from None
    except Stopped:
        raise wait(503, STOPPED, STOPPED_SECONDS) from None
    except RestrictedError:
        raise Problem(403, "processing of this person is restricted; the activity is kept and not used") from None
    except RunError as e:
        raise Problem(502, f"the assessment could not be finished ({e.state}); the activity is kept") from None


@contextmanager
def _queue(app: App) -> Iterator[JobQueue]:
    try:
        with closing(open_queue(app.settings)) as handle:
            yield JobQueue(handle, app.settings)
    except (RedisError, OSError, ConfigError) as e:
        raise wait(503, f"the queue is away ({type(e).__name__})", 15) from None


def _queued(app: App, run: str) -> tuple[str, str]:
    with _queue(app) as jobs:
        try:
            return jobs.of_run(run)
        except AscertainError:  # it was forgotten between two questions
            return "gone", ""


def _stored(app: App, who: Principal, run: str, activity_id: str) -> dict[str, Any] | None:
    with app.units(write=False) as uow:
        found = uow.runs.get(run)
        if found is None:
            return None
        learner = uow.people.get(found.learner_id)
        if learner is None or not may(uow, who, Action.INFER, learner):
            return None
        mine = sent_in(uow, found.learner_id, activity_id)
        if not mine:  # a key that may infer sees what came of activities, not everybody's runs
            return None
        state = "running" if found.state is RunState.STARTED else found.state.value
        body: dict[str, Any] = {"run_id": found.id, "state": state}
        if found.state is RunState.DONE:
            body["skills"] = _rows(supported(uow, found.learner_id, mine, found.id))
    if "skills" in body:
        note_access(app.units, who.name, "api.run", [found.learner_id])
    return body


def _rows(skills: Sequence[Supported]) -> list[dict[str, Any]]:
    return [asdict(s) for s in skills]


def _fields(wrong: Sequence[Wrong]) -> list[dict[str, str]]:
    return [{"field": w.field, "detail": w.detail} for w in wrong]
