"""How a cohort's skills moved over time, what finishing courses was followed by, and what evidence mentions more."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ascertain.domain.assertion import AssertionState
from ascertain.domain.belief import believe, independent
from ascertain.domain.people import Learner
from ascertain.domain.ports import Taxonomy, UnitOfWork
from ascertain.domain.rules import BeliefRules
from ascertain.domain.runs import DecisionKind
from ascertain.domain.skills import LEVELS, SkillFamily
from ascertain.domain.trends import Effect, Piece, chance_on, effect, tendency
from ascertain.pipeline.cases import FINISHED
from ascertain.pipeline.replay import observation_from
from ascertain.pipeline.views import label

Json = dict[str, Any]

POINTS, APART = 13, timedelta(days=28)
"""Of the lines: days four weeks apart, a year in all."""
WEEKS = 26
MOST_PEOPLE = 150
"""Of larger cohorts a sample: the lines are made from evidence anew, a page must not take long."""
SKILLS_SHOWN = 8
COURSES_TRIED = 12
PERIOD = timedelta(days=180)
LEAST_PEOPLE = 3
"""A skill of fewer people's evidence could point to one of them."""
_NOT_USED = frozenset({AssertionState.CONTESTED, AssertionState.REJECTED})


@dataclass(frozen=True, slots=True)
class Material:
    """What the figures are made from: by learner, the pieces behind each skill; and when who finished what."""

    people: tuple[Learner, ...]
    left_out: int
    pieces: Mapping[str, Mapping[str, tuple[Piece, ...]]]
    finished: Mapping[str, Mapping[str, date]]


def material(uow: UnitOfWork, learners: Sequence[Learner]) -> Material:
    """Read once for all figures. Of more than ``MOST_PEOPLE`` a sample that is always the same."""
    order = sorted(learners, key=lambda p: hashlib.sha256(p.id.encode()).digest())
    chosen = order[:MOST_PEOPLE]
    pieces: dict[str, dict[str, tuple[Piece, ...]]] = {}
    finished: dict[str, dict[str, date]] = defaultdict(dict)
    for p in chosen:
        evidence = {e.id: e for e in uow.evidence.of(p.id)}
        for e in evidence.values():
            if e.content_id and e.occurred_on and e.kind in FINISHED and e.passed is not False and p.allows(e):
                day = finished[e.content_id].get(p.id)
                finished[e.content_id][p.id] = min(day, e.occurred_on) if day else e.occurred_on
        pieces[p.id] = {
            a.skill_id: tuple(
                Piece(o, evidence[o.evidence_id].occurred_on, evidence[o.evidence_id].content_id)
                for o in map(observation_from, json.loads(a.inputs)["observations"])
                if o.evidence_id in evidence
            )
            for a in uow.assertions.of(p.id)
            if a.state not in _NOT_USED
        }
    return Material(tuple(chosen), len(order) - len(chosen), pieces, finished)


def closing(uow: UnitOfWork, m: Material, rules: BeliefRules, taxonomy: Taxonomy, today: date) -> Json:
    """Mean chance of performing at the level that the own role asks for, by day: weighted by importance over
    everything asked (``all``), and for the skills asked for most (``skills``, the least covered first)."""
    days = [today - APART * i for i in reversed(range(POINTS))]
    asked: dict[str, list[tuple[float, list[float]]]] = defaultdict(list)
    unknown = {v: 1.0 - believe((), rules).chance_below(v, rules) for v in LEVELS}
    for p in m.people:
        role = uow.roles.get(p.job_profile_id) if p.job_profile_id else None
        for r in role.requirements if role else ():
            family = _family(taxonomy, r.skill_id)
            own = m.pieces[p.id].get(r.skill_id, ())
            line = [chance_on(own, r.level, day, family, rules) if own else unknown[r.level] for day in days]
            asked[r.skill_id].append((r.importance, line))
    rows = [_line(label(taxonomy, s), s, found, days) for s, found in asked.items()]
    rows.sort(key=lambda r: (-r["weight"], r["label"]))
    shown = sorted(rows[:SKILLS_SHOWN], key=lambda r: (r["now"], r["label"]))
    whole = _line("everything asked for", "", [x for found in asked.values() for x in found], days) if asked else None
    return {"days": days, "all": whole, "skills": shown}


def _line(name: str, skill: str, found: Sequence[tuple[float, list[float]]], days: Sequence[date]) -> Json:
    weight = sum(w for w, _ in found)
    means = [sum(w * line[i] for w, line in found) / weight if weight else 0.0 for i in range(len(days))]
    return {
        "skill": skill,
        "label": name,
        "people": len(found),
        "weight": weight,
        "points": list(zip(days, means, strict=True)),
        "first": means[0],
        "now": means[-1],
        "change": means[-1] - means[0],
    }


