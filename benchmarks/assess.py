"""CPU per learner of a whole assessment against a bare five-agent kickoff of CrewAI, alternating."""

from __future__ import annotations

import statistics
import time

from benchmarks.bare_crew import BareCrew
from benchmarks.ground import company
from benchmarks.table import Result, compared

WARM_UP = 4


def assess(*, quick: bool) -> list[Result]:
    """Case, crew, numbers, store and audit of one learner each, against a kickoff in a process of its own."""
    with company() as app, BareCrew() as bare:
        learners = [p.id for p in app.plan_sweep("all").due]
        if quick:
            learners = learners[: WARM_UP + 10]
        ours: list[float] = []
        base: list[float] = []
        for i, learner in enumerate(learners):
            before = time.process_time()
            assessed = app.assess(learner, trigger="benchmark")
            cpu = time.process_time() - before
            if not assessed.new:
                raise RuntimeError(f"{learner} had been assessed before")
            kickoff = bare.kickoff()
            if i >= WARM_UP:
                ours.append(cpu * 1000)
                base.append(kickoff * 1000)
        ratios = [a / b for a, b in zip(ours, base, strict=True)]
        return [
            compared(
                "assess",
                "assessing one learner, against a bare kickoff",
                ours,
                base,
                unit="ms CPU",
                aim=1.3,
                detail={"median of the pairs' ratios": statistics.median(ratios)},
            )
        ]
