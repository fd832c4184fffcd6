"""`ascertain rollout` and `what-if` as somebody types them, on an installation without people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.command import Answer, call

PILOT = """\
enabled: true
pilots:
  - {id: one, title: The first, cohort: {units: [Moon]}, skills: {only: [astrology]},
     phases: [{name: First}, {name: Then}]}
verdict: {least_decisions: 5, go_accuracy: 0.8, stop_accuracy: 0.6, go_coverage: 0.5, stop_disputes: 0.2,
          manual_minutes: [10, 25], most_seconds: 900}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli-rollout")


def said(place: Path, *arguments: str, file: str = PILOT) -> Answer:
    (place / "rollout.yaml").write_text(file)
    return call(*arguments, home=place / "home", env={"ASCERTAIN_ROLLOUT_FILE": str(place / "rollout.yaml")})


def test_check_names_what_nothing_knows(place: Path) -> None:
    answer = said(place, "rollout", "check", "--json")
    assert answer.code == 0, answer
    assert answer.json["pilots"] == ["one"]
    told = "\n".join(answer.json["problems"])
    for words in ("its cohort has nobody", "the department 'moon'", "no skill 'astrology'"):
        assert words in told


def test_a_fault_in_the_file_is_named_with_its_line(place: Path) -> None:
    answer = said(place, "rollout", "status", file=PILOT.replace("units: [Moon]", "units: []"))
    assert answer.code == 2
    assert "rollout.yaml:3: pilots.0.cohort: " in answer.err
    assert "names nobody" in answer.err


def test_a_pilot_is_begun_and_moved_from_the_command_line(place: Path) -> None:
    assert said(place, "rollout", "advance", "two", "--reason", "x").code == 4
    assert said(place, "rollout", "report", "one").code == 5, "it was not begun"
    begun = said(place, "rollout", "advance", "one", "--reason", "agreed", "--json")
    assert (begun.code, begun.json["phase"]) == (0, 1)
    refused = said(place, "rollout", "advance", "one", "--reason", "on")
    assert (refused.code, "--keep" in refused.err) == (3, True)
    kept = said(place, "rollout", "report", "one", "--keep", "--json")
    assert kept.json["verdict"] == "hold"
    text = said(place, "rollout", "report", "one").out
    assert "HOLD" in text
    assert "of 0 people" in text
    moved = said(place, "rollout", "advance", "one", "--reason", "on", "--report", kept.json["id"])
    assert (moved.code, "phase 2" in moved.out) == (0, True)
    shown = said(place, "rollout", "status").out
    assert "“on”" in shown
    assert kept.json["id"] in shown


def test_what_if_says_what_is_not_there(place: Path) -> None:
    for arguments in (("course", "nothing"), ("hire", "sql", "--level", "3"), ("require", "x", "sql", "--level", "3")):
        answer = said(place, "what-if", *arguments)
        assert answer.code == 4, answer
        assert "there is nobody" in answer.err
    assert said(place, "gaps", "--cohort", "all", "--team", "x").code == 2
