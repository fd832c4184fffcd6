"""Numbers of onboarding; their reasons stand in ``config/policy.yaml``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnboardingRules:
    """When drafts are made, and how much they hold.

    Attributes:
        start_days: a draft is made for whoever was hired at most so many days ago, or will be within as many; ``None``
            for never.
        learning_share: of working time that goes to learning in the first 90 days.
        most_goals: skills that a plan works on; the others come after it.
        meets_each: talks that a plan asks of one colleague at most.
        check_in_days: days after the start on which new hire and manager talk.
        named_factor: how much more a skill weighs that the manager named.
        uncovered_factor: how much more a skill weighs that nobody in the team has confirmed.
        last_factor: what the skill that the agent ranks last keeps of its weight; those between in steps.
        late_factor: what a course keeps of its worth for each phase that it comes later than the skill is wanted.
    """

    start_days: int | None = None
    learning_share: float = 0.2
    most_goals: int = 8
    meets_each: int = 2
    check_in_days: tuple[int, ...] = (7, 30, 60, 90)
    named_factor: float = 1.5
    uncovered_factor: float = 1.25
    last_factor: float = 0.6
    late_factor: float = 0.8
