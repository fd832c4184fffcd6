"""What a change of the taxonomy comes to among the others: the overlay that it makes, the new runs, and what is left
when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ascertain.domain.charter import ChangeKind
from ascertain.domain.denied import DenyList
from ascertain.domain.overlays import Change, Overlay, applied
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.skills import Skill
from ascertain.domain.stewardship import IN_USE, Proposal
from ascertain.errors import ConflictError, InputError
from ascertain.pipeline.taxonomy_moves import MovedRun, Mover
from ascertain.pipeline.taxonomy_release import Held, completed
from ascertain.pipeline.taxonomy_revert import Reversal, mover_of
from ascertain.pipeline.taxonomy_under import Under


@dataclass(frozen=True, slots=True)
class Planned:
    """``found``: the proposal with all that its change means by now. ``overlay``: the changes with it."""

    found: Proposal
    overlay: Overlay


@dataclass(frozen=True, slots=True)
class Plans:
    """Of one taxonomy, in a unit of work that it only reads. ``changes``: those in use."""

    uow: UnitOfWork
    name: str
    changes: Overlay
    under: Under
    deny: DenyList
    clock: Clock

    def of(self, found: Proposal) -> Planned:
        """What it would make of the taxonomy in use.

        Raises:
            InputError, ConflictError, NotFoundError: it does not fit, naming why.
        """
        change = self.meant(found.change, self.changes)
        return Planned(replace(found, change=change), self.changes.then(change))

    def runs(self, planned: Planned) -> list[MovedRun]:
        """The new runs of everybody whom it touches."""
        return self.mover(planned).all()

    def mover(self, planned: Planned) -> Mover:
        """Plans them."""
        return mover_of(self.uow, planned.found, self.under(planned.overlay), self.clock.now())

    def present(self, found: Proposal) -> Planned:
        """A change that is in use already, with all that it meant when it was put in use."""
        place = self.changes.index(found.change)
        return Planned(replace(found, change=self.changes.changes[place]), self.changes.until(place + 1))

    def meant(self, change: Change, so_far: Overlay) -> Change:
        """A change with all that it means over the changes so far; only a release means more than it says."""
        if change.kind is not ChangeKind.RELEASE:
            return change
        return completed(change, so_far, self.under, Held.of(self.uow), self.deny)

    def needed_by(self, found: Proposal) -> list[tuple[Proposal | None, str]]:
        """Changes that were applied after it and that do not fit without it, each with why."""
        return self._without(found)[1]

    def reversal(self, found: Proposal) -> Reversal:
        """What taking it back carries out."""
        return self._without(found)[0]

    def _without(self, found: Proposal) -> tuple[Reversal, list[tuple[Proposal | None, str]]]:
        place = self.changes.index(found.change)
        overlay = self.changes.until(place)
        skills: Sequence[Skill] = overlay.over(self.under(Overlay(overlay.base)).taxonomy.skills())
        later: list[tuple[Proposal, Overlay]] = []
        needing: list[tuple[Proposal | None, str]] = []
        for change in self.changes.changes[place + 1 :]:
            p = self._of(change)
            try:
                made = self.meant(p.change if p else change, overlay)
                after = overlay.then(made)
                if made.release is not None:
                    skills = after.over(self.under(Overlay(after.base)).taxonomy.skills())
                else:
                    skills = applied(skills, made)
            except (InputError, ConflictError) as e:
                needing.append((p, e.message))
                continue
            overlay = after
            if p is not None:
                later.append((replace(p, change=made), overlay))
        return Reversal(found, overlay, tuple(later)), needing

    def _of(self, change: Change) -> Proposal | None:
        every = self.uow.stewardship.proposals(self.name)
        return next((p for p in every if p.change.is_that(change) and p.state in IN_USE), None)
