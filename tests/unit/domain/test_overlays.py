"""What changes make of a taxonomy's skills, and where they lead ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascertain.domain.charter import ChangeKind
from ascertain.domain.overlay_documents import overlay_from
from ascertain.domain.overlays import Change, Overlay, applied, asking
from ascertain.domain.skills import JobProfile, Level, Requirement, Skill, SkillFamily
from ascertain.errors import ConflictError, InputError, IntegrityError

SKILLS = tuple(
    Skill(i, i.upper(), synonyms=(f"{i} work",), definition=f"Doing {i}.", broader=b)
    for i, b in (("a", ()), ("b", ("a",)), ("c", ("a", "b")), ("d", ()))
)
BASE = "tiny-1+abc"


def merge(gone: str, stays: str) -> Change:
    return Change(ChangeKind.MERGE, gone, target=stays)


def split(gone: str, *parts: str) -> Change:
    return Change(ChangeKind.SPLIT, gone, skills=tuple(Skill(p, p.upper(), definition="x") for p in parts))


def by_id(skills: tuple[Skill, ...]) -> dict[str, Skill]:
    return {s.id: s for s in skills}


def test_a_merge_keeps_every_name_and_relinks() -> None:
    found = by_id(applied(SKILLS, merge("a", "b")))
    assert set(found) == {"b", "c", "d"}
    assert set(found["b"].synonyms) == {"b work", "A", "a work"}
    assert found["b"].broader == ()
    assert found["c"].broader == ("b",)


def test_a_split_has_the_parts_in_the_old_ones_place() -> None:
    found = by_id(applied(SKILLS, split("b", "b1", "b2")))
    assert set(found) == {"a", "b1", "b2", "c", "d"}
    assert found["b1"].broader == ("a",)
    assert found["c"].broader == ("a", "b1", "b2")


def test_a_rename_keeps_the_old_label_as_a_synonym() -> None:
    found = by_id(applied(SKILLS, Change(ChangeKind.RENAME, "a", names=("a work",))))
    assert (found["a"].label, found["a"].synonyms) == ("a work", ("A",))


def test_a_synonym_is_added_once() -> None:
    change = Change(ChangeKind.SYNONYM, "a", names=("Alpha", "ALPHA", "A"))
    assert by_id(applied(SKILLS, change))["a"].synonyms == ("a work", "Alpha")


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        (merge("a", "a"), InputError, "two skills"),
        (merge("a", "nothing"), InputError, "no skill 'nothing'"),
        (split("a", "a1"), InputError, "two parts"),
        (Change(ChangeKind.NEW, skills=(Skill("a", "Another"),)), ConflictError, "is taken"),
        (Change(ChangeKind.NEW, skills=(Skill("x", "B"),)), InputError, "name of 'b' already"),
        (Change(ChangeKind.SYNONYM, "a", names=(" ",)), InputError, "empty"),
        (Change(ChangeKind.RENAME, "a", names=("One", "Two")), InputError, "one new label"),
    ],
)
def test_what_does_not_fit_is_refused(change: Change, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        applied(SKILLS, change)


def test_moves_follow_later_changes() -> None:
    overlay = Overlay(BASE, (merge("a", "b"), split("b", "b1", "b2"), merge("b2", "d")))
    assert overlay.moves == {"a": ("b1", "d"), "b": ("b1", "d"), "b2": ("d",)}
    assert {s.id for s in overlay.over(SKILLS)} == {"b1", "c", "d"}


def test_a_version_says_what_lies_on_what() -> None:
    one = Overlay(BASE, (merge("a", "b"),))
    assert one.version.startswith(f"{BASE}~1+")
    assert one.version == Overlay(BASE).then(merge("a", "b")).version
    assert one.version != Overlay("tiny-2+abc", one.changes).version
    assert overlay_from(one.document()) == one
    with pytest.raises(IntegrityError):
        overlay_from("{}")


names = st.text("abcdefgh ", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.lists(names, min_size=1, max_size=4, unique_by=str.casefold), st.sampled_from(list(SkillFamily)))
def test_an_overlay_is_read_back_as_it_was_written(given_names: list[str], family: SkillFamily) -> None:
    changes = tuple(
        Change(ChangeKind.NEW, skills=(Skill(f"n{i}", n, family=family, synonyms=(n * 2,), references={"esco": n}),))
        for i, n in enumerate(given_names)
    )
    overlay = Overlay(BASE, changes)
    again = overlay_from(overlay.document())
    assert again == overlay
    assert again.version == overlay.version


def test_requirements_that_come_together_are_the_stricter_one() -> None:
    role = JobProfile(
        "r",
        "R",
        (
            Requirement("a", Level.ADVANCED, 0.3, essential=False, why="For a."),
            Requirement("b", Level.FOUNDATION, 0.9, critical=True, why="For b."),
            Requirement("d", Level.FOUNDATION, 0.5),
        ),
    )
    found = asking(role, merge("a", "b").moves)
    assert found.requirements == (
        Requirement("b", Level.ADVANCED, 0.9, essential=True, critical=True, why="For a. For b."),
        Requirement("d", Level.FOUNDATION, 0.5),
    )
    both = asking(role, split("d", "d1", "d2").moves)
    assert [r.skill_id for r in both.requirements] == ["a", "b", "d1", "d2"]
    assert asking(role, {"other": ("a",)}) is role
