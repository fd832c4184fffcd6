"""The catalogue crew: content tagger → tag reviewer, over some items of the library at a time. The one picks among the
mapper's candidates, the other holds back; probability and level are code's, and people's votes stand above both.

Importing this module and :func:`build` are cheap; CrewAI itself is imported by the first run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.brains.models import CATALOGUE_ROLES, endpoints, read_models
from ascertain.domain.content_weighing import LibraryItem, TaggingFindings
from ascertain.domain.ports import CrewServices
from ascertain.prompts import read_prompts
from crews.staffed import StaffedCrew
from tools.library_desk import LibraryDesk

BATCH, ENDPOINT_BATCH = 40, 10
"""Items of one run. Rules read any number at once; a language model grows careless over a long list."""


@dataclass(frozen=True, slots=True)
class LibraryCrew(StaffedCrew):
    """Implements :class:`ascertain.domain.content_weighing.CatalogueCrew`."""

    @property
    def version(self) -> str:
        """The brains' versions and the prompts'."""
        return f"{self.brain_version}|{self.prompts_version}"

    @property
    def batch(self) -> int:
        """Fewer where a language model reads."""
        return ENDPOINT_BATCH if any(endpoints(c) for c in self.team.values()) else BATCH

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

        return run(
            LibraryDesk(items, services.taxonomy), CATALOGUE, self.prompts, self.brains(services), name="catalogue"
        )


def build(brain: str = "embedded") -> LibraryCrew:
    """The crew with the brains that ``config/models.yaml`` has under ``brain``.

    Raises:
        ConfigError: when models.yaml, agents.yaml or tasks.yaml is wrong, or has no such brain.
    """
    models = read_models()
    return LibraryCrew(models.team(brain, CATALOGUE_ROLES), read_prompts(), models.budget)
