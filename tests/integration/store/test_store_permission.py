"""Keys, grants, trainings and sessions, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from ascertain.domain.access import NOTED_EVERY, Scope, make_key
from ascertain.domain.permission import Grant, Role, RoleGrant
from ascertain.domain.sessions import IDLE, Session, SignIn
from ascertain.store import Store
from tests.integration.store.samples import LEARNERS

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = LEARNERS[0].id


def session(digest: str, **more: object) -> Session:
    roles = {Role.HRBP: ("Data", "Sales")}
    return replace(Session(digest, "oidc", "s-1", "a@b.example", ANN, roles, AT, AT, AT + HOUR), **more)  # type: ignore[arg-type]


class TestKeys:
    def test_come_back_as_they_were(self, bare_store: Store) -> None:
        key, _ = make_key("the LMS", [Scope.INFER, Scope.SKILLS_READ], AT, populations=["Data", "Sales"])
        with bare_store.units() as uow:
            uow.api_keys.add(key)
            uow.commit()
        with bare_store.units(write=False) as uow:
            assert uow.api_keys.get(key.id) == key

    def test_are_replaced_once_and_not_after_they_were_revoked(self, bare_store: Store) -> None:
        one, two = make_key("one", [Scope.INFER], AT)[0], make_key("two", [Scope.INFER], AT)[0]
        with bare_store.units() as uow:
            uow.api_keys.add(one)
            uow.api_keys.add(two)
            assert uow.api_keys.replace(one.id, two.id, AT + HOUR)
            assert not uow.api_keys.replace(one.id, "x", AT)
            assert uow.api_keys.get(one.id) == replace(one, replaced_by=two.id, expires_at=AT + HOUR)
            assert uow.api_keys.revoke(two.id, AT)
            assert not uow.api_keys.replace(two.id, "x", AT)

    def test_note_their_use_once_an_hour(self, bare_store: Store) -> None:
        key, _ = make_key("the LMS", [Scope.INFER], AT)
        with bare_store.units() as uow:
            uow.api_keys.add(key)
            noted = []
            for at in (AT, AT + NOTED_EVERY / 2, AT + NOTED_EVERY):
                uow.api_keys.note_use(key.id, at)
                found = uow.api_keys.get(key.id)
                noted.append(found.last_used_at if found else None)
        assert noted == [AT, AT, AT + NOTED_EVERY]


class TestGrants:
    def test_are_found_by_name_in_any_case_until_revoked(self, store: Store) -> None:
        grant = Grant(Role.HRBP, frozenset({"Data"}), until=date(2027, 1, 1))
        made = RoleGrant("g1", "Ann@Example.org", grant, "boss", AT, learner_id=ANN)
        with store.units() as uow:
            uow.grants.add(made)
            assert uow.grants.of(["ann@example.ORG "]) == [made]
            assert uow.grants.of(["", "somebody"]) == []
            assert uow.grants.revoke("g1", AT)
            assert not uow.grants.revoke("g1", AT)
            assert uow.grants.of(["ann@example.org"]) == []
            assert uow.grants.all() == [replace(made, revoked_at=AT)]

    def test_the_newest_training_stays(self, store: Store) -> None:
        with store.units() as uow:
            uow.grants.train("ann@example.org", date(2026, 2, 1), ANN)
            uow.grants.train("ANN@example.org", date(2026, 1, 1), ANN)
            assert uow.grants.trained_on(["Ann@example.org"]) == date(2026, 2, 1)
            uow.grants.train("ann@example.org", date(2026, 3, 1), ANN)
            assert uow.grants.trainings() == {"ann@example.org": date(2026, 3, 1)}
            assert uow.grants.trained_on(["x"]) is None


class TestSessions:
    def test_come_back_are_seen_and_revoked(self, store: Store) -> None:
        with store.units() as uow:
            uow.sessions.add(session("d1"))
            assert uow.sessions.get("d1") == session("d1")
            assert uow.sessions.get("d2") is None
            uow.sessions.seen("d1", AT + timedelta(minutes=5))
            assert uow.sessions.revoke("d1", AT)
            assert not uow.sessions.revoke("d1", AT)
            kept = session("d1", seen_at=AT + timedelta(minutes=5), revoked_at=AT)
            assert uow.sessions.get("d1") == kept

    def test_what_has_ended_is_swept_and_nothing_else(self, store: Store) -> None:
        now = AT + timedelta(minutes=20)
        ended = {
            "expired": session("expired", expires_at=now),
            "idle": session("idle", seen_at=now - IDLE),
            "revoked": session("revoked", revoked_at=AT),
        }
        with store.units() as uow:
            for row in (*ended.values(), session("live")):
                uow.sessions.add(row)
            uow.sessions.wait_for("over", SignIn("link", {"name": "x"}, now))
            uow.sessions.wait_for("waits", SignIn("link", {"name": "x"}, now + HOUR))
            assert uow.sessions.sweep(now) == 4
            assert uow.sessions.get("live") is not None
            assert [uow.sessions.get(d) for d in ended] == [None, None, None]
            assert uow.sessions.take("waits", "link", now) is not None

    def test_a_sign_in_is_taken_once_by_its_kind_and_in_time(self, store: Store) -> None:
        waiting = SignIn("oidc", {"state": "s", "nonce": "n"}, AT + HOUR, ANN)
        with store.units() as uow:
            uow.sessions.wait_for("d", waiting)
            assert uow.sessions.take("d", "link", AT) is None
            assert uow.sessions.take("d", "oidc", AT) == waiting
            assert uow.sessions.take("d", "oidc", AT) is None
            uow.sessions.wait_for("late", waiting)
            assert uow.sessions.take("late", "oidc", AT + HOUR) is None
