"""What the benchmark of the exchange stands on: worlds of the size asked for, files that are taken in whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.exchange_pull import pull_files, read_files
from benchmarks.exchange_world import export, world


@pytest.mark.parametrize("records", [10, 21_000])
def test_a_world_has_as_many_records_as_wanted_about_the_same_people(records: int) -> None:
    found = world(records)
    assert len(found.enrolments) == len(found.reviews) == records
    attempts = {(e.user_id, e.course_id, e.enrolled) for e in found.enrolments}
    assert len(attempts) == records
    assert len({r.id for r in found.reviews}) == records
    assert found.people == world(5).people


def test_the_files_of_a_world_are_taken_in_without_a_rest(tmp_path: Path) -> None:
    export(40, tmp_path)
    found = pull_files(tmp_path)
    company = world(40)
    assert found["pulled"] == len(company.people) + len(company.courses) + 40
    assert found["raw"] > 0
    assert read_files(tmp_path) > 0
