"""What would change: a course for people, somebody hired, a role that asks for something else. Pure; stores nothing.

Both sides of a comparison come from the same beliefs, so that all that differs is what was supposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ascertain.domain.belief import Observation, believe
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.gaps import Coverage, Gap, coverage, gaps_for
from ascertain.domain.rules import BeliefRules
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement

Known = Mapping[str, Sequence[Observation]]
"""One person's observations by skill."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, for this computation: the role and what is observed."""

    id: str
    role: JobProfile
    known: Known
    completed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Between:
    """A figure with the range in which it lies if the supposition turns out worse, or better, than expected."""

    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """One skill before and after: Σ importance · P(below), over ``people`` whom it touches."""

    skill_id: str
    people: int
    before: float
    after: Between


@dataclass(frozen=True, slots=True)
class Supposed:
    """Coverage before, and after as a range; what changes, the largest first. ``touched`` people."""

    touched: int
    before: Coverage
    after: Between
    changes: tuple[Change, ...]


def gaps_of(member: Member, rules: BeliefRules, role: JobProfile | None = None) -> tuple[Gap, ...]:
    """Somebody's gaps for their role, or another."""
    beliefs = {s: believe(tuple(rows), rules) for s, rows in member.known.items()}
    return gaps_for(role or member.role, beliefs, rules)


def add_course(team: Sequence[Member], content_id: str, tags: Sequence[ContentTag], rules: BeliefRules) -> Supposed:
    """Everybody of ``team`` who has not finished a course finishes it.

    Expected: they finish it as most do, without a score. At worst they do not, and nothing changes; at best they pass
    its test with full marks. Either is one more observation per skill that the course teaches, with the tag's
    probability and the policy's reliability, through the same belief as real evidence; a course cannot be worth less
    than nothing.
    """
    asked = [m for m in team if content_id not in m.completed]
    touched = {m.id for m in asked if {t.skill_id for t in tags} & {r.skill_id for r in m.role.requirements}}
    plain = rules.reliability[EvidenceKind.COMPLETION] * rules.unscored_reliability
    tested = rules.reliability[EvidenceKind.ASSESSMENT]
    before = {m.id: gaps_of(m, rules) for m in team}

    def after(kind: EvidenceKind, reliability: float) -> dict[str, tuple[Gap, ...]]:
        found = dict(before)
        for m in asked:
            if m.id in touched:
                more = {t.skill_id: _finished(t, kind, reliability) for t in tags}
                known = {s: (*m.known.get(s, ()), *([more[s]] if s in more else [])) for s in {*m.known, *more}}
                better = {g.skill_id: g for g in gaps_of(replace(m, known=known), rules)}
                found[m.id] = tuple(_no_worse(g, better[g.skill_id]) for g in before[m.id])
        return found

    expected, best = after(EvidenceKind.COMPLETION, plain), after(EvidenceKind.ASSESSMENT, tested)
    return _compared(before, before, expected, best, touched)


def _finished(tag: ContentTag, kind: EvidenceKind, reliability: float) -> Observation:
    ident = f"what-if:{tag.content_id}"
    return Observation(ident, ident, ident, tag.skill_id, kind, tag.level, tag.probability, reliability, 1.0, 1.0, True)


def _no_worse(before: Gap, after: Gap) -> Gap:
    return after if after.p_below <= before.p_below else before


def change_requirement(
    team: Sequence[Member], role_id: str, asked: Requirement | None, skill_id: str, rules: BeliefRules
) -> Supposed:
    """A role asks for a skill otherwise: at another level, newly, or (``asked`` is ``None``) no more.

    The range after is that of the gaps themselves (the imprecise Beta model): nothing is expected of anybody.
    """
    concerned = [m for m in team if m.role.id == role_id]
    before = {m.id: gaps_of(m, rules) for m in concerned}
    after: dict[str, tuple[Gap, ...]] = {}
    for m in concerned:
        left = tuple(r for r in m.role.requirements if r.skill_id != skill_id)
        needs = left if asked is None else (*left, asked)
        after[m.id] = gaps_of(m, rules, replace(m.role, requirements=needs))
    was, now = coverage(_every(before)), coverage(_every(after))
    rows_before = [g for g in _every(before) if g.skill_id == skill_id]
    rows = [g for g in _every(after) if g.skill_id == skill_id]
    ranged = Between(*(sum(getattr(g, f) for g in rows) for f in ("weighted_low", "weighted", "weighted_high")))
    change = Change(skill_id, len(concerned), sum(g.weighted for g in rows_before), ranged)
    return Supposed(len(concerned), was, Between(now.low, now.point, now.high), (change,) if concerned else ())


@dataclass(frozen=True, slots=True)
class Cover:
    """The chance that somebody of a team performs at a level, before and after a hire. ``holders`` are people whose
    accepted level reaches it."""

    skill_id: str
    level: Level
    holders: int
    before: Between
    after: Between


def hire(team: Sequence[Known], skill_id: str, level: Level, has: Level, holders: int, rules: BeliefRules) -> Cover:
    """Somebody with a skill at level ``has`` joins a team that needs it at ``level``.

    P(somebody performs) = 1 − Π P(below) over the team, people taken as independent. After: as the product would know
    of somebody of whom nothing is known yet (low), and as if the level were certain (point and high), which it is only
    where ``has`` reaches ``level``.
    """
    below = [believe(tuple(known.get(skill_id, ())), rules).below(level, rules) for known in team]
    low, point, high = (_product([b[i] for b in below]) for i in range(3))
    before = Between(1 - high, 1 - point, 1 - low)
    stranger = believe((), rules).below(level, rules)
    sure = has >= level
    after = Between(
        1 - high * stranger[2],
        1.0 if sure else 1 - point * stranger[1],
        1.0 if sure else 1 - low * stranger[0],
    )
    return Cover(skill_id, level, holders, before, after)


def _product(values: Sequence[float]) -> float:
    found = 1.0
    for v in values:
        found *= v
    return found


def _every(gaps: Mapping[str, Sequence[Gap]]) -> list[Gap]:
    return [g for rows in gaps.values() for g in rows]


def _compared(
    before: Mapping[str, Sequence[Gap]],
    worst: Mapping[str, Sequence[Gap]],
    expected: Mapping[str, Sequence[Gap]],
    best: Mapping[str, Sequence[Gap]],
    touched: set[str],
) -> Supposed:
    was = coverage(_every(before))
    low, point, high = (coverage(_every(x)).point for x in (worst, expected, best))
    sums = [_by_skill(x, touched) for x in (before, best, expected, worst)]
    changes = [
        Change(s, people, total, Between(sums[1][s][1], sums[2][s][1], sums[3][s][1]))
        for s, (people, total) in sums[0].items()
        if sums[1][s][1] < total - 1e-12
    ]
    order = sorted(changes, key=lambda c: (c.after.point - c.before, c.skill_id))
    return Supposed(len(touched), was, Between(low, max(low, point), max(low, point, high)), tuple(order))


def _by_skill(gaps: Mapping[str, Sequence[Gap]], touched: set[str]) -> dict[str, tuple[int, float]]:
    found: dict[str, tuple[int, float]] = {}
    for who in touched:
        for g in gaps[who]:
            people, total = found.get(g.skill_id, (0, 0.0))
            found[g.skill_id] = people + 1, total + g.weighted
    return found
