"""The stewardship crew: taxonomy steward → taxonomy critic. The one chooses among changes that code offers, the other
holds back; code counts, and people decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agents.brains import build_brain
from agents.brains.budget import DayMeter, Meter, RunMeter
from agents.brains.models import STEWARD_ROLES, Budgets, Thinker, read_models
from ascertain.domain.ports import CrewServices
from ascertain.domain.weighing import Matter, StewardFindings
from ascertain.prompts import Prompts, read_prompts
from tools.steward_desk import StewardDesk


@dataclass(frozen=True, slots=True)
class TaxonomyCrew:
    """Implements :class:`ascertain.domain.weighing.StewardCrew`. Holds no state of a run; threads may share it."""

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

        reach = replace(services, purse=None)
        meters: tuple[Meter, ...] = (RunMeter(self.budgets.run.within(services.seconds)),)
        if services.purse is not None and self.budgets.day.caps:
            meters += (DayMeter(self.budgets.day, services.purse),)
        brain_of = lambda role: build_brain(role, self.team[role], reach, meters)  # noqa: E731
        return run(StewardDesk(matters, services.taxonomy), STEWARDS, self.prompts, brain_of, name="stewardship")


def build(brain: str = "embedded") -> TaxonomyCrew:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return TaxonomyCrew(models.team(brain, STEWARD_ROLES), read_prompts(), models.budget)
