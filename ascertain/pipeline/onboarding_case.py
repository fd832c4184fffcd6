"""What a plan of the first 90 days is drafted from, read from the store: pseudonymised, and without the skills of
whoever was not told yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.casefile import CatalogueItem
from ascertain.domain.onboarding import FirstProject, Given, OnboardingPlan, System
from ascertain.domain.onboarding_case import Helper, OnboardingCase, needs_of
from ascertain.domain.onboarding_rules import OnboardingRules
from ascertain.domain.people import Learner
from ascertain.domain.ports import UnitOfWork
from ascertain.domain.skills import JobProfile, Level
from ascertain.errors import ConflictError
from ascertain.pipeline.cases import FINISHED, CaseBuilder, masked_role, may_help, relevant
from ascertain.pipeline.notice import Gate
from ascertain.pipeline.pseudonyms import KeyedPseudonymiser
from ascertain.pipeline.views_gaps import countable


@dataclass(frozen=True, slots=True)
class Material:
    """A case twice: as the agents see it, and as the manager reads what comes of it. They differ in words alone.

    Attributes:
        who: learner ids by pseudonym.
        unseen: why nothing that the person has shown was looked at; empty where it was.
    """

    masked: OnboardingCase
    plain: OnboardingCase
    who: Mapping[str, str]
    unseen: str


def material(
    uow: UnitOfWork, plan: OnboardingPlan, learner: Learner, builder: CaseBuilder, gate: Gate, rules: OnboardingRules
) -> Material:
    """Read it. Only accepted assertions count, the new hire's and the team's.

    Raises:
        ConflictError: the person has no role to be prepared for.
        PseudonymError: a text cannot be masked; nothing of the case is shown then.
    """
    role = builder.role_of(uow, learner)
    if role is None:
        raise ConflictError(
            f"{learner.id} has no job profile, so there is nothing to prepare for",
            remedy="give them one in the HR system, or `ascertain roles accept` a job of it",
        )
    landscape = builder.landscape(uow)
    obstacle = gate.obstacle(uow, learner, plan.asked_at.date())
    shown = {} if obstacle else _accepted(uow, learner, role)
    team = team_of(uow, learner)
    helpers, holders = _team(uow, team, role, landscape.masker)
    needs = needs_of(role, shown, holders, plan.given.priorities, rules)
    asked = {n.skill_id for n in needs}
    open_role = replace(role, requirements=tuple(r for r in role.requirements if r.skill_id in asked))
    items = relevant(landscape, open_role)
    hours = plan.given.hours_per_week or learner.hours_per_week * rules.learning_share
    buddy = landscape.masker.pseudonym(plan.given.buddy) if plan.given.buddy else ""
    masked = OnboardingCase(
        pseudonym=landscape.masker.pseudonym(learner.id),
        role=masked_role(role, landscape.masker) or role,
        starts_on=plan.starts_on,
        hours_per_week=hours,
        needs=tuple(replace(n, why=landscape.masker.mask(n.why)) for n in needs),
        met=tuple(r.skill_id for r in role.requirements if r.skill_id not in asked),
        helpers=tuple(h for h in helpers if h.skill_id in asked),
        catalogue=items,
        tags={c.content_id: landscape.tags[c.content_id] for c in items if c.content_id in landscape.tags},
        completed=frozenset() if obstacle else _completed(uow, learner),
        language=learner.language,
        given=_masked(plan.given, buddy, landscape.masker),
    )
    plain = replace(
        masked, role=role, needs=needs, catalogue=_titled(uow, items), given=replace(plan.given, buddy=buddy)
    )
    people = [*team, *filter(None, [uow.people.get(plan.given.buddy)] if plan.given.buddy else [])]
    return Material(
        masked,
        plain,
        {landscape.masker.pseudonym(p.id): p.id for p in people},
        str(obstacle.message) if obstacle else "",
    )


def team_of(uow: UnitOfWork, learner: Learner) -> list[Learner]:
    """Colleagues with the same manager; where somebody has none, those of the same department. Without whoever is
    restricted, and without the person's own reports."""
    if learner.manager_id:
        found: Sequence[Learner] = uow.people.reports_of(learner.manager_id)
    else:
        found = uow.people.cohort(learner.department) if learner.department else []
    return [p for p in found if p.id != learner.id and p.active and not p.restricted and p.manager_id != learner.id]


def _accepted(uow: UnitOfWork, learner: Learner, role: JobProfile) -> dict[str, Level]:
    rows = uow.assertions.accepted([r.skill_id for r in role.requirements])
    return {skill: Level(level) for who, skill, level in rows if who == learner.id}


def _team(
    uow: UnitOfWork, team: Sequence[Learner], role: JobProfile, masker: KeyedPseudonymiser
) -> tuple[list[Helper], Counter[str]]:
    """Who could help, the highest level first; and how many have a skill at the level that the role asks for, of those
    who want to be counted."""
    asked = {r.skill_id: r.level for r in role.requirements}
    able = [row for row in uow.assertions.accepted(list(asked)) if row[2] >= asked[row[1]]]
    named = {p.id for p in team if may_help(p)}
    counted = {p.id for p in countable(team)}
    helpers = [Helper(masker.pseudonym(who), s, Level(n)) for who, s, n in able if who in named]
    helpers.sort(key=lambda h: (h.skill_id, -int(h.level), h.pseudonym))
    return helpers, Counter(s for who, s, _ in able if who in counted)


def _completed(uow: UnitOfWork, learner: Learner) -> frozenset[str]:
    mine = (e for e in uow.evidence.of(learner.id) if learner.allows(e))
    return frozenset(e.content_id for e in mine if e.content_id and e.kind in FINISHED and e.passed is not False)


def _titled(uow: UnitOfWork, items: Sequence[CatalogueItem]) -> tuple[CatalogueItem, ...]:
    """The same items in the catalogue's own words."""
    known = {c.item.content_id: c.item for c in uow.contents.all()}
    return tuple(known.get(i.content_id, i) for i in items)


def _masked(given: Given, buddy: str, masker: KeyedPseudonymiser) -> Given:
    systems = tuple(System(masker.mask(s.name), s.by, masker.mask(s.contact)) for s in given.systems)
    p = given.project
    project = FirstProject(masker.mask(p.title), masker.mask(p.outcome), p.by) if p else None
    return replace(given, systems=systems, project=project, buddy=buddy)
