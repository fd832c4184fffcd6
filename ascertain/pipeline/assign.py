"""Gives an assertion to whoever is to review it, and to somebody else when a person says so."""

from __future__ import annotations

import json

from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.review_assign import Asked, SkillOwners, assign
from ascertain.domain.review_rules import Party, ReviewRules
from ascertain.domain.runs import StoredAssertion


def assignee_of(
    uow: UnitOfWork,
    row: StoredAssertion,
    learner: Learner,
    rules: ReviewRules,
    owners: SkillOwners,
    taxonomy: Taxonomy,
) -> str:
    """Who is asked about an assertion, by the policy's rules: a learner's id where the person is one."""
    inputs = json.loads(row.inputs)
    skill = taxonomy.skill(row.skill_id)
    owner = owners.led(uow.stewardship.moves()).of(row.skill_id, skill.family if skill else None)
    known = uow.people.find(owner) if owner else None
    asked = Asked(learner, inputs.get("compliance", False), inputs["critical"], known.id if known else owner)
    return assign(asked, rules, lambda party, name: _may(uow, party, name))


def _may(uow: UnitOfWork, party: Party, name: str) -> bool:
    """Whether somebody is there to review: who has left is asked nothing, and a manager must be known."""
    person = uow.people.find(name)
    return person.active if person is not None else party is Party.SKILL_OWNER
