"""The onboarding crew: planner → (code drafts the plan) → reviewer.

Importing this module and :func:`build` are cheap; CrewAI itself is imported by the first run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agents.brains.models import ONBOARDING_ROLES, read_models
from ascertain.domain.onboarding_case import OnboardingCase
from ascertain.domain.onboarding_crew import OnboardingFindings
from ascertain.domain.onboarding_phases import PhaseSolver
from ascertain.domain.ports import CrewServices
from ascertain.prompts import read_prompts
from crews.staffed import StaffedCrew
from tools.onboarding_desk import OnboardingDesk


@dataclass(frozen=True, slots=True)
class OnboardingAgents(StaffedCrew):
    """Implements :class:`ascertain.domain.onboarding_crew.OnboardingCrew`."""

    def run(self, case: OnboardingCase, services: CrewServices, phases: PhaseSolver) -> OnboardingFindings:
        """Let the agents order and choose, code draft, and an agent read what came out.

        Raises:
            BrainError: when a brain fails or does not answer in the agreed form.
            BudgetError: when the run has spent what it may.
        """
        from crews.roster import ONBOARDING
        from crews.run import run

        reach = replace(services, purse=None)
        return run(
            OnboardingDesk(case, reach, phases), ONBOARDING, self.prompts, self.brains(services), name="onboarding"
        )


def build(brain: str = "embedded") -> OnboardingAgents:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return OnboardingAgents(models.team(brain, ONBOARDING_ROLES), read_prompts(), models.budget)
