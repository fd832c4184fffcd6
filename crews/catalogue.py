"""The catalogue crew: content tagger → tag reviewer, over some items of the library at a time. The one picks among the
mapper's candidates, the other holds back; probability and level are code's, and people's votes stand above both.

Importing this module and :func:`build` are cheap; CrewAI itself is imported by the first run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from agents.brains import build_brain
from agents.brains.budget import DayMeter, Meter, RunMeter
from agents.brains.models import CATALOGUE_ROLES, Budgets, EmbeddedConfig, EndpointConfig, read_models
from ascertain.domain.content_weighing import LibraryItem, TaggingFindings
from ascertain.domain.ports import CrewServices
from ascertain.prompts import Prompts, read_prompts
from tools.library_desk import LibraryDesk

BATCH, ENDPOINT_BATCH = 40, 10
"""Items of one run. Rules read any number at once; a language model grows careless over a long list."""


@dataclass(frozen=True, slots=True)
class LibraryCrew:
    """Implements :class:`ascertain.domain.content_weighing.CatalogueCrew`. Holds no state of a run; threads may share
    it."""

    team: Mapping[str, EmbeddedConfig | EndpointConfig]
    prompts: Prompts
    budgets: Budgets = field(default_factory=Budgets)

    @property
    def version(self) -> str:
        """The brains' versions and the prompts'."""
        versions = {r: c.version for r, c in self.team.items()}
        distinct = set(versions.values())
        brain = distinct.pop() if len(distinct) == 1 else ", ".join(f"{r}={v}" for r, v in sorted(versions.items()))
        return f"{brain}|{self.prompts.version}"

    @property
    def batch(self) -> int:
        """Fewer where a language model reads."""
        return ENDPOINT_BATCH if any(isinstance(c, EndpointConfig) for c in self.team.values()) else BATCH

    def preload(self) -> None:
        """Import CrewAI now, so that forked workers inherit it."""
        import crews.roster  # noqa: F401

        if kinds := {c.kind for c in self.team.values() if isinstance(c, EndpointConfig)}:
            from agents.brains.clients import preload

            preload(kinds)

    def weigh(self, items: Sequence[LibraryItem], services: CrewServices) -> TaggingFindings:
        """Let the two agents weigh some items; without items nobody is asked.

        Raises:
            BrainError: when a brain fails or does not answer in the agreed form.
            BudgetError: when the run has spent what it may.
        """
        if not items:
            return TaggingFindings()
        from crews.roster import CATALOGUE
        from crews.run import run

        reach = replace(services, purse=None)
        meters: tuple[Meter, ...] = (RunMeter(self.budgets.run.within(services.seconds)),)
        if services.purse is not None and self.budgets.day.caps:
            meters += (DayMeter(self.budgets.day, services.purse),)
        brain_of = lambda role: build_brain(role, self.team[role], reach, meters)  # noqa: E731
        return run(LibraryDesk(items, services.taxonomy), CATALOGUE, self.prompts, brain_of, name="catalogue")


def build(brain: str = "embedded") -> LibraryCrew:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return LibraryCrew(models.team(brain, CATALOGUE_ROLES), read_prompts(), models.budget)
