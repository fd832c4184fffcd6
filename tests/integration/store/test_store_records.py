"""Learners, evidence, catalogue, roles, sync state: the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ascertain.domain.evidence import Trace
from ascertain.domain.people import Learner
from ascertain.domain.runs import QuarantinedRecord
from ascertain.domain.skills import ContentTag, JobProfile, Level, Requirement
from ascertain.errors import ConflictError, InputError
from ascertain.store import Store
from tests.integration.store.samples import LEARNERS, content, evidence


def ids(people: list[Learner]) -> list[str]:
    return [p.id for p in people]


def test_a_learner_comes_back_as_stored_and_is_found_by_id_or_address(store: Store) -> None:
    with store.units(write=False) as uow:
        assert [uow.people.get(p.id) for p in LEARNERS] == list(LEARNERS)
        assert uow.people.find("l-1") == uow.people.find(" ana.AERMEL@example.ORG ") == LEARNERS[0]
        assert uow.people.find("nobody@example.org") is None
        assert uow.people.find("  ") is None
        assert uow.people.get("l-9") is None


def test_an_address_of_two_active_learners_is_refused_and_a_leaver_gives_way(store: Store) -> None:
    with store.units() as uow:
        uow.people.upsert([replace(LEARNERS[3], email="bo@example.org")])
        found = uow.people.find("bo@example.org")
        assert found is not None
        assert found.id == "l-2"
        uow.people.upsert([replace(LEARNERS[2], email="Bo@example.org")])
        with pytest.raises(ConflictError, match="l-2, l-3"):
            uow.people.find("bo@example.org")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ÖFFENTLICHKEIT", ["l-1"]),
        ("sales", ["l-2", "l-3"]),
        ("Role-B", ["l-2"]),
        ("größter clerk", ["l-1"]),
        ("all", ["l-1", "l-2", "l-3"]),
        ("none", []),
        ("", []),
    ],
)
def test_a_cohort_is_a_department_or_a_job_profile_whatever_the_case(
    store: Store, name: str, expected: list[str]
) -> None:
    with store.units() as uow:
        uow.roles.upsert([JobProfile("role-a", "Größter Clerk", ())])
        assert ids(uow.people.cohort(name)) == expected


def test_lists_hold_who_is_active_unless_all_are_asked_for(store: Store) -> None:
    with store.units(write=False) as uow:
        assert ids(uow.people.all()) == ["l-1", "l-2", "l-3"]
        assert ids(uow.people.all(active_only=False)) == ["l-1", "l-2", "l-3", "l-4"]
        assert ids(uow.people.reports_of("l-3")) == ["l-1", "l-2"]


def test_only_changed_learners_count_and_move_the_stamp(store: Store) -> None:
    with store.units() as uow:
        before = uow.people.stamp()
        assert uow.people.upsert(LEARNERS) == 0
        assert uow.people.stamp() == before
        assert uow.people.upsert([replace(LEARNERS[0], location="Graz"), *LEARNERS[1:]]) == 1
        assert uow.people.stamp() != before
        uow.commit()
        after = uow.people.stamp()
        uow.people.upsert([replace(LEARNERS[0], location="Linz")])
        assert uow.people.stamp() != after


def test_links_belong_to_their_system_and_may_move(store: Store) -> None:
    with store.units() as uow:
        uow.people.link("lms:user:7", "l-1")
        uow.people.link("lms:user:8", "l-1")
        uow.people.link("lms:user:8", "l-2")
        uow.people.link("hris:worker:7", "l-3")
        assert uow.people.links("lms") == {"lms:user:7": "l-1", "lms:user:8": "l-2"}
        assert uow.people.links("lm") == {}
        with pytest.raises(InputError, match="source_ref"):
            uow.people.link("seven", "l-1")


def test_evidence_comes_back_as_stored_in_order_of_ids(store: Store) -> None:
    rows = [evidence("e-b"), evidence("e-B"), evidence("e-a", score=None, passed=None, level=None, occurred_on=None)]
    with store.units() as uow:
        uow.evidence.upsert(rows)
        uow.commit()
    with store.units(write=False) as uow:
        assert uow.evidence.of("l-1") == sorted(rows, key=lambda e: e.id)
        assert uow.evidence.of("l-2") == []


def test_evidence_counts_as_new_changed_or_unchanged_by_content(store: Store) -> None:
    rows = [evidence(f"e-{i}") for i in range(2500)]
    with store.units() as uow:
        assert uow.evidence.upsert(iter(rows)) == (2500, 0, 0)
        assert uow.evidence.upsert(rows) == (0, 0, 2500)
        rows[7] = replace(rows[7], score=0.5)
        rows[2400] = replace(rows[2400], learner_id="l-2")
        assert uow.evidence.upsert([*rows, evidence("e-new", "l-2")]) == (1, 2, 2498)
        assert uow.evidence.counts() == {"l-1": 2499, "l-2": 2}
        assert uow.evidence.delete(["e-new", "e-7", "e-none"]) == 2
        assert uow.evidence.counts() == {"l-1": 2498, "l-2": 1}


def test_the_stamp_of_evidence_follows_content_not_the_order_of_writing(store: Store) -> None:
    with store.units() as uow:
        uow.evidence.upsert([evidence("e-1"), evidence("e-2"), evidence("e-3", "l-2")])
        first = uow.evidence.stamps()
        assert set(first) == {"l-1", "l-2"}
        assert uow.evidence.stamps(["l-1"]) == {"l-1": first["l-1"]}
        uow.evidence.upsert([evidence("e-2", title="Other")])
        second = uow.evidence.stamps()
        assert second["l-1"] != first["l-1"]
        assert second["l-2"] == first["l-2"]
        uow.evidence.delete(["e-1", "e-2"])
        assert set(uow.evidence.stamps()) == {"l-2"}
        uow.evidence.upsert([evidence("e-2")])
        uow.evidence.upsert([evidence("e-1")])
        assert uow.evidence.stamps() == first


def test_evidence_is_found_by_the_record_it_was_made_of(store: Store) -> None:
    rows = [
        evidence("e-1", system="lms", source_ref="lms:review:1", content_id="c-1"),
        evidence("e-2", system="lms", source_ref="lms:review:1", content_id=None),
        evidence("e-3", "l-2", system="lms", source_ref="lms:review:1-b", content_id="c-1"),
        evidence("e-4", "l-2", system="lms_2", source_ref="lms_2:enrolment:1", content_id="c-1"),
    ]
    with store.units() as uow:
        uow.evidence.upsert(rows)
        assert {t.id for t in uow.evidence.made_of(["lms:review:1"])} == {"e-1", "e-2"}
        assert uow.evidence.made_of(["lms:review:1-b", "lms:review:9"]) == [Trace("e-3", "l-2", "lms:review:1-b")]
        assert uow.evidence.made_of([]) == []
        assert sorted(t.id for t in uow.evidence.traces("lms")) == ["e-1", "e-2", "e-3"]
        assert [(t.id, t.entity) for t in uow.evidence.traces("lms_2")] == [("e-4", "enrolment")]


def test_who_has_more_than_enrolments_to_tell_of_courses(store: Store) -> None:
    rows = [
        evidence("e-1", "l-1", system="lms", source_ref="lms:enrolment:1", content_id="c-1"),
        evidence("e-2", "l-1", system="lms", source_ref="lms:ticket:1", content_id=None),
        evidence("e-3", "l-2", system="lms", source_ref="lms:award:1", content_id="c-1"),
        evidence("e-4", "l-3", system="hris", source_ref="hris:review:enrolment:1", content_id="c-1"),
    ]
    with store.units() as uow:
        uow.evidence.upsert(rows)
        assert uow.evidence.told_of(["l-1", "l-2", "l-3"]) == {"l-2", "l-3"}
        assert uow.evidence.told_of(["l-1", "l-2"]) == {"l-2"}
        assert uow.evidence.told_of([]) == set()


def test_updated_at_moves_only_when_the_content_does(store: Store) -> None:
    from sqlalchemy import select

    from ascertain.store.schema import EvidenceRow, table

    rows = table(EvidenceRow)

    def updated() -> dict[str, datetime]:
        with store._own().read.connect() as connection:
            return {r.id: r.updated_at for r in connection.execute(select(rows.c.id, rows.c.updated_at))}

    with store.units() as uow:
        uow.evidence.upsert([evidence("e-1"), evidence("e-2")])
        uow.commit()
    first = updated()
    with store.units() as uow:
        uow.evidence.upsert([evidence("e-1"), evidence("e-2", text="other")])
        uow.commit()
    second = updated()
    assert second["e-1"] == first["e-1"]
    assert second["e-2"] > first["e-2"]
    assert second["e-2"].tzinfo is UTC


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (evidence(score=1.5), "score"),
        (evidence(score=float("nan")), "score"),
        (evidence(text="a\x00b"), "text"),
        (evidence(title="half \ud83d"), "title"),
    ],
)
def test_evidence_that_no_database_can_keep_is_named_with_its_field(store: Store, broken: object, field: str) -> None:
    with store.units() as uow, pytest.raises(InputError, match=f"evidence 'e-1', field '{field}'"):
        uow.evidence.upsert([broken])  # type: ignore[list-item]


def test_evidence_of_a_stranger_is_refused(store: Store) -> None:
    with store.units() as uow, pytest.raises(ConflictError):
        uow.evidence.upsert([evidence(learner_id="l-99")])


def test_content_comes_back_as_stored_and_is_compared(store: Store) -> None:
    first, retired = content(), content("c-2", "h-2", active=False)
    with store.units() as uow:
        stamp = uow.contents.stamp("t")
        assert uow.contents.upsert([first, retired]) == (2, 0, 0)
        assert uow.contents.stamp("t") != stamp
        assert uow.contents.upsert([first, replace(retired, category="HR")]) == (0, 1, 1)
        assert uow.contents.get("c-1") == first
        assert uow.contents.get("c-9") is None
        assert uow.contents.all() == [first]
        assert uow.contents.all(active_only=False) == [first, replace(retired, category="HR")]


def test_tags_belong_to_a_text_and_a_tagger(store: Store) -> None:
    twin, other = content("c-2", "h-1"), content("c-3", "h-3", active=False)
    tag = ContentTag("c-1", "s-1", 0.1 + 0.2, Level.FOUNDATION, "Learn Python")
    with store.units() as uow:
        uow.contents.upsert([content(), twin, other])
        assert [c.item.content_id for c in uow.contents.untagged("t1")] == ["c-1", "c-2", "c-3"]
        uow.contents.set_tags(content(), "t1", [tag])
        uow.contents.set_tags(other, "t1", [])
        assert uow.contents.untagged("t1") == []
        assert uow.contents.tags("t1") == {"c-1": (tag,), "c-2": (replace(tag, content_id="c-2"),), "c-3": ()}
        assert len(uow.contents.untagged("t2")) == 3
        assert uow.contents.tags("t2") == {}
        uow.contents.upsert([replace(content(), content_hash="h-1b")])
        assert [c.item.content_id for c in uow.contents.untagged("t1")] == ["c-1"]
        assert set(uow.contents.tags("t1")) == {"c-2", "c-3"}


def test_the_stamp_of_content_follows_the_tags_of_its_tagger_alone(store: Store) -> None:
    tags = [ContentTag("c-1", "s-1", 0.9, Level.FOUNDATION)]
    with store.units() as uow:
        uow.contents.upsert([content()])
        uow.contents.set_tags(content(), "t1", tags)
        uow.commit()
        one, two = uow.contents.stamp("t1"), uow.contents.stamp("t2")
        uow.contents.set_tags(content(), "t1", tags)
        assert (uow.contents.stamp("t1"), uow.contents.stamp("t2")) == (one, two)
        uow.contents.set_tags(content(), "t1", [])
        assert uow.contents.stamp("t1") != one
        assert uow.contents.stamp("t2") == two


def test_a_role_comes_back_as_stored(store: Store) -> None:
    role = JobProfile(
        "role-a",
        "Clerk",
        (Requirement("s-1", Level.EXPERT, 1 / 3, False, True, "audits"), Requirement("s-2", Level.AWARENESS, 1.0)),
        "Office",
        "Keeps things in order",
        {"esco": "http://data.europa.eu/esco/occupation/1"},
    )
    with store.units() as uow:
        assert uow.roles.upsert([role]) == 1
        assert uow.roles.upsert([role]) == 0
        assert uow.roles.upsert([replace(role, requirements=role.requirements[:1])]) == 1
        assert uow.roles.upsert([role]) == 1
        assert uow.roles.get("role-a") == role
        assert uow.roles.all() == [role]
        assert uow.roles.get("role-z") is None


def test_sync_state_and_quarantine(store: Store) -> None:
    seen = datetime(2026, 5, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))
    row = QuarantinedRecord("q-1", "lms", "lms:course:9", "no title", "title", {"id": 9, "tags": ["a"]}, seen)
    with store.units() as uow:
        assert uow.sync.cursor("lms", "course") is None
        uow.sync.set_cursor("lms", "course", {"v": 1, "since": "2026-01-01"})
        uow.sync.set_cursor("lms", "course", {"v": 1, "since": "2026-02-01"})
        assert uow.sync.cursor("lms", "course") == {"v": 1, "since": "2026-02-01"}
        assert uow.sync.cursor("lms", "user") is None
        uow.sync.quarantine(row)
        uow.sync.quarantine(replace(row, reason="empty title"))
        uow.commit()
        (kept,) = uow.sync.quarantined()
        assert kept == replace(row, reason="empty title")
        assert kept.seen_at.utcoffset() == timedelta(0)
        assert uow.sync.release("q-1")
        assert not uow.sync.release("q-1")
        assert uow.sync.quarantined() == []


def test_a_policy_is_archived_once_and_never_replaced(store: Store) -> None:
    with store.units() as uow:
        uow.policies.put("1+abc", "text: ä\n")
        uow.policies.put("1+abc", "text: ä\n")
        assert uow.policies.get("1+abc") == "text: ä\n"
        assert uow.policies.get("2") is None
        with pytest.raises(ConflictError, match=r"1\+abc"):
            uow.policies.put("1+abc", "other")
