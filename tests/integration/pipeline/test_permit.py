"""Who somebody is, whether they may, and that refusals are on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Grant, Principal, Role, RoleGrant
from ascertain.errors import ForbiddenError, NotFoundError
from ascertain.pipeline.permit import (
    demand,
    may,
    operator,
    permitted_assertion,
    permitted_learner,
    principal_of,
    those_permitted,
    trained,
)
from tests.integration.pipeline.world import ANN, BOB, CHI, World

TODAY = date(2026, 4, 7)
DEE = Learner("E4", "Dee Dancer", "dee@example.org", "Board", "Director")


def grant(world: World, name: str, role: Role, *populations: str, **more: object) -> None:
    given = replace(Grant(role, frozenset(populations)), **more)  # type: ignore[arg-type]
    with world.store.units() as uow:
        at = datetime(2026, 4, 1, tzinfo=UTC)
        uow.grants.add(RoleGrant(f"g-{len(uow.grants.all())}", name, given, "operator:test", at))
        uow.commit()


def who(world: World, name: str, *, tree: bool = False) -> Principal:
    with world.store.units(write=False) as uow:
        return principal_of(uow, name, today=TODAY, sees_tree=tree)


def seen(world: World, principal: Principal, action: Action = Action.SKILLS_READ) -> list[str]:
    with world.store.units(write=False) as uow:
        return [p.id for p in those_permitted(uow, principal, action, uow.people.all())]


@pytest.fixture
def company(world: World) -> World:
    world.fill()
    world.person(DEE)
    world.person(CHI, manager_id="E4")
    return world


def test_a_learner_sees_themselves_and_a_manager_the_direct_reports(company: World) -> None:
    assert seen(company, who(company, "ANN@example.org")) == ["E1"]
    assert seen(company, who(company, "E3")) == ["E1", "E2", "E3"]
    assert seen(company, who(company, "E4")) == ["E3", "E4"]


def test_a_manager_reads_about_the_whole_tree_only_where_the_policy_says_so(company: World) -> None:
    assert seen(company, who(company, "E4", tree=True)) == ["E1", "E2", "E3", "E4"]
    assert seen(company, who(company, "E4", tree=True), Action.REVIEW_DECIDE) == ["E3"]


def test_an_unknown_name_and_somebody_else_see_nobody(company: World) -> None:
    assert seen(company, who(company, "stranger@example.org")) == []


def test_a_grant_opens_its_population_by_department_profile_or_title(company: World) -> None:
    grant(company, "hr@example.org", Role.HRBP, "DATA")
    grant(company, "ld@example.org", Role.L_AND_D, "data analyst")
    grant(company, "all@example.org", Role.HRBP, "all")
    assert seen(company, who(company, "HR@example.org")) == ["E1", "E2", "E3"]
    assert seen(company, who(company, "ld@example.org")) == ["E1", "E2"]
    assert seen(company, who(company, "all@example.org")) == ["E1", "E2", "E3", "E4"]


def test_a_skill_owner_answers_for_the_skill_and_not_for_the_person(company: World) -> None:
    grant(company, "sql@example.org", Role.SKILL_OWNER, skills=frozenset({"sql"}))
    owner = who(company, "sql@example.org")
    with company.store.units(write=False) as uow:
        assert may(uow, owner, Action.REVIEW_DECIDE, ANN, "sql")
        assert not may(uow, owner, Action.REVIEW_DECIDE, ANN, "kubernetes")
        assert not may(uow, owner, Action.SKILLS_READ, ANN)


def test_a_grant_that_ended_or_was_revoked_gives_nothing(company: World) -> None:
    grant(company, "hr@example.org", Role.HRBP, "all", until=date(2026, 4, 6))
    grant(company, "hr2@example.org", Role.HRBP, "all")
    with company.store.units() as uow:
        (live,) = uow.grants.of(["hr2@example.org"])
        assert uow.grants.revoke(live.id, datetime(2026, 4, 2, tzinfo=UTC))
        assert not uow.grants.revoke(live.id, datetime(2026, 4, 3, tzinfo=UTC))
        uow.commit()
    assert seen(company, who(company, "hr@example.org")) == seen(company, who(company, "hr2@example.org")) == []


def test_hr_does_not_decide_about_itself(company: World) -> None:
    grant(company, BOB.email, Role.HRBP, "all")
    hr = who(company, "E2")
    assert "E2" not in seen(company, hr, Action.REVIEW_DECIDE)
    assert seen(company, hr, Action.REVIEW_DECIDE) == ["E1", "E3", "E4"]


def test_unknown_and_forbidden_get_the_same_answer_and_only_those_who_may_know_hear_of_it(company: World) -> None:
    ann = who(company, "E1")
    answers = []
    for name in ("E2", "bob@example.org", "nobody@example.org", "", "E99"):
        with pytest.raises(ForbiddenError) as e, company.store.units(write=False) as uow:
            permitted_learner(uow, ann, Action.SKILLS_READ, name)
        answers.append(str(e.value))
    with pytest.raises(ForbiddenError) as e, company.store.units(write=False) as uow:
        permitted_assertion(uow, ann, Action.EXPLAIN, "a1")
    answers.append(str(e.value).replace("explain", "skills.read"))
    assert len(set(answers)) == 1
    with pytest.raises(NotFoundError), company.store.units(write=False) as uow:
        permitted_learner(uow, operator("root"), Action.SKILLS_READ, "E99")


def test_a_refusal_is_recorded_once_without_a_name_and_undoes_the_rest(company: World) -> None:
    ann = who(company, "ann@example.org")

    def begun_and_refused() -> None:
        with company.store.units() as uow:
            uow.audit.append("config.changed", actor="operator", header={})
            demand(uow, ann, Action.SKILLS_READ, BOB)

    with pytest.raises(ForbiddenError):
        begun_and_refused()
    with company.store.units(write=False) as uow:
        records = list(uow.audit.records())
        (refused,) = [r for r in records if r.action == "permission.refused"]
        assert refused.header == {"action": "skills.read"}
        assert refused.actor == "person"
        assert refused.subject == company.pseudonyms.pseudonym("E2")
        assert uow.audit.open_payload(refused.seq) == {"actor": "ann@example.org"}
    assert "config.changed" not in [r.action for r in records]


def test_an_address_of_several_is_nobodys_identity(company: World) -> None:
    company.person(DEE, email="ann@example.org")
    shared = who(company, "ann@example.org")
    assert shared.learner_id is None
    assert seen(company, shared) == []


def test_who_left_keeps_their_own_rights_and_leads_nobody(company: World) -> None:
    company.person(CHI, active=False)
    chi = who(company, "E3")
    with company.store.units(write=False) as uow:
        assert may(uow, chi, Action.PERSON_EXPORT, replace(CHI, active=False))
        assert not may(uow, chi, Action.SKILLS_READ, ANN)


def test_a_ring_of_managers_ends(company: World) -> None:
    company.person(DEE, manager_id="E3")
    assert seen(company, who(company, "E4", tree=True)) == ["E1", "E2", "E3", "E4"]


def test_reviewers_need_a_day_of_training_that_has_come(company: World) -> None:
    assert not trained(who(company, "E3"))
    assert trained(who(company, "E3"), required=False)
    assert trained(operator("root"))
    with company.store.units() as uow:
        uow.grants.train("chi@example.org", date(2026, 4, 8), "E3")
        uow.commit()
    assert not trained(who(company, "E3"))
    with company.store.units() as uow:
        uow.grants.train("chi@example.org", date(2026, 4, 7), "E3")
        uow.commit()
    assert not trained(who(company, "E3"))
    assert trained(replace(who(company, "E3"), today=date(2026, 4, 8)))


def test_what_an_erasure_leaves_of_a_name_has_no_rights(company: World) -> None:
    grant(company, "[erased]", Role.HRBP, "all")
    assert seen(company, who(company, "[erased]")) == []
