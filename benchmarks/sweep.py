"""A sweep after one learner in a hundred has changed, against one that assesses everybody."""

from __future__ import annotations

import time
from dataclasses import replace

from ascertain.runtime import App
from benchmarks.ground import company
from benchmarks.table import Result, compared

SHARE = 0.01


def sweep(*, quick: bool) -> list[Result]:
    """CPU of ``App.sweep``; the changed sweep several times, with other learners each time."""
    with company(scale=2 if quick else 4) as app:
        people = [p.id for p in app.plan_sweep("all").due]
        with app.units(write=False) as uow:
            active = sorted(uow.evidence.counts())
        app.assess(people[0], trigger="benchmark")  # the first kickoff of a process costs more
        full, done = _sweep(app, force=True)
        if done < len(people) - 1:
            raise RuntimeError(f"the full sweep assessed {done} of {len(people)} learners")
        changed = max(1, round(len(people) * SHARE))
        some: list[float] = []
        for turn in range(3 if quick else 7):
            change(app, active[turn * changed : (turn + 1) * changed], turn)
            cpu, done = _sweep(app)
            if done != changed:
                raise RuntimeError(f"{changed} learners had changed, {done} were assessed")
            some.append(cpu)
        none, done = _sweep(app)
        if done:
            raise RuntimeError(f"nobody had changed, {done} were assessed")
        return [
            compared(
                "sweep",
                f"a sweep of {len(people)} with {changed} changed, against a full one",
                some,
                [full],
                unit="s CPU",
                aim=0.03,
                detail={"share changed": changed / len(people), "nobody changed (s CPU)": none},
            )
        ]


def _sweep(app: App, *, force: bool = False) -> tuple[float, int]:
    before = time.process_time()
    report = app.sweep("all", trigger="benchmark", force=force)
    spent = time.process_time() - before
    if report.failures:
        raise RuntimeError(f"{len(report.failures)} assessments failed: {report.failures[0].error}")
    return spent, report.sweep.figures.get("assessed", 0)


def change(app: App, people: list[str], turn: int) -> None:
    """One more completion each."""
    with app.units() as uow:
        for person in people:
            last = uow.evidence.of(person)[-1]
            new = replace(
                last, id=f"{last.id}-{turn}", origin=f"{last.origin}-{turn}", source_ref=f"bench:{person}:{turn}"
            )
            uow.evidence.upsert([new])
        uow.commit()
