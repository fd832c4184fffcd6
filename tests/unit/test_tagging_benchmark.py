"""The library's benchmark: what it counts, and that a missing catalogue is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ascertain.errors import ConfigError
from benchmarks.tagging import judged, tagging

ROWS = (
    "title,description\n"
    "SQL for Analysts,Write SQL queries with joins.\n"
    "Kubernetes in Practice,Pods and deployments.\n"
    "Beekeeping,Hives and honey.\n"
)


def test_every_course_is_read_once_and_a_sample_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "catalogue.csv").write_text(ROWS)
    found = tagging(tmp_path, sample=2, seed=3)
    figures = found["figures"]
    assert figures["courses"] == 3
    assert figures["share without any tag"] == 0.333
    assert figures["terms without a skill"] == 1
    assert figures["mapping over bare encoder"] > 0
    assert [set(row) for row in found["sample"]] == [
        {"content", "title", "description", "skill", "definition", "state", "probability", "level"}
    ] * 2
    assert tagging(tmp_path, sample=2, seed=3)["sample"] == found["sample"]


def test_without_a_catalogue_there_is_nothing_to_measure(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"catalogue\.csv is not there"):
        tagging(tmp_path)


def test_judged_tags_are_counted_with_their_interval(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    line = '{{"seed": 1, "state": "suggested", "probability": {}, "right": {}}}\n'
    file.write_text(line.format(0.6, "false") * 5 + line.format(0.9, "true") * 5)
    found = {r["probability"]: r for r in judged(file)}
    assert (found["all"]["tags"], found["all"]["right"]) == (10, 5)
    assert (found["under 0.75"]["right"], found["under 0.75"]["high"]) == (0, 0.351)
    assert found["0.75 and above"]["low"] == 0.649
    assert {r["seed"] for r in judged()} == {6, 7}, "what was judged by hand stays"
