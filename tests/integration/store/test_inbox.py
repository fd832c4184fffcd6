"""The inbox, kept secrets and keys, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from ascertain.domain.access import Scope, make_key, opens
from ascertain.domain.inbox import MAX_TRIES
from ascertain.domain.records import Entity, SourceRef
from ascertain.domain.webhooks import Event
from ascertain.errors import IntegrityError
from ascertain.store.store import Store

REF = SourceRef("docebo", Entity.ENROLMENT, "5-7")
AT = datetime(2026, 6, 1, 11, 59, 58, tzinfo=UTC)
EVENT = Event("wh-1/0", "course.enrollment.completed", (REF,), (Entity.USER,), deleted=True, occurred_at=AT)


def record(store: Store, *events: Event, connection: str = "docebo") -> int:
    with store.units() as uow:
        new = uow.inbox.record(connection, events)
        uow.commit()
    return new


def test_an_event_comes_back_as_it_was(store: Store) -> None:
    assert record(store, EVENT) == 1
    with store.units(write=False) as uow:
        (found,) = uow.inbox.open("docebo", limit=10)
        assert uow.inbox.connections() == ["docebo"]
        assert uow.inbox.open("other", limit=10) == []
    assert (found.key, found.type, found.refs, found.pull) == (EVENT.key, EVENT.type, (REF,), (Entity.USER,))
    assert (found.deleted, found.occurred_at, found.tries, found.error) == (True, AT, 0, "")


def test_an_event_is_one_by_connection_and_key(store: Store) -> None:
    assert record(store, EVENT, EVENT) == 1
    assert record(store, EVENT, Event("wh-2/0", "x")) == 1
    assert record(store, EVENT, connection="another") == 1
    with store.units(write=False) as uow:
        assert uow.inbox.known("docebo", [EVENT, Event("wh-2/0", "y")])
        assert not uow.inbox.known("docebo", [EVENT, Event("wh-3/0", "y")])
        assert uow.inbox.known("docebo", [])


def test_many_at_once_record_one(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: record(store, EVENT), range(40))) >= 1
    with store.units(write=False) as uow:
        assert len(uow.inbox.unfinished()) == 1


def test_failures_wait_and_end(store: Store) -> None:
    record(store, EVENT)
    with store.units() as uow:
        (event,) = uow.inbox.unfinished()
        uow.inbox.failed(event.id, "x" * 999, timedelta(hours=1), counts=False)
        (waiting,) = uow.inbox.unfinished()
        assert (waiting.tries, len(waiting.error)) == (0, 300)
        assert uow.inbox.open("docebo", limit=9) == []
        for _ in range(MAX_TRIES):
            uow.inbox.failed(event.id, "no", timedelta(0))
        (lost,) = uow.inbox.unfinished()
        assert lost.given_up
        assert uow.inbox.connections() == []
        assert uow.inbox.retry([event.id]) == 1
        assert uow.inbox.connections() == ["docebo"]
        uow.inbox.done([event.id])
        assert uow.inbox.unfinished() == []
        assert uow.inbox.retry([event.id]) == 0
        uow.commit()
    assert record(store, EVENT) == 0, "what is done is remembered"


def test_kept_secrets_are_encrypted_and_bound_to_their_place(store: Store) -> None:
    with store.units() as uow:
        uow.kept.put("asana", {"hook:1": "s3cret-value", "hook:2": "other"})
        uow.kept.put("asana", {"hook:2": "newer"})
        uow.kept.put("slack", {"hook:1": "third"})
        uow.commit()
        assert uow.kept.of("asana") == {"hook:1": "s3cret-value", "hook:2": "newer"}
        assert uow.kept.of("nobody") == {}
    with store._own().write.begin() as connection:
        values = [bytes(r[0]) for r in connection.execute(text("SELECT value FROM kept_secrets"))]
        assert not [v for v in values if b"s3cret" in v]
        moved = "UPDATE kept_secrets SET value = (SELECT value FROM kept_secrets WHERE connection = 'slack') "
        connection.execute(text(moved + "WHERE connection = 'asana' AND name = 'hook:1'"))
    with store.units(write=False) as uow, pytest.raises(IntegrityError, match="hook:1"):
        uow.kept.of("asana")
    with store.units() as uow:
        assert uow.kept.forget("asana") == 2
        uow.commit()


def test_keys_are_found_by_id_and_revoked_once(store: Store) -> None:
    key, given = make_key("the LMS", [Scope.INFER], AT)
    with store.units() as uow:
        uow.api_keys.add(key)
        uow.commit()
        assert uow.api_keys.get(key.id) == key
        assert uow.api_keys.get("none") is None
        assert uow.api_keys.revoke(key.id, AT)
        assert not uow.api_keys.revoke(key.id, AT)
        assert not opens(uow.api_keys.get(key.id), given, AT)
        assert [k.id for k in uow.api_keys.all()] == [key.id]


def test_what_one_record_left_is_found_with_what_goes_on_after_it(store: Store) -> None:
    from tests.integration.store.samples import LEARNERS, evidence

    refs = ("docebo:enrolment:5-7", "docebo:enrolment:5-7-1", "docebo:enrolment:5-77-1", "docebo:enrolment:5_7-1")
    with store.units() as uow:
        uow.people.upsert(LEARNERS[:1])
        uow.evidence.upsert([evidence(f"e{n}", LEARNERS[0].id, source_ref=r) for n, r in enumerate(refs)])
        found = {e.source_ref for e in uow.evidence.from_source("docebo:enrolment:5-7")}
    assert found == set(refs[:2])
