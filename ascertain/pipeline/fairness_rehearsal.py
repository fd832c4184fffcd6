"""Whether what a rehearsal would change falls on some groups more than on others. For the fairness auditor alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ascertain.domain.fairness import FairnessRules, MeanTable, mean_table
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabels
from ascertain.domain.ports import UnitOfWorkFactory
from ascertain.domain.rehearsal import PersonChange
from ascertain.domain.rights import Entry
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.fairness_labels import ACTOR

MEASURES = {
    "changed": "share of people for whom something would change",
    "accepted": "accepted skills more (or fewer) a head",
    "coverage": "coverage of the role, after minus before",
}


@dataclass(frozen=True, slots=True)
class GroupsOf:
    """A table for each attribute and measure; a group under ``least_people`` is too few, never "no difference"."""

    people: int
    least_people: int
    tables: tuple[MeanTable, ...]


def rehearsal_by_group(
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    changes: Sequence[PersonChange],
    *,
    by: Sequence[str],
    least_people: int = 10,
) -> GroupsOf:
    """Compare the groups of ``by`` in what would change for them.

    Raises:
        NotFoundError: nobody was compared.
        InputError: nobody has a label of an attribute.
    """
    attributes = list(dict.fromkeys(a.strip().casefold() for a in by if a.strip()))
    ids = sorted(c.learner_id for c in changes)
    if not ids:
        raise NotFoundError("nobody was compared, so there are no groups", remedy="choose another --cohort")
    with units() as uow:
        # Before the labels are read, so that no reading goes without a record, nor without an entry for each person.
        header = {"attributes": attributes, "people": len(ids), "for": "rehearsal"}
        sealed = uow.audit.append("fairness.labels_read", actor=ACTOR, header=header, payload={"actor": auditor.name})
        uow.accesses.add([Entry(sealed.seq, auditor.name, "fairness", tuple(ids))])
        uow.commit()
    groups = labels.read(auditor, ids)
    known = {a for values in groups.values() for a in values}
    rules = FairnessRules(least_people=least_people)
    tables = []
    for a in attributes:
        if a not in known:
            raise InputError(f"nobody who was compared has a label of {a!r}", field="--by")
        for measure in MEASURES:
            sample = [
                (groups.get(c.learner_id, {}), value) for c in changes if (value := _value(measure, c)) is not None
            ]
            tables.append(mean_table(measure, (a,), sample, rules))
    return GroupsOf(len(ids), least_people, tuple(tables))


def _value(measure: str, change: PersonChange) -> float | None:
    if measure == "changed":
        return float(change.any)
    return float(change.accepted) if measure == "accepted" else change.coverage
