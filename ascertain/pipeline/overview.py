"""The figures of the dashboard of compliance and readiness; :mod:`ascertain.pipeline.overview_words` says them in
sentences."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.compliance import DONE, ComplianceRules, Standing, duty
from ascertain.domain.fairness_statistics import share_interval
from ascertain.domain.people import Learner
from ascertain.domain.ports import Content, Taxonomy, UnitOfWork
from ascertain.domain.skills import JobProfile
from ascertain.pipeline.cases import FINISHED
from ascertain.pipeline.views import label

Json = dict[str, Any]

WITHOUT = "without department"
PERIOD = timedelta(days=90)
"""How far back the figures go that today's are compared with."""
READY, CLOSE = 0.8, 0.5
"""Somebody whose evidence covers so much of what a role asks is counted as ready, or as close. Lines for counting
people, not for deciding about one."""


def compliance(uow: UnitOfWork, learners: Sequence[Learner], rules: ComplianceRules, today: date) -> list[Json]:
    """Mandatory training: who has finished it, by course and department; the least finished first.

    A course in another language than most of the catalogue's concerns those who read that language. ``finished`` are
    people to whom the course counts today; ``failed`` those whose attempts all failed; ``open`` the others; ``overdue``
    those of the last two whose day has passed, ``expiring`` those to whom it will soon count no longer. ``before`` is
    the same a period ago, of those who were here then.
    """
    contents = uow.contents.all()
    courses = [c for c in contents if c.item.mandatory]
    common = Counter(c.item.language for c in contents).most_common(1)
    finished: dict[str, dict[str, list[date | None]]] = defaultdict(lambda: defaultdict(list))
    failed: dict[str, set[str]] = defaultdict(set)
    wanted = {c.item.content_id for c in courses}
    for learner in learners:
        for e in uow.evidence.of(learner.id):
            if e.content_id in wanted and e.kind in FINISHED:
                if e.passed is False:
                    failed[e.content_id].add(learner.id)
                else:
                    finished[e.content_id][learner.id].append(e.occurred_on)
    rows = []
    for course in courses:
        asked = [p for p in learners if course.item.language in (p.language, common[0][0])]
        rows.append(_course(course, asked, finished[course.item.content_id], failed, rules, today))
    return sorted(rows, key=lambda r: (r["share"], r["title"]))


def _course(
    course: Content,
    asked: Sequence[Learner],
    finished: Mapping[str, Sequence[date | None]],
    failed: Mapping[str, set[str]],
    rules: ComplianceRules,
    today: date,
) -> Json:
    duties = {p.id: duty(rules, course.code, finished.get(p.id, ()), p.hired_on, today) for p in asked}
    done = {i for i, d in duties.items() if d.standing in DONE}
    late = {i for i, d in duties.items() if d.standing is Standing.OVERDUE}
    tried = (failed.get(course.item.content_id, set()) & duties.keys()) - done
    then = today - PERIOD
    here = [p for p in asked if p.hired_on is None or p.hired_on <= then]
    before = [duty(rules, course.code, finished.get(p.id, ()), p.hired_on, then).standing in DONE for p in here]
    groups: dict[str, Json] = {}
    for p in asked:
        name = p.department or WITHOUT
        group = groups.setdefault(name, {"name": name, "finished": 0, "overdue": 0, "people": 0})
        group["people"] += 1
        group["finished"] += p.id in done
        group["overdue"] += p.id in late
    return {
        "content": course.item.content_id,
        "title": course.item.title,
        "people": len(asked),
        "finished": len(done),
        "failed": len(tried),
        "open": len(asked) - len(done) - len(tried),
        "overdue": len(late),
        "expiring": sum(d.standing is Standing.EXPIRING for d in duties.values()),
        "share": len(done) / len(asked) if asked else 0.0,
        "before": {
            "on": then.isoformat(),
            "finished": sum(before),
            "people": len(before),
            "share": sum(before) / len(before) if before else None,
        },
        "departments": [g | {"share": g["finished"] / g["people"]} for _, g in sorted(groups.items())],
        "who": sorted(
            (
                {
                    "id": p.id,
                    "name": p.name,
                    "department": p.department or WITHOUT,
                    "standing": d.standing.value,
                    "due": d.due.isoformat() if d.due else None,
                }
                for p in asked
                if (d := duties[p.id]).standing is not Standing.FINISHED
            ),
            key=lambda w: (w["due"] or "9999", w["name"], w["id"]),
        ),
    }


