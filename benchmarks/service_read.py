"""Reading one learner's skills over HTTP: the service, which asks who may and records who did before it answers, and a
bare FastAPI route that reads the same rows of the same database and hands them out to anybody.

Both run behind uvicorn on a real socket, in a process of their own; clients keep their connections.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from sqlalchemy import select

from ascertain.domain.access import Scope
from ascertain.pipeline.keys import create_key
from ascertain.runtime import App
from ascertain.service.app import create_app
from ascertain.store.schema import AssertionRow, EvidenceRow, table
from benchmarks.exchange_hooks import _running
from benchmarks.ground import company
from benchmarks.process import serving
from benchmarks.table import Result

AIM = 2.0
PEOPLE = 4
LINES = (1, 8)
"""Connections that call at once."""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """Assessed people behind both: addresses, a key, and the people's ids."""
    with ExitStack() as stack:
        app = stack.enter_context(company(calls_per_minute=1_000_000))
        with app.units(write=False) as uow:
            counts = uow.evidence.counts()
        people = sorted(counts, key=lambda i: (-counts[i], i))[:PEOPLE]
        for learner in people:
            app.assess(learner, trigger="benchmark")
        _, key = create_key(app.units, app.clock, "benchmark", [Scope.SKILLS_READ], actor="benchmark")
        ours = stack.enter_context(_running(create_app(app, [])))
        base = stack.enter_context(_running(bare(app)))
        yield {"ours": f"{ours}/v1", "base": base, "key": key, "people": " ".join(people)}


def bare(app: App) -> FastAPI:
    """One route: a learner's assertions and evidence as they lie in the database, as JSON."""
    engine = app.store._own().read
    made = FastAPI()
    assertions, evidence = table(AssertionRow), table(EvidenceRow)

    @made.get("/learners/{learner}/skills")
    def skills(learner: str) -> dict[str, Any]:
        of = select(assertions).where(assertions.c.learner_id == learner, assertions.c.state != "superseded")
        with engine.connect() as connection:
            rows = [dict(r._mapping) for r in connection.execute(of)]
            found = connection.execute(select(evidence).where(evidence.c.learner_id == learner))
            return {"skills": rows, "evidence": [dict(r._mapping) for r in found]}

    return made


def service_read(*, quick: bool) -> list[Result]:
    """Time and calls a second, by how many call at once; rounds of both in turn."""
    rounds, calls = (2, 40) if quick else (7, 200)
    found = []
    with serving(served) as there:
        people = there["people"].split()
        for lines in LINES:
            for who in ("ours", "base"):
                _round(there[who], there["key"], people, lines, 20 * lines)
            took: dict[str, list[tuple[float, list[float]]]] = {"ours": [], "base": []}
            for _ in range(rounds):
                for who, all_of_it in took.items():
                    all_of_it.append(_round(there[who], there["key"], people, lines, calls))
            found += _compared(lines, calls, took["ours"], took["base"])
    return found


Round = tuple[float, list[float]]
"""Seconds in all, and of each call."""


def _compared(lines: int, calls: int, ours: Sequence[Round], base: Sequence[Round]) -> list[Result]:
    what = f"a learner's skills over HTTP, {lines} at once, against a bare route reading the same rows"
    waits = {w: sorted(x for _, each in r for x in each) for w, r in (("ours", ours), ("base", base))}
    late = {w: x[int(0.99 * len(x))] * 1000 for w, x in waits.items()}
    middle = {w: statistics.median(x) * 1000 for w, x in waits.items()}
    rate = {w: calls / statistics.median(t for t, _ in r) for w, r in (("ours", ours), ("base", base))}
    detail = {"ms, median": middle["ours"], "ms, median, bare": middle["base"]}
    n, name = len(waits["ours"]), f"service_read {lines}"
    return [
        Result(
            f"{name} p99", f"{what}: p99", late["ours"], late["base"], "ms", late["ours"] / late["base"], n, AIM, detail
        ),
        Result(f"{name} rate", f"{what}: calls", rate["ours"], rate["base"], "/s", rate["base"] / rate["ours"], n, AIM),
    ]


def _round(url: str, key: str, people: Sequence[str], lines: int, calls: int) -> Round:
    with ThreadPoolExecutor(lines) as pool:
        begun = time.perf_counter()
        waits = list(pool.map(lambda i: _line(url, key, people, range(i, calls, lines)), range(lines)))
        return time.perf_counter() - begun, [w for line in waits for w in line]


def _line(url: str, key: str, people: Sequence[str], numbers: Sequence[int]) -> list[float]:
    place = urlsplit(url)
    waits = []
    with closing(http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)) as line:
        for n in numbers:
            path = f"{place.path}/learners/{people[n % len(people)]}/skills"
            begun = time.perf_counter()
            line.request("GET", path, headers={"Authorization": f"Bearer {key}"})
            answer = line.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} answered {answer.status}")
            waits.append(time.perf_counter() - begun)
    return waits
