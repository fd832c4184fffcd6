"""How ready people are for key roles, month by month. Rests on what a human confirmed, and on nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ascertain.domain.canonical import digest
from ascertain.domain.matching import Confirmed, may_appear
from ascertain.domain.people import Learner
from ascertain.domain.ports import Clock, UnitOfWork
from ascertain.domain.readiness import Readiness, Span, StepHours, readiness
from ascertain.domain.rules import Policy
from ascertain.domain.skills import JobProfile
from ascertain.domain.succession import Candidate, KeyRole, Snapshot
from ascertain.domain.talent import TalentRules, must_plan
from ascertain.domain.wishes import Topic
from ascertain.errors import NotFoundError
from ascertain.pipeline.confirmed_skills import confirmed_skills
from ascertain.pipeline.learning_hours import step_hours

ACTOR = "system"
NOTICE = (
    "Made by code from skills that a human confirmed, of people who want to be found. It is no decision, no promise "
    "and no forecast of how somebody will do: what nobody confirmed is unknown and not missing, the time is an "
    "expectation under stated hours, and people who share places are not told apart. Whoever decides looks at each "
    "person and answers for it."
)
"""What such figures are not; shown with every one."""


@dataclass(frozen=True, slots=True)
class ReadinessGround:
    """What readiness is made with: the rules, and the version under which content tags are kept."""

    talent: TalentRules
    policy: Policy
    tagger: str

    def steps(self, uow: UnitOfWork) -> StepHours:
        """How long levels take, as the catalogue is now."""
        return step_hours(uow, self.tagger, self.policy.path, self.talent.readiness)


@dataclass(frozen=True, slots=True)
class Kept:
    """What keeping the month's readiness came to: of how many people and roles, how many are new or have changed."""

    month: date
    looked: int
    kept: int


def profile_or_raise(uow: UnitOfWork, role: KeyRole) -> JobProfile:
    """The requirements of a key role, under the role's own id and title.

    Raises:
        NotFoundError: its job profile is gone.
    """
    return _of(role, requirements_or_raise(uow, role.job_profile_id))


def requirements_or_raise(uow: UnitOfWork, name: str) -> JobProfile:
    """The job profile of that id.

    Raises:
        NotFoundError: there is none.
    """
    found = uow.roles.get(name)
    if found is None:
        raise NotFoundError(f"there is no job profile {name!r}", remedy="`ascertain roles list` shows them")
    return found


def beside(
    uow: UnitOfWork,
    person: Learner,
    profile: JobProfile,
    ground: ReadinessGround,
    step: StepHours,
    known: dict[str, dict[str, Confirmed]] | None = None,
) -> Readiness:
    """One person beside one role, at the share of their working week that the policy gives to learning. ``known`` keeps
    people's confirmed skills from one role to the next."""
    kept = {} if known is None else known
    if person.id not in kept:
        kept[person.id] = confirmed_skills(uow, person.id, ground.policy.belief)
    wishes = {w.about: w.want for w in uow.wishes.of(person.id) if w.topic is Topic.SKILL}
    return readiness(
        person.id,
        profile,
        kept[person.id],
        step,
        person.hours_per_week * ground.policy.path.share_of_week,
        ground.policy.belief,
        ground.talent.readiness,
        wishes=wishes,
    )


def stands(role: KeyRole, candidate: Candidate, person: Learner | None) -> bool:
    """Whether somebody who was nominated is on the list: they want to be found, do not object, and do not hold it."""
    return (
        person is not None and may_appear(person) and candidate.objected_at is None and person.id not in role.incumbents
    )


def keep_month(uow: UnitOfWork, ground: ReadinessGround, clock: Clock) -> Kept:
    """Keep how ready everybody on a list is this month, in place of what was kept earlier in it. Done twice it changes
    nothing the second time. The caller commits.

    Raises:
        ConflictError: succession is not planned here.
    """
    must_plan(ground.talent)
    month, step = clock.today().replace(day=1), ground.steps(uow)
    people = {p.id: p for p in uow.people.all()}
    known: dict[str, dict[str, Confirmed]] = {}
    looked, changed = 0, []
    for role in uow.successions.roles():
        if uow.roles.get(role.job_profile_id) is None:
            continue
        profile = profile_or_raise(uow, role)
        for candidate in uow.successions.of_role(role.id):
            person = people.get(candidate.learner_id)
            if person is None or not stands(role, candidate, person):
                continue
            looked += 1
            made = snapshot(role, beside(uow, person, profile, ground, step, known), month, clock)
            if not made.same_as(_of_month(uow, made)):
                uow.successions.put_snapshot(made)
                changed.append(made)
    if changed:
        header = {"month": month.isoformat(), "looked": looked, "kept": len(changed), "digest": digest(changed)}
        uow.audit.append("readiness.kept", actor=ACTOR, header=header)
    return Kept(month, looked, len(changed))


def snapshot(role: KeyRole, found: Readiness, month: date, clock: Clock) -> Snapshot:
    """What is kept of somebody's readiness for a month."""
    c = found.match.covered
    covered = Span(c.low, c.point, c.high)
    bands = (found.best, found.band, found.worst, found.enough)
    who = found.match.learner_id
    return Snapshot(who, role.id, month, clock.now(), covered, found.weeks, *bands, found.known)


def history(uow: UnitOfWork, person: Learner, roles: Mapping[str, KeyRole]) -> dict[str, list[Snapshot]]:
    """What was kept of somebody, by key role, the oldest first; of roles that are still key roles."""
    found: dict[str, list[Snapshot]] = {}
    for s in uow.successions.snapshots(person.id):
        if s.key_role_id in roles:
            found.setdefault(s.key_role_id, []).append(s)
    return found


def _of(role: KeyRole, profile: JobProfile) -> JobProfile:
    return JobProfile(role.id, role.title, profile.requirements, profile.department, profile.summary)


def _of_month(uow: UnitOfWork, made: Snapshot) -> Snapshot | None:
    same = (s for s in uow.successions.snapshots(made.learner_id) if s.key_role_id == made.key_role_id)
    return next((s for s in same if s.month == made.month), None)
