"""Readiness: how long the open must-haves take, as a range; bands; benches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.belief import believe
from ascertain.domain.gaps import Coverage
from ascertain.domain.matching import Confirmed, Match
from ascertain.domain.readiness import BANDS, Band, Readiness, ReadinessRules, Span, Step, band_of, readiness
from ascertain.domain.skills import JobProfile, Level, Requirement
from ascertain.domain.succession import Risk, Snapshot, benched, single_points, strength
from ascertain.domain.talent import LEVEL_HOURS
from ascertain.policy import read_policy
from tests.unit.domain.makers import observation

BELIEF = read_policy()[0].belief
RULES = ReadinessRules(LEVEL_HOURS)
PROFILE = JobProfile(
    "k",
    "Key role",
    (
        Requirement("sql", Level.PRACTITIONER, 1.0),
        Requirement("kubernetes", Level.FOUNDATION, 0.5),
        Requirement("python", Level.FOUNDATION, 0.5, essential=False),
    ),
)
NOTHING = believe((), BELIEF)


def hours(_: str, level: Level) -> Step:
    return Step(RULES.level_hours[level])


def ready(confirmed: dict[str, Level], pace: float = 2.0, rules: ReadinessRules = RULES) -> Readiness:
    said = {s: Confirmed(f"a-{s}", level, NOTHING) for s, level in confirmed.items()}
    return readiness("E1", PROFILE, said, hours, pace, BELIEF, rules)


def one(
    ident: str, best: Band, band: Band, worst: Band, low: float = 0.2, high: float = 0.8, **more: object
) -> Readiness:
    match = Match(ident, "k", Coverage(low, (low + high) / 2, high), (), ())
    zero = Span(0, 0, 0)
    made = Readiness(match, (), zero, zero, 2.0, 1.0, best, band, worst, True, None, None)
    return replace(made, **more)  # type: ignore[arg-type]


def test_whoever_is_confirmed_at_every_must_have_is_ready_now() -> None:
    found = ready({"sql": Level.PRACTITIONER, "kubernetes": Level.ADVANCED})
    assert (found.best, found.band, found.worst, found.word) == (Band.NOW, Band.NOW, Band.NOW, "ready now")
    assert found.hours == Span(0, 0, 0)
    assert (found.decides, found.must_haves) == (None, ())
    assert [o.skill_id for o in found.open] == ["python"], "what is nice to have is in the plan and costs no time"


def test_what_nobody_confirmed_is_not_known_and_no_band_is_said() -> None:
    found = ready({})
    assert (found.word, found.known) == ("not known", 0.0)
    assert (found.best, found.worst) == (Band.NOW, Band.YEAR)
    assert found.weeks.low < 0.1
    assert found.weeks.high == pytest.approx((4 + 12 + 24 + 4 + 12) / 2, rel=1e-3)
    assert found.unsure == "sql"


def test_the_one_that_takes_most_of_the_hours_decides() -> None:
    found = ready({"sql": Level.AWARENESS, "kubernetes": Level.FOUNDATION})
    (only,) = found.must_haves
    assert (found.decides, only.confirmed, only.full) == ("sql", Level.AWARENESS, 36.0)
    assert only.hours.point <= only.full
    assert found.known == pytest.approx(1.0)


def test_a_human_who_set_a_lower_level_makes_it_likelier_that_it_has_to_be_learned() -> None:
    (open_,) = ready({"sql": Level.FOUNDATION, "kubernetes": Level.FOUNDATION}).must_haves
    assert open_.hours.low >= (1 - BELIEF.level_support) * open_.full


def test_the_plan_is_ordered_by_what_an_hour_closes_must_haves_first() -> None:
    found = ready({"sql": Level.AWARENESS})
    musts = list(found.must_haves)
    assert [o.skill_id for o in found.open][-1] == "python"
    assert [o.pull for o in musts] == sorted((o.pull for o in musts), reverse=True)


def test_bands_are_what_the_weeks_fall_into() -> None:
    assert [band_of(w, RULES) for w in (0, 2, 2.01, 52, 52.5, 104, 104.5)] == [
        Band.NOW, Band.NOW, Band.YEAR, Band.YEAR, Band.TWO_YEARS, Band.TWO_YEARS, Band.LATER
    ]  # fmt: skip


Levels = st.dictionaries(st.sampled_from(["sql", "kubernetes", "python"]), st.sampled_from(list(Level)))


@given(Levels, st.floats(0.5, 40))
def test_the_range_contains_the_point_and_so_do_the_bands(levels: dict[str, Level], pace: float) -> None:
    found = ready(levels, pace)
    for span in (found.hours, found.weeks, *(o.hours for o in found.open)):
        assert span.low <= span.point <= span.high
    order = [BANDS.index(b) for b in (found.best, found.band, found.worst)]
    assert order == sorted(order)
    assert 0 <= found.match.covered.low <= found.match.covered.point <= found.match.covered.high <= 1


@given(Levels, st.sampled_from(["sql", "kubernetes"]), st.floats(0.5, 40), st.floats(0, 40))
def test_a_higher_confirmed_level_and_more_hours_a_week_never_take_longer(
    levels: dict[str, Level], skill: str, pace: float, more: float
) -> None:
    base = ready(levels, pace)
    assert ready(levels, pace + more).weeks.point <= base.weeks.point + 1e-9
    if skill in levels and levels[skill] < Level.EXPERT:
        raised = ready({**levels, skill: Level(levels[skill] + 1)}, pace)
        for end in ("low", "point", "high"):
            assert getattr(raised.weeks, end) <= getattr(base.weeks, end) + 1e-9
        assert raised.match.covered.point >= base.match.covered.point - 1e-9


@given(st.dictionaries(st.sampled_from(list(Level)), st.floats(1, 200), min_size=5), st.floats(0, 100))
def test_longer_steps_never_make_somebody_ready_earlier(levels: dict[Level, float], more: float) -> None:
    def at(extra: float) -> Readiness:
        step = lambda _, level: Step(levels[level] + extra)  # noqa: E731
        return readiness("E1", PROFILE, {}, step, 2.0, BELIEF, RULES)

    assert at(more).weeks.high >= at(0).weeks.high


def test_more_evidence_narrows_the_range() -> None:
    some = believe(tuple(observation(f"o{i}", level=Level.PRACTITIONER, outcome=0.95) for i in range(6)), BELIEF)
    wide = ready({"kubernetes": Level.FOUNDATION})
    said = {"sql": Confirmed("a", Level.FOUNDATION, some), "kubernetes": Confirmed("b", Level.FOUNDATION, NOTHING)}
    narrow = readiness("E1", PROFILE, said, hours, 2.0, BELIEF, RULES)
    assert narrow.weeks.high - narrow.weeks.low < wide.weeks.high - wide.weeks.low


def test_a_bench_counts_for_certain_as_expected_and_at_best() -> None:
    rows = [
        one("a", Band.NOW, Band.NOW, Band.NOW),
        one("b", Band.NOW, Band.YEAR, Band.LATER),
        one("c", Band.NOW, Band.NOW, Band.NOW, enough=False),
    ]
    found = strength(2, rows)
    now, year = found.by[Band.NOW], found.by[Band.YEAR]
    assert (now.low, now.point, now.high) == (1, 1, 3), "of whom too little is known counts at best alone"
    assert (year.low, year.point, year.high) == (1, 2, 3)
    assert found.risk is Risk.OPEN
    assert found.per_seat(Band.YEAR) == Span(0.5, 1.0, 1.5)
    assert strength(1, []).risk is Risk.NOBODY
    assert strength(1, [one("d", Band.TWO_YEARS, Band.LATER, Band.LATER)]).risk is Risk.SHORT
    assert strength(1, rows).risk is Risk.COVERED


def test_who_is_alone_for_several_roles_is_a_single_point() -> None:
    ann, bob = one("ann", Band.YEAR, Band.YEAR, Band.YEAR), one("bob", Band.LATER, Band.LATER, Band.LATER)
    (found,) = single_points({"cto": [ann, bob], "lead": [ann, one("cid", Band.NOW, Band.NOW, Band.NOW)]})
    assert (found.learner_id, found.alone, found.also) == ("ann", ("cto",), ("lead",))
    assert single_points({"cto": [ann]}) == [], "alone for one role, and on no other list"


def test_places_are_ranges_where_coverage_does_not_tell_people_apart() -> None:
    yes = Band.NOW, Band.NOW, Band.NOW
    rows = benched([one("low", *yes, 0.0, 0.3), one("wide", *yes, 0.2, 0.9), one("high", *yes, 0.5, 0.8)])
    places = {p.readiness.match.learner_id: (p.best, p.worst) for p in rows}
    assert places == {"low": (2, 3), "wide": (1, 3), "high": (1, 2)}


def test_a_look_that_finds_the_same_is_the_same_whenever_it_was_made() -> None:
    span, bands = Span(0.1, 0.2, 0.3), (Band.NOW, Band.YEAR, Band.YEAR)
    at = datetime(2026, 4, 7, tzinfo=UTC)
    made = Snapshot("E1", "k", date(2026, 4, 1), at, span, span, *bands, True, 0.7)
    assert made.same_as(replace(made, taken_at=at.replace(day=8)))
    assert not made.same_as(replace(made, known=0.8))
    assert not made.same_as(None)
    assert replace(made, enough=False).word == "not known"
