"""Jobs of onboarding. Each may run twice: a plan that is drafted is left as it is."""

from __future__ import annotations

from typing import Any

from ascertain.jobs.handlers import end_of_job
from ascertain.jobs.queue import JobQueue, JobTicket
from ascertain.jobs.server import open_queue
from ascertain.runtime import App

DRAFT = "ascertain.jobs.onboarding.draft_plan"
HANDLERS = frozenset({DRAFT})


def draft_plan(plan: str) -> dict[str, Any]:
    """Draft a plan that was asked for."""
    from ascertain.runtime import get_app

    done = get_app().draft_onboarding(plan, until=end_of_job())
    return {"plan": done.id, "state": done.state.value, "milestones": len(done.milestones)}


def enqueue_draft(jobs: JobQueue, plan: str) -> JobTicket:
    """Queue the drafting of a plan, once however often it is asked for."""
    return jobs.submit(
        DRAFT, (plan,), job_id=f"onboard-{plan}", priority="high", timeout=jobs.settings.job_timeout, again=True
    )


def enqueue_waiting(app: App) -> int:
    """Ask for plans of new hires, and queue the drafting of everything that was asked for; how many were queued."""
    from ascertain.pipeline.onboarding_start import waiting

    app.begin_onboarding()
    plans = waiting(app.units)
    if not plans:
        return 0
    handle = open_queue(app.settings)
    try:
        jobs = JobQueue(handle, app.settings)
        return sum(enqueue_draft(jobs, p.id).state == "queued" for p in plans)
    finally:
        handle.close()
