"""Consent that is withdrawn while a job waits: what then goes over the wire to a language model, by listening there."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from ascertain.domain.runs import RunState
from ascertain.jobs.queue import JobQueue
from ascertain.jobs.server import open_queue
from tests.crews.scripted_server import sensible, serve
from tests.crews.test_endpoint import KEY, crew
from tests.integration.pipeline.world import ANN
from tests.integration.service.writing_world import writing_world

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:crewai")

SECRET = "good at Kubernetes"
"""Words of the review about Ann, whose use somebody has to agree to."""
OTHER = "Rewrote the SQL of the revenue report"
"""Words of a ticket, which rest on no such consent."""


@pytest.mark.parametrize("withdrawn", [False, True], ids=["agreed", "withdrawn"])
def test_a_job_that_waits_sends_nothing_of_what_was_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, withdrawn: bool
) -> None:
    monkeypatch.setenv("TEST_ENDPOINT_KEY", KEY)
    with writing_world(tmp_path) as served, serve(sensible) as endpoint:
        world = served.world
        world.crew = crew(endpoint.url, timeout_s=60)  # type: ignore[assignment]  # a World takes any crew
        with closing(open_queue(served.app.settings)) as handle:
            JobQueue(handle, served.app.settings).enqueue_assessment(ANN.id, world.fingerprint(), trigger="test")
        if withdrawn:
            world.says(ANN, False)
        assert served.work_off() == 1
        wire = [json.dumps(body, ensure_ascii=False) for body in endpoint.requests]
        assert [RunState(r[0]) for r in world.sql("SELECT state FROM runs")] == [RunState.DONE]
    assert len(wire) >= 5, "all agents asked"
    assert any(OTHER in call for call in wire)
    assert any(SECRET in call for call in wire) is not withdrawn