def mandatory_skills(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy) -> list[Json]:
    """Skills that a law, a regulator or a contract asks for (``compliance`` in the job profile): for how many of those
    whom it concerns they are accepted at the level asked for, by department; the least covered first."""
    asked: dict[str, list[tuple[Learner, int]]] = defaultdict(list)
    roles = {r.id: r for r in uow.roles.all()}
    for p in learners:
        role = roles.get(p.job_profile_id or "")
        for r in role.requirements if role else ():
            if r.compliance:
                asked[r.skill_id].append((p, int(r.level)))
    levels = {p.id: _accepted(uow, p) for p in {p.id: p for rows in asked.values() for p, _ in rows}.values()}
    found = []
    for skill_id, rows in asked.items():
        groups: dict[str, Json] = {}
        for p, level in rows:
            name = p.department or WITHOUT
            group = groups.setdefault(name, {"name": name, "covered": 0, "people": 0})
            group["people"] += 1
            group["covered"] += levels[p.id].get(skill_id, 0) >= level
        covered = sum(g["covered"] for g in groups.values())
        found.append(
            {
                "skill": skill_id,
                "label": label(taxonomy, skill_id),
                "people": len(rows),
                "covered": covered,
                "share": covered / len(rows),
                "departments": [g for _, g in sorted(groups.items())],
            }
        )
    return sorted(found, key=lambda r: (r["share"], r["label"], r["skill"]))


def readiness(uow: UnitOfWork, learners: Sequence[Learner], taxonomy: Taxonomy, today: date) -> list[Json]:
    """Roles by how much of what they ask their people cover.

    ``computed`` is the median coverage of the newest runs, with the medians of their ranges; ``before`` the median
    coverage of those runs that were the newest a period ago; ``confirmed`` the mean share of importance that accepted
    assertions meet, which is what plans may rest on. ``ready`` counts people whose coverage reaches ``READY``, with
    Wilson's 95 % interval of the share; ``close`` those whose reaches ``CLOSE``; ``far`` the other assessed ones.
    """
    by_role: dict[str, list[Learner]] = defaultdict(list)
    for p in learners:
        if p.job_profile_id:
            by_role[p.job_profile_id].append(p)
    rows = [
        _role(uow, role, people, taxonomy, today)
        for role_id, people in by_role.items()
        if (role := uow.roles.get(role_id)) is not None and role.requirements
    ]
    return sorted(rows, key=lambda r: (r["confirmed"], r["title"]))


def _role(uow: UnitOfWork, role: JobProfile, people: Sequence[Learner], taxonomy: Taxonomy, today: date) -> Json:
    covers = _covers(uow, people)
    then = today - PERIOD
    before = _covers(uow, people, then)
    total = sum(r.importance for r in role.requirements)
    met: list[float] = []
    missing: dict[str, int] = defaultdict(int)
    for p in people:
        levels = _accepted(uow, p)
        short = [r for r in role.requirements if levels.get(r.skill_id, 0) < int(r.level)]
        for r in short:
            missing[r.skill_id] += 1
        met.append(1 - sum(r.importance for r in short) / total)
    worst = max(role.requirements, key=lambda r: (missing[r.skill_id], r.importance, r.skill_id))
    ready = sum(c["point"] >= READY for c in covers)
    close = sum(CLOSE <= c["point"] < READY for c in covers)
    low, high = share_interval(ready, len(covers)) if covers else (None, None)
    return {
        "role": role.id,
        "title": role.title,
        "people": len(people),
        "assessed": len(covers),
        "ready": ready,
        "ready_range": {"low": low, "high": high},
        "close": close,
        "far": len(covers) - ready - close,
        "computed": {k: _median([c[k] for c in covers]) for k in ("low", "point", "high")},
        "before": {"on": then.isoformat(), "assessed": len(before), "point": _median([c["point"] for c in before])},
        "confirmed": sum(met) / len(met),
        "least": {"label": label(taxonomy, worst.skill_id), "missing": missing[worst.skill_id]},
    }


def _covers(uow: UnitOfWork, people: Sequence[Learner], on: date | None = None) -> list[Json]:
    """Coverage of each person's newest run, or of the one that was the newest at the end of a day."""
    until = datetime.combine(on + timedelta(days=1), time(), UTC) if on else None
    runs = [run for p in people if (run := uow.runs.latest(p.id, before=until))]
    return [c for run in runs if (c := uow.runs.document(run.id, "coverage"))]


def _accepted(uow: UnitOfWork, person: Learner) -> dict[str, int]:
    rows = uow.assertions.of(person.id)
    return {a.skill_id: int(a.level) for a in rows if a.state is AssertionState.ACCEPTED and a.level}


def _median(values: Sequence[float]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
