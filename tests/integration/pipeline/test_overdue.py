"""Disputes that nobody answered in time: put before somebody else once, mailed once, and shown."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from ascertain.domain.disputes import Dispute, Outcome
from ascertain.domain.notifications import OVERDUE, NotificationState
from ascertain.domain.people import Learner
from ascertain.domain.permission import Grant, Role, RoleGrant
from ascertain.domain.rights_requests import RequestKind
from ascertain.domain.rules import Policy
from ascertain.pipeline import views
from ascertain.pipeline.notify import Notifier
from ascertain.pipeline.overdue import escalate
from ascertain.pipeline.rights_requests import ask
from ascertain.pipeline.stop import turn_everything
from tests.integration.pipeline.test_disputes import contest, decide
from tests.integration.pipeline.test_notify import Post
from tests.integration.pipeline.world import World


@pytest.fixture
def late(world: World) -> Dispute:
    """Ann's dispute, a day after the one on which it was due."""
    world.assess()
    made = contest(world)
    world.clock.at += timedelta(days=31)
    return made


def run(world: World, policy: Policy | None = None) -> list[str]:
    return [d.id for d in escalate(world.store.units, world.clock, policy or world.policy)]


def sealed(world: World) -> list[dict[str, object]]:
    with world.store.units(write=False) as uow:
        return [dict(r.header) for r in uow.audit.records() if r.action == "dispute.escalated"]


def test_on_its_last_day_nothing_happens_and_the_day_after_it_is_escalated_once(world: World, late: Dispute) -> None:
    world.clock.at -= timedelta(days=1)
    assert run(world) == []
    world.clock.at += timedelta(days=1)
    assert run(world) == [late.id]
    assert run(world) == []
    world.clock.at += timedelta(days=20)
    assert run(world) == []
    assert sealed(world) == [
        {"dispute": late.id, "due": late.due_on.isoformat(), "to": world.policy.review.l_and_d},
    ]
    with world.store.units(write=False) as uow:
        found = uow.disputes.get(late.id)
        assert found is not None
        assert found.overdue(world.clock.today())
        assert views.dispute(found)["escalated_to"] == world.policy.review.l_and_d


def test_several_sweeps_at_once_escalate_it_once(world: World, late: Dispute) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = [d for some in pool.map(lambda _: run(world), range(4)) for d in some]
    assert found == [late.id]
    assert len(sealed(world)) == 1


def test_the_policy_says_after_how_many_days_or_never(world: World, late: Dispute) -> None:
    def says(days: int | None) -> Policy:
        return replace(world.policy, routing=replace(world.policy.routing, dispute_escalate_days=days))

    assert run(world, says(None)) == []
    assert run(world, says(1)) == []
    world.clock.at += timedelta(days=1)
    assert run(world, says(1)) == [late.id]


def test_nothing_is_escalated_while_everything_is_stopped_or_once_it_is_decided(world: World, late: Dispute) -> None:
    turn_everything(world.store.units, world.clock, "ops", "a fire", on=False)
    assert run(world) == []
    turn_everything(world.store.units, world.clock, "ops", "", on=True)
    decide(world, late, Outcome.CORRECT)
    assert run(world) == []
    assert sealed(world) == []


@pytest.fixture
def told(world: World) -> tuple[Post, Callable[[], None]]:
    """Lea of learning and development and Hal of HR are to be told; Max's grant is for others."""
    post = Post()
    with world.store.units() as uow:
        people = [("LEA", Role.L_AND_D, "Data"), ("HAL", Role.HRBP, "Data"), ("MAX", Role.L_AND_D, "Sales")]
        uow.people.upsert([Learner(i, i.title(), f"{i.lower()}@example.org", "HR") for i, _, _ in people])
        for ident, role, population in people:
            grant = Grant(role, populations=frozenset({population}))
            name = f"{ident.lower()}@example.org"
            uow.grants.add(RoleGrant(f"g-{ident}", name, grant, "test", world.clock.now(), ident))
        uow.commit()

    def tell() -> None:
        notifier = Notifier(
            world.store.units, world.clock, mailer=post, budget=world.store.budget(), address="https://skills.example"
        )
        notifier.run()

    return post, tell


def test_those_who_may_answer_are_mailed_once_without_a_name(
    world: World, late: Dispute, told: tuple[Post, Callable[[], None]]
) -> None:
    post, tell = told
    tell()
    assert post.mails == [], "not before it is escalated"
    run(world)
    tell()
    tell()
    ((to, subject, text),) = post.mails
    assert to == "lea@example.org"
    assert "1 dispute." in text
    assert late.due_on.isoformat() in text
    assert "https://skills.example/disputes" in text
    for word in ("Ann", "E1", "sql", "SQL", "colleague"):
        assert word not in text + subject
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        ask(uow, learner, RequestKind.ERASURE, words="I leave.", actor="E1", clock=world.clock)
        uow.commit()
    tell()
    assert len(post.mails) == 1, "a request is overdue after its month"
    world.clock.at += timedelta(days=40)
    tell()
    assert post.mails[1][0] == "hal@example.org"
    assert "1 request about data" in post.mails[1][2]


def test_a_mail_that_waits_is_dropped_when_it_is_answered(
    world: World, late: Dispute, told: tuple[Post, Callable[[], None]]
) -> None:
    post, tell = told
    run(world)
    with world.store.units() as uow:
        notifier = Notifier(world.store.units, world.clock, mailer=post)
        people = {p.id: p for p in uow.people.all()}
        assert notifier.rounds[OVERDUE].collect(uow, people, world.clock.now()) == (1, 0)
        uow.commit()
    decide(world, late, Outcome.UPHOLD)
    tell()
    assert "lea@example.org" not in {to for to, _, _ in post.mails}
    with world.store.units(write=False) as uow:
        assert uow.notifications.latest_mails(NotificationState.SUPERSEDED, OVERDUE).keys() == {"LEA"}
        assert uow.notifications.latest_mails(NotificationState.SUPERSEDED) == {}
