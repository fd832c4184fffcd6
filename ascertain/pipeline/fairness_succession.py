"""The bias check of lists for key roles: who was nominated, of everybody who could have been. Group labels are read
here, for the fairness auditor alone; what stays with a list names no group."""

from __future__ import annotations

from collections.abc import Sequence

from ascertain.domain.fairness import FairnessRules
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabels
from ascertain.domain.matching import Confirmed, may_appear
from ascertain.domain.ports import Clock, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.readiness import Readiness
from ascertain.domain.succession import KeyRole
from ascertain.domain.talent import must_plan
from ascertain.errors import NotFoundError
from ascertain.pipeline.fairness_labels import ACTOR
from ascertain.pipeline.fairness_matches import (
    CheckedList,
    attributes_of,
    came_to,
    compared,
    note_reading,
    outcome,
)
from ascertain.pipeline.readiness import ReadinessGround, beside, profile_or_raise, stands
from ascertain.pipeline.succession import list_digest


def check_benches(
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    ground: ReadinessGround,
    *,
    by: Sequence[str] = (),
    least_people: int = 10,
    clock: Clock,
) -> list[CheckedList]:
    """Check the list of every key role: of everybody who wants to be found and does not hold it, who is on the list
    (selection rate), and whose coverage lies above the median (scoring rate).

    Raises:
        NotFoundError: there are no labels, or no key roles.
        ConflictError: succession is not planned here.
    """
    must_plan(ground.talent)
    attributes = attributes_of(labels, auditor, by)
    with units() as uow:
        found = _everybody(uow, ground)
        if not found:
            raise NotFoundError("there are no key roles", remedy="ascertain succession import FILE.json")
        people = sorted({r.match.learner_id for _, rows, _ in found for r in rows})
        note_reading(uow, auditor, attributes, people, "succession")
        uow.commit()
    groups = labels.read(auditor, people)
    rules, checked = FairnessRules(least_people=least_people), []
    for role, rows, listed in found:
        tables = compared([r.match for r in rows], listed, groups, attributes, rules)
        of_list = list_digest([r for r in rows if r.match.learner_id in listed])
        check = came_to(role.id, of_list, clock.now(), tables)
        checked.append(CheckedList(role.id, role.title, len(rows), len(listed), check, tables))
    with units() as uow:
        for c in checked:
            uow.successions.put_check(c.check)
        header, payload = outcome(attributes, checked), {"actor": auditor.name}
        uow.audit.append("fairness.succession_checked", actor=ACTOR, header=header, payload=payload)
        uow.commit()
    return checked


def _everybody(uow: UnitOfWork, ground: ReadinessGround) -> list[tuple[KeyRole, list[Readiness], frozenset[str]]]:
    """By key role: everybody who could be on its list, and the ids of those who are."""
    step, known = ground.steps(uow), dict[str, dict[str, Confirmed]]()
    people = {p.id: p for p in uow.people.all() if may_appear(p)}
    found = []
    for role in uow.successions.roles():
        if uow.roles.get(role.job_profile_id) is None:
            continue
        profile = profile_or_raise(uow, role)
        rows = [beside(uow, p, profile, ground, step, known) for p in people.values() if p.id not in role.incumbents]
        listed = {c.learner_id for c in uow.successions.of_role(role.id) if stands(role, c, people.get(c.learner_id))}
        found.append((role, rows, frozenset(listed)))
    return found
