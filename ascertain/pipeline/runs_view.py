"""Assessments as those who run them look at them: in rounds, each what somebody asked for, or what one trigger brought
on one day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.run_requests import OPEN, WELL, Progress, RequestState, RunRequest
from ascertain.domain.runs import Run, RunState
from ascertain.pipeline.permit import may_each

Json = dict[str, Any]

WINDOW = timedelta(days=90)
"""How far back the list goes."""
MOST_RUNS = 10_000
MOST_REQUESTS = 1_000
REQUEST = "request:"
"""Begins the trigger of a run that a request brought."""
RECENT = 200
"""Finished runs that an estimate rests on, at most."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one trigger brought on one day (UTC)."""

    trigger: str
    day: date
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One line of the list; ``batch`` or ``request``, never both."""

    began: datetime
    request: RunRequest | None = None
    batch: Batch | None = None
    learners: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Tells it from others that began at the same moment."""
        return self.request.id if self.request else self.batch.trigger if self.batch else ""


def rounds(uow: UnitOfWork, who: Principal, now: datetime) -> list[Round]:
    """All of ``WINDOW``, the newest first. A request is shown to whoever may run assessments of everybody in it; of a
    batch each sees the runs of those whom they may assess."""
    since = now - WINDOW
    runs = [r for r in uow.runs.recent(since, limit=MOST_RUNS) if not r.trigger.startswith(REQUEST)]
    requests = uow.run_requests.newest(since=since, limit=MOST_REQUESTS)
    members = uow.run_requests.members_of([r.id for r in requests])
    learners = sorted({r.learner_id for r in runs} | {m.learner_id for some in members.values() for m in some})
    allowed = may_each(uow, who, Action.ASSESS_RUN, [(i, None) for i in learners])
    mine = {i for i, yes in zip(learners, allowed, strict=True) if yes}
    batches: dict[tuple[str, date], list[Run]] = defaultdict(list)
    for r in runs:
        if r.learner_id in mine:
            batches[r.trigger, r.started_at.astimezone(UTC).date()].append(r)
    found = [
        Round(min(r.started_at for r in some), batch=Batch(trigger, day, tuple(some)))
        for (trigger, day), some in batches.items()
    ]
    for request in requests:
        ids = tuple(m.learner_id for m in members[request.id])
        if ids and mine.issuperset(ids):
            found.append(Round(request.asked_at, request=request, learners=ids))
    return sorted(found, key=lambda r: r.began, reverse=True)


def batch_of(found: Iterable[Round], trigger: str, day: date) -> Batch | None:
    """The batch of that trigger and day."""
    return next((r.batch for r in found if r.batch and (r.batch.trigger, r.batch.day) == (trigger, day)), None)


def row(one: Round, progress: Progress | None, runs: Mapping[str, Run]) -> Json:
    """A round in figures.

    Args:
        progress: of a request, how it stands.
        runs: of a request, those of its members, by id.
    """
    if one.batch is not None:
        return _of_batch(one.batch)
    assert one.request is not None
    assert progress is not None
    return of_request(progress, runs)


def of_request(p: Progress, runs: Mapping[str, Run]) -> Json:
    """A request in figures. ``failed`` are those of whom nothing more comes and who were not assessed."""
    own = [runs[m.run_id] for m in p.members if m.run_id in runs and not _earlier(runs[m.run_id], p.request)]
    well = sum(p.counts.get(s, 0) for s in WELL)
    ends = [r.finished_at for r in own if r.finished_at]
    ended = (p.request.cancelled_at or max(ends, default=p.request.asked_at)) if p.state.ended else None
    alone = len(p.members) == 1 and not p.request.cohort
    return {
        "id": p.request.id,
        "kind": "learner" if alone else "cohort",
        "trigger": "",
        "cohort": p.request.cohort,
        "learner": p.members[0].learner_id if alone else "",
        "by": p.request.asked_by,
        "began": p.request.asked_at,
        "ended": ended,
        "seconds": (ended - p.request.asked_at).total_seconds() if ended else None,
        "state": p.state.value,
        "over": p.state.ended,
        "total": p.total,
        "well": well,
        "failed": p.done - well,
        "counts": dict(p.counts),
        "usage": usage_in(own),
    }


