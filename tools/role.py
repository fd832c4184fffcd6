"""Tools of the gap analyst: what the role asks, and the gap that code computed."""

from __future__ import annotations

from typing import Any

from ascertain.domain.gaps import Gap
from tools.base import DeskTool
from tools.desk import CaseDesk, rounded_percent

STAGE = "gap_analyst"


class RoleRequirements(DeskTool):
    """The requirements of the role, in its own words."""

    name: str = "role_requirements"
    description: str = (
        "Skills that the role of this case asks for: required level, importance, essential, critical, and why. "
        "The role is null when the person has none. Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``role`` and ``requirements``."""
        role = self._desk.case.role
        if role is None:
            return {"role": None, "requirements": []}
        return {
            "role": role.title,
            "summary": role.summary,
            "requirements": [
                {
                    "skill_id": r.skill_id,
                    "label": self._desk.label(r.skill_id),
                    "required_level": int(r.level),
                    "importance_percent": rounded_percent(r.importance),
                    "essential": r.essential,
                    "critical": r.critical,
                    "why": r.why,
                }
                for r in role.requirements
            ],
        }


class ComputedGap(DeskTool):
    """The gap of each requirement as code computed it: largest first."""

    name: str = "computed_gap"
    description: str = (
        "The computed gap of each requirement, the largest first: required and current level, and how likely the "
        "person is below it, in per cent with its range. These are the only figures there are. Takes no arguments."
    )
    stage: str = STAGE

    def read(self, **arguments: Any) -> dict[str, Any]:
        """``gaps``, see :func:`gap_row`, and ``worth_closing_percent``, the policy's floor of the weighted gap."""
        floor = self._desk.services.policy.path.min_gap
        return {
            "gaps": [gap_row(self._desk, g) for g in self._desk.conclusion().gaps],
            "worth_closing_percent": rounded_percent(floor),
        }


def gap_row(desk: CaseDesk, gap: Gap) -> dict[str, Any]:
    """A gap as agents see it; shares as whole per cent."""
    return {
        "skill_id": gap.skill_id,
        "label": desk.label(gap.skill_id),
        "status": gap.status,
        "required_level": int(gap.required),
        "current_level": int(gap.current) if gap.current else None,
        "essential": gap.essential,
        "importance_percent": rounded_percent(gap.importance),
        "below_percent": rounded_percent(gap.p_below),
        "below_range_percent": [rounded_percent(gap.low), rounded_percent(gap.high)],
        "weighted_percent": rounded_percent(gap.weighted),
    }
