"""The desk of one onboarding: the case, what the planner chose, and the plan that code drafts from it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from ascertain.domain.findings import Step
from ascertain.domain.onboarding import Remark
from ascertain.domain.onboarding_build import Built, build
from ascertain.domain.onboarding_case import Choice, OnboardingCase
from ascertain.domain.onboarding_crew import OnboardingFindings
from ascertain.domain.onboarding_phases import PhaseSolver
from ascertain.domain.orders import gives_orders
from ascertain.domain.ports import CrewServices
from ascertain.domain.text import clean_text
from tools.base_desk import Desk


class OnboardingDesk(Desk[OnboardingFindings]):
    """In memory, for one run, used by one crew."""

    def __init__(self, case: OnboardingCase, services: CrewServices, phases: PhaseSolver) -> None:
        super().__init__()
        self.case = case
        self.services = services
        self.choice = Choice()
        self.remarks: tuple[Remark, ...] = ()
        self.summary = ""
        self._phases = phases
        self._built: Built | None = None

    def label(self, skill_id: str) -> str:
        """Preferred label, or the id where the taxonomy does not know it."""
        skill = self.services.taxonomy.skill(skill_id)
        return skill.label if skill else skill_id

    def choose(self, choice: Choice) -> None:
        """What the planner chose; the plan is drafted from it."""
        with self._lock:
            self.choice, self._built = choice, None

    def built(self) -> Built:
        """The plan as code drafts it; computed once for a choice."""
        with self._lock:
            if self._built is None:
                policy = self.services.policy
                self._built = build(self.case, self.choice, self._phases, policy.onboarding, policy.path, self.label)
            return self._built

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What code noticed about the material itself, in plain words."""
        given = self.case.given
        texts = [s.name for s in given.systems] + [s.contact for s in given.systems]
        texts += [given.project.title, given.project.outcome] if given.project else []
        texts += [text for c in self.case.catalogue for text in (c.title, c.summary)]
        orders = sum(gives_orders(clean_text(t)) for t in texts)
        if not orders:
            return ()
        found = "1 text gives" if orders == 1 else f"{orders} texts give"
        return (f"{found} orders to a machine: read as data, without effect",)

    def findings(self, steps: Iterable[Step]) -> OnboardingFindings:
        """Everything that survived, with what did not and how it went."""
        return OnboardingFindings(
            choice=self.choice,
            built=self.built(),
            summary=self.summary,
            remarks=self.remarks,
            warnings=self.warnings,
            drops=self.drops,
            steps=tuple(steps),
        )
