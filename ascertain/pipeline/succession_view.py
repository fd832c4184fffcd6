"""What people are shown of key roles: the board of all of them, one list, and what there is about one person."""

from __future__ import annotations

from typing import Any

from ascertain.domain.people import Learner
from ascertain.domain.permission import Principal
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.readiness import BANDS, Readiness
from ascertain.domain.skills import JobProfile
from ascertain.domain.succession import Candidate, OnBench
from ascertain.domain.talent import must_plan
from ascertain.pipeline import views
from ascertain.pipeline.matches import must_be_found
from ascertain.pipeline.readiness import (
    NOTICE,
    ReadinessGround,
    beside,
    history,
    profile_or_raise,
    requirements_or_raise,
    stands,
)
from ascertain.pipeline.readiness_words import (
    band_range,
    month_view,
    reasons,
    role_view,
    strength_view,
    titles_of,
    view,
)
from ascertain.pipeline.succession import Bench, bench, benches, role_or_raise

Json = dict[str, Any]


def board(uow: UnitOfWork, who: Principal, ground: ReadinessGround) -> Json:
    """Every key role with the strength of its bench and the people on it whom ``who`` may see, as places of a heat map.

    Raises:
        ConflictError: succession is not planned here.
    """
    found, points = benches(uow, who, ground)
    names = {r.person.id: r.person for b in found for r in b.rows}
    titles = {b.role.id: b.role.title for b in found}
    return {
        "notice": NOTICE,
        "bands": [b.value for b in BANDS],
        "roles": [_head(uow, b) | {"people": [_cell(r.person, r.place) for r in b.rows]} for b in found],
        "single_points": [
            {
                "person": views.person(names[p.learner_id]),
                "alone": [titles[r] for r in p.alone],
                "also": [titles[r] for r in p.also],
            }
            for p in points
        ],
    }


def role_list(uow: UnitOfWork, who: Principal, role_id: str, ground: ReadinessGround, taxonomy: Taxonomy) -> Json:
    """The list of one key role as ``who`` may see it.

    Raises:
        NotFoundError: there is no such key role.
        ConflictError: succession is not planned here.
    """
    must_plan(ground.talent)
    found = bench(uow, who, role_or_raise(uow, role_id), ground)
    titles = titles_of(uow, [r.place.readiness for r in found.rows])
    rows = [
        {"person": views.person(r.person), "place": {"best": r.place.best, "worst": r.place.worst}}
        | {"nominated_by": _called(uow, r.candidate.nominated_by), "reason": r.candidate.reason}
        | {"nominated_at": r.candidate.nominated_at.isoformat()}
        | view(r.place.readiness, taxonomy, titles, f"#r-{r.person.id}")
        | {"told": reasons(r.place.readiness, taxonomy, f"#r-{r.person.id}")}
        for r in found.rows
    ]
    against = [{"person": views.person(p), "words": c.objection} for p, c in found.objecting]
    return _head(uow, found) | {"notice": NOTICE, "rows": rows, "objecting": against, "off": found.off}


def about(
    uow: UnitOfWork, who: Principal, person: Learner, ground: ReadinessGround, taxonomy: Taxonomy, profile_id: str = ""
) -> Json:
    """How ready somebody is for the key roles on whose list they are, or for one job profile; and how that moved.

    Raises:
        ForbiddenError: it is about somebody else, who has not said that they want to be found.
        NotFoundError: there is no such job profile.
        ConflictError: succession is not planned here.
    """
    must_plan(ground.talent)
    must_be_found(who, person)
    step = ground.steps(uow)
    every = {r.id: r for r in uow.successions.roles() if uow.roles.get(r.job_profile_id) is not None}
    months = history(uow, person, every)
    wanted: list[tuple[JobProfile, Candidate | None]] = []
    if profile_id:
        wanted.append((requirements_or_raise(uow, profile_id), None))
    else:
        mine = [c for c in uow.successions.of_person(person.id) if c.key_role_id in every]
        wanted += [(profile_or_raise(uow, every[c.key_role_id]), c) for c in mine]
    ready = [(p, c, beside(uow, person, p, ground, step)) for p, c in wanted]
    titles = titles_of(uow, [r for *_, r in ready])
    return {
        "person": views.person(person),
        "notice": NOTICE,
        "hours_per_week": person.hours_per_week * ground.policy.path.share_of_week,
        "roles": [
            _for_person(p, r, taxonomy, titles)
            | (_nomination(uow, person, c) if c else {"nomination": None})
            | {"months": [month_view(s) for s in months.get(p.id, [])]}
            for p, c, r in ready
        ],
    }


def _for_person(p: JobProfile, r: Readiness, taxonomy: Taxonomy, titles: dict[str, str]) -> Json:
    href = f"#r-{p.id}"
    return {"role": p.id, "title": p.title} | view(r, taxonomy, titles, href) | {"told": reasons(r, taxonomy, href)}


def _nomination(uow: UnitOfWork, person: Learner, c: Candidate) -> Json:
    role = uow.successions.role(c.key_role_id)
    return {
        "nomination": {
            "by": _called(uow, c.nominated_by),
            "at": c.nominated_at.isoformat(),
            "reason": c.reason,
            "objects": c.objected_at is not None,
            "objection": c.objection,
            "listed": role is not None and stands(role, c, person),
        }
    }


def _head(uow: UnitOfWork, b: Bench) -> Json:
    found = role_view(b.role) | {"strength": strength_view(b.strength), "left_out": b.left_out}
    keeper = uow.people.get(b.role.keeper_id) if b.role.keeper_id else None
    check = {"at": b.check.at.isoformat(), "flagged": b.check.flagged} if b.check else None
    return found | {"keeper": keeper.name if keeper else "", "bias_check": b.outcome, "check": check}


def _cell(person: Learner, place: OnBench) -> Json:
    r = place.readiness
    return {
        "person": views.person(person),
        "band": r.word,
        "best": r.best.value,
        "worst": r.worst.value,
        "range": band_range(r.best.value, r.worst.value),
        "coverage": {"low": r.match.covered.low, "point": r.match.covered.point, "high": r.match.covered.high},
        "cells": [_shade(r, i) for i in range(len(BANDS))],
    }


def _shade(r: Readiness, i: int) -> str:
    """Of a band: ``point`` where the expectation lies, ``range`` where the ends leave it open, else empty."""
    if r.enough and BANDS.index(r.band) == i:
        return "point"
    return "range" if BANDS.index(r.best) <= i <= BANDS.index(r.worst) else ""


def _called(uow: UnitOfWork, name: str) -> str:
    found = uow.people.get(name) or next((p for p in uow.people.all() if p.email.casefold() == name.casefold()), None)
    return found.name if found else name
