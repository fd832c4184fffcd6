"""Properties of the decision, over role × action × relation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.permission import (
    ABOUT_A_PERSON,
    NEVER_ABOUT_ONESELF,
    TABLE,
    Action,
    Grant,
    Principal,
    Relation,
    Role,
    Subject,
    decide,
    relations,
)

TODAY = date(2026, 4, 7)
PLACES = ("Data", "Sales", "analyst", "all")
SKILLS = ("sql", "go")
PEOPLE = ("E1", "E2", "E3", "E4")

roles = st.sampled_from(Role)
actions = st.sampled_from(Action)
grants = st.builds(
    Grant,
    role=roles,
    populations=st.frozensets(st.sampled_from(PLACES)),
    skills=st.frozensets(st.sampled_from(SKILLS)),
    until=st.one_of(st.none(), st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3))),
    actions=st.one_of(st.none(), st.frozensets(actions)),
)
principals = st.builds(
    Principal,
    name=st.just("somebody"),
    learner_id=st.one_of(st.none(), st.sampled_from(PEOPLE)),
    grants=st.lists(grants, max_size=4).map(tuple),
)
subjects = st.builds(
    Subject,
    learner_id=st.sampled_from(PEOPLE),
    managers=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=3).map(tuple),
    populations=st.frozensets(st.sampled_from(PLACES[:3])),
    skill_id=st.one_of(st.none(), st.sampled_from(SKILLS)),
)
anything = st.one_of(st.none(), subjects)


@given(actions, anything, st.booleans(), st.one_of(st.none(), st.sampled_from(PEOPLE)))
def test_without_a_grant_nothing_is_allowed(
    action: Action, subject: Subject | None, tree: bool, learner_id: str | None
) -> None:
    assert not decide(Principal("x", learner_id), action, subject, today=TODAY, tree=tree).allowed


@given(principals, actions, anything, st.booleans())
def test_what_is_allowed_stands_in_the_table(
    principal: Principal, action: Action, subject: Subject | None, tree: bool
) -> None:
    decision = decide(principal, action, subject, today=TODAY, tree=tree)
    holding = [g for g in principal.grants if g.holds(TODAY) and g.leaves(action)]
    rows = [(g.role, r) for g in holding for r in relations(principal, g, subject)]
    named = {
        role for role, r in rows if action in TABLE[role].get(r, ()) and (tree or r is not Relation.INDIRECT_REPORT)
    }
    if decision.allowed:
        assert decision.by in named
    elif named:
        assert subject is not None
        assert subject.learner_id == principal.learner_id
        assert action in NEVER_ABOUT_ONESELF


@given(principals, grants, actions, anything, st.booleans())
def test_a_further_grant_takes_nothing_away(
    principal: Principal, more: Grant, action: Action, subject: Subject | None, tree: bool
) -> None:
    richer = replace(principal, grants=(*principal.grants, more))
    if decide(principal, action, subject, today=TODAY, tree=tree).allowed:
        assert decide(richer, action, subject, today=TODAY, tree=tree).allowed


@given(principals, actions, anything, st.booleans())
def test_a_grant_that_has_ended_gives_nothing(
    principal: Principal, action: Action, subject: Subject | None, tree: bool
) -> None:
    ended = tuple(replace(g, until=TODAY - timedelta(days=1)) for g in principal.grants)
    assert not decide(replace(principal, grants=ended), action, subject, today=TODAY, tree=tree).allowed


@given(principals, st.sampled_from(sorted(NEVER_ABOUT_ONESELF)), subjects, st.booleans())
def test_nobody_decides_about_themselves(principal: Principal, action: Action, subject: Subject, tree: bool) -> None:
    me = replace(principal, learner_id=subject.learner_id)
    assert not decide(me, action, subject, today=TODAY, tree=tree).allowed


@given(principals, actions, anything)
def test_seeing_the_tree_takes_nothing_away(principal: Principal, action: Action, subject: Subject | None) -> None:
    if decide(principal, action, subject, today=TODAY, tree=False).allowed:
        assert decide(principal, action, subject, today=TODAY, tree=True).allowed


@given(principals, actions, st.booleans())
def test_an_action_about_a_person_is_never_allowed_about_nobody(
    principal: Principal, action: Action, tree: bool
) -> None:
    subject = None if action in ABOUT_A_PERSON else Subject("E1")
    assert not decide(principal, action, subject, today=TODAY, tree=tree).allowed


@given(grants, actions, subjects)
def test_the_population_of_one_grant_lends_nothing_to_another(grant: Grant, action: Action, subject: Subject) -> None:
    elsewhere = Grant(Role.HRBP, frozenset({"Nowhere"}))
    one = Principal("x", grants=(replace(grant, populations=frozenset({"all"})),))
    alone = decide(one, action, subject, today=TODAY)
    assert decide(replace(one, grants=(*one.grants, elsewhere)), action, subject, today=TODAY) == alone


def test_every_action_can_be_done_by_somebody_and_every_cell_fits_its_relation() -> None:
    granted = {a for row in TABLE.values() for cell in row.values() for a in cell}
    assert granted == set(Action)
    for role, row in TABLE.items():
        for relation, cell in row.items():
            strays = set(cell) - ABOUT_A_PERSON if relation is not Relation.NONE else set(cell) & ABOUT_A_PERSON
            assert not strays, (role, relation, strays)


def test_an_administrator_reads_nobodys_skills_and_an_auditor_nobody() -> None:
    boss = Principal("x", grants=(Grant(Role.ADMIN, frozenset({"all"})), Grant(Role.AUDITOR, frozenset({"all"}))))
    telling = ABOUT_A_PERSON - {Action.NOTICE_RECORD, Action.PERSON_ERASE, Action.ASSESS_RUN, Action.MAILS_SET}
    assert not [a for a in telling if decide(boss, a, Subject("E1"), today=TODAY).allowed]
    assert not decide(boss, Action.AUDIT_OPEN, None, today=TODAY).allowed
