"""Sweeps of very many learners: what a first one takes, and one after few have changed.

    python -m benchmarks.many                          # 100,000 learners against 10,000; a first sweep of 5,000
    python -m benchmarks.many --learners 400 --few 100 --first 20

The company is made up from the demonstration's: seeded names, and the evidence of one of its people for each. That
everybody was assessed before is planted as rows of runs with the stamps that their cases have; what is measured then
reads nothing else of them. Everything that is measured runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from sqlalchemy import text

from ascertain.domain.people import Learner
from ascertain.domain.runs import Run, RunState
from ascertain.runtime import App, open_app
from ascertain.settings import load_settings
from ascertain.store.schema import EvidenceRow, table
from benchmarks.ground import clean_environment, sandbox
from benchmarks.process import fresh, peak_memory
from benchmarks.table import Result, as_json, as_text, compared

SEED = 20261124
SYLLABLES = tuple("ba de fi go lu ma ne pi ro sa te vo xa ze kim tor len mar jon".split())  # noqa: SIM905
FIRST_NAMES, LAST_NAMES = 400, 7000
"""How many there are of each: names are shared, as they are in large companies."""
BATCH = 1000
MEMORY = 1.5
"""How much more a sweep of the many may hold than one of the few, of ten times as many."""


@contextmanager
def opened(folder: Path) -> Iterator[App]:
    """The application over what a folder holds."""
    with clean_environment():
        app = open_app(load_settings(_env_file=None, home=folder / "home", notice_required=False))
        try:
            yield app
        finally:
            app.close()


def plant(folder: str, count: int, *, assessed: bool) -> int:
    """Make the company in a folder; how many pieces of evidence it has."""
    with opened(Path(folder)) as app:
        with sandbox(1) as servers:
            os.environ.update(servers.environment())
            app.sync()
        app.tag()
        with app.units(write=False) as uow:
            models = [(p, found) for p in uow.people.all() if (found := uow.evidence.of(p.id))]
        people = made_up([p for p, _ in models], count)
        while some := list(islice(people, BATCH)):
            with app.units() as uow:
                uow.people.upsert(some)
                uow.commit()
        pieces = _copied_evidence(app, [p.id for p, _ in models])
        if assessed:
            app.plan_sweep("all", force=True)  # every sweep begins by noting whose names it knows
            _as_if_assessed(app)
        return pieces


def made_up(models: Sequence[Learner], count: int) -> Iterator[Learner]:
    """That many people, each with the role of one of the demonstration's."""
    dice = Random(SEED)

    def name(syllables: int) -> str:
        return "".join(dice.choice(SYLLABLES) for _ in range(syllables)).title()

    first, last = [name(2) for _ in range(FIRST_NAMES)], [name(3) for _ in range(LAST_NAMES)]
    for n in range(count):
        ident, model = f"M{n:07}", models[n % len(models)]
        address = f"{ident.lower()}@{model.id.lower()}.example"
        yield replace(model, id=ident, name=f"{dice.choice(first)} {dice.choice(last)}", email=address)


def _copied_evidence(app: App, models: Sequence[str]) -> int:
    """Give everybody the evidence of their model, inside the database: it is not what is measured."""
    columns = [c.name for c in table(EvidenceRow).columns]
    own = {"learner_id": "l.id"} | {c: f"e.{c} || '-' || l.id" for c in ("id", "origin", "source_ref")}
    copied = ", ".join(own.get(c, f"e.{c}") for c in columns)
    statement = (
        f"INSERT INTO evidence ({', '.join(columns)}) SELECT {copied} FROM learners l CROSS JOIN evidence e "
        "WHERE l.id > 'M' AND l.id < 'N' AND l.email LIKE :domain AND e.learner_id = :model"
    )
    pieces = 0
    for model in models:
        with app.store.units() as uow:
            found = uow.connection.execute(text(statement), {"domain": f"%@{model.lower()}.example", "model": model})
            pieces += found.rowcount
            uow.commit()
    return pieces


def _as_if_assessed(app: App) -> None:
    builder, after = app.builder, ""
    while True:
        with app.units() as uow:
            people, after = uow.people.page("all", after=after, limit=BATCH)
            stamps, ground = uow.evidence.stamps([p.id for p in people]), builder.ground(uow)
            for p in people:
                now = datetime.now(UTC)
                uow.runs.put(
                    Run(
                        id=f"planted-{p.id}",
                        learner_id=p.id,
                        fingerprint=f"planted-{p.id}",
                        state=RunState.DONE,
                        as_of=builder.as_of(),
                        versions=builder.versions,
                        trigger="benchmark",
                        started_at=now,
                        finished_at=now,
                        stamp=builder.stamp(p, builder.role_of(uow, p), stamps.get(p.id, ""), ground),
                    )
                )
            uow.commit()
        if not after:
            return


def first_sweep(folder: str) -> dict[str, float]:
    """Assess everybody."""
    with opened(Path(folder)) as app:
        app.warm()
        return _measured(app)


