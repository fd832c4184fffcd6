"""The stewardship crew: taxonomy steward → taxonomy critic. The one chooses among changes that code offers, the other
holds back; code counts, and people decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.brains.models import STEWARD_ROLES, read_models
from ascertain.domain.ports import CrewServices
from ascertain.domain.weighing import Matter, StewardFindings
from ascertain.prompts import read_prompts
from crews.staffed import StaffedCrew
from tools.steward_desk import StewardDesk


@dataclass(frozen=True, slots=True)
class TaxonomyCrew(StaffedCrew):
    """Implements :class:`ascertain.domain.weighing.StewardCrew`."""

    def weigh(self, matters: Sequence[Matter], services: CrewServices) -> StewardFindings:
        """Let the two agents weigh some matters; without matters nobody is asked.

        Raises:
            BrainError: when a brain fails or does not answer in the agreed form.
            BudgetError: when the run has spent what it may.
        """
        if not matters:
            return StewardFindings()
        from crews.roster import STEWARDS
        from crews.run import run

        return run(
            StewardDesk(matters, services.taxonomy), STEWARDS, self.prompts, self.brains(services), name="stewardship"
        )


def build(brain: str = "embedded") -> TaxonomyCrew:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return TaxonomyCrew(models.team(brain, STEWARD_ROLES), read_prompts(), models.budget)
