from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.development_needs import Act, Reason, development_needs
from ascertain.domain.gaps import Gap, GapStatus, coverage
from ascertain.domain.skills import Level


def gap(skill: str, p: float, *, importance: float = 1.0, status: GapStatus = GapStatus.BELOW, **more: object) -> Gap:
    rest = {"low": max(0.0, p - 0.1), "high": min(1.0, p + 0.1), "essential": True} | more
    return Gap(skill, Level.PRACTITIONER, None, importance, p_below=p, status=status, **rest)  # type: ignore[arg-type]


@st.composite
def gaps(draw: st.DrawFn) -> Gap:
    low, p, high = sorted(draw(st.tuples(*[st.floats(0, 1)] * 3)))
    return Gap(
        draw(st.sampled_from("abc")),
        draw(st.sampled_from(Level)),
        None,
        draw(st.floats(0.01, 1)),
        draw(st.booleans()),
        p,
        low,
        high,
        draw(st.sampled_from([s for s in GapStatus if s is not GapStatus.CONTESTED])),
    )


PEOPLE = st.dictionaries(
    st.sampled_from("xyz"), st.lists(gaps(), max_size=3, unique_by=lambda g: g.skill_id), max_size=3
)


@given(PEOPLE)
def test_needs_add_up_and_their_ranges_hold_them(people: dict[str, list[Gap]]) -> None:
    found = development_needs(people)
    every = [g for rows in people.values() for g in rows]
    assert sum(n.people for n in found.needs) == len(every)
    assert abs(sum(n.weighted for n in found.needs) - sum(g.weighted for g in every)) < 1e-9
    assert found.coverage == coverage(every)
    for n in found.needs:
        assert n.low - 1e-9 <= n.weighted <= n.high + 1e-9
        assert 0 <= n.unknown + n.below <= n.people
        assert n.reasons
    assert [n.weighted for n in found.needs] == sorted((n.weighted for n in found.needs), reverse=True)


@given(PEOPLE.filter(bool))
def test_one_persons_needs_are_their_gaps(people: dict[str, list[Gap]]) -> None:
    who, rows = next(iter(people.items()))
    found = {n.skill_id: n for n in development_needs({who: rows}).needs}
    assert {s: (n.low, n.weighted, n.high) for s, n in found.items()} == {
        g.skill_id: (g.weighted_low, g.weighted, g.weighted_high) for g in rows
    }


def test_finding_out_comes_before_developing() -> None:
    unknown = GapStatus.UNKNOWN
    people = {str(i): [gap("sql", 0.7, status=unknown)] for i in range(3)} | {"x": [gap("sql", 0.9)]}
    (need,) = development_needs(people).needs
    assert (need.act, need.unknown, need.below) == (Act.FIND_OUT, 3, 1)
    assert need.reasons == (Reason.NOT_KNOWN, Reason.SHOWN_BELOW, Reason.ESSENTIAL)
    (need,) = development_needs({"x": [gap("sql", 0.9)]}).needs
    assert (need.act, need.reasons) == (Act.DEVELOP, (Reason.SHOWN_BELOW, Reason.ESSENTIAL))
    (need,) = development_needs({"x": [gap("sql", 0.4, essential=False)]}).needs
    assert (need.act, need.reasons) == (Act.DEVELOP, (Reason.OPEN,))
    (need,) = development_needs({"x": [gap("sql", 0.1, status=GapStatus.MET)]}).needs
    assert (need.act, need.reasons) == (Act.KEEP, (Reason.MET,))


def test_what_matters_more_comes_first() -> None:
    people = {"x": [gap("small", 0.9, importance=0.1), gap("large", 0.5, importance=1.0)]}
    assert [n.skill_id for n in development_needs(people).needs] == ["large", "small"]
    assert development_needs({}).coverage.point == 1.0
