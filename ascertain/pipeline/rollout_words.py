"""What a pilot's report says, in sentences. Each figure keeps the address of the row that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ascertain.domain.rollout_verdict import Why
from ascertain.domain.sentences import Figure, Sentence, tell

Json = Mapping[str, Any]

ACCURACY, COVERAGE, DISPUTES, TIME, RULES = "#accuracy", "#coverage", "#disputes", "#time", "#rules"

VERDICT = {
    "go": "The figures speak for the next phase.",
    "hold": "The figures do not speak for the next phase yet.",
    "stop": "The figures speak for stopping.",
}


def sentences(found: Json) -> list[Sentence]:
    """The verdict, its reasons, and what reviewing took."""
    return [tell(VERDICT[found["verdict"]], {}), *(_reason(Why(w), found) for w in found["reasons"]), *_time(found)]


def _reason(why: Why, found: Json) -> Sentence:
    words, figures = _WORDS[why], _figures(found)
    return tell(words, figures)


_WORDS = {
    Why.FEW: "Reviewers have decided on {decided} levels; under {least} nothing can be said about accuracy.",
    Why.ACCURATE: (
        "Reviewers found {right} of {decided} levels right; the lower end of the interval, {right_low}, reaches the"
        " {go_accuracy} asked for."
    ),
    Why.UNSURE: (
        "Reviewers found {right} of {decided} levels right; the interval from {right_low} to {right_high} does not"
        " reach {go_accuracy} with its lower end."
    ),
    Why.WRONG: (
        "Reviewers found {right} of {decided} levels right; even the upper end of the interval, {right_high}, stays"
        " under {stop_accuracy}."
    ),
    Why.COVERED: "{reached} of {people} people have something accepted, at least the {go_coverage} asked for.",
    Why.UNCOVERED: "{reached} of {people} people have something accepted, less than the {go_coverage} asked for.",
    Why.CONTESTED: "{contested} of {assertions} assertions are contested: {stop_disputes} or more speak for stopping.",
    Why.UNCONTESTED: "{contested} of {assertions} assertions are contested.",
}


def _figures(found: Json) -> dict[str, Figure]:
    right, reached, contested, rules = found["accuracy"], found["coverage"], found["disputes"], found["rules"]
    low, high = right["interval"] or (0.0, 1.0)
    return {
        "decided": Figure(right["of"], ACCURACY),
        "right": Figure(right["part"], ACCURACY),
        "right_low": Figure(low, ACCURACY, share=True),
        "right_high": Figure(high, ACCURACY, share=True),
        "least": Figure(rules["least_decisions"], RULES),
        "go_accuracy": Figure(rules["go_accuracy"], RULES, share=True),
        "stop_accuracy": Figure(rules["stop_accuracy"], RULES, share=True),
        "reached": Figure(reached["part"], COVERAGE),
        "people": Figure(reached["of"], COVERAGE),
        "go_coverage": Figure(rules["go_coverage"], RULES, share=True),
        "contested": Figure(contested["part"], DISPUTES),
        "assertions": Figure(contested["of"], DISPUTES),
        "stop_disputes": Figure(rules["stop_disputes"], RULES, share=True),
    }


def _time(found: Json) -> list[Sentence]:
    time = found["time"]
    if time["mean_seconds"] is None:
        return [tell("No review was measured, so nothing can be said about time.", {})]
    low, high = time["hours_saved"]
    figures = {
        "measured": Figure(time["measured"], TIME),
        "spent": Figure(round(time["hours_spent"], 2), TIME),
        "established": Figure(time["established"], TIME),
        "least": Figure(found["rules"]["manual_minutes"][0], RULES),
        "most": Figure(found["rules"]["manual_minutes"][1], RULES),
        "low": Figure(round(low, 2), TIME),
        "high": Figure(round(high, 2), TIME),
    }
    return [
        tell("Reviewing took {spent} hours, of which {measured} looks were measured.", figures),
        tell(
            "An estimate: with {least} to {most} minutes by hand for each of {established} skills established, between"
            " {low} and {high} hours were saved.",
            figures,
        ),
    ]
