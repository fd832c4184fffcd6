from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ascertain.domain.belief import Observation
from ascertain.domain.evidence import EvidenceKind
from ascertain.domain.gaps import coverage
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement
from ascertain.domain.what_if import Member, add_course, change_requirement, gaps_of, hire
from ascertain.policy import read_policy

RULES = read_policy()[0].belief
ROLE = JobProfile("r", "R", (Requirement("sql", Level.PRACTITIONER, 1.0), Requirement("k8s", Level.FOUNDATION, 0.5)))
COURSE = [ContentTag("c1", "sql", 0.9, Level.PRACTITIONER)]


def seen(skill: str, level: Level, outcome: float, n: int = 0) -> Observation:
    ident = f"{skill}{n}"
    return Observation(ident, ident, ident, skill, EvidenceKind.ASSESSMENT, level, 0.9, 1.0, 1.0, outcome, True)


@st.composite
def members(draw: st.DrawFn) -> Member:
    rows = draw(
        st.lists(st.tuples(st.sampled_from(["sql", "k8s"]), st.sampled_from(Level), st.floats(0, 1)), max_size=3)
    )
    known: dict[str, list[Observation]] = {}
    for n, (skill, level, outcome) in enumerate(rows):
        known.setdefault(skill, []).append(seen(skill, level, outcome, n))
    return Member(draw(st.sampled_from("abcd")), ROLE, known, frozenset(draw(st.sets(st.just("c1")))))


TEAMS = st.lists(members(), max_size=3, unique_by=lambda m: m.id)


@settings(max_examples=60)
@given(TEAMS, st.floats(0, 1), st.sampled_from(Level))
def test_a_course_never_takes_coverage_away_and_its_range_is_in_order(
    team: list[Member], probability: float, level: Level
) -> None:
    found = add_course(team, "c1", [ContentTag("c1", "sql", probability, level)], RULES)
    assert found.before == coverage([g for m in team for g in gaps_of(m, RULES)])
    assert found.before.point - 1e-9 <= found.after.low <= found.after.point <= found.after.high <= 1 + 1e-9
    assert found.touched == sum("c1" not in m.completed for m in team)
    for c in found.changes:
        assert c.after.low <= c.after.point + 1e-9 <= c.before + 2e-9


def test_a_course_that_teaches_nothing_asked_for_changes_nothing() -> None:
    team = [Member("a", ROLE, {})]
    found = add_course(team, "c1", [ContentTag("c1", "poetry", 1.0, Level.EXPERT)], RULES)
    assert (found.touched, found.changes) == (0, ())
    assert found.after.low == found.after.high == found.before.point


def test_who_finished_it_already_gains_nothing() -> None:
    team = [Member("a", ROLE, {}), Member("b", ROLE, {}, frozenset({"c1"}))]
    found = add_course(team, "c1", COURSE, RULES)
    assert (found.touched, found.changes[0].people) == (1, 1)
    assert found.changes[0].after.point < found.changes[0].before


def test_a_role_that_asks_for_more_is_covered_less() -> None:
    team = [Member("a", ROLE, {"sql": [seen("sql", Level.PRACTITIONER, 1.0)]})]
    harder = change_requirement(team, "r", Requirement("sql", Level.EXPERT, 1.0), "sql", RULES)
    assert harder.after.point < harder.before.point
    gone = change_requirement(team, "r", None, "k8s", RULES)
    assert gone.after.point > gone.before.point
    assert gone.changes[0].after.high == 0.0
    assert change_requirement(team, "other", None, "k8s", RULES).touched == 0
    same = change_requirement(team, "r", ROLE.requirements[0], "sql", RULES)
    assert abs(same.after.point - same.before.point) < 1e-12


@settings(max_examples=60)
@given(TEAMS, st.sampled_from(Level), st.sampled_from(Level))
def test_a_hire_never_takes_cover_away(team: list[Member], level: Level, has: Level) -> None:
    found = hire([m.known for m in team], "sql", level, has, 0, RULES)
    for part in ("low", "point", "high"):
        assert getattr(found.after, part) >= getattr(found.before, part) - 1e-12
    assert 0 <= found.before.low <= found.before.point <= found.before.high <= 1
    assert found.after.low <= found.after.point <= found.after.high + 1e-12
    if has >= level:
        assert found.after.point == 1.0


def test_a_person_more_covers_more() -> None:
    one = Member("a", ROLE, {"sql": [seen("sql", Level.PRACTITIONER, 0.8)]})
    alone = hire([one.known], "sql", Level.PRACTITIONER, Level.AWARENESS, 0, RULES)
    two = hire([one.known, replace(one, id="b").known], "sql", Level.PRACTITIONER, Level.AWARENESS, 0, RULES)
    assert two.before.point > alone.before.point
