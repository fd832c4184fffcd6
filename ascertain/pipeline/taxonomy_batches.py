"""Applies a change person by person: the taxonomy with it is in use at once, results follow in batches. What is
done is not done again, so that whatever stopped it, it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.rules import Policy
from ascertain.domain.stewardship import Batches, Move, Proposal, ProposalState
from ascertain.pipeline.taxonomy_apply import store_moved
from ascertain.pipeline.taxonomy_moves import MovedRun
from ascertain.pipeline.taxonomy_plans import Planned, Plans

BATCH = 20
"""People of one transaction: some seconds."""


@dataclass(frozen=True, slots=True)
class Carrying:
    """Moves people's results, inside the caller's unit of work, which commits."""

    uow: UnitOfWork
    plans: Plans
    policy: Policy
    owners: SkillOwners
    taxonomy: Taxonomy
    clock: Clock

    def put_off(self, found: Proposal, plan: Sequence[MovedRun]) -> None:
        """Move these people's results later."""
        self.uow.stewardship.put_off(found.id, [m.learner.id for m in plan])

    def store(self, planned: Planned, plan: Sequence[MovedRun]) -> None:
        """Move them now."""
        found = planned.found
        made: list[Move | None] = [
            store_moved(self.uow, m, found, self.policy, self.owners, self.taxonomy, self.clock) for m in plan
        ]
        self.uow.stewardship.add_moves(found.id, [m for m in made if m is not None])

    def go_on(self, found: Proposal, size: int = BATCH) -> Batches:
        """Move the next people's results. Who was assessed since, under the change, is not moved, nor who is
        restricted by now. After the last one the change is applied."""
        waiting = self.uow.stewardship.put_off_still(found.id, size)
        if waiting:
            planned = self.plans.present(found)
            mover, plan = self.plans.mover(planned), []
            for ident in waiting:
                learner, run = self.uow.people.get(ident), self.uow.runs.latest(ident)
                if learner is None or run is None or learner.restricted:
                    continue
                if run.versions.taxonomy != planned.overlay.version:
                    plan.append(mover.of(learner, run))
            self.store(planned, plan)
            self.uow.stewardship.took(found.id, waiting)
        batches = self.uow.stewardship.batches(found.id)
        if batches.done == batches.total and found.state is ProposalState.APPLYING:
            self.uow.stewardship.put(replace(found, state=ProposalState.APPLIED))
        return batches
