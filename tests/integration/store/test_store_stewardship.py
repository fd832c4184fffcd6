"""Releases among the changes of a taxonomy, and changes that are applied in batches, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlays import Change, Overlay, Release
from ascertain.domain.skills import JobProfile, Level, Requirement, Skill
from ascertain.domain.stewardship import Batches, Proposal, Support
from ascertain.store import Store
from tests.integration.store.samples import LEARNERS

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MERGE = Change(ChangeKind.MERGE, "b", target="a")
RELEASE = Change(
    ChangeKind.RELEASE,
    target="tiny-2+ef",
    release=Release(
        "tiny-1+ab",
        "tiny-2+ef",
        (("a", ("a2",)), ("c", ())),
        (Skill("d", "D", synonyms=("dee",)),),
        (JobProfile("p", "P", (Requirement("a", Level.FOUNDATION, 0.5),)),),
        (Change(ChangeKind.MERGE, "b", target="a2"),),
        (Change(ChangeKind.NEW, skills=(Skill("e", "E"),)),),
    ),
)


def test_an_overlay_with_a_release_comes_back_as_it_was(bare_store: Store) -> None:
    overlay = Overlay("tiny-1+ab").then(MERGE).then(RELEASE)
    with bare_store.units() as uow:
        uow.stewardship.keep(overlay)
        uow.stewardship.use("tiny", overlay, "x1", AT)
        uow.commit()
    with bare_store.units(write=False) as uow:
        assert uow.stewardship.in_use("tiny") == overlay
        assert uow.stewardship.moves() == {"a": ("a2",), "b": ("a2",), "c": ()}


def test_batches_are_counted_and_go_on(bare_store: Store) -> None:
    ids = sorted(p.id for p in LEARNERS)
    with bare_store.units() as uow:
        uow.people.upsert(LEARNERS)
        uow.stewardship.put(Proposal("x1", "tiny", MERGE, Support(), "lea", AT, AT))
        uow.stewardship.put_off("x1", ids)
        uow.commit()
    with bare_store.units() as uow:
        assert uow.stewardship.put_off_still("x1", 1) == ids[:1]
        uow.stewardship.took("x1", ids[:1])
        assert uow.stewardship.batches("x1") == Batches(1, len(ids))
        uow.commit()
    with bare_store.units(write=False) as uow:
        assert uow.stewardship.put_off_still("x1", 99) == ids[1:]
        assert uow.stewardship.batches("x2") == Batches(0, 0)
        assert uow.assertions.ever_about(["a", "b"]) == set()