def _of_batch(batch: Batch) -> Json:
    counts = Counter(r.state.value for r in batch.runs)
    still, well = counts[RunState.STARTED.value], counts[RunState.DONE.value]
    total = len(batch.runs)
    began = min(r.started_at for r in batch.runs)
    ended = None if still else max((r.finished_at or r.started_at) for r in batch.runs)
    state = RequestState.RUNNING if still else RequestState.DONE if well == total else RequestState.PARTLY_FAILED
    if not still and not well:
        state = RequestState.FAILED
    return {
        "id": "",
        "kind": kind_of(batch.trigger),
        "trigger": batch.trigger,
        "day": batch.day,
        "cohort": "",
        "learner": batch.runs[0].learner_id if total == 1 else "",
        "by": "",
        "began": began,
        "ended": ended,
        "seconds": (ended - began).total_seconds() if ended else None,
        "state": state.value,
        "over": not still,
        "total": total,
        "well": well,
        "failed": total - well - still,
        "counts": dict(sorted(counts.items())),
        "usage": usage_in(batch.runs),
    }


def kind_of(trigger: str) -> str:
    """``schedule``, ``webhook`` or ``other``."""
    begins = trigger.partition(":")[0]
    return begins if begins in ("schedule", "webhook") else "other"


def members(progress: Progress, runs: Mapping[str, Run], names: Mapping[str, str]) -> list[Json]:
    """Each learner of a request, those that failed first: how it stands, and why not where it failed."""
    rows = [
        member(m.learner_id, names.get(m.learner_id, m.learner_id), m.state, runs.get(m.run_id))
        for m in progress.members
    ]
    return sorted(rows, key=_order)


def members_of_batch(batch: Batch, names: Mapping[str, str]) -> list[Json]:
    """As ``members``."""
    rows = [member(r.learner_id, names.get(r.learner_id, r.learner_id), r.state.value, r) for r in batch.runs]
    return sorted(rows, key=_order)


def member(learner_id: str, name: str, state: str, run: Run | None) -> Json:
    """One learner's line."""
    ended = run is not None and state == run.state.value
    took = (run.finished_at - run.started_at).total_seconds() if run and ended and run.finished_at else None
    return {
        "learner": learner_id,
        "name": name,
        "state": state,
        "run": run.id if run else None,
        "why": _why(state, run if ended else None),
        "seconds": took,
        "assertions": run.outcome.get("assertions") if run and ended else None,
        "usage": usage_in([run]) if run and ended else None,
    }


_WHY = {
    "blocked_no_notice": "the person was not told yet",
    "blocked_no_consent": "the person has not agreed",
    "blocked_restricted": "processing of the person is restricted",
    "lost": "neither the queue nor the store knows of it: start it again",
    "unchanged": "nothing has changed since the last assessment",
}


def _why(state: str, run: Run | None) -> str:
    said = str(run.outcome.get("error", "")) if run else ""
    return said or _WHY.get(state, "")


def _order(r: Json) -> tuple[int, str, str]:
    place = 2 if r["state"] in WELL else 1 if r["state"] in OPEN or r["state"] == RunState.STARTED.value else 0
    return place, r["name"], r["learner"]


def _earlier(run: Run, request: RunRequest) -> bool:
    """A run that had ended before it was asked for: what it used belongs to what brought it."""
    return run.finished_at is not None and run.finished_at < request.asked_at


def usage_in(runs: Sequence[Run]) -> Json:
    """What these runs used. ``counted``: how many of them have it on record."""
    known = [u for r in runs if isinstance(u := r.outcome.get("usage"), Mapping)]
    return {
        "counted": len(known),
        "calls": sum(int(u["calls"]) for u in known),
        "tokens": sum(int(u["tokens"]) for u in known),
        "usd": round(sum(float(u["usd"]) for u in known), 6),
        "unpriced": sum(int(u["unpriced"]) for u in known),
    }


def typical(uow: UnitOfWork, brain: str, now: datetime) -> Json:
    """The middle run of the newest that ended well with this brain: seconds, calls, tokens, US dollars. ``n`` is how
    many it rests on; the figures are null where there are none."""
    runs = [
        r
        for r in uow.runs.recent(now - WINDOW, limit=RECENT)
        if r.state is RunState.DONE and r.finished_at and r.versions.brain == brain and "usage" in r.outcome
    ]
    if not runs:
        return {"n": 0, "seconds": None, "calls": None, "tokens": None, "usd": None}
    used = [r.outcome["usage"] for r in runs]
    return {
        "n": len(runs),
        "seconds": median((r.finished_at - r.started_at).total_seconds() for r in runs if r.finished_at),
        "calls": median(u["calls"] for u in used),
        "tokens": median(u["tokens"] for u in used),
        "usd": median(u["usd"] for u in used),
    }
