"""Who is asked to review an assertion: rules in order, the first one that fits and whose person may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ascertain.domain.overlays import Moves
from ascertain.domain.people import Learner
from ascertain.domain.review_rules import AssignRule, Party, ReviewRules, When
from ascertain.domain.skills import SkillFamily


@dataclass(frozen=True, slots=True)
class SkillOwners:
    """Who owns a skill: by skill id, else by family. Names are learner ids or e-mail addresses."""

    skills: Mapping[str, str] = field(default_factory=dict)
    families: Mapping[SkillFamily, str] = field(default_factory=dict)

    def of(self, skill_id: str, family: SkillFamily | None) -> str | None:
        """The owner's name, if there is one."""
        return self.skills.get(skill_id) or (self.families.get(family) if family is not None else None)

    def led(self, moves: Moves) -> SkillOwners:
        """Under changes of the taxonomy: whoever owns a skill that was merged or split owns what it became, unless
        that has an owner of its own."""
        found = {t: owner for s, owner in self.skills.items() for t in moves.get(s, ())}
        return replace(self, skills={**found, **self.skills})


NO_OWNERS = SkillOwners()


@dataclass(frozen=True, slots=True)
class Asked:
    """An assertion as the rules see it. ``owner`` is the name of whoever owns the skill."""

    learner: Learner
    compliance: bool
    critical: bool
    owner: str | None


def assign(asked: Asked, rules: ReviewRules, may: Callable[[Party, str], bool]) -> str:
    """Name of who is asked; the queue of learning and development where nobody else may.

    Args:
        may: whether somebody, in that capacity, may review this assertion. The learner never may.
    """
    for rule in rules.assign:
        if not _fits(rule, asked):
            continue
        if rule.to is Party.L_AND_D:
            return rules.l_and_d
        name = asked.owner if rule.to is Party.SKILL_OWNER else asked.learner.manager_id
        if name and not is_learner(name, asked.learner) and may(rule.to, name):
            return name
    return rules.l_and_d


def is_learner(name: str, learner: Learner) -> bool:
    """Whether a name (id or e-mail address, in any case) is the learner's."""
    return name.strip().casefold() in (learner.id.casefold(), learner.email.strip().casefold())


def _fits(rule: AssignRule, asked: Asked) -> bool:
    return {
        When.COMPLIANCE: asked.compliance,
        When.CRITICAL: asked.critical,
        When.OWNED: asked.owner is not None,
        When.ALWAYS: True,
    }[rule.when]
