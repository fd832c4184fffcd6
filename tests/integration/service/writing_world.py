"""The little company behind a real socket with a real queue, and a worker that works when told."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from rq.job import Job, JobStatus

from ascertain import runtime
from ascertain.domain.access import Scope
from ascertain.domain.permission import Role
from ascertain.errors import AscertainError
from ascertain.jobs.server import open_queue
from ascertain.pipeline.cases import CaseBuilder
from ascertain.pipeline.keys import create_key
from ascertain.pipeline.sign_in import open_session
from ascertain.runtime import App
from ascertain.service.auth import COOKIE
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.world import START, ShownClock, World
from tests.integration.service.harness import Served, serving

Roles = Mapping[Role, tuple[str, ...]]
DATA: Roles = {Role.L_AND_D: ("Data",)}


class ScriptedApp(App):
    """The application, whose assessments are those of the little world."""

    world: World

    @property
    def assessor(self) -> Any:
        return self.world.assessor

    @property
    def builder(self) -> CaseBuilder:
        return self.world.builder


class WritingWorld:
    """Ann (E1) and Bob (E2) report to Chi (E3). Nobody is assessed yet."""

    def __init__(self, app: ScriptedApp, served: Served) -> None:
        self.app = app
        self.served = served
        self.world = app.world

    @contextmanager
    def signed_in(self, email: str = "", roles: Roles | None = None) -> Iterator[httpx.Client]:
        with self.app.units() as uow:
            secret = open_session(uow, "s", email, roles or {}, clock=self.app.clock)
            uow.commit()
        with self._client(cookies={COOKIE: secret}) as client:
            yield client

    @contextmanager
    def with_key(self, name: str, scopes: Collection[Scope]) -> Iterator[httpx.Client]:
        _, text = create_key(self.app.units, self.app.clock, name, list(scopes), actor="test")
        with self._client(headers={"authorization": f"Bearer {text}"}) as client:
            yield client

    def _client(self, **more: Any) -> httpx.Client:
        state = self.served.api.state.service
        for limit in (state.api_limit, state.caller_limit):
            limit._buckets.clear()
        return self.served.client(**more)

    def work_off(self, *, most: int = 100) -> int:
        """Run the jobs that wait, as a worker would, in this process; how many."""
        done = 0
        runtime.set_app(self.app)
        try:
            with closing(open_queue(self.app.settings)) as handle:
                while done < most:
                    waiting = [i for q in handle.queues.values() for i in q.get_job_ids()]
                    if not waiting:
                        break
                    for q in handle.queues.values():
                        handle.connection.lrem(q.key, 0, waiting[0])
                    job = Job.fetch(waiting[0], connection=handle.connection, serializer=handle.queue.serializer)
                    job.set_status(JobStatus.STARTED)
                    try:
                        job.func(*job.args)
                        job.set_status(JobStatus.FINISHED)
                    except AscertainError:
                        job.set_status(JobStatus.FAILED)
                    done += 1
        finally:
            runtime.set_app(None)
        return done


@contextmanager
def writing_world(folder: Path, **changes: Any) -> Iterator[WritingWorld]:
    clock = ShownClock(START)
    app = ScriptedApp(settings_in(folder, **changes), clock)
    app.prepare()
    app.world = World(app.settings.home_dir / "ascertain.sqlite", app.store, clock=clock, pseudonyms=app.pseudonyms)
    app.world.fill()
    try:
        with serving(app) as served:
            yield WritingWorld(app, served)
    finally:
        app.close()
