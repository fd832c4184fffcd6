"""Pilots of a rollout and their reports, as they are exchanged. Nobody is named in either."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ascertain.service.api.answers import Exchanged
from ascertain.service.api.models_people import Day, Probability, Time
from ascertain.service.api.schemas import published

Count = Annotated[int, Field(ge=0)]


class PilotPhase(Exchanged):
    """Sources that count in a phase."""

    number: Count
    name: str
    connections: list[str] | None
    """Null for every one."""
    kinds: list[str] | None
    """Kinds of evidence; null for every one."""
    present: bool


class PilotMove(Exchanged):
    """Somebody moved the pilot."""

    phase: Count
    reason: str
    report: str
    """Id of the report that it rests on; empty for beginning and stepping back."""
    by: str
    at: Time


class PilotReportKept(Exchanged):
    """A report that was kept."""

    id: str
    phase: Count
    verdict: str
    """`go`, `hold` or `stop`."""
    by: str
    at: Time


class Pilot(Exchanged):
    """One pilot."""

    id: str
    title: str
    cohort: Count
    """People whom its rule fits."""
    reached: Count
    """Of them, those for whom it counts now."""
    skills: Count | None
    """Null for every skill."""
    starts: Day | None
    ends: Day | None
    state: str
    """`not begun`, `running` or `out of its days`."""
    phase: Count
    phases: list[PilotPhase]
    moves: list[PilotMove]
    """The newest first."""
    reports: list[PilotReportKept]
    """The newest first."""


@published("rollout")
class RolloutState(Exchanged):
    """All pilots."""

    enabled: bool
    """Where not, everybody, every skill and every source is in reach."""
    people: Count
    reached: Count
    pilots: list[Pilot]


class CountedShare(Exchanged):
    """A share with Wilson's 95 % interval; null where there is nothing to count, or too little."""

    part: Count
    of: Count
    share: Probability | None
    interval: list[Probability] | None


class ShareOf(CountedShare):
    """A share of one source's, or one skill's, decisions."""

    id: str
    name: str
    few: bool


class PilotAccuracy(CountedShare):
    """Levels that reviewers found right, of those that they decided."""

    needed_more: Count
    """Decisions that asked for more evidence: they say neither."""
    by_source: list[ShareOf]
    by_skill: list[ShareOf]


class EvidenceOfSource(Exchanged):
    """Evidence of one system and kind."""

    system: str
    kind: str
    pieces: Count
    people: Count


class PilotCoverage(CountedShare):
    """People with something accepted, of the cohort."""

    skills_accepted: Count
    skills: Count | None
    assertions: Count
    accepted: Count
    by_human: Count
    in_review: Count
    sources: list[EvidenceOfSource]


class PilotTime(Exchanged):
    """What reviewing took; what it saved is an estimate."""

    measured: Count
    unmeasured: Count
    mean_seconds: float | None
    hours_spent: float
    established: Count
    hours_saved: list[float] | None
    """From least to most; below zero where reviewing costs more."""


class PilotFairness(Exchanged):
    """That audits were made; their figures are for the fairness auditor."""

    audits: Count
    latest: Day | None


class PilotRules(Exchanged):
    """What the file asks of a report."""

    least_decisions: Count
    go_accuracy: Probability
    stop_accuracy: Probability
    go_coverage: Probability
    stop_disputes: Probability
    manual_minutes: list[float]


@published("rollout-report")
class PilotReport(Exchanged):
    """How a pilot does, as of now."""

    pilot: str
    title: str
    phase: Count
    phase_name: str
    phases: Count
    as_of: Day
    taxonomy: str
    accuracy: PilotAccuracy
    coverage: PilotCoverage
    disputes: CountedShare
    time: PilotTime
    fairness: PilotFairness
    verdict: str
    """`go`, `hold` or `stop`: a suggestion, which moves nothing."""
    reasons: list[str]
    rules: PilotRules
