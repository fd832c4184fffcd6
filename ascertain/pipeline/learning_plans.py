"""Approved paths, as learning plans in the systems that hold their courses, by the outbox of write-back.

A path goes to the system that its courses come from. What is no course of that system (a mentor, an external item,
another system's course) stays inside and is named. A plan of ours whose path is no longer approved is taken away; one
that somebody changed since is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ascertain.domain.assignments import Assignment, AssignmentState
from ascertain.domain.outbox import WritebackRun
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.writeback import Intended, TargetKind
from ascertain.domain.writeback_plan import diff
from ascertain.errors import ConfigError
from ascertain.pipeline.write_back import PlaceDiff, Preview, WriteBack, ours_of
from ascertain.pipeline.write_back_read import Desk, Reader

KIND = "learning plans"


@dataclass(frozen=True, slots=True)
class PlansPreview:
    """What a sync would do. ``left_out`` has, by learner id, the items that no connected system can assign;
    ``unreached`` people with an approved path but without an account in a system that takes plans."""

    preview: Preview
    left_out: dict[str, tuple[str, ...]]
    unreached: tuple[str, ...]


def plans_preview(home: WriteBack, learners: Sequence[Learner]) -> PlansPreview:
    """Compare approved paths with the plans that the systems hold. Writes nothing.

    Raises:
        ConfigError: no connection takes learning plans.
    """
    desks = {name: d for name, d in home.desks.items() if _target(d)}
    if not desks:
        raise ConfigError(
            "no connection takes learning plans", remedy="switch the option learning_plans on (docs/paths.md)"
        )
    diffs: list[PlaceDiff] = []
    left_out: dict[str, tuple[str, ...]] = {}
    unreached: list[str] = []
    with home.units(write=False) as uow:
        accounts = home.accounts(uow)
        courses = {c.item.content_id: c.source_ref for c in uow.contents.all()}
    with Reader(home.budget) as reader:
        for learner in learners:
            with home.units(write=False) as uow:
                present = uow.people.get(learner.id)
                standing = _approved(uow, present)
                last = [r for r in uow.outbox.effective(learner_id=learner.id) if r.connection in desks]
            if present is None or present.restricted:
                continue
            taken: set[str] = set()
            reached = False
            for name, desk in desks.items():
                target = _target(desk)
                ids = _ids(standing, courses, name)
                mine = [r for r in last if r.connection == name and r.target == target]
                if standing is not None and ids and accounts[name].get(learner.id):
                    reached = True
                    taken |= {c for c, _ in ids}
                elif not mine:
                    continue
                value = " ".join(ref for _, ref in ids) or None if standing else None
                wanted = [Intended(target, value, (standing.id,) if standing and value else ())]
                refs = [str(r) for r in accounts[name].get(learner.id, ())] or sorted({r.account for r in mine})
                for account in refs[:1]:
                    held = reader.read(desk, learner.id, account, [target])
                    if held is not None:
                        ours = ours_of([r for r in mine if r.account == account])
                        changes = diff(wanted, held, ours)
                        diffs.append(PlaceDiff(learner.id, learner.name, name, account, changes))
            if standing is not None:
                rest = tuple(i.title for i in standing.items if i.content_id not in taken)
                if rest and reached:
                    left_out[learner.id] = rest
                if not reached:
                    unreached.append(learner.id)
        problems = reader.problems()
    found = Preview(tuple(d for d in diffs if d.changes), problems=problems)
    return PlansPreview(found, left_out, tuple(unreached))


def begin_plans(home: WriteBack, preview: PlansPreview, actor: str) -> WritebackRun | None:
    """Store a sync with its rows before anything is written; ``None`` when there is nothing to write. ``push`` works
    it off, and ``begin_undo`` takes it back."""
    return home.begin(preview.preview, actor, {"kind": KIND})


def _target(desk: Desk) -> str:
    return next((t.id for t in desk.targets if t.kind is TargetKind.LEARNING), "")


def _approved(uow: UnitOfWork, learner: Learner | None) -> Assignment | None:
    if learner is None or not learner.active:
        return None
    row = uow.assignments.current(learner.id)
    return row if row is not None and row.state is AssignmentState.APPROVED else None


def _ids(row: Assignment | None, courses: dict[str, str], connection: str) -> list[tuple[str, str]]:
    """(content id, course id there) of a path's items that this connection holds, in their order."""
    prefix = f"{connection}:course:"
    refs = [(i.content_id, courses.get(i.content_id, "")) for i in row.items] if row else []
    return [(c, ref.removeprefix(prefix)) for c, ref in refs if ref.startswith(prefix)]
