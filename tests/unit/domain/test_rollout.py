from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.consent import Consents, Purpose, Source
from ascertain.domain.evidence import Evidence, EvidenceKind
from ascertain.domain.people import Learner
from ascertain.domain.reach import EVERYTHING, NOWHERE, Reach
from ascertain.domain.rollout import (
    CohortRule,
    Phase,
    Pilot,
    Rollout,
    SkillDomain,
    Verdict,
    VerdictRules,
    keyed,
    skills_of,
)
from ascertain.domain.rollout_verdict import Share, Why, hours_saved, judge
from ascertain.domain.skills import Skill

ANN = Learner("E1", "Ann Archer", "ann@example.org", "Data", "Analyst", "analyst", location="Oslo")
TODAY = date(2026, 4, 7)
FIRST = Phase("first", frozenset({"lms"}), frozenset({EvidenceKind.COMPLETION}))
THEN = Phase("then")
RULES = VerdictRules()


def pilot(ident: str = "one", **cohort: str) -> Pilot:
    rule = CohortRule(**{name: keyed([value]) for name, value in (cohort or {"units": "data"}).items()})
    return Pilot(ident, ident.title(), rule, SkillDomain(), (FIRST, THEN))


def ticket(system: str = "jira", kind: EvidenceKind = EvidenceKind.TICKET) -> Evidence:
    return Evidence("e", "E1", kind, system, "jira:ticket:1", "o", "t", "t")


def test_without_a_rollout_everything_is_in_reach() -> None:
    assert Rollout(False, (pilot(),)).reach(ANN, {"one": 1}, TODAY) == EVERYTHING
    assert Rollout(False).running({"one": 1}, TODAY) == ()


def test_a_cohort_is_whoever_any_of_its_names_fits() -> None:
    for cohort in (
        {"units": " DATA "},
        {"locations": "oslo"},
        {"roles": "analyst"},
        {"roles": "ANALYST"},
        {"people": "e1"},
        {"people": "Ann@Example.org"},
    ):
        assert pilot(**cohort).cohort.holds(ANN), cohort
    assert not pilot(units="Sales").cohort.holds(ANN)


def test_somebody_without_a_department_is_in_no_department() -> None:
    nobody = replace(ANN, department="", location="", job_title="", job_profile_id=None, email="")
    assert not CohortRule(keyed([" "]), keyed([""]), keyed([""]), keyed([""])).holds(nobody)
    assert not CohortRule(frozenset({""}), frozenset({""}), frozenset({""})).holds(nobody)


def test_a_pilot_that_was_not_begun_or_is_out_of_its_days_reaches_nobody() -> None:
    one = replace(pilot(), starts=date(2026, 4, 1), ends=date(2026, 4, 30))
    rollout = Rollout(True, (one,))
    assert rollout.reach(ANN, {}, TODAY) == NOWHERE
    assert rollout.reach(ANN, {"one": 0}, TODAY) == NOWHERE
    for day, inside in (("2026-03-31", 0), ("2026-04-01", 1), ("2026-04-30", 1), ("2026-05-01", 0)):
        assert rollout.reach(ANN, {"one": 1}, date.fromisoformat(day)).outside is not bool(inside), day


def test_of_two_pilots_the_first_of_the_file_counts_and_nothing_is_added_up() -> None:
    rollout = Rollout(True, (pilot("one"), replace(pilot("two"), phases=(THEN,))))
    both = {"one": 1, "two": 1}
    assert rollout.reach(ANN, both, TODAY).pilot == "one"
    assert rollout.reach(ANN, both, TODAY).kinds == FIRST.kinds
    assert rollout.reach(ANN, both | {"one": 0}, TODAY).pilot == "two"


def test_a_phase_that_the_file_no_longer_has_goes_no_further_than_its_last() -> None:
    assert Rollout(True, (replace(pilot(), phases=(FIRST,)),)).reach(ANN, {"one": 3}, TODAY).kinds == FIRST.kinds


def test_consents_go_no_further_than_the_reach() -> None:
    inside = Consents(reach=Reach("one", connections=FIRST.connections, kinds=FIRST.kinds))
    assert [inside.allows(x) for x in (Purpose.ASSESSMENT, Source.LEARNING)] == [True, True]
    assert [inside.allows(x) for x in (Source.WORK, EvidenceKind.TICKET)] == [False, False]
    assert "one" in inside.why_not(Source.WORK)
    assert inside.admits(ticket("lms", EvidenceKind.COMPLETION))
    assert not inside.admits(ticket("other", EvidenceKind.COMPLETION))
    assert not inside.admits(ticket("lms"))
    outside = Consents(reach=NOWHERE)
    assert not any(outside.allows(topic) for topic in (*Purpose, *Source, *EvidenceKind))
    assert all("outside" in outside.why_not(topic) for topic in Purpose)


def test_a_case_read_under_another_reach_does_not_count() -> None:
    assert not Consents(reach=Reach("one")).covers(Consents(), ())
    assert Consents(reach=Reach("one")).covers(Consents(reach=Reach("one")), ())


