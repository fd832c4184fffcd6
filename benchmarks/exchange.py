"""Large exchanges: first syncs of very many records in flat memory, webhooks received, skills written back.

Everything that is measured runs in a process of its own, and so does the sandbox that answers.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.exchange_hooks import call, echo, recorded, service
from benchmarks.exchange_pull import page_docebo, pull, pull_files, read_files, read_reports
from benchmarks.exchange_world import export, served
from benchmarks.exchange_write import write
from benchmarks.process import fresh, serving
from benchmarks.table import Result, compared

FEW, MANY = 20_000, 200_000
MEMORY = 1.1
"""How much more the large pull may take than the small one."""


def exchange(*, quick: bool) -> list[Result]:
    """Pulls from Docebo, Workday and a folder, webhooks, write-back."""
    few, many = (2_000, 6_000) if quick else (FEW, MANY)
    return [
        *_systems("docebo", "enrolments from Docebo", few, many),
        *_systems("workday", "reviews in one Workday report", few, many),
        *_files("rows of a CSV file", few, many),
        _hooks(200 if quick else 1000, 2 if quick else 5),
        _write_back(50 if quick else 300, 2 if quick else 5),
    ]


def _systems(system: str, what: str, few: int, many: int) -> list[Result]:
    bare = page_docebo if system == "docebo" else read_reports
    with serving(served, few) as there:
        small = fresh(pull, there, system).value
    with serving(served, many) as there:
        large = fresh(pull, there, system).value
        read = [fresh(bare, there).value for _ in range(3)]
    return _pulls(system, what, few, many, small, large, read)


def _files(what: str, few: int, many: int) -> list[Result]:
    found = []
    for count in (few, many):
        with TemporaryDirectory(prefix="ascertain-bench-") as folder:
            fresh(export, count, Path(folder))
            found.append(fresh(pull_files, Path(folder)).value)
            read = [fresh(read_files, Path(folder)).value for _ in range(3)]
    small, large = found
    return _pulls("files", what, few, many, small, large, read)


def _pulls(
    name: str,
    what: str,
    few: int,
    many: int,
    small: dict[str, float],
    large: dict[str, float],
    read: list[float],
) -> list[Result]:
    """Of the same pull twice: its time against raw inserts and against bare reading (``read``), its memory."""
    rates = {
        "records": large["pulled"],
        "records a second": large["pulled"] / large["seconds"],
        "records a second of CPU": large["pulled"] / large["cpu"],
        f"seconds for {few}": small["seconds"],
    }
    name = f"exchange {name}"
    pulled, raw = [large["seconds"]], [large["raw"]]
    return [
        compared(f"{name}, inserts", f"{many} {what}, against raw inserts", pulled, raw, unit="s", detail=rates),
        compared(f"{name}, reading", f"{many} {what}, against bare reading", pulled, read, unit="s"),
        compared(
            f"{name}, memory",
            f"most memory for {many} {what}, against {few}",
            [large["peak"]],
            [small["peak"]],
            unit="MiB",
            aim=MEMORY,
        ),
    ]


def _hooks(calls: int, rounds: int) -> Result:
    ours: list[float] = []
    base: list[float] = []
    waits: list[float] = []
    with serving(service) as there, serving(echo) as bare:
        fresh(call, bare["url"], 0, calls)  # the first calls of a server are slower
        fresh(call, there["url"], 0, calls)
        for n in range(1, rounds + 1):
            spent, each = fresh(call, there["url"], n * calls, calls).value
            ours.append(spent / calls * 1000)
            waits += each
            base.append(fresh(call, bare["url"], 0, calls).value[0] / calls * 1000)
        if (found := recorded(there["file"])) != (rounds + 1) * calls:
            raise RuntimeError(f"{(rounds + 1) * calls} calls were answered, but {found} are in the inbox")
    what = "a webhook recorded and answered, against a bare FastAPI route"
    result = compared("exchange webhooks", what, ours, base, unit="ms")
    slow = statistics.quantiles(waits, n=100)
    result.detail.update(
        {
            "calls a second": 1000 / result.ours,
            "calls a second, bare": 1000 / result.base,
            "ms within which half are answered": slow[49] * 1000,
            "ms within which 99 of 100 are answered": slow[98] * 1000,
        }
    )
    return result


def _write_back(rows: int, rounds: int) -> Result:
    found = []
    for _ in range(rounds):
        with serving(served, 100) as there:  # a new one each time, because a value that is there is not written again
            found.append(fresh(write, there["ASCERTAIN_DOCEBO_URL"], rows).value)
    result = compared(
        "exchange write-back",
        "a value written back to Docebo, against a bare PUT",
        [f["push"] / rows * 1000 for f in found],
        [f["bare"] / rows * 1000 for f in found],
        unit="ms",
    )
    compare = statistics.median(f["compare"] for f in found)
    result.detail.update({"values a second": 1000 / result.ours, "people compared a second": rows / compare})
    return result
