"""Outbox, switches and messages, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ascertain.domain.notifications import DIGEST, OVERDUE, Channel, Notification, NotificationState
from ascertain.domain.outbox import OutboxItem, OutboxState, RunKind, Switch, WritebackRun, row_id
from ascertain.errors import ConflictError, NotFoundError
from ascertain.store import Store
from tests.integration.store.samples import START


def run(ident: str = "w1", **changes: object) -> WritebackRun:
    return replace(WritebackRun(ident, RunKind.PUSH, "ops", START, options={"to": ["lms"]}), **changes)  # type: ignore[arg-type]


def item(run_id: str, place: str, at: datetime, state: OutboxState = OutboxState.PLANNED, **more: object) -> OutboxItem:
    row = OutboxItem(
        row_id(run_id, "lms", place, "f"), run_id, "l-1", "lms", place, "f", "new “ü”\x0b", None, ("a-1",), at, state
    )
    return replace(row, **more)  # type: ignore[arg-type]


def test_a_run_and_its_rows_come_back_as_they_were(store: Store) -> None:
    rows = [item("w1", "b", START), item("w1", "a", START, previous="")]
    with store.units() as uow:
        uow.outbox.add(run(), rows)
        uow.outbox.add(run("w2", kind=RunKind.UNDO, undoes="w1", started_at=START + timedelta(hours=1)), [])
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.outbox.run("w1") == run()
        assert [r.id for r in uow.outbox.runs()] == ["w2", "w1"]
        assert [r.id for r in uow.outbox.undoing("w1")] == ["w2"]
        assert uow.outbox.rows("w1") == [rows[1], rows[0]]
        assert uow.outbox.rows("w1", [OutboxState.WRITTEN]) == []
        assert uow.outbox.row(rows[0].id) == rows[0]
        with pytest.raises(ConflictError, match="more than one"):
            uow.outbox.run("w")


def test_what_a_row_is_about_never_changes(store: Store) -> None:
    row = item("w1", "a", START)
    with store.units() as uow:
        uow.outbox.add(run(), [row])
        done = replace(row, state=OutboxState.WRITTEN, tries=2, external_id="x", written_at=START, value="other")
        uow.outbox.put(done)
        uow.outbox.finish("w1", START, {"written": 1})
        uow.commit()
    with store.units() as uow:
        assert uow.outbox.row(row.id) == replace(done, value=row.value)
        found = uow.outbox.run("w1")
        assert found is not None
        assert (found.finished_at, found.totals) == (START, {"written": 1})
        with pytest.raises(NotFoundError):
            uow.outbox.put(replace(row, id="gone"))
        with pytest.raises(NotFoundError):
            uow.outbox.finish("gone", START, {})


def test_the_newest_row_that_changed_a_place_counts(store: Store) -> None:
    later = START + timedelta(hours=1)
    first = item("w1", "a", START, OutboxState.WRITTEN, written_at=START)
    second = item("w2", "a", later, OutboxState.UNSEEN, written_at=later)
    refused = item("w3", "a", later, OutboxState.REJECTED)
    with store.units() as uow:
        for number, row in enumerate((first, second, refused), start=1):
            uow.outbox.add(run(f"w{number}"), [row])
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.outbox.effective() == [second]
        assert uow.outbox.effective(learner_id="l-2") == []
        assert uow.outbox.history("l-1") == [first, second]


def test_switches(store: Store) -> None:
    off = Switch("endpoint:crm", False, "ops", "gone", START)
    with store.units() as uow:
        uow.switches.put(replace(off, on=True))
        uow.switches.put(off)
        uow.switches.put(replace(off, name="writeback"))
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.switches.get("endpoint:crm") == off
        assert uow.switches.get("endpoint") is None
        assert uow.switches.named("endpoint:") == [off]


def message(ident: str, at: datetime, **changes: object) -> Notification:
    row = Notification(ident, Channel.WEBHOOK, "crm", "skills.updated", "l-1", {"data": {"n": 1}}, at, at)
    return replace(row, **changes)  # type: ignore[arg-type]


def test_messages(store: Store) -> None:
    later = START + timedelta(hours=1)
    rows = [
        message("m1", START, state=NotificationState.SENT, sent_at=START),
        message("m2", later, state=NotificationState.SENT, sent_at=later),
        message("m3", later),
        message("m4", START, learner_id="l-2", endpoint="other"),
        message("m5", START, learner_id="l-3", endpoint="l-3", channel=Channel.EMAIL, type=DIGEST),
        message("m6", later, learner_id="l-3", endpoint="l-3", channel=Channel.EMAIL, type=OVERDUE),
    ]
    with store.units() as uow:
        uow.notifications.add(rows)
        uow.commit()
    with store.units() as uow:
        assert [n.id for n in uow.notifications.due(later)] == ["m4", "m5", "m3", "m6"]
        assert [n.id for n in uow.notifications.due(START, without=["other"])] == ["m5"]
        assert uow.notifications.latest("crm", NotificationState.SENT) == {"l-1": rows[1]}
        assert uow.notifications.latest("crm", NotificationState.PENDING) == {"l-1": rows[2]}
        assert uow.notifications.latest_mails(NotificationState.PENDING) == {"l-3": rows[4]}
        assert uow.notifications.latest_mails(NotificationState.PENDING, OVERDUE) == {"l-3": rows[5]}
        counts = {("crm", "pending"): 1, ("crm", "sent"): 2, ("email", "pending"): 2, ("other", "pending"): 1}
        assert uow.notifications.counts() == counts
        uow.notifications.put(replace(rows[2], tries=3, error="503", due_at=later + timedelta(days=1)))
        assert uow.notifications.get("m3") == replace(rows[2], tries=3, error="503", due_at=later + timedelta(days=1))
        with pytest.raises(NotFoundError):
            uow.notifications.put(replace(rows[2], id="gone"))
