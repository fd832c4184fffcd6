"""The onboarding crew: planner → (code drafts the plan) → reviewer.

Importing this module and :func:`build` are cheap; CrewAI itself is imported by the first run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agents.brains import build_brain
from agents.brains.budget import DayMeter, Meter, RunMeter
from agents.brains.models import ONBOARDING_ROLES, Budgets, Thinker, read_models
from ascertain.domain.onboarding_case import OnboardingCase
from ascertain.domain.onboarding_crew import OnboardingFindings
from ascertain.domain.onboarding_phases import PhaseSolver
from ascertain.domain.ports import CrewServices
from ascertain.prompts import Prompts, read_prompts
from tools.onboarding_desk import OnboardingDesk


@dataclass(frozen=True, slots=True)
class OnboardingAgents:
    """Implements :class:`ascertain.domain.onboarding_crew.OnboardingCrew`. Holds no state of a run."""

    team: Mapping[str, Thinker]
    prompts: Prompts
    budgets: Budgets = field(default_factory=Budgets)

    @property
    def brain_version(self) -> str:
        """The one brain's version, or each role's."""
        versions = {r: c.version for r, c in self.team.items()}
        distinct = set(versions.values())
        return distinct.pop() if len(distinct) == 1 else ", ".join(f"{r}={v}" for r, v in sorted(versions.items()))

    @property
    def prompts_version(self) -> str:
        """Hash over agents.yaml and tasks.yaml."""
        return self.prompts.version

    def run(self, case: OnboardingCase, services: CrewServices, phases: PhaseSolver) -> OnboardingFindings:
        """Let the agents order and choose, code draft, and an agent read what came out.

        Raises:
            BrainError: when a brain fails or does not answer in the agreed form.
            BudgetError: when the run has spent what it may.
        """
        from crews.roster import ONBOARDING
        from crews.run import run

        reach = replace(services, purse=None)
        meters: tuple[Meter, ...] = (RunMeter(self.budgets.run.within(services.seconds)),)
        if services.purse is not None and self.budgets.day.caps:
            meters += (DayMeter(self.budgets.day, services.purse),)
        brain_of = lambda role: build_brain(role, self.team[role], reach, meters)  # noqa: E731
        return run(OnboardingDesk(case, reach, phases), ONBOARDING, self.prompts, brain_of, name="onboarding")


def build(brain: str = "embedded") -> OnboardingAgents:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return OnboardingAgents(models.team(brain, ONBOARDING_ROLES), read_prompts(), models.budget)