NAMES = st.sampled_from(["", "Data", "Sales", "Oslo", "analyst", "E1", "E2"])
PEOPLE = st.builds(
    Learner, NAMES, st.just("n"), NAMES, department=NAMES, location=NAMES, job_title=NAMES, job_profile_id=NAMES
)
COHORTS = st.builds(CohortRule, *[st.sets(NAMES, max_size=2).map(keyed)] * 4)
PILOTS = st.builds(
    Pilot, st.sampled_from(["one", "two"]), st.just("t"), COHORTS, st.just(SkillDomain()), st.just((FIRST, THEN))
)


@given(PEOPLE, st.lists(PILOTS, max_size=2, unique_by=lambda p: p.id), st.integers(0, 3), st.integers(0, 3))
def test_whoever_is_in_no_running_pilot_is_outside(person: Learner, pilots: list[Pilot], one: int, two: int) -> None:
    phases = {"one": one, "two": two}
    reach = Rollout(True, tuple(pilots)).reach(person, phases, TODAY)
    inside = [p for p in pilots if phases[p.id] and p.cohort.holds(person)]
    assert reach.outside is not bool(inside)
    assert reach.pilot == (inside[0].id if inside else "")


@given(PEOPLE, PILOTS, st.integers(1, 2), st.sampled_from(EvidenceKind), st.sampled_from(["lms", "jira"]))
def test_a_later_phase_that_names_more_never_takes_away(
    person: Learner, one: Pilot, phase: int, kind: EvidenceKind, system: str
) -> None:
    rollout = Rollout(True, (one,))
    before, after = (rollout.reach(person, {one.id: n}, TODAY) for n in (phase, phase + 1))
    assert after.admits(ticket(system, kind)) or not before.admits(ticket(system, kind))


def test_the_skills_of_a_domain_are_all_that_is_narrower_and_what_is_named() -> None:
    taxonomy = [
        Skill("cloud", "Cloud"),
        Skill("aws", "AWS", broader=("cloud",)),
        Skill("s3", "S3", broader=("aws", "storage")),
        Skill("sql", "SQL"),
        # Two that call each other broader must not keep it going for ever.
        Skill("a", "A", broader=("b",)),
        Skill("b", "B", broader=("a",)),
    ]
    assert skills_of(SkillDomain(), taxonomy) is None
    found = skills_of(SkillDomain(frozenset({"cloud", "a", "gone"}), frozenset({"sql", "lost"})), taxonomy)
    assert found == frozenset({"cloud", "aws", "s3", "sql", "a", "b"})


# ── the verdict ───────────────────────────────────────────────────────────────────────────────────────────────────

WELL = Share(9, 10)


def test_few_decisions_hold_whatever_they_say() -> None:
    for right in (0, RULES.least_decisions - 1):
        found = judge(Share(right, RULES.least_decisions - 1), WELL, Share(0, 100), RULES)
        assert (found.verdict, found.reasons[0]) == (Verdict.HOLD, Why.FEW)


def test_accuracy_and_coverage_both_are_needed_to_go_on() -> None:
    assert judge(Share(98, 100), WELL, Share(0, 100), RULES).verdict is Verdict.GO
    assert judge(Share(98, 100), Share(1, 10), Share(0, 100), RULES).verdict is Verdict.HOLD
    assert judge(Share(82, 100), WELL, Share(0, 100), RULES).verdict is Verdict.HOLD, "the lower end counts"
    assert judge(Share(0, 0), Share(0, 0), Share(0, 0), RULES).verdict is Verdict.HOLD


def test_being_wrong_or_contested_stops() -> None:
    wrong = judge(Share(30, 100), WELL, Share(0, 100), RULES)
    assert (wrong.verdict, wrong.reasons[0]) == (Verdict.STOP, Why.WRONG)
    contested = judge(Share(98, 100), WELL, Share(20, 100), RULES)
    assert (contested.verdict, contested.reasons[0]) == (Verdict.STOP, Why.CONTESTED)
    assert judge(Share(98, 100), WELL, Share(1, 4), RULES).verdict is Verdict.GO, "one of four is one person"


ORDER = [Verdict.STOP, Verdict.HOLD, Verdict.GO]


@given(st.integers(1, 200), st.data(), st.integers(0, 20), st.integers(0, 100))
def test_one_more_that_is_right_never_makes_it_worse(n: int, data: st.DataObject, reached: int, contested: int) -> None:
    right = data.draw(st.integers(0, n - 1))
    rest = (Share(reached, 20), Share(contested, 100), RULES)
    worse, better = judge(Share(right, n), *rest), judge(Share(right + 1, n), *rest)
    assert ORDER.index(better.verdict) >= ORDER.index(worse.verdict)
    fewer = judge(Share(right, n), Share(reached, 20), Share(max(0, contested - 1), 100), RULES)
    assert ORDER.index(fewer.verdict) >= ORDER.index(worse.verdict)


def test_hours_saved_are_a_range_and_may_be_lost() -> None:
    saved = hours_saved(60, 3600.0, RULES)
    assert (saved.low, saved.high) == (60 * 10 / 60 - 1, 60 * 25 / 60 - 1)
    assert hours_saved(0, 7200.0, RULES).high == -2.0
