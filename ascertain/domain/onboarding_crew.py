"""What the onboarding crew finds, and the port it stands behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ascertain.domain.findings import Drop, Step
from ascertain.domain.onboarding import Remark
from ascertain.domain.onboarding_build import Built
from ascertain.domain.onboarding_case import Choice, OnboardingCase
from ascertain.domain.onboarding_phases import PhaseSolver
from ascertain.domain.ports import CrewServices


@dataclass(frozen=True, slots=True)
class OnboardingFindings:
    """What stood up to the checks. ``built`` is code's; the agents chose and said the rest."""

    choice: Choice
    built: Built
    summary: str = ""
    remarks: tuple[Remark, ...] = ()
    warnings: tuple[str, ...] = ()
    drops: tuple[Drop, ...] = ()
    steps: tuple[Step, ...] = ()


class OnboardingCrew(Protocol):
    """Planner and reviewer (``crews.onboarding``). One call, one new hire; raises ``BrainError`` when a brain fails."""

    @property
    def brain_version(self) -> str: ...
    @property
    def prompts_version(self) -> str: ...
    def run(self, case: OnboardingCase, services: CrewServices, phases: PhaseSolver) -> OnboardingFindings: ...
