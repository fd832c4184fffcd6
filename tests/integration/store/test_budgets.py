"""Call budgets and leases, on both databases and between processes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine

from ascertain.domain.connector import QuotaPolicy
from ascertain.store import open_store
from ascertain.store.budgets import SqlBudget
from ascertain.store.store import Store
from tests.integration.store.samples import pseudonym

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
FOUR = QuotaPolicy("ip", 4, timedelta(hours=1))


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def budget(store: Store, clock: Hand) -> SqlBudget:
    return SqlBudget(store._own, clock)


def test_a_window_has_so_many_calls_and_then_the_time_until_the_next(budget: SqlBudget, clock: Hand) -> None:
    assert [budget.take("docebo:ip", FOUR) for _ in range(4)] == [0, 0, 0, 0]
    clock.now += timedelta(minutes=20)
    assert budget.take("docebo:ip", FOUR) == 2400
    assert budget.take("other:ip", FOUR) == 0
    clock.now += timedelta(minutes=40)
    assert budget.take("docebo:ip", FOUR) == 0


def test_a_pause_holds_for_everybody_and_is_never_shortened(budget: SqlBudget, clock: Hand) -> None:
    budget.block("k", 90)
    budget.block("k", 10)
    assert budget.take("k", FOUR) == 90
    assert budget.take("k", QuotaPolicy("token")) == 90
    clock.now += timedelta(seconds=90)
    assert budget.take("k", FOUR) == 0
    assert budget.take("k", QuotaPolicy("token")) == 0


def test_many_at_once_take_no_more_than_there_is(store: Store) -> None:
    policy = QuotaPolicy("ip", 10, timedelta(hours=1))

    def work(_: int) -> int:
        return sum(store.budget().take("shared", policy) == 0 for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 10


def test_a_lease_has_one_owner_until_it_ends(budget: SqlBudget, clock: Hand) -> None:
    assert budget.lease("absorb", "a", 60)
    assert not budget.lease("absorb", "b", 60)
    assert budget.lease("absorb", "a", 60)  # prolonged
    budget.give_back("absorb", "b")  # not b's to give back
    assert not budget.lease("absorb", "b", 60)
    clock.now += timedelta(seconds=61)
    assert budget.lease("absorb", "b", 60)
    budget.give_back("absorb", "b")
    assert budget.lease("absorb", "a", 60)


def test_a_clock_that_was_set_back_does_not_lock_the_budget(budget: SqlBudget, clock: Hand) -> None:
    for _ in range(4):
        budget.take("k", FOUR)
    clock.now -= timedelta(days=1)
    assert budget.take("k", FOUR) == 0


def test_hosts_agree_on_when_a_lease_ends_whatever_their_clocks(migrated_schema: Engine) -> None:
    url = migrated_schema.url.render_as_string(hide_password=False)
    hosts = [
        open_store(url, pseudonym=pseudonym, checkpoint_file=None, clock=partial(later, hours)) for hours in (0, 2)
    ]
    right, ahead = (host.budget() for host in hosts)
    try:
        assert right.lease("docebo/writeback", "a", 600)
        assert not ahead.lease("docebo/writeback", "b", 600), "it has not run out"
        assert ahead.holder("docebo/writeback") == "a"
        assert right.lease("docebo/writeback", "a", 600)
        right.give_back("docebo/writeback", "a")
        right.block("k", 60)
        assert 0 < ahead.take("k", QuotaPolicy("token")) <= 60
    finally:
        for host in hosts:
            host.close()


def later(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)
