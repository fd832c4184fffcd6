"""The pure half of write-back: what changes, and what never does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.notifications import RETRIES, SPREAD, SkillNote, next_try, skill_changes
from ascertain.domain.outbox import row_id
from ascertain.domain.skills import LEVELS, Level
from ascertain.domain.writeback import Intended, SkillClaim, SkillTarget, TargetKind
from ascertain.domain.writeback_plan import (
    KINDS,
    Action,
    Change,
    Place,
    Spread,
    Step,
    allot,
    diff,
    next_step,
    still_wanted,
)

targets = st.sampled_from("abcde")
texts = st.sampled_from(["", "x", "y", "z", " x"])
values = st.none() | texts
held = st.dictionaries(targets, values)
claim_ids = st.sampled_from([f"a{n}" for n in range(8)])


def claim(ident: str, level: Level = Level.PRACTITIONER) -> SkillClaim:
    return SkillClaim(ident, f"s-{ident}", ident.upper(), level, 0.9, date(2026, 5, 4))


@st.composite
def intentions(draw: st.DrawFn) -> list[Intended]:
    wanted = draw(st.dictionaries(targets, values))
    return [Intended(t, v, (f"as-{t}",) if v is not None else ()) for t, v in wanted.items()]


def applied(present: dict[str, str | None], changes: Sequence[Change]) -> dict[str, str | None]:
    done = dict(present)
    for c in changes:
        if c.action in (Action.WRITE, Action.REMOVE):
            done[c.target] = c.value
    return done


@given(intentions(), held, held)
def test_after_the_changes_everything_intended_is_there(
    intended: list[Intended], present: dict[str, str | None], ours: dict[str, str | None]
) -> None:
    after = applied(present, diff(intended, present, ours))
    assert all(after.get(i.target) == i.value for i in intended if i.value is not None)


@given(intentions(), held, held)
def test_a_second_look_finds_nothing_to_do(
    intended: list[Intended], present: dict[str, str | None], ours: dict[str, str | None]
) -> None:
    changes = diff(intended, present, ours)
    after = applied(present, changes)
    ours_now = {**ours, **{c.target: c.value for c in changes if c.action in (Action.WRITE, Action.REMOVE)}}
    assert all(c.action in (Action.SAME, Action.LEFT) for c in diff(intended, after, ours_now))


@given(intentions(), held, held)
def test_only_what_we_wrote_is_ever_emptied(
    intended: list[Intended], present: dict[str, str | None], ours: dict[str, str | None]
) -> None:
    after = applied(present, diff(intended, present, ours))
    for target, value in present.items():
        if value is not None and after[target] is None:
            assert ours[target] == value


@given(intentions(), held, held)
def test_the_changes_taken_back_give_what_was_there(
    intended: list[Intended], present: dict[str, str | None], ours: dict[str, str | None]
) -> None:
    changes = diff(intended, present, ours)
    back = applied(present, changes) | {c.target: c.present for c in changes}
    assert {t: v for t, v in back.items() if v is not None} == {t: v for t, v in present.items() if v is not None}


@given(intentions(), held, held)
def test_what_is_on_its_way_is_not_written_twice(
    intended: list[Intended], present: dict[str, str | None], ours: dict[str, str | None]
) -> None:
    on_its_way = {i.target: i.value for i in intended}
    assert all(c.action is not Action.WRITE for c in diff(intended, present, ours, on_its_way))


@given(values, values, values, st.booleans(), st.booleans())
def test_a_write_is_made_only_onto_what_was_planned_on(
    present: str | None, value: str | None, previous: str | None, begun: bool, force: bool
) -> None:
    step = next_step(present, value, previous, begun=begun, force=force)
    if step is Step.WRITE:
        assert present != value
        assert force or present == previous
    if step in (Step.DONE_BEFORE, Step.NOTHING):
        assert present == value
    assert (step is Step.CONFLICT) == (present not in (value, previous) and not force)


def wording(connection: str, kinds: dict[str, TargetKind], takes: frozenset[str]) -> Place:
    def intend(claims: Sequence[SkillClaim]) -> list[Intended]:
        mine = [c for c in claims if c.assertion_id in takes]
        text = ",".join(sorted(c.assertion_id for c in mine)) or None
        return [Intended(t, text, tuple(c.assertion_id for c in mine)) for t in kinds]

    made = tuple(SkillTarget(t, k, t) for t, k in kinds.items())
    return Place(connection, "u", made, intend)


ALL = frozenset(f"a{n}" for n in range(8))
places = st.lists(
    st.tuples(st.dictionaries(targets, st.sampled_from(KINDS), min_size=1), st.frozensets(claim_ids)),
    min_size=1,
    max_size=4,
)


@given(places, st.frozensets(claim_ids))
def test_best_gives_each_skill_to_one_kind_only(
    drawn: list[tuple[dict[str, TargetKind], frozenset[str]]], accepted: frozenset[str]
) -> None:
    made = [wording(f"c{n}", kinds, takes) for n, (kinds, takes) in enumerate(drawn)]
    kind_of = {(p.connection, t.id): t.kind for p in made for t in p.targets}
    found = allot(made, [claim(i) for i in sorted(accepted)], Spread.BEST)
    kinds_used: dict[str, set[TargetKind]] = {}
    for (connection, _), intended in found.items():
        for i in intended:
            for ident in i.assertion_ids if i.value is not None else ():
                kinds_used.setdefault(ident, set()).add(kind_of[connection, i.target])
    assert all(len(kinds) == 1 for kinds in kinds_used.values())
    taken = {i for _, takes in drawn for i in takes}
    assert set(kinds_used) == accepted & taken


@given(places, st.frozensets(claim_ids))
def test_every_gives_each_connection_all_it_takes(
    drawn: list[tuple[dict[str, TargetKind], frozenset[str]]], accepted: frozenset[str]
) -> None:
    made = [wording(f"c{n}", kinds, takes) for n, (kinds, takes) in enumerate(drawn)]
    found = allot(made, [claim(i) for i in sorted(accepted)], Spread.EVERY)
    for place, (_, takes) in zip(made, drawn, strict=True):
        written = {a for i in found[place.connection, "u"] if i.value is not None for a in i.assertion_ids}
        assert written == accepted & takes


def test_a_planned_value_needs_all_it_rests_on() -> None:
    place = wording("c", {"t": TargetKind.FIELD}, ALL)
    both, one = [claim("a1"), claim("a2")], [claim("a1")]
    assert still_wanted("a1,a2", "t", ["a1", "a2"], both, place.intend, None) == ""
    assert still_wanted("a1", "t", ["a1"], both, place.intend, None) == ""
    assert "a2" in still_wanted("a1,a2", "t", ["a1", "a2"], one, place.intend, None)
    assert still_wanted("other", "t", ["a1"], one, place.intend, None) == "the skills say something else by now"
    assert still_wanted(None, "t", [], [], place.intend, None) == ""
    assert "accepted again" in still_wanted(None, "t", [], one, place.intend, "a1")


@given(st.text(), st.text(), st.text(), st.text())
def test_a_row_has_the_same_id_in_its_run_and_another_in_any_other(run: str, conn: str, account: str, t: str) -> None:
    assert row_id(run, conn, account, t) == row_id(run, conn, account, t) != row_id(run + "x", conn, account, t)


@given(st.integers(1, len(RETRIES) + 3), st.floats(0, 1), st.none() | st.floats(0, 1e6))
def test_tries_go_on_for_days_and_end(tries: int, chance: float, asked: float | None) -> None:
    now = datetime(2026, 5, 4, tzinfo=UTC)
    again = next_try(tries, now, chance, asked)
    if tries > len(RETRIES):
        assert again is None
        return
    assert again is not None
    assert again >= now + RETRIES[tries - 1]
    assert again <= now + max(RETRIES[tries - 1] * (1 + SPREAD), timedelta(days=1)) + timedelta(seconds=1)


@given(st.dictionaries(targets, st.sampled_from(LEVELS)), st.dictionaries(targets, st.sampled_from(LEVELS)))
def test_changes_of_skills_lead_from_before_to_now(before: dict[str, Level], now: dict[str, Level]) -> None:
    found = skill_changes({k: int(v) for k, v in before.items()}, [SkillNote(k, k, int(v)) for k, v in now.items()])
    assert set(found["added"]) == set(now) - set(before)
    assert set(found["removed"]) == set(before) - set(now)
    assert set(found["changed"]) == {k for k in before if k in now and before[k] != now[k]}