def by_week(uow: UnitOfWork, learners: Sequence[Learner], today: date) -> list[Json]:
    """Assertions as they were stored, by the week (from Monday, UTC) in which they were made: how many, how many of
    these were accepted by rule or, since then, by a human. Weeks without any are left out."""
    monday = today - timedelta(days=today.weekday())
    since = datetime.combine(monday - timedelta(weeks=WEEKS - 1), time(), UTC)
    ids = {p.id for p in learners}
    said_yes = {
        i.assertion_id
        for i in uow.reviews.every_decision(since=since)
        if i.decision in (DecisionKind.ACCEPT, DecisionKind.ADJUST)
    }
    made: dict[date, list[bool]] = defaultdict(list)
    for row in uow.assertions.made(since):
        if row.learner_id in ids:
            day = row.created_at.astimezone(UTC).date()
            by_rule = json.loads(row.result)["state"] == AssertionState.ACCEPTED.value
            made[day - timedelta(days=day.weekday())].append(by_rule or row.id in said_yes)
    return [
        {"day": week, "made": len(found), "accepted": sum(found), "share": sum(found) / len(found)}
        for week, found in sorted(made.items())
    ]


def effects(
    uow: UnitOfWork, m: Material, tagger: str, rules: BeliefRules, taxonomy: Taxonomy, today: date
) -> list[Json]:
    """Courses that most people finished: how the chance of performing at the level that the course teaches moved,
    without what is about the course itself, against those who did not finish it."""
    titles = {c.item.content_id: c.item.title for c in uow.contents.all()}
    tags = uow.contents.tags(tagger)
    tried = sorted((c for c in m.finished if c in titles and tags.get(c)), key=lambda c: (-len(m.finished[c]), c))
    rows = []
    for content in tried[:COURSES_TRIED]:
        tag = max(tags[content], key=lambda t: (t.probability, t.skill_id))
        having = [p.id for p in m.people if m.pieces[p.id].get(tag.skill_id)]
        family = _family(taxonomy, tag.skill_id)
        level = tag.level

        def chance(who: str, on: date, skill: str = tag.skill_id, own: str = content) -> float:
            return chance_on(m.pieces[who][skill], level, on, family, rules, without=own)  # noqa: B023  (used at once)

        done = {i: d for i, d in m.finished[content].items() if i in set(having)}
        found = effect(done, [i for i in having if i not in m.finished[content]], chance, today)
        rows.append(_effect(content, titles[content], tag.skill_id, int(level), label(taxonomy, tag.skill_id), found))
    return sorted(rows, key=lambda r: (r["difference"] is None, -(r["difference"] or 0.0), r["title"]))


def _effect(content: str, title: str, skill: str, level: int, name: str, e: Effect) -> Json:
    return {
        "content": content,
        "title": title,
        "skill": skill,
        "label": name,
        "level": level,
        "finished": e.finished,
        "others": e.others,
        "moved": e.moved,
        "moved_others": e.moved_others,
        "low": e.low,
        "difference": e.difference,
        "high": e.high,
        "verdict": e.verdict.value,
    }


def emerging(m: Material, taxonomy: Taxonomy, today: date) -> list[Json]:
    """Skills that evidence of the last half year mentions more or less often than that of the half year before:
    independent pieces, at least of ``LEAST_PEOPLE``; those that grew most first."""
    now: dict[str, int] = defaultdict(int)
    before: dict[str, int] = defaultdict(int)
    people: dict[str, set[str]] = defaultdict(set)
    for who, skills in m.pieces.items():
        for skill, pieces in skills.items():
            dated = {p.observation.evidence_id: p.occurred_on for p in pieces}
            for o in independent([p.observation for p in pieces]):
                day = dated[o.evidence_id]
                if day is None or not today - 2 * PERIOD < day <= today:
                    continue
                (now if day > today - PERIOD else before)[skill] += 1
                people[skill].add(who)
    rows = [
        {
            "skill": s,
            "label": label(taxonomy, s),
            "people": len(people[s]),
            "now": now[s],
            "before": before[s],
            "tendency": tendency(now[s], before[s]).value,
        }
        for s in people
        if len(people[s]) >= LEAST_PEOPLE
    ]
    order = {"more": 0, "about the same": 1, "less": 2}
    return sorted(rows, key=lambda r: (order[r["tendency"]], -(r["now"] - r["before"]), r["label"]))


def _family(taxonomy: Taxonomy, skill_id: str) -> SkillFamily:
    skill = taxonomy.skill(skill_id)
    return skill.family if skill else SkillFamily.PROFESSIONAL
