"""Development needs of a person, a team, a cohort or a role, as they are shown; what each figure says, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ascertain.domain.canonical import plain
from ascertain.domain.development_needs import Need, Reason, development_needs
from ascertain.domain.gaps import Gap
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Principal
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.sentences import Figure, Sentence, tell
from ascertain.errors import NotFoundError
from ascertain.pipeline.permit import permitted_learner, permitted_of
from ascertain.pipeline.views import label
from ascertain.pipeline.views_gaps import countable, gap_from

Json = dict[str, Any]


def gaps_of_people(uow: UnitOfWork, learners: Sequence[Learner]) -> dict[str, list[Gap]]:
    """By person what their newest assessment found; without what they contest, and without whoever has no role or was
    not assessed yet."""
    contested = {(d.learner_id, d.skill_id) for d in uow.disputes.open()}
    found: dict[str, list[Gap]] = {}
    for p in learners:
        run = uow.runs.latest(p.id)
        rows = uow.runs.document(run.id, "gaps") if run else []
        if rows:
            found[p.id] = [gap_from(g) for g in rows if (p.id, g["skill_id"]) not in contested]
    return found


def needs(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy) -> Json:
    """Needs over these people, the largest first. Whoever does not want to be in figures of cohorts is left out, but
    where it is about them alone.

    ``assessed`` of ``people`` have a role and were assessed. ``share`` of a need is that of all that is missing.
    """
    counted = list(learners) if len(learners) == 1 else countable(learners)
    found = development_needs(gaps_of_people(uow, counted))
    total = sum(n.weighted for n in found.needs)
    return {
        "people": len(counted),
        "assessed": found.people,
        "not_counted": len(learners) - len(counted),
        "coverage": plain(found.coverage) if found.needs else None,
        "needs": [_row(n, label(taxonomy, n.skill_id), total) for n in found.needs],
    }


def _row(n: Need, name: str, total: float) -> Json:
    row: Json = {
        "skill": n.skill_id,
        "label": name,
        "people": n.people,
        "unknown": n.unknown,
        "below": n.below,
        "essential": n.essential,
        "importance": n.importance,
        "weighted": n.weighted,
        "range": [n.low, n.high],
        "mean": n.mean,
        "mean_range": [n.low / n.importance, n.high / n.importance] if n.importance else [0.0, 1.0],
        "share": n.weighted / total if total else 0.0,
        "levels": list(n.levels),
        "act": n.act.value,
    }
    return row | {"reasons": [s.text for s in reasons(row, n.reasons)]}


_SAYS = {
    Reason.SHOWN_BELOW: "{below} of {people} show something, and are more likely below the level asked for.",
    Reason.ESSENTIAL: "For {essential} of {people}, the role calls it essential.",
    Reason.NOT_KNOWN: "{unknown} of {people} show nothing at the level asked for: it is not known, which is not zero.",
    Reason.WIDE: "Between {low} and {high} of what is asked may be missing: little is certain yet.",
    Reason.OPEN: "Nobody is more likely below the level than not, and still {mean} of what is asked may be missing.",
    Reason.MET: "What is asked for is likely met; {mean} of it may be missing.",
}


def reasons(row: Mapping[str, Any], why: Sequence[Reason]) -> list[Sentence]:
    """Why a need stands where it stands; each figure is one of the row's."""
    where = f"#n-{row['skill']}"
    figures = {k: Figure(row[k], where) for k in ("people", "unknown", "below", "essential")}
    figures |= {"mean": Figure(row["mean"], where, share=True)}
    figures |= {k: Figure(v, where, share=True) for k, v in zip(("low", "high"), row["mean_range"], strict=True)}
    return [tell(_SAYS[w], figures) for w in why]


def people_of(
    uow: UnitOfWork, who: Principal, *, cohort: str = "", team: str = "", role: str = ""
) -> tuple[list[Learner], int, str]:
    """Those whom ``who`` may see of a cohort, a manager's direct reports, or everybody in a role; how many others there
    are, and what they are called.

    Raises:
        ForbiddenError: none of them may be seen.
        NotFoundError: there is nobody of that name.
    """
    if team:
        manager = permitted_learner(uow, who, Action.TEAM_READ, team) if not _is(uow, who, team) else _own(uow, who)
        found, name = uow.people.reports_of(manager.id), f"the team of {manager.name}"
    else:
        found = uow.people.cohort(role or cohort)
        title = next(
            (r.title for r in uow.roles.all() if role and role.casefold() in (r.id.casefold(), r.title.casefold())), ""
        )
        if role:
            found = [p for p in found if p.job_profile_id and title]
        name = title or ("everybody" if cohort == "all" else cohort or role)
    if not found:
        raise NotFoundError(
            f"there is nobody in {team or role or cohort!r}",
            remedy="a department, a job profile id or `all`; with --team a manager; with --role a job profile",
        )
    people, left_out = permitted_of(uow, who, Action.TEAM_READ, found)
    return people, left_out, name


def _is(uow: UnitOfWork, who: Principal, text: str) -> bool:
    person = uow.people.get(who.learner_id) if who.learner_id else None
    return person is not None and text.strip().casefold() in (person.id.casefold(), person.email.casefold())


def _own(uow: UnitOfWork, who: Principal) -> Learner:
    person = uow.people.get(who.learner_id or "")
    if person is None:
        raise NotFoundError("you are nobody of the people table", remedy="name the manager")
    return person
