"""What a reviewer is shown as the text that accepting writes, is the text that the system gets: byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from ascertain.connectors.docebo import DoceboConnector
from ascertain.domain.assertion import AssertionState
from ascertain.domain.runs import DecisionKind, ReviewItem
from ascertain.domain.skills import Level
from ascertain.pipeline.review import decide
from ascertain.pipeline.review_writes import would_write
from ascertain.pipeline.write_back_push import push
from ascertain.sandbox.company import build_company
from ascertain.sandbox.docebo import DoceboOptions
from ascertain.sandbox.server import Sandbox
from tests.integration.pipeline.world import World
from tests.integration.pipeline.writing import NOW, Clock, LoggedCompany, docebo, everything, home, settle, skill


@pytest.fixture
def lms() -> Iterator[Sandbox]:
    options = {"docebo": DoceboOptions(hourly_budget=None)}
    with Sandbox(systems=("docebo",), company=LoggedCompany(build_company()), options=options) as sandbox:
        yield sandbox


@pytest.mark.parametrize("level", [None, Level.EXPERT], ids=("as suggested", "adjusted"))
def test_the_text_that_is_shown_is_the_text_that_is_written(world: World, lms: Sandbox, level: Level | None) -> None:
    company = lms.company
    assert isinstance(company, LoggedCompany)
    account = next(p.docebo_id for p in company.current.people if p.docebo_id is not None)
    waiting = skill("ADA", "python", state=AssertionState.IN_REVIEW, skill_label='Python; "C++" ü')
    settle(world.store, {"ADA": str(account)}, skill("ADA", "sql"), waiting)
    clock = Clock()
    due = NOW.date() + timedelta(days=9)
    item = ReviewItem("v-python", waiting.id, "ADA", "python", ("why",), 3, "BOSS", due, NOW)
    with world.store.units() as uow:
        uow.reviews.add([item])
        uow.commit()

    connector: DoceboConnector = docebo(lms.environment()["ASCERTAIN_DOCEBO_URL"])
    with home(world.store, connector, clock=clock) as desk:
        with world.store.units(write=False) as uow:
            learner = uow.people.get("ADA")
            assert learner is not None
            (shown,) = would_write(desk, uow, waiting, learner, level or Level.PRACTITIONER, clock.today())
            again = would_write(
                desk, uow, replace(waiting, level=Level.AWARENESS), learner, Level.EXPERT, clock.today()
            )
        assert company.log == []
        assert "sql" in shown.value.lower()  # a field holds all skills: the whole of it is shown
        assert (shown.connection, again[0].value != shown.value) == ("docebo", level is None)

        decision = DecisionKind.ADJUST if level else DecisionKind.ACCEPT
        with world.store.units() as uow:
            decide(uow, item.id, decision, reason="x", reviewer="BOSS", clock=clock, level=level)
            uow.commit()
        begun = desk.begin(desk.preview(everything(world.store)), "ops")
        assert begun is not None
        assert push(desk, begun.id).finished
    ((user, written),) = company.log
    assert user == account
    assert written.encode() == shown.value.encode()
    assert shown.account.endswith(f":{account}")


def test_nothing_is_shown_where_nothing_would_be_written(world: World) -> None:
    waiting = skill("ADA", "python", state=AssertionState.IN_REVIEW)
    settle(world.store, {"ADA": "1"}, waiting)
    with home(world.store) as desk, world.store.units(write=False) as uow:
        learner = uow.people.get("ADA")
        assert learner is not None
        assert would_write(desk, uow, waiting, learner, Level.EXPERT, NOW.date()) == []
