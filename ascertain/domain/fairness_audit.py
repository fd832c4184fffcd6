"""A fairness audit: what is measured, in which order it is shown, what it says in words, how long it holds.

How much evidence each group *could* leave stands first. Where that differs, a difference of the results below it is not
a difference of skill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from ascertain.domain.fairness import (
    FLAGGED,
    FairnessRules,
    Group,
    GroupMean,
    GroupRate,
    Labels,
    MeanTable,
    RateTable,
    Verdict,
    label_counts,
    mean_table,
    scoring_table,
    selection_table,
)
from ascertain.errors import InputError

VALID_DAYS = 365
"""An audit older than this no longer covers use (6 RCNY 5-301: within one year)."""


class MeasureKind(StrEnum):
    """What a measure is."""

    OPPORTUNITY = "opportunity"
    SELECTION = "selection"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something counted of each person. ``meaning`` says of whom and how, in a sentence for the reader."""

    name: str
    kind: MeasureKind
    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the audit, without a name. ``values`` holds a number a measure (a selection as 0 or 1); a measure
    that is not there does not apply to the person, who is then not in its sample."""

    labels: Labels
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where group labels came from and for what: both are said in the report."""

    source: str
    purpose: str
    taken_on: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that asks for a look: the measure, what kind it is, and the figures in a sentence."""

    measure: str
    by: tuple[str, ...]
    group: Group
    kind: MeasureKind
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """Everything that was found. ``labels`` counts the people by value of each attribute, those unknown under ``""``;
    ``outside`` counts those of the population to whom a measure did not apply, ``too_few`` the groups of all tables
    that were too small to compare."""

    made_on: date
    made_by: str
    population: str
    people: int
    sources: tuple[LabelSource, ...]
    rules: FairnessRules
    measures: tuple[Measure, ...]
    labels: Mapping[str, Mapping[str, int]]
    outside: Mapping[str, int]
    opportunity: tuple[MeanTable, ...]
    rates: tuple[RateTable, ...]
    scores: tuple[MeanTable, ...]
    findings: tuple[Finding, ...]
    too_few: int
    notes: tuple[str, ...] = ()

    def measure(self, name: str) -> Measure:
        """The measure of a table."""
        return next(m for m in self.measures if m.name == name)


def cuts(attributes: Sequence[str], *, intersections: bool = True) -> list[tuple[str, ...]]:
    """Each attribute alone, then every two together."""
    pairs = combinations(attributes, 2) if intersections else ()
    return [*((a,) for a in attributes), *pairs]


def audit(
    people: Sequence[Participant],
    measures: Sequence[Measure],
    attributes: Sequence[str],
    *,
    made_on: date,
    made_by: str,
    population: str,
    sources: Sequence[LabelSource] = (),
    rules: FairnessRules | None = None,
    intersections: bool = True,
    notes: Sequence[str] = (),
) -> FairnessReport:
    """Compare the groups in every measure, by every attribute and every two together.

    Raises:
        InputError: nobody to compare, or nobody who has a label of an attribute.
    """
    used = rules or FairnessRules()
    if not people:
        raise InputError("nobody is in this population", remedy="choose another --cohort")
    counted = label_counts([p.labels for p in people], attributes)
    for name, values in counted.items():
        if not any(values):
            raise InputError(
                "nobody in this population has a label of this attribute", field=name, remedy="choose others with --by"
            )
    opportunity: list[MeanTable] = []
    rates: list[RateTable] = []
    scores: list[MeanTable] = []
    outside: dict[str, int] = {}
    for m in measures:
        sample = [(p.labels, p.values[m.name]) for p in people if m.name in p.values]
        outside[m.name] = len(people) - len(sample)
        for by in cuts(attributes, intersections=intersections):
            if m.kind is MeasureKind.OPPORTUNITY:
                opportunity.append(mean_table(m.name, by, sample, used))
            elif m.kind is MeasureKind.SELECTION:
                rates.append(selection_table(m.name, by, [(who, v > 0) for who, v in sample], used))
            else:
                rates.append(scoring_table(m.name, by, sample, used))
                scores.append(mean_table(m.name, by, sample, used))
    tables: list[MeanTable | RateTable] = [*opportunity, *rates, *scores]
    known = {m.name: m for m in measures}
    return FairnessReport(
        made_on=made_on,
        made_by=made_by,
        population=population,
        people=len(people),
        sources=tuple(sources),
        rules=used,
        measures=tuple(measures),
        labels=counted,
        outside=outside,
        opportunity=tuple(opportunity),
        rates=tuple(rates),
        scores=tuple(scores),
        notes=tuple(notes),
        findings=tuple(f for table in tables for f in _findings(table, known[table.measure])),
        too_few=sum(g.verdict is Verdict.TOO_FEW for table in tables for g in table.groups),
    )


def named(by: Sequence[str], group: Group) -> str:
    """A group in words: ``sex F, age_band 30-39``."""
    return ", ".join(f"{a} {v}" for a, v in zip(by, group, strict=True))


def stale(last: date | None, today: date) -> bool:
    """Whether there is no audit that still holds."""
    return last is None or (today - last).days > VALID_DAYS


def _findings(table: MeanTable | RateTable, measure: Measure) -> list[Finding]:
    best = next((named(table.by, g.group) for g in table.groups if g.verdict is Verdict.HIGHEST), "")
    return [
        Finding(
            measure.name,
            table.by,
            g.group,
            measure.kind,
            g.verdict,
            f"{measure.title}: {named(table.by, g.group)} beside {best}: {_in_figures(g)}",
        )
        for g in table.groups
        if g.verdict in FLAGGED
    ]


def _in_figures(g: GroupRate | GroupMean) -> str:
    figures = [] if g.ratio is None else [f"ratio {g.ratio:.3f}"]
    if isinstance(g, GroupMean) and g.difference is not None:
        figures.append(f"g {g.difference.g:+.2f} ({g.difference.low:+.2f} to {g.difference.high:+.2f})")
    if g.test is not None:
        figures.append(f"p {shown_p(g.test.p)} ({g.test.name})")
    return f"{g.verdict.value}; {', '.join(figures)}"


def shown_p(p: float) -> str:
    """A p-value as it is written."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
