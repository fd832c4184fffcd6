"""How a request for assessments stands, also while the queue is away."""

from __future__ import annotations

from ascertain.domain.run_requests import Progress, RunRequest
from ascertain.pipeline import run_requests
from ascertain.service.context import Service
from ascertain.service.problems import Problem


def look(service: Service, asked: RunRequest) -> Progress:
    """How it stands; where the queue is away, as far as the store knows."""
    try:
        return service.watch.look(service.app, asked)
    except Problem:
        with service.app.units(write=False) as uow:
            return run_requests.progress(uow, asked, {})
