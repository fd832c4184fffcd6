"""Key roles, who is on their lists and how ready they are; who may see whom; month by month; the bias check."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ascertain.domain.consent import Purpose
from ascertain.domain.fairness_access import FairnessAuditor, GroupLabel, LabelImport
from ascertain.domain.people import Learner
from ascertain.domain.permission import Action, Grant, Principal, Role
from ascertain.domain.readiness import Band
from ascertain.domain.retention import Kind
from ascertain.domain.skills import Level
from ascertain.domain.succession import Risk
from ascertain.domain.talent import TalentRules
from ascertain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from ascertain.pipeline.disputes import contest
from ascertain.pipeline.fairness_succession import check_benches
from ascertain.pipeline.list_import import ListReport
from ascertain.pipeline.permit import may, operator, principal_of
from ascertain.pipeline.readiness import ReadinessGround, keep_month
from ascertain.pipeline.succession import Bench, bench, nominate, object_to, role_or_raise, take_off
from ascertain.pipeline.succession_roles import import_key_roles, read_key_roles
from ascertain.pipeline.succession_view import about, board, role_list
from ascertain.pipeline.talent_file import read_talent
from ascertain.store.groups import open_groups
from tests.integration.pipeline.test_matches import confirmed
from tests.integration.pipeline.world import ANN, BOB, CHI, KEY, POLICY, World

ON = TalentRules(mobility=False, listed=25, few_hours=4.0, succession=True)
HR = Principal("hr@example.org", grants=(Grant(Role.HRBP, frozenset({"all"})),))
BY = operator("test")
ROLES: dict[str, Any] = {
    "source": "board",
    "complete": True,
    "roles": [
        {"id": "K-1", "title": "Lead analyst", "job_profile": "analyst", "incumbents": [CHI.id], "keeper": CHI.email},
        {"id": "K-2", "title": "Head coach", "job_profile": "coach", "seats": 2},
    ],
}


def ground(world: World) -> ReadinessGround:
    return ReadinessGround(ON, POLICY, world.tagger)


def took(world: World, raw: dict[str, Any]) -> ListReport:
    with world.store.units() as uow:
        report = import_key_roles(uow, raw, actor=BY)
        uow.commit()
    return report


def put_up(world: World, person: Learner, role: str = "K-1", who: Principal = HR) -> None:
    with world.store.units() as uow:
        found = role_or_raise(uow, role)
        nominate(
            uow, found, person_of(uow, person), reason="ready soon", actor=who, clock=world.clock, ground=ground(world)
        )
        uow.commit()


def person_of(uow: Any, person: Learner) -> Learner:
    found = uow.people.get(person.id)
    assert found is not None
    return found  # type: ignore[no-any-return]


def seen(world: World, who: Principal = HR, role: str = "K-1") -> Bench:
    with world.store.units(write=False) as uow:
        return bench(uow, who, role_or_raise(uow, role), ground(world))


def names(found: Bench) -> list[str]:
    return [r.person.id for r in found.rows]


@pytest.fixture
def staffed(world: World) -> World:
    """Ann and Bob want to be found; of Ann a human confirmed SQL; two key roles."""
    for person in (ANN, BOB):
        world.assess(person.id)
        world.says(person, True, Purpose.MOBILITY)
    confirmed(world, ANN.id, "sql")
    took(world, ROLES)
    return world


def test_as_shipped_nothing_is_planned(staffed: World) -> None:
    shipped = read_talent()
    assert not shipped.succession
    off = replace(ground(staffed), talent=shipped)
    with staffed.store.units() as uow:
        for call in (
            lambda: board(uow, HR, off),
            lambda: role_list(uow, HR, "K-1", off, staffed.taxonomy),
            lambda: about(uow, HR, ANN, off, staffed.taxonomy),
            lambda: keep_month(uow, off, staffed.clock),
            lambda: nominate(
                uow, role_or_raise(uow, "K-1"), ANN, reason="x", actor=HR, clock=staffed.clock, ground=off
            ),
        ):
            with pytest.raises(ConflictError, match="switched off"):
                call()


def test_a_wrong_record_is_named_and_the_rest_goes_on(world: World, tmp_path: Path) -> None:
    wrong = [
        {"id": "K-3", "title": "No profile", "job_profile": "astronaut"},
        {"id": "K-4", "title": "Nobody", "job_profile": "coach", "incumbents": ["nobody@example.org"]},
        {"id": "K-5", "title": "No seats", "job_profile": "coach", "seats": 0},
        {"id": "K-1", "title": "Twice", "job_profile": "coach"},
    ]
    report = took(world, {**ROLES, "roles": [*ROLES["roles"], *wrong]})
    assert (report.new, [(r.id, r.field) for r in report.refused]) == (
        2,
        [("K-3", "job_profile"), ("K-4", "incumbents.0"), ("K-5", "seats"), ("K-1", "id")],
    )
    before = world.actions()
    assert took(world, ROLES).unchanged == 2
    assert world.actions() == before, "the same list again changes nothing"
    other = took(world, {"source": "other", "roles": [ROLES["roles"][0]]})
    assert other.refused[0].detail.startswith("this id belongs to 'board'")
    gone = took(world, {**ROLES, "roles": ROLES["roles"][:1]})
    assert gone.closed == 1
    bad = tmp_path / "roles.json"
    bad.write_text('{"source": "Ä", "roles": []}')
    with pytest.raises(InputError, match="source"):
        read_key_roles(bad)


def test_only_those_who_want_to_be_found_can_be_put_on_a_list_and_leave_it_by_a_no(staffed: World) -> None:
    staffed.says(BOB, False, Purpose.MOBILITY)
    with pytest.raises(ForbiddenError, match="want to be found"):
        put_up(staffed, BOB)
    staffed.says(BOB, True, Purpose.MOBILITY)
    put_up(staffed, BOB)
    put_up(staffed, ANN)
    before = staffed.actions()
    put_up(staffed, ANN)
    assert staffed.actions() == before, "saying it again changes nothing"
    assert set(names(seen(staffed))) == {ANN.id, BOB.id}
    staffed.says(BOB, False, Purpose.MOBILITY)
    after = seen(staffed)
    assert (names(after), after.off) == ([ANN.id], 1)


def test_whoever_holds_a_role_does_not_follow_in_it(staffed: World) -> None:
    staffed.says(CHI, True, Purpose.MOBILITY)
    with pytest.raises(ConflictError, match="holds this role"):
        put_up(staffed, CHI)


def test_the_person_sees_it_objects_and_is_off_at_once(staffed: World) -> None:
    put_up(staffed, ANN)
    with staffed.store.units(write=False) as uow:
        me = principal_of(uow, ANN.email, today=staffed.clock.today())
        (mine,) = about(uow, me, person_of(uow, ANN), ground(staffed), staffed.taxonomy)["roles"]
    assert mine["nomination"]["reason"] == "ready soon"
    assert mine["nomination"]["listed"]
    with staffed.store.units() as uow:
        role = role_or_raise(uow, "K-1")
        object_to(uow, role, ANN, agree=False, words="Not for me.", actor=me, clock=staffed.clock)
        uow.commit()
    found = seen(staffed)
    assert (names(found), [c.objection for _, c in found.objecting]) == ([], ["Not for me."])
    with pytest.raises(ConflictError, match="does not want"):
        put_up(staffed, ANN)
    with staffed.store.units() as uow:
        object_to(uow, role_or_raise(uow, "K-1"), ANN, agree=True, words="", actor=me, clock=staffed.clock)
        uow.commit()
    assert names(seen(staffed)) == [ANN.id]
    with staffed.store.units() as uow, pytest.raises(NotFoundError, match="not on the list"):
        object_to(uow, role_or_raise(uow, "K-2"), ANN, agree=False, words="", actor=me, clock=staffed.clock)


def test_only_what_a_human_confirmed_counts_and_a_dispute_freezes_it_at_once(staffed: World) -> None:
    put_up(staffed, ANN)
    put_up(staffed, BOB)
    rows = {r.person.id: r.place.readiness for r in seen(staffed).rows}
    assert (rows[ANN.id].word, rows[ANN.id].band) == ("ready now", Band.NOW)
    assert rows[BOB.id].word == "not known", "what only code accepted does not count"
    assert seen(staffed).strength.by[Band.NOW].low == 1
    assert seen(staffed).strength.risk is Risk.COVERED
    ident = rows[ANN.id].match.rests_on[0]
    with staffed.store.units() as uow:
        asked = dict(reason="Not so.", actor=ANN.email, clock=staffed.clock, due_days=30, masker=KEY)
        contest(uow, ident, **asked)  # type: ignore[arg-type]
        uow.commit()
    after = {r.person.id: r.place.readiness for r in seen(staffed).rows}
    assert after[ANN.id].word == "not known"
    assert seen(staffed).strength.risk is Risk.OPEN


def test_hours_are_counted_from_the_catalogue_where_it_teaches_the_level(staffed: World) -> None:
    with staffed.store.units(write=False) as uow:
        step = ground(staffed).steps(uow)
        taught = step("sql", Level.FOUNDATION)
        assert taught.content_id == "sql-101"
        assert taught.hours >= 6.0 * 4 / POLICY.path.learn_probability
        assert step("sql", Level.EXPERT) == step("negotiation", Level.EXPERT), "nothing teaches it: the policy's hours"
        (row,) = about(uow, BY, person_of(uow, BOB), ground(staffed), staffed.taxonomy, "analyst")["roles"]
    (need,) = [n for n in row["plan"] if n["skill"] == "sql"]
    assert need["contents"][-1]["title"] == "SQL first steps"
    assert need["hours"]["low"] <= need["hours"]["point"] <= need["hours"]["high"] <= need["full_hours"]


def test_each_reader_sees_theirs_and_a_number_for_the_others(staffed: World) -> None:
    put_up(staffed, ANN)
    put_up(staffed, BOB)
    nobody = Principal("y", grants=(Grant(Role.HRBP, frozenset({"Nowhere"})),))
    found = seen(staffed, nobody)
    assert (names(found), found.left_out, found.strength.candidates) == ([], 2, 0)
    with staffed.store.units(write=False) as uow:
        chi = principal_of(uow, CHI.email, today=staffed.clock.today())
        bob = principal_of(uow, BOB.email, today=staffed.clock.today())
        assert may(uow, chi, Action.SUCCESSION_NOMINATE, ANN)
        assert not may(uow, bob, Action.READINESS_READ, ANN)
        assert not may(uow, bob, Action.SUCCESSION_NOMINATE, BOB)
    assert set(names(seen(staffed, chi))) == {ANN.id, BOB.id}
    assert (names(seen(staffed, bob)), seen(staffed, bob).left_out) == ([BOB.id], 1)


def test_the_board_has_everybody_and_who_is_alone_for_several(staffed: World) -> None:
    put_up(staffed, ANN)
    put_up(staffed, ANN, "K-2")
    with staffed.store.units(write=False) as uow:
        data = board(uow, HR, ground(staffed))
    roles = {r["id"]: r for r in data["roles"]}
    assert roles["K-2"]["strength"]["seats"] == 2
    assert roles["K-1"]["people"][0]["cells"][0] == "point"
    assert roles["K-1"]["keeper"] == CHI.name
    (point,) = data["single_points"]
    assert (point["person"]["id"], set(point["alone"])) == (ANN.id, {"Lead analyst", "Head coach"})


def test_the_month_is_kept_once_and_the_next_one_beside_it(staffed: World) -> None:
    put_up(staffed, ANN)

    def kept() -> tuple[int, int]:
        with staffed.store.units() as uow:
            done = keep_month(uow, ground(staffed), staffed.clock)
            uow.commit()
        return done.looked, done.kept

    assert kept() == (1, 1)
    before = staffed.actions()
    assert kept() == (1, 0)
    assert staffed.actions() == before
    staffed.clock.at = datetime(2026, 5, 2, 9, 0, tzinfo=UTC)
    assert kept() == (1, 1)
    with staffed.store.units(write=False) as uow:
        (mine,) = about(uow, BY, person_of(uow, ANN), ground(staffed), staffed.taxonomy)["roles"]
    assert [m["month"] for m in mine["months"]] == ["2026-04-01", "2026-05-01"]
    later = datetime(2026, 5, 1, tzinfo=UTC)
    with staffed.store.units() as uow:
        assert uow.retention.count(Kind.READINESS, later, ()) == 1
        assert len(uow.retention.purge(Kind.READINESS, later, (), 10)) == 1
        assert [s.month.month for s in uow.successions.snapshots(ANN.id)] == [5]
        assert take_off(uow, role_or_raise(uow, "K-1"), ANN, reason="moved on", actor=HR)
        assert uow.successions.snapshots(ANN.id) == [], "what was kept under a nomination goes with it"
        assert not take_off(uow, role_or_raise(uow, "K-1"), ANN, reason="moved on", actor=HR)


def test_the_bias_check_is_of_this_very_list(staffed: World, tmp_path: Path) -> None:
    put_up(staffed, ANN)
    auditor = FairnessAuditor("ada")
    with closing(open_groups(f"sqlite:///{tmp_path}/g.sqlite", tmp_path / "g.key", staffed.clock.now)) as labels:
        rows = [GroupLabel(ANN.id, "sex", "f"), GroupLabel(BOB.id, "sex", "m")]
        labels.put(auditor, LabelImport("d1", staffed.clock.now(), "ada", "hr", "audit", ("sex",), 2), rows)
        found = check_benches(
            staffed.store.units, labels, auditor, ground(staffed), clock=staffed.clock, least_people=2
        )
    assert {c.opening_id: (c.considered, c.listed) for c in found} == {"K-1": (2, 1), "K-2": (2, 0)}
    assert seen(staffed).check is not None
    put_up(staffed, BOB)
    assert seen(staffed).outcome == "not checked as it stands"
