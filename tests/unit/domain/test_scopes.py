"""Scopes of keys: nothing beyond the table, nothing twice, and no deciding about people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ascertain.domain.access import NOTED_EVERY, Scope, make_key, opens
from ascertain.domain.permission import ABOUT_A_PERSON, TABLE, Action, Relation, Role, Subject, decide, may_at_all
from ascertain.domain.scopes import ACTIONS_OF_SCOPE
from ascertain.pipeline.permit import principal_of_key

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = date(2026, 6, 1)
IN_THE_TABLE = {a for row in TABLE[Role.INTEGRATION].values() for a in row}


def test_the_scopes_give_what_the_table_gives_and_each_action_once() -> None:
    assert set(ACTIONS_OF_SCOPE) == set(Scope)
    given = [a for scope in Scope for a in sorted(ACTIONS_OF_SCOPE[scope])]
    assert len(given) == len(set(given))
    assert set(given) == IN_THE_TABLE


def test_no_scope_decides_about_people_or_changes_who_may_what() -> None:
    never = {a for a in Action if a.value.endswith((".decide", ".bulk", ".approve", ".erase", ".rectify", ".restrict"))}
    never |= {Action.KEYS_MANAGE, Action.ROLES_GRANT, Action.AUDIT_OPEN, Action.FAIRNESS_AUDIT, Action.CONSENT_GIVE}
    assert len(never) >= 12
    assert not never & IN_THE_TABLE


@pytest.mark.parametrize("scope", list(Scope), ids=lambda s: s.value)
def test_a_key_may_what_its_scope_says_and_nothing_else(scope: Scope) -> None:
    key, _ = make_key("x", [scope], NOW)
    who = principal_of_key(key, today=TODAY)
    for action in Action:
        subject = Subject("E1") if action in ABOUT_A_PERSON else None
        allowed = decide(who, action, subject, today=TODAY).allowed
        assert allowed is (action in ACTIONS_OF_SCOPE[scope]), action
        assert may_at_all(who, action) is allowed


def test_a_population_limits_a_key_to_its_people() -> None:
    key, _ = make_key("x", [Scope.SKILLS_READ, Scope.SYNC], NOW, populations=["Data"])
    who = principal_of_key(key, today=TODAY)
    assert decide(who, Action.SKILLS_READ, Subject("E1", populations=frozenset({"data"})), today=TODAY).allowed
    assert not decide(who, Action.SKILLS_READ, Subject("E1", populations=frozenset({"Sales"})), today=TODAY).allowed
    assert not decide(who, Action.SKILLS_READ, Subject(""), today=TODAY).allowed
    assert may_at_all(who, Action.SKILLS_READ)
    assert Relation.ANYBODY not in TABLE[Role.INTEGRATION]


def test_a_key_opens_until_the_instant_it_expires() -> None:
    key, text = make_key("x", [Scope.INFER], NOW, lives=timedelta(days=1))
    assert opens(key, text, NOW + timedelta(days=1) - timedelta(microseconds=1))
    assert not opens(key, text, NOW + timedelta(days=1))


def test_the_last_use_is_noted_once_an_hour() -> None:
    from dataclasses import replace

    key, _ = make_key("x", [Scope.INFER], NOW)
    assert key.is_to_be_noted(NOW)
    used = replace(key, last_used_at=NOW)
    assert not used.is_to_be_noted(NOW + NOTED_EVERY - timedelta(seconds=1))
    assert used.is_to_be_noted(NOW + NOTED_EVERY)
