"""Numbers of human review. Their reasons stand in ``config/policy.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class When(StrEnum):
    """Which assertions a rule of assignment is for. ``owned``: somebody owns the skill."""

    COMPLIANCE = "compliance"
    CRITICAL = "critical"
    OWNED = "owned"
    ALWAYS = "always"


class Party(StrEnum):
    """To whom a rule of assignment gives an item."""

    MANAGER = "manager"
    SKILL_OWNER = "skill_owner"
    L_AND_D = "l_and_d"


@dataclass(frozen=True, slots=True)
class AssignRule:
    """One rule; the first that fits, and whose person may review, counts."""

    when: When
    to: Party


@dataclass(frozen=True, slots=True)
class WatchRules:
    """Numbers of the watch over reviewers, see :mod:`ascertain.domain.review_watch`.

    Attributes:
        check_share: share of decisions after which a known item is put into the same queue.
        second_share: share of decisions after which somebody else is asked about the same item.
        false_alarm: most of the careful reviewers, as a share, that get an alarm in a quarter of a year.
        careful_misses, careless_misses: share of known items that a careful and a careless reviewer misses.
        careful_fast, careless_fast: share of decisions made faster than one can read, likewise.
        words_per_minute, settle_seconds: faster than reading the quotes at this speed, plus this, is too fast.
    """

    check_share: float = 0.0
    second_share: float = 0.0
    false_alarm: float = 0.01
    careful_misses: float = 0.2
    careless_misses: float = 0.6
    careful_fast: float = 0.2
    careless_fast: float = 0.7
    words_per_minute: float = 600.0
    settle_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """How review is organised.

    Attributes:
        due_days: days until a decision is due, by priority 1 (most urgent) to 4.
        assign: rules of assignment, in order.
        l_and_d: name of the queue of learning and development, which is nobody's alone.
        bulk_limit: most items decided at once.
        training_required: whoever reviews has a day of reviewer training on record.
        threshold_bound: confidence of the one-sided bound under which a threshold is proposed.
    """

    due_days: Mapping[int, int]
    assign: tuple[AssignRule, ...]
    l_and_d: str = "l-and-d"
    bulk_limit: int = 20
    threshold_bound: float = 0.95
    training_required: bool = True
    watch: WatchRules = WatchRules()


EARLIER_ASSIGNMENT = (AssignRule(When.ALWAYS, Party.MANAGER), AssignRule(When.ALWAYS, Party.L_AND_D))
"""What held before a policy could say it."""
