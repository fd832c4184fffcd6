"""The little company behind a real socket, and callers signed in as whoever a test wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from ascertain.domain.assertion import AssertionState
from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change
from ascertain.domain.people import Learner
from ascertain.domain.permission import Role
from ascertain.domain.rollout import Advance
from ascertain.domain.run_requests import Member, MemberState, RunRequest
from ascertain.domain.stewardship import Support
from ascertain.pipeline.disputes import contest, withdraw
from ascertain.pipeline.sign_in import open_session
from ascertain.runtime import App, open_app
from ascertain.service.auth import COOKIE
from tests.integration.job_harness import settings_in
from tests.integration.pipeline.world import START, ShownClock, World
from tests.integration.service.harness import Served, serving

DEE = Learner("E4", "Dee Drummer", "dee@example.org", "Sales", "Head of sales")
EVA = Learner("E5", "Eva Ember", "eva@example.org", "Sales", "Seller", manager_id="E4")
NOWHERE = "redis://127.0.0.1:1/0"

Roles = Mapping[Role, tuple[str, ...]]


class ApiWorld:
    """A served company: Ann (E1) and Bob (E2) report to Chi (E3), Eva (E5) to Dee (E4). Ann and Bob are assessed; a
    human has accepted Ann's SQL."""

    def __init__(self, app: App, served: Served, world: World) -> None:
        self.app = app
        self.served = served
        self.world = world
        self.ids: dict[str, str] = {}

    def session(self, email: str = "", roles: Roles | None = None, subject: str = "s") -> str:
        """The cookie of somebody who signed in."""
        with self.app.units() as uow:
            secret = open_session(uow, subject, email, roles or {}, clock=self.app.clock)
            uow.commit()
        return secret

    @contextmanager
    def caller(self, email: str = "", roles: Roles | None = None) -> Iterator[httpx.Client]:
        """A client signed in as that person, or as somebody with these roles."""
        state = self.served.api.state.service
        for limit in (state.api_limit, state.caller_limit):
            limit._buckets.clear()
        with self.served.client(cookies={COOKIE: self.session(email, roles)}) as client:
            yield client


@contextmanager
def served_world(folder: Path, **changes: object) -> Iterator[ApiWorld]:
    """Assessed and served."""
    clock = ShownClock(START)
    app = open_app(settings_in(folder, queue_url=NOWHERE, **changes), clock=clock)
    file = app.settings.home_dir / "ascertain.sqlite"
    begin(app)
    world = World(file, app.store, clock=clock, pseudonyms=app.pseudonyms).fill()
    with app.units() as uow:
        uow.people.upsert([DEE, EVA])
        uow.commit()
    for learner in ("E1", "E2"):
        world.assess(learner)
    accept(app, "E1", "sql")
    with serving(app) as served:
        found = ApiWorld(app, served, world)
        found.ids = _things_of_ann(app, world)
        yield found
    app.close()


def begin(app: App) -> None:
    """Whatever pilots there are, in their first phase."""
    with app.units() as uow:
        for pilot in app.rollout.pilots:
            uow.rollouts.advance(Advance(pilot.id, 1, "agreed", "", "test", app.clock.now()))
        uow.commit()


def _things_of_ann(app: App, world: World) -> dict[str, str]:
    """Ids of what there is about her, by the name of the parameter that takes them."""
    skills = world.assertions("E1")
    with app.units() as uow:
        asked = dict(reason="Not so.", actor="ann@example.org", clock=app.clock, due_days=30, masker=app.pseudonyms)
        dispute = contest(uow, skills["kubernetes"].id, **asked)  # type: ignore[arg-type]
        withdraw(uow, dispute.id, actor="ann@example.org", clock=app.clock)
        members = [Member("E1", MemberState.CANCELLED)]
        uow.run_requests.add(RunRequest("q0123456789abcdef", "", "test", app.clock.now()), members)
        item = next(i.id for i in uow.reviews.open(learner_id="E1"))
        assignment = uow.assignments.of("E1")[-1].id
        uow.commit()
    with app.units() as uow:
        change = Change(ChangeKind.SYNONYM, "sql", names=("Sequel of the test",))
        proposal = app.steward(uow).propose(change, by=None, support=Support("it is called so")).id
        uow.commit()
    found = {
        "proposal": proposal,
        "learner": "E1",
        "assertion": skills["sql"].id,
        "number": "1",
        "item": item,
        "dispute": dispute.id,
    }
    return found | {"assignment": assignment, "run": "q0123456789abcdef"}


def accept(app: App, learner: str, skill: str) -> str:
    """As after a review; the assertion's id."""
    with app.units() as uow:
        found = next(a for a in uow.assertions.of(learner) if a.skill_id == skill)
        uow.assertions.set_state(found.id, AssertionState.ACCEPTED, human_reviewed=True)
        uow.commit()
    return found.id
