"""A person's skills as far as a human confirmed them and nobody contests them: all that a match may rest on."""

from __future__ import annotations

import json

from ascertain.domain.assertion import assert_skill, belief_of
from ascertain.domain.matching import Confirmed
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.rules import BeliefRules
from ascertain.domain.usage import Use, usable_for
from ascertain.pipeline.replay import observation_from


def confirmed_skills(uow: UnitOfWork, learner_id: str, rules: BeliefRules) -> dict[str, Confirmed]:
    """By skill id."""
    found = {}
    for row in uow.assertions.of(learner_id):
        if row.level is not None and usable_for(row, Use.DECISION):
            observations = tuple(observation_from(o) for o in json.loads(row.inputs)["observations"])
            belief = belief_of(assert_skill(row.skill_id, observations, rules), rules)
            found[row.skill_id] = Confirmed(row.id, row.level, belief)
    return found
