"""What every crew is: agents with brains, prompts, and budgets that the brains are held to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agents.brains import build_brain
from agents.brains.budget import DayMeter, Meter, RunMeter
from agents.brains.memory import Memory
from agents.brains.models import Budgets, Thinker, endpoints
from ascertain.domain.ports import CrewServices
from ascertain.prompts import Prompts

if TYPE_CHECKING:
    from agents.brains.base import Brain


@dataclass(frozen=True, slots=True)
class StaffedCrew:
    """The agents of a crew. Holds no state of a run; threads may share it."""

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

    def preload(self) -> None:
        """Import CrewAI now, so that forked workers inherit it."""
        import crews.roster  # noqa: F401

        if kinds := {e.kind for c in self.team.values() for e in endpoints(c)}:
            from agents.brains.clients import preload

            preload(kinds)

    def brains(self, services: CrewServices, memory: Memory | None = None) -> Callable[[str], Brain]:
        """Who gives each role its brain for one run, under the caps of the run and of the day.

        What tools reach only answers: the purse is the meters' alone.
        """
        reach = replace(services, purse=None)
        meters: tuple[Meter, ...] = (RunMeter(self.budgets.run.within(services.seconds)),)
        if services.purse is not None and self.budgets.day.caps:
            meters += (DayMeter(self.budgets.day, services.purse),)
        return lambda role: build_brain(role, self.team[role], reach, meters, memory)
