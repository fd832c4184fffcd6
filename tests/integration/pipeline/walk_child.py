"""The walk from evidence to a system that is written to, in a process that is killed at a named step of it:
python -m … DATABASE BOARD [STEP].

What the product is given to work with kills it; the product knows nothing of it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from ascertain.domain.casefile import CaseFile
from ascertain.domain.connector import Connector
from ascertain.domain.findings import CrewFindings
from ascertain.domain.paths import PathPlan, PathProblem
from ascertain.domain.ports import CrewServices, UnitOfWork, UnitOfWorkFactory
from ascertain.domain.records import SourceRef
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import Candidate
from ascertain.domain.writeback import WriteResult
from ascertain.pipeline.review import decide
from ascertain.pipeline.write_back import WriteBack
from ascertain.pipeline.write_back_push import push
from ascertain.store import Store, open_store
from tests.crews.world import TinyMapper, TinySolver
from tests.integration.pipeline.world import KEY, ScriptedCrew, World
from tests.integration.pipeline.writing import Board, Clock, everything

STEPS = (
    "case built",
    "before run begun",
    "after run begun",
    "claims made",
    "picks made",
    "verdicts made",
    "path solved",
    "before results stored",
    "after results stored",
    "before decision stored",
    "after decision stored",
    "before outbox planned",
    "after outbox planned",
    "before row marked as leaving",
    "after row marked as leaving",
    "before send",
    "after send",
    "read back",
    "before row marked as written",
    "after row marked as written",
    "before write-back closed",
    "after write-back closed",
)
COMMITS = {
    "assess": ("run begun", "results stored"),
    "decide": ("decision stored",),
    "plan": ("outbox planned",),
    "push": ("row marked as leaving", "row marked as written", "write-back closed"),
}
"""What each transaction of a phase is, in their order."""


@dataclass
class Killer:
    """Kills this process, as by ``kill -9``, when the step has come."""

    step: str = ""

    def at(self, step: str) -> None:
        """The walk is here."""
        assert step in STEPS or step.endswith("something else")
        if step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


class Unit:
    """A unit of work whose commit is a step."""

    def __init__(self, real: UnitOfWork, names: Iterator[str], killer: Killer) -> None:
        self._real, self._names, self._killer = real, names, killer

    def __enter__(self) -> Self:
        self._real.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        kind, value, trace = cast(
            "tuple[type[BaseException] | None, BaseException | None, TracebackType | None]", error
        )
        self._real.__exit__(kind, value, trace)

    def commit(self) -> None:
        """Commit, with a step on both sides."""
        name = next(self._names, "something else")
        self._killer.at(f"before {name}")
        self._real.commit()
        self._killer.at(f"after {name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def units_of(real: UnitOfWorkFactory, phase: str, killer: Killer) -> UnitOfWorkFactory:
    """Units of work of one phase."""
    names = iter(COMMITS[phase])
    return cast(UnitOfWorkFactory, lambda *, write=True: Unit(real(write=write), names, killer))


@dataclass
class DyingCrew(ScriptedCrew):
    """The script, with a step before and after its work."""

    killer: Killer = field(default_factory=Killer)

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings:
        """Weigh the case."""
        self.killer.at("case built")
        found = super().run(case, services)
        self.killer.at("verdicts made")
        return found


class DyingMapper(TinyMapper):
    """Asked for skills once there are claims."""

    def __init__(self, killer: Killer) -> None:
        self.killer = killer
        self.asked = 0

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        """As the small mapper."""
        self.asked += 1
        self.killer.at("claims made" if self.asked == 1 else "picks made")  # of the claims before this one
        return super().map(texts, top=top)


class DyingSolver(TinySolver):
    """Solves, and dies."""

    def __init__(self, killer: Killer) -> None:
        self.killer = killer

    def plans(self, problem: PathProblem) -> tuple[PathPlan, ...]:
        """As the small solver."""
        found = super().plans(problem)
        self.killer.at("path solved")
        return found


@dataclass
class FileBoard(Board):
    """A system that outlives the process: each write is a line of a file."""

    file: Path = Path("board")
    killer: Killer = field(default_factory=Killer)

    def lines(self) -> list[list[Any]]:
        """(user, target, value) of each write, in order."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def read(self, user: SourceRef, targets: Sequence[str]) -> Mapping[str, str | None]:
        """What was written last."""
        last = {(u, t): v for u, t, v in self.lines()}
        if last:
            self.killer.at("read back")
        return {t: last.get((user.id, t)) for t in targets}

    def write(self, user: SourceRef, target: str, value: str | None, *, request_id: str) -> WriteResult:
        """Through to the file."""
        self.killer.at("before send")
        with self.file.open("a") as file:
            file.write(json.dumps([user.id, target, value]) + "\n")
        self.killer.at("after send")
        return super().write(user, target, value, request_id=request_id)


def walk(world: World, board: Path, step: str = "") -> None:
    """All of it, from wherever an earlier process was killed. To be called as often as one likes."""
    killer, units = Killer(step), world.store.units
    world.crew, world.mapper = DyingCrew(killer=killer), DyingMapper(killer)
    assessor = world.assessor
    services = replace(assessor.services, solver=DyingSolver(killer))
    replace(assessor, units=units_of(units, "assess", killer), services=services).assess("E1", trigger="test")
    item = "v" + world.assertions()["kubernetes"].id[1:]
    with units_of(units, "decide", killer)() as uow:
        decide(uow, item, DecisionKind.ACCEPT, reason="saw it", reviewer="E3", clock=world.clock)
        uow.commit()
    system = FileBoard(file=board, killer=killer)
    with units(write=False) as uow:
        begun = [r.id for r in uow.outbox.runs() if r.finished_at is None]
    if not begun:
        plan = writing(world.store, system, units_of(units, "plan", killer))
        run = plan.begin(plan.preview(everything(world.store)), "ops")
        begun = [run.id] if run is not None else []
    for ident in begun:
        push(writing(world.store, system, units_of(units, "push", killer)), ident)


def writing(store: Store, system: FileBoard, units: UnitOfWorkFactory) -> WriteBack:
    """The use case, with units of work of a phase."""
    return WriteBack(units, cast("list[Connector]", [system]), Clock(), rules=None, budget=store.budget())


def main(database: str, board: str, step: str = "") -> None:
    """One process."""
    file = Path(database)
    store = open_store(f"sqlite:///{file}", pseudonym=KEY.pseudonym, checkpoint_file=None)
    walk(World(file, store), Path(board), step)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
