"""Who stands where: agents, tasks and tools of each crew. No agent holds a tool that is not listed here."""

from __future__ import annotations

from crews.run import Post  # prepares CrewAI's environment before anything imports it  # isort: skip

from agents import (
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
from tasks import (
    analyse_gaps,
    collect_evidence,
    curate_path,
    judge_changes,
    map_skills,
    plan_onboarding,
    review_findings,
    review_onboarding,
    review_tags,
    tag_content,
    weigh_matters,
)
from tools.evidence import HrisProfile, LmsActivity, WorkArtefacts
from tools.findings import CaseFindings
from tools.learning import CatalogueSearch, Mentors, PathSolverTool
from tools.library import LibraryItems, TaggedItems
from tools.onboarding import DraftedPlan, OnboardingNeeds, TeamHelpers
from tools.role import ComputedGap, RoleRequirements
from tools.skills import ContentTags, SkillsInOtherWords, TaxonomySearch
from tools.stewardship import ProposedChanges, TaxonomyMatters

LEARNER = (
    Post(evidence_collector, collect_evidence, (LmsActivity, HrisProfile, WorkArtefacts)),
    Post(taxonomy_mapper, map_skills, (TaxonomySearch, ContentTags, SkillsInOtherWords)),
    Post(gap_analyst, analyse_gaps, (RoleRequirements, ComputedGap)),
    Post(learning_path_curator, curate_path, (CatalogueSearch, Mentors, PathSolverTool)),
    Post(reviewer, review_findings, (CaseFindings,)),
)

ONBOARDING = (
    Post(onboarding_planner, plan_onboarding, (OnboardingNeeds, TeamHelpers)),
    Post(onboarding_reviewer, review_onboarding, (DraftedPlan,)),
)

STEWARDS = (
    Post(taxonomy_steward, weigh_matters, (TaxonomyMatters,)),
    Post(taxonomy_critic, judge_changes, (ProposedChanges,)),
)

CATALOGUE = (
    Post(content_tagger, tag_content, (LibraryItems,)),
    Post(tag_reviewer, review_tags, (TaggedItems,)),
)
