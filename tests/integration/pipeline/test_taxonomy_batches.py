"""A change that workers apply: in use at once, people's results in batches that can be stopped anywhere."""

from __future__ import annotations

import pytest

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change
from ascertain.domain.stewardship import Batches, ProposalState
from ascertain.errors import ConflictError
from ascertain.pipeline.restrict import restrict
from tests.integration.pipeline.changing import LND, OTHER, Changing, replayed
from tests.integration.pipeline.world import ANN, World


@pytest.fixture
def world(either_world: World) -> World:
    return either_world


@pytest.fixture
def changing(world: World) -> Changing:
    made = Changing(world)
    world.assess("E1")
    world.assess("E2")
    return made


def test_batches_come_to_what_one_go_comes_to(changing: Changing) -> None:
    before = changing.state()
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="in one go")
    wanted = changing.state()
    changing.do("revert", LND, found.id, reason="again")
    assert changing.state() == before
    for who in (LND, OTHER):
        changing.do("answer", who, found.id, yes=True, reason="again")
    told = changing.do("apply", LND, found.id, reason="by the queue", later=True)
    assert told.proposal.state is ProposalState.APPLYING
    assert told.batches == Batches(0, 2)
    assert changing.world.taxonomy.version == wanted["taxonomy"], "in use at once"
    with pytest.raises(ConflictError, match="is being applied"):
        changing.do("revert", LND, found.id, reason="half way")
    other = changing.approved(Change(ChangeKind.SYNONYM, "python", names=("Py",)))
    with pytest.raises(ConflictError, match="is being applied"):
        changing.do("apply", LND, other.id, reason="meanwhile")
    carry = changing.steward
    with changing.world.store.units() as uow:
        carry(uow)._carrying.go_on(carry(uow).get(found.id), 1)  # killed before the commit
    with changing.world.store.units() as uow:
        assert carry(uow)._carrying.go_on(carry(uow).get(found.id), 1) == Batches(1, 2)
        uow.commit()
    done = changing.do("apply", LND, found.id, reason="whatever stopped it")
    assert done.proposal.state is ProposalState.APPLIED
    assert done.batches == Batches(2, 2)
    assert changing.state() == wanted
    assert changing.do("go_on", found.id) == Batches(2, 2), "a job that comes twice does nothing"
    assert all(same for same, _ in replayed(changing))
    changing.do("revert", LND, found.id, reason="back")
    assert changing.state() == before


def test_who_was_assessed_or_restricted_meanwhile_is_left(changing: Changing) -> None:
    world = changing.world
    found = changing.approved()
    changing.do("apply", LND, found.id, reason="by the queue", later=True)
    world.assess("E2")
    with world.store.units() as uow:
        restrict(uow, ANN, reason="asked", actor="hr", clock=world.clock)
        uow.commit()
    assert changing.do("go_on", found.id) == Batches(2, 2)
    assert world.actions().count("taxonomy.moved") == 0
    with world.store.units(write=False) as uow:
        assert changing.steward(uow).get(found.id).state is ProposalState.APPLIED
