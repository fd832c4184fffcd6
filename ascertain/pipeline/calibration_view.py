"""Read models of calibration: how reliable confidences are, as a whole and by source and skill family."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ascertain.domain.calibration import NONE
from ascertain.domain.calibration_figures import Judged, Reliability, measure, split
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.rules import CalibrationRules
from ascertain.pipeline.calibration_data import read_decisions

CUTS: Mapping[str, Callable[[Judged], str]] = {
    "kind of evidence": lambda j: j.kind,
    "system": lambda j: j.system,
    "skill family": lambda j: j.family,
}
"""By what decisions are told apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """One group of decisions. ``figures`` is ``None`` when they are of too few people to say anything."""

    name: str
    decisions: int
    people: int
    figures: Reliability | None


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How reliable confidences were against human decisions.

    Attributes:
        decisions, drawn, left_out: usable ones, those of them drawn from what code accepts, and the others by why.
        lowest: lowest posterior that anybody decided about: what is said below it is drawn out.
        posterior: figures of the posterior as it is; ``None`` when there are no decisions.
        shown: figures of the confidences as they were stored; ``None`` where those were the posteriors.
        parts: by cut, the confidences as they were stored.
    """

    in_use: str
    decisions: int
    people: int
    drawn: int
    left_out: Mapping[str, int]
    lowest: float | None
    least_people: int
    posterior: Reliability | None
    shown: Reliability | None
    parts: Mapping[str, tuple[Part, ...]]


def calibration_report(uow: UnitOfWork, taxonomy: Taxonomy, rules: CalibrationRules) -> CalibrationReport:
    """Figures of all decisions so far."""
    data = read_decisions(uow, taxonomy)
    judged = data.judged
    calibrated = any(j.shown != j.posterior for j in judged)
    return CalibrationReport(
        uow.calibrations.in_use() or NONE,
        len(judged),
        len({j.person for j in judged}),
        sum(j.drawn for j in judged),
        data.left_out,
        min((j.posterior for j in judged), default=None),
        rules.least_people,
        measure(judged, lambda j: j.posterior) if judged else None,
        measure(judged, lambda j: j.shown) if calibrated else None,
        {title: parts_of(split(judged, by), rules.least_people) for title, by in CUTS.items()},
    )


def parts_of(groups: Mapping[str, Sequence[Judged]], least_people: int) -> tuple[Part, ...]:
    """Each group's figures; without any where it has fewer people than ``least_people``."""
    found = []
    for name, mine in groups.items():
        people = len({j.person for j in mine})
        figures = measure(mine, lambda j: j.shown) if people >= least_people else None
        found.append(Part(name, len(mine), people, figures))
    return tuple(found)
