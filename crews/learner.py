"""The learner crew: evidence collector → taxonomy mapper → gap analyst → learning-path curator → reviewer.

Importing this module and :func:`build` are cheap; CrewAI itself is imported by :meth:`AgentCrew.preload` or the first
run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agents.brains import build_brain
from agents.brains.memory import Memory, Remembered
from agents.brains.models import ROLES, EmbeddedConfig, Thinker, endpoints, read_models
from ascertain.domain.casefile import CaseFile
from ascertain.domain.findings import CrewFindings
from ascertain.domain.ports import CrewServices, Mapper
from ascertain.domain.skills import Candidate
from ascertain.domain.spending import Usage, usage_of
from ascertain.prompts import read_prompts
from crews.staffed import StaffedCrew
from tools.desk import CaseDesk

if TYPE_CHECKING:
    from agents.brains.base import Brain


@dataclass(frozen=True, slots=True)
class AgentCrew(StaffedCrew):
    """Implements :class:`ascertain.domain.ports.LearnerCrew`."""

    remembered: Remembered | None = None
    """Answers of this process, where the same is asked again: a rehearsal does."""

    def expected(self, case: CaseFile, services: CrewServices) -> tuple[Usage, ...]:
        """As :meth:`ascertain.domain.ports.LearnerCrew.expected`."""
        asked = {role for role, config in self.team.items() if endpoints(config)}
        if not asked:
            return ()
        from crews.roster import LEARNER
        from crews.run import run

        reach = replace(services, mapper=RememberingMapper(services.mapper), purse=None, answers={}, keep=None)
        brain_of = lambda role: _walker(role, self.team[role], reach)  # noqa: E731
        found = run(CaseDesk(case, reach), LEARNER, self.prompts, brain_of, name="learner")
        return usage_of(s for s in found.steps if s.agent in asked)

    def run(self, case: CaseFile, services: CrewServices) -> CrewFindings:
        """Let the five agents weigh one case.

        Raises:
            BrainError: when a brain fails or does not answer in the agreed form.
            BudgetError: when the run has spent what it may; it carries what was found until then.
        """
        from crews.roster import LEARNER
        from crews.run import run

        remembered = replace(services, mapper=RememberingMapper(services.mapper), answers={}, keep=None)
        desk = CaseDesk(case, replace(remembered, purse=None))
        memory = Memory(services.answers, self.remembered, services.keep)
        brain_of = self.brains(remembered, memory)
        return run(desk, LEARNER, self.prompts, brain_of, name="learner", memory=memory)


def _walker(role: str, config: Thinker, services: CrewServices) -> Brain:
    """Rules that count in the place of the endpoint that would be asked first."""
    from agents.brains.walking import WalkingBrain

    asked = endpoints(config)
    return WalkingBrain(role=role, config=asked[0], services=services) if asked else build_brain(role, config, services)


class RememberingMapper:
    """A mapper that answers each text once a run: collector and mapper ask about the same sentences."""

    def __init__(self, mapper: Mapper) -> None:
        self._mapper = mapper
        self._known: dict[tuple[str, int], list[Candidate]] = {}

    @property
    def version(self) -> str:
        """The mapper's."""
        return self._mapper.version

    def map(self, texts: Sequence[str], *, top: int) -> list[list[Candidate]]:
        """As :meth:`Mapper.map`."""
        new = [t for t in dict.fromkeys(texts) if (t, top) not in self._known]
        if new:
            for text, found in zip(new, self._mapper.map(new, top=top), strict=True):
                self._known[text, top] = found
        return [self._known[t, top] for t in texts]


def build(brain: str = "embedded", *, prompts: Path | None = None, remember: bool = False) -> AgentCrew:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Args:
        prompts: a folder with another agents.yaml and tasks.yaml.
        remember: answer what is asked twice within this process from memory.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return AgentCrew(models.team(brain), read_prompts(prompts), models.budget, Remembered() if remember else None)


def rules() -> AgentCrew:
    """The crew that thinks by rules alone, whatever ``config/models.yaml`` has."""
    return AgentCrew(dict.fromkeys(ROLES, EmbeddedConfig(kind="embedded")), read_prompts())
