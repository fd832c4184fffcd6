"""The parts of the audit: which of them somebody is offered. No entry grants anything."""

from __future__ import annotations

from dataclasses import dataclass

from ascertain.domain.permission import Action, Principal, may_at_all


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of the audit, for those who may do ``action``."""

    href: str
    name: str
    action: Action


TABS = (
    Tab("/audit", "Trail", Action.AUDIT_READ),
    Tab("/audit/chain", "Chain and export", Action.AUDIT_VERIFY),
    Tab("/audit/replay", "Replay", Action.REPLAY_ALL),
    Tab("/audit/access", "Who read", Action.AUDIT_READ),
    Tab("/audit/reviewers", "Reviewers", Action.REVIEWERS_WATCH),
    Tab("/audit/calibration", "Calibration", Action.CALIBRATION_READ),
    Tab("/audit/fairness", "Fairness", Action.FAIRNESS_AUDIT),
    Tab("/audit/permissions", "Permissions", Action.ROLES_READ),
    Tab("/audit/retention", "Retention", Action.RETAIN_READ),
)


def tabs_of(who: Principal) -> list[Tab]:
    """What somebody is offered."""
    return [t for t in TABS if may_at_all(who, t.action)]
