"""The benchmark of very many learners, with few."""

from __future__ import annotations

from pathlib import Path

from ascertain.domain.people import Learner
from benchmarks.many import later_sweeps, made_up, plant_assessed, results
from benchmarks.process import fresh


def test_the_company_is_the_same_every_time() -> None:
    ada = Learner("A1", "Ada Archer", "a@example.org", job_profile_id="analyst")
    bo = Learner("B2", "Bo", "b@example.org")
    first = list(made_up([ada, bo], 5))
    assert first == list(made_up([ada, bo], 5))
    assert [(p.id, p.job_profile_id) for p in first[:2]] == [("M0000000", "analyst"), ("M0000001", None)]
    assert first[2].email == "m0000002@a1.example"
    assert len({p.name for p in first}) == 5


def test_what_changed_is_what_is_assessed(tmp_path: Path) -> None:
    pieces = fresh(plant_assessed, str(tmp_path), 120).value
    assert pieces > 120
    none, some, joined = fresh(later_sweeps, str(tmp_path), 2).value
    assert (none["looked"], none["assessed"], none["unchanged"]) == (172, 0, 172)
    assert (some["assessed"], some["unchanged"]) == (2, 170)
    assert (joined["looked"], joined["assessed"], joined["named"]) == (173, 1, 0)


def test_ratios_are_of_the_whole_extrapolated() -> None:
    begin = {"due": 10, "seconds": 20.0, "cpu": 5.0}
    rows = [{"cpu": c, "due": 3, "peak": p} for c, p in ((1.0, 110.0), (2.0, 120.0), (1.5, 130.0))]
    few = [{"cpu": 0.25, "due": 1, "peak": 100.0}] * 3
    found = results(1000, 100, begin, {100: few, 1000: rows})
    assert [round(r.ratio, 4) for r in found] == [0.004, 0.002, 0.003, 1.1, 1.2, 1.3, 4.0]
    assert found[0].detail["one worker, hours for all"] == 20.0 / 10 * 1000 / 3600
