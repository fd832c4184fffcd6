"""Requests about one's data, from asking to the answer, with what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.rights_requests import RequestKind, RequestState, RightsRequest
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline import rights_requests as use_case
from ascertain.pipeline.access import REQUESTS, note_access
from ascertain.pipeline.permit import principal_of
from ascertain.pipeline.restrict import restrict
from tests.integration.pipeline.world import World

HAL = "hal@example.org"


def asked(world: World, kind: RequestKind = RequestKind.RECTIFICATION, **more: str) -> RightsRequest:
    with world.store.units() as uow:
        learner = uow.people.get("E1")
        assert learner is not None
        made = use_case.ask(uow, learner, kind, actor="ann@example.org", clock=world.clock, **more)
        uow.commit()
    return made


def hal(world: World, *roles: Role) -> Principal:
    grants = tuple(Grant(r, populations=frozenset({"Data"})) for r in roles or (Role.HRBP,))
    return Principal(HAL, grants=grants, today=world.clock.today())


def actions(world: World) -> list[str]:
    with world.store.units(write=False) as uow:
        return [r.action for r in uow.audit.records() if r.action.startswith(("request.", "person."))]


def do(world: World, request: RightsRequest, who: Principal, answer: str = "") -> RightsRequest:
    with world.store.units() as uow:
        found = use_case.permitted_request(uow, who, Action.REQUEST_ANSWER, request.id)
        done = use_case.do(uow, found, answer=answer, principal=who, clock=world.clock)
        uow.commit()
    return done


def test_a_correction_is_made_with_its_answer_once(world: World) -> None:
    request = asked(world, field="job_title", value="Data engineer", words="Since March.")
    assert asked(world, field="job_title", value="Data engineer", words="again") == request
    done = do(world, request, hal(world), "Done, thank you.")
    assert do(world, request, hal(world), "Done, thank you.") == done
    assert (done.state, done.answered_by) == (RequestState.DONE, HAL)
    assert actions(world) == ["request.made", "person.rectified", "request.done"]
    with world.store.units(write=False) as uow:
        ann = uow.people.get("E1")
        assert ann is not None
        assert ann.job_title == "Data engineer"
        (made,) = uow.rectifications.of("E1")
        assert request.id in made.reason
        told = next(r for r in uow.audit.records() if r.action == "request.made")
        assert "Since March" not in str(told)
        assert uow.audit.open_payload(told.seq)["words"] == "Since March."


def test_a_restriction_is_put_on_and_its_other_requests_can_still_be_answered(world: World) -> None:
    request = asked(world, RequestKind.RESTRICTION, words="We disagree about it.")
    erasure = asked(world, RequestKind.ERASURE)
    do(world, request, hal(world))
    with world.store.units(write=False) as uow:
        assert uow.restrictions.on("E1") is not None
    zoe = replace(hal(world), name="zoe@example.org")
    note_access(world.store.units, zoe.name, REQUESTS, ["E1"])
    with pytest.raises(ForbiddenError):
        note_access(world.store.units, zoe.name, "profile", ["E1"])
    with world.store.units() as uow:
        use_case.decline(uow, erasure, reason="It is needed for the claim.", actor=zoe.name, clock=world.clock)
        uow.commit()
    assert actions(world)[-1] == "request.declined"


def test_what_is_none_of_the_fields_is_corrected_by_hand_and_said(world: World) -> None:
    request = asked(world, field="other", words="My course of 2024 is missing.")
    with pytest.raises(InputError, match="say what was corrected"):
        do(world, request, hal(world))
    assert do(world, request, hal(world), "The LMS has it now.").answer == "The LMS has it now."
    assert actions(world) == ["request.made", "request.done"]


def test_nobody_answers_about_themselves_or_without_the_right(world: World) -> None:
    request = asked(world, field="name", value="Anna Archer")
    with world.store.units(write=False) as uow:
        ann = principal_of(uow, "ann@example.org", today=world.clock.today())
        ann = replace(ann, grants=(*ann.grants, Grant(Role.HRBP, populations=frozenset({"all"})), Grant(Role.ADMIN)))
    elsewhere = Principal(
        "eve", grants=(Grant(Role.HRBP, populations=frozenset({"Sales"})),), today=world.clock.today()
    )
    manager = replace(hal(world), grants=(Grant(Role.L_AND_D, populations=frozenset({"Data"})),))
    for who in (ann, elsewhere, manager):
        with pytest.raises(ForbiddenError):
            do(world, request, who)
    with pytest.raises(ForbiddenError):
        do(world, request, hal(world, Role.ADMIN))
    everywhere = replace(hal(world), grants=(Grant(Role.HRBP, populations=frozenset({"all"})),))
    with world.store.units(write=False) as uow, pytest.raises(NotFoundError):
        use_case.permitted_request(uow, everywhere, Action.REQUEST_READ, "q-none")
    with world.store.units(write=False) as uow:
        assert use_case.permitted_request(uow, ann, Action.REQUEST_READ, request.id) == request
    assert "request.done" not in actions(world)


def test_an_erasure_needs_the_id_typed_and_the_right(world: World) -> None:
    request = asked(world, RequestKind.ERASURE)
    with world.store.units() as uow:
        with pytest.raises(InputError, match="done as a whole"):
            use_case.do(uow, request, answer="", principal=hal(world), clock=world.clock)
        for typed in ("", "E2", "ann@example.org"):
            with pytest.raises(InputError) as wrong:
                use_case.must_confirm(uow, request, typed=typed, principal=hal(world))
            assert wrong.value.field == "confirm"
        assert use_case.must_confirm(uow, request, typed=" E1 ", principal=hal(world)).id == "E1"
        with pytest.raises(ForbiddenError):
            use_case.must_confirm(uow, request, typed="E1", principal=replace(hal(world), grants=()))
        closed = replace(request, state=RequestState.DECLINED)
        with pytest.raises(ConflictError):
            use_case.must_confirm(uow, closed, typed="E1", principal=hal(world))


def test_overdue_ones_come_first_and_answered_ones_last(world: World) -> None:
    first = asked(world, field="name", value="Anna Archer")
    with world.store.units() as uow:
        later = use_case.take_longer(uow, first, reason="Two systems.", actor=HAL, clock=world.clock)
        uow.commit()
    second = asked(world, RequestKind.RESTRICTION)
    third = asked(world, field="language", value="de")
    closed = do(world, third, hal(world))
    today = world.clock.today() + timedelta(days=45)
    with world.store.units(write=False) as uow:
        assert [r.id for r in uow.rights_requests.open()] == [second.id, later.id]
        found = use_case.in_order(uow.rights_requests.all(), today)
    assert [r.id for r in found] == [second.id, later.id, closed.id]
    assert [use_case.shown(r, today)["overdue"] for r in found] == [True, False, False]
    assert actions(world).count("request.longer") == 1


def test_erasing_somebody_else_masks_who_answered(world: World) -> None:
    request = asked(world, field="name", value="Anna Archer")
    with world.store.units() as uow:
        use_case.decline(
            uow, request, reason="Ask Bob Baker (bob@example.org).", actor="bob@example.org", clock=world.clock
        )
        restrict(uow, uow.people.get("E1"), reason="x", actor=HAL, clock=world.clock)  # type: ignore[arg-type]
        uow.commit()
    world.store.erase("E2", None, {"actor": "x", "reason": "y"})
    with world.store.units(write=False) as uow:
        (left,) = uow.rights_requests.about("E1")
        assert "bob@example.org" not in str(left)
    world.store.erase("E1", None, {"actor": "x", "reason": "y"})
    with world.store.units(write=False) as uow:
        assert uow.rights_requests.all() == []
