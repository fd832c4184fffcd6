"""Whether confidences are as often right in each group of people. For the fairness auditor alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ascertain.domain.calibration_figures import Judged, split
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabels
from ascertain.domain.ports import Taxonomy, UnitOfWorkFactory
from ascertain.domain.rights import Entry
from ascertain.errors import InputError, NotFoundError
from ascertain.pipeline.calibration_data import read_decisions
from ascertain.pipeline.calibration_view import Part, parts_of
from ascertain.pipeline.fairness_labels import ACTOR

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GroupCalibration:
    """By attribute, each group's figures; without any where it has fewer people than ``least_people``. People without a
    label are a group of their own, "unknown"."""

    decisions: int
    people: int
    least_people: int
    by: Mapping[str, tuple[Part, ...]]


def calibration_by_group(
    units: UnitOfWorkFactory,
    labels: GroupLabels,
    auditor: FairnessAuditor,
    taxonomy: Taxonomy,
    *,
    by: Sequence[str] = (),
    least_people: int = 10,
) -> GroupCalibration:
    """Reliability of the stored confidences by ``by``, else by every attribute that there are labels of.

    Raises:
        NotFoundError: when there are no labels, or nobody has decided about an asserted level yet.
        InputError: when nobody has a label of an attribute.
    """
    attributes = list(dict.fromkeys(a.strip().casefold() for a in by if a.strip())) or sorted(labels.counts(auditor))
    if not attributes:
        raise NotFoundError("there are no group labels", remedy="ascertain fairness labels import FILE.csv")
    with units() as uow:
        judged = read_decisions(uow, taxonomy).judged
        people = sorted({j.person for j in judged})
        if not judged:
            raise NotFoundError("nobody has decided about an asserted level yet", remedy="ascertain review list")
        # Before the labels are read, so that no reading goes without a record, nor without an entry for each person.
        header = {"attributes": attributes, "people": len(people), "for": "calibration"}
        sealed = uow.audit.append("fairness.labels_read", actor=ACTOR, header=header, payload={"actor": auditor.name})
        uow.accesses.add([Entry(sealed.seq, auditor.name, "fairness", tuple(sorted(set(people))))])
        uow.commit()
    groups = labels.read(auditor, people)
    known = {a for values in groups.values() for a in values}
    for a in attributes:
        if a not in known:
            raise InputError(f"nobody about whom was decided has a label of {a!r}", field="--by")

    def parts(attribute: str) -> tuple[Part, ...]:
        def of(j: Judged) -> str:
            return groups.get(j.person, {}).get(attribute) or UNKNOWN

        return parts_of(split(judged, of), least_people)

    return GroupCalibration(len(judged), len(people), least_people, {a: parts(a) for a in attributes})