def later_sweeps(folder: str, changed: int) -> list[dict[str, float]]:
    """Three sweeps: nobody has changed; so many have; somebody has joined of whom nobody wrote."""
    with opened(Path(folder)) as app:
        app.assess("M0000000", trigger="benchmark")  # the first kickoff of a process costs more
        found = [_measured(app)]
        with app.units() as uow:
            step = (_people(app) - 100) // changed  # without those whom the others are made from
            for n in range(changed):
                last = uow.evidence.of(f"M{n * step + 1:07}")[-1]
                again = replace(last, id=f"{last.id}-b", origin=f"{last.origin}-b", source_ref=f"{last.source_ref}-b")
                uow.evidence.upsert([again])
            uow.commit()
        found.append(_measured(app))
        if found[-1]["assessed"] != changed:
            raise RuntimeError(f"{changed} had changed, {found[-1]['assessed']:.0f} were assessed")
        with app.units() as uow:
            model = uow.people.get("M0000001")
            if model is None:
                raise RuntimeError("the company is not there")
            joiner = replace(model, id="JOINER", name="Quillon Wexhrat", email="joiner@many.example")
            uow.people.upsert([joiner])
            uow.commit()
        found.append(_measured(app))
        return found


def _people(app: App) -> int:
    with app.units(write=False) as uow:
        return sum(1 for _ in uow.people.names())


def _measured(app: App) -> dict[str, float]:
    begun, used = perf_counter(), process_time()
    swept = app.sweep("all", trigger="benchmark")
    if swept.failures:
        raise RuntimeError(f"{swept.sweep.figures['failed']} failed: {swept.failures[0].error}")
    figures = {"assessed": 0, **swept.sweep.figures}
    return {"seconds": perf_counter() - begun, "cpu": process_time() - used, "peak": peak_memory(), **figures}


def many(learners: int, few: int, first: int, share: float) -> list[Result]:
    """All of it, as ratios within this run."""
    with TemporaryDirectory(prefix="ascertain-bench-") as folder:
        fresh(plant_first, folder, first)
        begin = fresh(first_sweep, folder).value
        _say(f"a first sweep of {begin['due']}: {begin['seconds']:.0f} s, {begin['cpu']:.0f} s CPU")
    later: dict[int, list[dict[str, float]]] = {}
    for count in (few, learners):
        with TemporaryDirectory(prefix="ascertain-bench-") as folder:
            planted = fresh(plant_assessed, folder, count)
            _say(f"{count} learners with {planted.value} pieces of evidence planted in {planted.seconds:.0f} s")
            later[count] = fresh(later_sweeps, folder, round(count * share)).value
            for sweep in later[count]:
                _say(json.dumps(sweep))
    return results(learners, few, begin, later)


def results(learners: int, few: int, begin: dict[str, float], later: dict[int, list[dict[str, float]]]) -> list[Result]:
    """The table."""
    each = begin["cpu"] / begin["due"]
    full = each * learners
    none, some, joined = later[learners]
    about = {
        "first sweep: learners": begin["due"],
        "first sweep: s": begin["seconds"],
        "first sweep: s CPU": begin["cpu"],
        "one worker, hours for all": begin["seconds"] / begin["due"] * learners / 3600,
    }
    of = f"{learners:,} learners"
    changed = f"{some['due']:,} changed"
    rows = [
        (f"a sweep of {of} with {changed}, against a first one (extrapolated)", some["cpu"], full, 0.03, about),
        (f"a sweep of {of} of whom nobody has changed, against a first one", none["cpu"], full, None, {}),
        ("the same after one has joined whom no text names (and is assessed)", joined["cpu"], full, None, {}),
    ]
    found = [
        compared("many", what, [ours], [base], unit="s CPU", aim=aim, detail=dict(detail))
        for what, ours, base, aim, detail in rows
    ]
    labels = ("nobody changed", changed, "one joined")
    for label, large, small in zip(labels, later[learners], later[few], strict=True):
        what = f"most memory, {label}, {of} against {few:,}"
        found.append(compared("many", what, [large["peak"]], [small["peak"]], unit="MiB", aim=MEMORY))
    found.append(
        compared("many", f"a look at {of} against {few:,}", [none["cpu"]], [later[few][0]["cpu"]], unit="s CPU")
    )
    return found


def plant_first(folder: str, count: int) -> int:
    """A company of which nobody is assessed. Its models are assessed with it."""
    return plant(folder, count, assessed=False)


def plant_assessed(folder: str, count: int) -> int:
    """A company of which everybody is, as far as a sweep can see."""
    return plant(folder, count, assessed=True)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many")
    parser.add_argument("--learners", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=5_000, help="learners of the first sweep, assessed in full")
    parser.add_argument("--changed", type=float, default=0.01, help="share that has changed")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    found = many(chosen.learners, chosen.few, chosen.first, chosen.changed)
    print(as_json(found) if chosen.json else as_text(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
