"""The judgement of the embedded brain: one pure function a role, from what its tools said to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agents.brains.rules import (
    content_tagger,
    evidence_collector,
    gap_analyst,
    learning_path_curator,
    onboarding_planner,
    onboarding_reviewer,
    reviewer,
    tag_reviewer,
    taxonomy_critic,
    taxonomy_mapper,
    taxonomy_steward,
)
from ascertain.domain.ports import CrewServices

Shown = Mapping[str, dict[str, Any]]
"""Data by tool name."""

RULES: Mapping[str, Callable[[Shown, CrewServices], dict[str, Any]]] = {
    "evidence_collector": evidence_collector.answer,
    "taxonomy_mapper": taxonomy_mapper.answer,
    "gap_analyst": gap_analyst.answer,
    "learning_path_curator": learning_path_curator.answer,
    "reviewer": reviewer.answer,
    "onboarding_planner": onboarding_planner.answer,
    "onboarding_reviewer": onboarding_reviewer.answer,
    "taxonomy_steward": taxonomy_steward.answer,
    "taxonomy_critic": taxonomy_critic.answer,
    "content_tagger": content_tagger.answer,
    "tag_reviewer": tag_reviewer.answer,
}
