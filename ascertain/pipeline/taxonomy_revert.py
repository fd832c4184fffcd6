"""Takes an applied change of the taxonomy back, wherever it lies among the others: the taxonomy without it, the runs
before it, and on these the later changes carried out anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ascertain.domain.overlays import Overlay
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, Taxonomy, UnitOfWork
from ascertain.domain.review_assign import SkillOwners
from ascertain.domain.rules import Policy
from ascertain.domain.runs import Run
from ascertain.domain.stewardship import Move, Proposal
from ascertain.pipeline.taxonomy_apply import is_whole, make_present, store_moved
from ascertain.pipeline.taxonomy_moves import Mover
from ascertain.pipeline.taxonomy_preview import places
from ascertain.pipeline.taxonomy_under import Bundle, Under

_STEP = timedelta(microseconds=1)
"""Between the runs of one reversal, so that the last one is the newest."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """``rest``: the changes that stay. ``later``: those of them that were applied after ``found``, in their order, each
    with the changes up to and with it."""

    found: Proposal
    rest: Overlay
    later: tuple[tuple[Proposal, Overlay], ...]


@dataclass(frozen=True, slots=True)
class Storing:
    """What new runs are stored with."""

    policy: Policy
    owners: SkillOwners
    taxonomy: Taxonomy


def mover_of(uow: UnitOfWork, found: Proposal, after: Bundle, at: datetime) -> Mover:
    """Plans the new runs of a change."""
    moves = found.change.moves
    parts = [t for to in moves.values() if len(to) > 1 for t in to]
    place = places(after.mapper, parts) if parts else lambda _, to: to[0]
    return Mover(uow, moves, after.taxonomy, place, f"taxonomy {found.id}", at)


def reverted(
    uow: UnitOfWork, what: Reversal, under: Under, name: str, storing: Storing, clock: Clock
) -> tuple[int, int]:
    """Put the taxonomy without the change in use. How many people's runs are reinstated, and how many were assessed
    since, or lack a quote by now, and are due at the next sweep. The caller commits."""
    for _, overlay in what.later:
        uow.stewardship.keep(overlay)
    uow.stewardship.keep(what.rest)
    uow.stewardship.use(name, what.rest, what.found.id, clock.now())
    later = [(p, o, {m.learner_id: m for m in uow.stewardship.moved(p.id)}) for p, o in what.later]
    back = since = 0
    for move in uow.stewardship.moved(what.found.id):
        latest, before = uow.runs.latest(move.learner_id), uow.runs.get(move.before_run)
        learner = uow.people.get(move.learner_id)
        chain = _chain(move, [(p, o, moves.get(move.learner_id)) for p, o, moves in later])
        newest = chain[-1][2].after_run if chain else move.after_run
        if learner is None or latest is None or before is None or latest.id != newest or not is_whole(uow, before):
            since += 1
            continue
        make_present(uow, before, latest, clock)
        _again(uow, learner, before, chain, under, storing, clock)
        back += 1
    uow.stewardship.forget_moves(what.found.id)
    return back, since


def _chain(first: Move, later: Sequence[tuple[Proposal, Overlay, Move | None]]) -> list[tuple[Proposal, Overlay, Move]]:
    """Later changes that moved on what the first one had made, one after the other."""
    found, run = [], first.after_run
    for p, overlay, move in later:
        if move is not None and move.before_run == run:
            found.append((p, overlay, move))
            run = move.after_run
    return found


def _again(
    uow: UnitOfWork,
    learner: Learner,
    before: Run,
    chain: Sequence[tuple[Proposal, Overlay, Move]],
    under: Under,
    storing: Storing,
    clock: Clock,
) -> None:
    """Carry the later changes out on the run that is the present one again."""
    run = before
    for number, (p, overlay, _) in enumerate(chain, 1):
        at = clock.now() + number * _STEP
        planned = None if learner.restricted else mover_of(uow, p, under(overlay), at).one(learner, run)
        made = planned and store_moved(uow, planned, p, storing.policy, storing.owners, storing.taxonomy, clock)
        if not made:
            uow.stewardship.forget_moves(p.id, learner.id)
            continue
        uow.stewardship.add_moves(p.id, [made])
        run = replace(uow.runs.get(made.after_run) or run, finished_at=at)
        uow.runs.put(run)
