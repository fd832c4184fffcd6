"""Approved paths and onboarding plans, as learning plans in the systems that hold their courses, by the outbox of
write-back.

A path goes to the system that its courses come from. What is no course of that system (a mentor, an external item,
another system's course) stays inside and is named; of an onboarding plan only courses are looked at. A plan of ours
whose path is no longer approved is taken away; one that somebody changed since is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ascertain.domain.assignments import AssignmentState, PathItem
from ascertain.domain.onboarding import MilestoneKind, MilestoneState, PlanState
from ascertain.domain.outbox import WritebackRun
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.writeback import Intended, TargetKind
from ascertain.domain.writeback_plan import diff
from ascertain.errors import ConfigError
from ascertain.pipeline.write_back import PlaceDiff, Preview, WriteBack, ours_of
from ascertain.pipeline.write_back_read import Desk, Reader


@dataclass(frozen=True, slots=True)
class Standing:
    """What a human approved for somebody: its id, and the items in their order."""

    id: str
    items: tuple[PathItem, ...]


@dataclass(frozen=True, slots=True)
class Plans:
    """What is synced: ``name`` of its runs, the kind of place that takes it, and what stands for somebody now."""

    name: str
    kind: TargetKind
    standing: Callable[[UnitOfWork, Learner], Standing | None]


def _path(uow: UnitOfWork, learner: Learner) -> Standing | None:
    row = uow.assignments.current(learner.id)
    return Standing(row.id, row.items) if row is not None and row.state is AssignmentState.APPROVED else None


def _onboarding(uow: UnitOfWork, learner: Learner) -> Standing | None:
    plan = uow.onboardings.current(learner.id)
    if plan is None or plan.state is not PlanState.APPROVED:
        return None
    kept = [m for m in plan.milestones if m.kind is MilestoneKind.COURSE and m.state is not MilestoneState.SKIPPED]
    return Standing(plan.id, tuple(PathItem(m.content_id, m.title) for m in kept))


PATHS = Plans("learning plans", TargetKind.LEARNING, _path)
ONBOARDING = Plans("onboarding plans", TargetKind.ONBOARDING, _onboarding)
"""The courses of an approved plan of the first 90 days, without those that are skipped."""


@dataclass(frozen=True, slots=True)
class PlansPreview:
    """What a sync would do. ``left_out`` has, by learner id, the items that no connected system can assign;
    ``unreached`` people with something approved but without an account in a system that takes plans."""

    preview: Preview
    left_out: dict[str, tuple[str, ...]]
    unreached: tuple[str, ...]


def plans_preview(home: WriteBack, learners: Sequence[Learner], plans: Plans = PATHS) -> PlansPreview:
    """Compare what is approved with the plans that the systems hold. Writes nothing.

    Raises:
        ConfigError: no connection takes learning plans.
    """
    desks = {name: d for name, d in home.desks.items() if _target(d, plans)}
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
                standing = plans.standing(uow, present) if present is not None and present.active else None
                last = [r for r in uow.outbox.effective(learner_id=learner.id) if r.connection in desks]
            if present is None or present.restricted:
                continue
            taken: set[str] = set()
            reached = False
            for name, desk in desks.items():
                target = _target(desk, plans)
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


def begin_plans(home: WriteBack, preview: PlansPreview, actor: str, plans: Plans = PATHS) -> WritebackRun | None:
    """Store a sync with its rows before anything is written; ``None`` when there is nothing to write. ``push`` works
    it off, and ``begin_undo`` takes it back."""
    return home.begin(preview.preview, actor, {"kind": plans.name})


def _target(desk: Desk, plans: Plans) -> str:
    return next((t.id for t in desk.targets if t.kind is plans.kind), "")


def _ids(row: Standing | None, courses: dict[str, str], connection: str) -> list[tuple[str, str]]:
    """(content id, course id there) of a path's items that this connection holds, in their order."""
    prefix = f"{connection}:course:"
    refs = [(i.content_id, courses.get(i.content_id, "")) for i in row.items] if row else []
    return [(c, ref.removeprefix(prefix)) for c, ref in refs if ref.startswith(prefix)]
